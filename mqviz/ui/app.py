"""The app: themes, the first screen, going from screen to screen, and what happens when something breaks.

Everything that can fail with a sentence fails before a screen is pushed; what nobody expected goes to the log
file, and the terminal is given back with one sentence that names it.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial

from textual.app import App
from textual.screen import Screen
from textual.theme import BUILTIN_THEMES
from textual.theme import Theme as TextualTheme

from mqviz.backend import Refused
from mqviz.scenes import palette
from mqviz.scenes.palette import Theme
from mqviz.ui.driver import TerminalDriver
from mqviz.ui.enter import screen_for
from mqviz.ui.options import Doors, Options, Start
from mqviz.ui.question import Answer
from mqviz.ui.stage import PLAIN

INTERRUPTED = 130


def theme_of(name: Theme) -> TextualTheme:
    """A palette as a theme of Textual, for the widgets that are its own."""
    roles = palette.ROLES[name]
    return TextualTheme(
        name=name,
        primary=roles["accent"],
        secondary=roles["quiet"],
        accent=roles["accent"],
        warning=roles["wait"],
        error=roles["bad"],
        success=roles["ok"],
        foreground=roles["ink"],
        background=roles["base"],
        surface=roles["raised"],
        panel=roles["bar"],
        dark=name == "dark",
        variables={"quiet": roles["quiet"], "sel": roles["sel"], "rule": roles["rule"]},
    )


_OWN = "ansi_default"
PLAIN_THEME = replace(
    BUILTIN_THEMES["ansi-dark"],
    name=PLAIN,
    primary=_OWN,
    secondary=_OWN,
    accent=_OWN,
    warning=_OWN,
    error=_OWN,
    success=_OWN,
    variables=BUILTIN_THEMES["ansi-dark"].variables | {"quiet": _OWN, "sel": _OWN, "rule": _OWN},
)
"""No colour at all: the terminal's own two, bold and reverse."""


class MqvizApp(App[None]):
    """mqviz on a terminal."""

    TITLE = "mqviz"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, doors: Doors, options: Options) -> None:
        super().__init__(TerminalDriver, options.styles, ansi_color=True if options.no_color else None)
        shapes_only = options.no_color or self.console.color_system not in (None, "truecolor")
        self.doors = doors
        self.options = replace(options, shapes_only=shapes_only)
        for theme in (theme_of("dark"), theme_of("light"), PLAIN_THEME):
            self.register_theme(theme)
        self.theme = PLAIN if options.no_color else options.theme

    def on_mount(self) -> None:
        """The first screen; where it cannot be opened, one sentence and the exit code 1."""
        try:
            self.push_screen(self.first_screen())
        except (ValueError, OSError, Refused) as error:
            self.exit(return_code=1, message=f"mqviz: {error}")

    def first_screen(self) -> Screen[None]:
        """The screen to begin with."""
        return self._screen_for(self.options.start)

    def _screen_for(self, start: Start) -> Screen[None]:
        return screen_for(start, self.doors, self.options, self.enter)

    def enter(self, start: Start) -> Answer:
        """How to go through a door, or the sentence why not."""
        try:
            screen = self._screen_for(start)
        except (ValueError, OSError, Refused) as error:
            return f"✗ {error}"
        return partial(self.push_screen, screen)

    def action_leave(self) -> None:
        """Back to the screen before; from the first one to home."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
        else:
            self.switch_screen(self._screen_for(Start()))

    def action_theme(self) -> None:
        """Dark or light."""
        if self.theme != PLAIN:
            self.theme = "light" if self.theme == "dark" else "dark"

    def action_interrupt(self) -> None:
        """Ctrl-C: out, at once, with the exit code of an interrupt."""
        self.exit(return_code=INTERRUPTED)

    def action_suspend_process(self) -> None:
        """Ctrl-Z: to the shell; where no shell is behind the terminal, nothing could wake mqviz again."""
        if os.getsid(0) == os.getpid():
            self.bell()
        else:
            super().action_suspend_process()

    def _handle_exception(self, error: Exception) -> None:
        """While it ends, what breaks any more (a screen that was about to open) is only written down."""
        if self._exit:
            self.doors.log_error(error)
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Textual calls this for every exception that nobody expected: log it, and say where, once."""
        error = sys.exc_info()[1] or self._exception
        path = self.doors.log_error(error) if error is not None else None
        if not self._exit_renderables:
            said = f"it is written down in {path}" if path else "it could not be written down"
            self._exit_renderables.append(f"mqviz had an unexpected error and stopped; {said}")
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """Textual calls this at the end: one sentence, the name of the file in one piece."""
        for said in self._exit_renderables[:1]:
            self.error_console.print(said, soft_wrap=True)
        self._exit_renderables.clear()
