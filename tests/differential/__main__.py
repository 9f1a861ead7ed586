"""`python -m tests.differential [NAME…]`: play cases whose names contain NAME on brokers of its own and print the table."""

import sys
import tempfile
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from mqviz.live.managed import cluster
from tests.conftest import JARS, SOON
from tests.differential.case import all_cases
from tests.differential.play import compare
from tests.differential.table import Row, lines


def main(words: list[str]) -> int:
    """Play them one after the other; 1 if something differs."""
    chosen = [path for path in all_cases() if not words or any(word in path.stem for word in words)]
    rows: list[Row] = []
    bad = 0
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:

        @cache
        def start(brokers: int) -> cluster.Cluster:
            version, state = cluster.DEFAULT_VERSION, Path(folder)
            return running.enter_context(
                cluster.start(brokers, version, state=state, jars=JARS, settings=SOON)
            )

        for path in chosen:
            began = time.monotonic()
            verdict = compare(path, start)
            print(f"{path.stem}: {len(verdict.bad)} differ, {time.monotonic() - began:.1f} s", flush=True)
            for sentence in verdict.before:
                print(f"  before: {sentence}", flush=True)
            for sentence in verdict.bad:
                print(f"  {sentence}", flush=True)
            rows += verdict.rows
            bad += len(verdict.bad)
    print("\n".join(lines(rows)))
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
