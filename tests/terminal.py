"""The real program in a pseudo-terminal: what a person types goes in, what a person sees comes out.

pyte is the terminal: a well-kept emulator, so that the tests read the screen and not escape sequences.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

DEADLINE_S = 30.0
KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "space": " ",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "ctrl+c": "\x03",
}


class Terminal:
    """`mqviz WORDS` on a terminal of this size; `with` ends it."""

    def __init__(
        self, *words: str, columns: int = 100, rows: int = 30, cwd: Path | None = None, **env: str
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        whole = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **env}
        whole.pop("COLUMNS", None)
        whole.pop("LINES", None)
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(cwd or Path.cwd())
            os.execve(sys.executable, [sys.executable, "-m", "mqviz", *words], whole)
        self.status: int | None = None
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """Another size, as when a window is dragged."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if self.status is None:
            os.kill(self.pid, signal.SIGWINCH)

    def press(self, *keys: str) -> None:
        """Type keys: names of KEYS, or text as it stands."""
        for key in keys:
            os.write(self._terminal, KEYS.get(key, key).encode())
            self.read(0.05)

    def read(self, seconds: float) -> None:
        """Let the program draw for that long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._take(left):
            pass

    def wait_for(self, *texts: str, seconds: float = DEADLINE_S) -> str:
        """The screen once all of `texts` are on it; fails with the screen if they do not come."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            shown = self.text()
            if all(text in shown for text in texts):
                return shown
            self._take(0.2)
        raise AssertionError(f"{texts} did not come; the screen is:\n{self.text()}")

    def text(self) -> str:
        """The screen as text."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def end(self, seconds: float = DEADLINE_S) -> int:
        """Wait until the program ends by itself; its exit code."""
        until = time.monotonic() + seconds
        while self.status is None:
            self._take(0.1)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
                self.read(0.1)
            elif time.monotonic() > until:
                raise AssertionError(f"it does not end; the screen is:\n{self.text()}")
        return os.waitstatus_to_exitcode(self.status)

    @property
    def restored(self) -> bool:
        """Whether the terminal was given back: the alternate screen left, the cursor shown."""
        return self.raw.rfind(b"\x1b[?1049l") > self.raw.rfind(b"\x1b[?1049h") and self.raw.rfind(
            b"\x1b[?25h"
        ) > self.raw.rfind(b"\x1b[?25l")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._terminal)

    def _take(self, seconds: float) -> bool:
        """Read once; False if nothing came or the program has ended."""
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._terminal, 65536)
        except OSError:
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)
