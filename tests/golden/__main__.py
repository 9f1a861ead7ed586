"""`python -m tests.golden [FOLDER or FILE …]`: play recordings on the simulator and tell what agrees."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

from tests.golden.runner import RECORDINGS, VERDICTS, Result, cases, load, play


def main(arguments: list[str]) -> int:
    """Play, print, and return 0 if everything agreed, 1 if not, 2 if there is nothing to play."""
    brief = "--brief" in arguments
    paths = cases([Path(a) for a in arguments if a != "--brief"] or [RECORDINGS])
    if not paths or not all(path.is_file() for path in paths):
        print("no recordings there: name a folder of them, or files", file=sys.stderr)
        return 2
    results = []
    for path in paths:
        result = play(load(path))
        results.append(result)
        tally = ", ".join(f"{result.verdicts[v]} {v}" for v in VERDICTS if result.verdicts[v])
        print(f"{'ok  ' if result.good else 'FAIL'} {result.id}: {tally}", flush=True)
        for sentence in [] if brief else result.bad[:8]:
            print(f"       {sentence}")
    _by_rule(results)
    return 0 if all(result.good for result in results) else 1


def _by_rule(results: list[Result]) -> None:
    tallies: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        for rule in result.rules:
            tallies[rule].update(result.verdicts)
    print()
    for rule in sorted(tallies, key=lambda r: (r[0] != "R", len(r), r)):
        print(f"{rule:8}", "  ".join(f"{n} {v}" for v in VERDICTS if (n := tallies[rule][v])))
    good = sum(result.good for result in results)
    print(f"\n{good} of {len(results)} cases agree")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
