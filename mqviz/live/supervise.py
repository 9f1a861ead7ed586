"""Runs one process and ends it when whoever started this one is gone, however it went.

Started as a plain script (`python -I -S supervise.py watch|keep PIDFILE LOG COMMAND …`), so that it costs
a few megabytes beside a broker. With `watch` the end of standard input means that the parent died (a
SIGKILL closes the pipe as well). On Linux the kernel also ends the child when this process is killed.
Signals for the child are sent to the child itself, never through here.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from types import FrameType

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask Linux to kill this process when the thread that made it ends; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main(arguments: list[str]) -> int:
    """Run the command of the arguments and give its exit code."""
    mode, pid_file, log_file, *command = arguments
    with open(log_file, "ab") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent if mode == "watch" else None,
        )
    with open(pid_file + ".new", "w", encoding="ascii") as file:
        file.write(str(child.pid))
    os.replace(pid_file + ".new", pid_file)
    if mode == "watch":
        _watch(child)
    return child.wait()


def _watch(child: "subprocess.Popen[bytes]") -> None:
    """Return when the child has ended; kill it when standard input ends (nobody is left to want its data)."""
    wake_read, wake_write = os.pipe()

    def child_ended(_signal: int, _frame: FrameType | None) -> None:
        os.write(wake_write, b".")

    signal.signal(signal.SIGCHLD, child_ended)
    while child.poll() is None:
        ready, _, _ = select.select([0, wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 64)
        elif not os.read(0, 64):
            child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
