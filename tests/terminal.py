"""The real program in a pseudo-terminal: what a person types goes in, what a person sees comes out.

pyte is the terminal: a well-kept emulator, so that the tests read the screen and not escape sequences.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

from tests.waiting import DEADLINE_S, soon

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
    "ctrl+z": "\x1a",
}
NOT_OURS = ("COLUMNS", "LINES", "NO_COLOR")
"""Variables of whoever runs the tests that would change the screen."""
SWITCHED_OFF = (1000, 1002, 1003, 1004, 1006, 1015, 1016, 1049, 2004, 2048)
"""Private modes that a program must have switched off at its end: mouse, focus, the alternate screen, paste."""
SWITCHED_ON = (7, 25)
"""And those that must be on: line wrap, the cursor."""


class Terminal:
    """`mqviz WORDS` on a terminal of this size; `with` ends it and whatever it started.

    `program` runs that command line instead: a shell, or a script that breaks something first.
    """

    def __init__(
        self,
        *words: str,
        columns: int = 100,
        rows: int = 30,
        cwd: Path | None = None,
        program: Sequence[str] = (sys.executable, "-m", "mqviz"),
        **env: str,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        mine = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        whole = {**mine, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **env}
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(cwd or Path.cwd())
            os.execve(program[0], [*program, *words], whole)
        self.status: int | None = None
        self.family = {self.pid}
        self.resize(columns, rows)

    # -- what a person does ----------------------------------------------------------------------------

    def resize(self, columns: int, rows: int) -> None:
        """Another size, as when a window is dragged."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, *keys: str) -> None:
        """Type keys: names of KEYS, or text as it stands."""
        for key in keys:
            os.write(self._terminal, KEYS.get(key, key).encode())
            self.read(0.05)

    def type_bytes(self, data: bytes) -> None:
        """Type bytes that may be no text."""
        os.write(self._terminal, data)

    def send(self, number: signal.Signals) -> None:
        """Send the program a signal, as `kill` does."""
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self._terminal)
        self._terminal = -1

    # -- what a person sees ----------------------------------------------------------------------------

    def read(self, seconds: float) -> None:
        """Let the program draw for that long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and self._take(left):
            pass

    def wait_for(self, *texts: str, seconds: float = DEADLINE_S) -> str:
        """The screen once all of `texts` are on it; fails with the screen if they do not come."""
        return self.wait_until(lambda shown: all(text in shown for text in texts), str(texts), seconds)

    def wait_until(self, come: Callable[[str], bool], what: str = "it", seconds: float = DEADLINE_S) -> str:
        """The screen once `come` says so of it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if come(shown := self.text()):
                return shown
            if not self._take(0.2) and self._has_ended():
                break
        raise AssertionError(f"{what} did not come; the screen is:\n{self.text()}")

    def text(self) -> str:
        """The screen as text."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    # -- how it ends -----------------------------------------------------------------------------------

    def end(self, seconds: float = DEADLINE_S) -> int:
        """Wait until the program ends by itself; its exit code, or minus the signal that ended it."""
        self.see_family()
        until = time.monotonic() + seconds
        while self.status is None:
            self._take(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
                self.read(0.1)
            elif time.monotonic() > until:
                raise AssertionError(f"it does not end; the screen is:\n{self.text()}")
        return os.waitstatus_to_exitcode(self.status)

    def see_family(self) -> None:
        """Remember the processes that it has started so far."""
        self.family |= family(self.pid)

    def has_family(self, count: int) -> bool:
        """Whether it and what it has started so far are at least so many processes; they are remembered."""
        self.see_family()
        return len(self.family) >= count

    @property
    def left_on(self) -> list[str]:
        """What was switched in the terminal and not switched back; empty where it is as it was."""
        wrong = [f"?{mode}h" for mode in SWITCHED_OFF if self._mode(mode) is True]
        wrong += [f"?{mode}l" for mode in SWITCHED_ON if self._mode(mode) is False]
        if self.raw.count(b"\x1b[>") != self.raw.count(b"\x1b[<"):
            wrong.append("the keyboard protocol")
        if not self.echoes:
            wrong.append("no echo")
        return wrong

    @property
    def echoes(self) -> bool:
        """Whether typed text shows and lines are read as lines."""
        if self._terminal < 0:
            return True
        local = termios.tcgetattr(self._terminal)[3]
        return bool(local & termios.ECHO and local & termios.ICANON and local & termios.ISIG)

    def left_alive(self) -> set[int]:
        """Processes that it started and that still run long after its end."""
        soon(lambda: not any(map(is_alive, self.family)))
        return {pid for pid in self.family if is_alive(pid)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.status is None:
            self.family |= family(self.pid)
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for pid in self.family:
            if pid != self.pid and is_alive(pid):
                os.kill(pid, signal.SIGKILL)
        if self._terminal >= 0:
            os.close(self._terminal)

    def _has_ended(self) -> bool:
        if self.status is not None:
            return True
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _mode(self, mode: int) -> bool | None:
        """Whether the program switched that private mode on (or off) last; None if it did neither."""
        on, off = self.raw.rfind(b"\x1b[?%dh" % mode), self.raw.rfind(b"\x1b[?%dl" % mode)
        return None if on == off else on > off

    def _take(self, seconds: float) -> bool:
        """Read once; False if nothing came or the program has ended."""
        if self._terminal < 0:
            time.sleep(seconds)
            return False
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


def family(pid: int) -> set[int]:
    """A process and all that descend from it."""
    table = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    parents = [tuple(map(int, line.split())) for line in table.stdout.splitlines()]
    found, more = {pid}, True
    while more:
        born = {child for child, parent in parents if parent in found}
        more = not born <= found
        found |= born
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    state = subprocess.run(
        ["ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return state.stdout.strip()[:1] not in ("", "Z")
