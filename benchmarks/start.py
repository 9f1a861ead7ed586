"""How fast mqviz starts: `--version` against a bare interpreter, and the first frame in a pseudo-terminal."""

import os
import pty
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

RUNS = 7
FIRST_WORDS = b"watch a message queue think"


def wall(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def first_frame(words: list[str], expected: bytes) -> float:
    """Seconds until `expected` was written to a terminal of 100x30."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", COLUMNS="100", LINES="30")
        os.execv(sys.executable, [sys.executable, "-m", "mqviz", *words])
    seen = b""
    while expected not in seen:
        ready, _, _ = select.select([terminal], [], [], 20)
        if not ready:
            raise TimeoutError(f"no first frame; the terminal got {seen[-500:]!r}")
        seen += os.read(terminal, 65536)
    took = time.perf_counter() - began
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    os.close(terminal)
    return took


def pairs(one: Callable[[], float], other: Callable[[], float]) -> tuple[float, float, float]:
    """Medians of both, and the median of their ratios pair by pair."""
    found = [(one(), other()) for _ in range(RUNS)]
    ratios = [a / b for a, b in found]
    return (
        statistics.median(a for a, _ in found),
        statistics.median(b for _, b in found),
        statistics.median(ratios),
    )


def main() -> None:
    bare = [sys.executable, "-c", "pass"]
    version, python, ratio = pairs(
        lambda: wall([sys.executable, "-m", "mqviz", "--version"]), lambda: wall(bare)
    )
    print(
        f"start: `mqviz --version` {version * 1e3:.0f} ms, bare interpreter {python * 1e3:.0f} ms, ratio {ratio:.2f}"
    )
    textual = [sys.executable, "-c", "import textual.app, textual.widgets"]
    home, imports, ratio = pairs(lambda: first_frame([], FIRST_WORDS), lambda: wall(textual))
    print(
        f"start: first frame of home {home:.2f} s, importing textual alone {imports:.2f} s, ratio {ratio:.2f}"
    )


if __name__ == "__main__":
    main()
