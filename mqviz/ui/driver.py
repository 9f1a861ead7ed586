"""The terminal as Textual drives it, except that nothing typed or signalled can break it.

Textual's input thread dies of a byte that is not UTF-8, such as an umlaut typed in a Latin-1 terminal. And it
starts a second one at every SIGCONT, which also comes when a window is closed, after SIGHUP.
"""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """Drops what cannot be read; any other failure is the app's, like an exception of its own."""

    def _sigcont_application(self, *_: object) -> None:
        if self._must_signal_resume:
            super()._sigcont_application()

    def _run_input_thread(self) -> None:
        try:
            while not self.exit_event.is_set():
                self._read_keys()
        except Exception as error:
            self._app.call_later(self._app._handle_exception, error)

    def _read_keys(self) -> None:
        try:
            self.run_input_thread()
        except UnicodeDecodeError:
            return
