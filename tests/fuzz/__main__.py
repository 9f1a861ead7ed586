"""`python -m tests.fuzz --seeds N --part P --first F`: a sweep by hand on a broker of its own, or on one that runs (`--broker`)."""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from mqviz.live.managed import cluster
from tests.conftest import JARS, SOON
from tests.fuzz.play import PARTS, compare


def main(words: list[str]) -> int:
    """Play them one after the other; 1 if something differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--part", choices=sorted(PARTS), action="append")
    parser.add_argument("--broker", help="HOST:PORT of a broker that runs")
    parser.add_argument("--most", type=int, default=1, help="stop a part after so many differences")
    options = parser.parse_args(words)
    bad = 0
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        address = options.broker
        if not address:
            started = cluster.start(1, cluster.DEFAULT_VERSION, state=Path(folder), jars=JARS, settings=SOON)
            address = running.enter_context(started).bootstrap
        for part in options.part or PARTS:
            different = 0
            for seed in range(options.first, options.first + options.seeds):
                told = compare(part, seed, address)
                if told:
                    print(told, flush=True)
                    different += 1
                if different >= options.most:
                    break
            print(f"{part}: {different} of {seed - options.first + 1} seeds differ", flush=True)
            bad += different
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
