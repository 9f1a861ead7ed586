"""Sweep seeds: `python -m tests.soak --seeds 1000`, or play one failure again: `python -m tests.soak FILE`.

Each seed is a random world with random commands and faults (tests/soak/trial.py). A failure is made as short as it can be and written as a
scenario file, which `mqviz play FILE` shows too. Exit code 1 if anything failed.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from tests.soak.trial import Trial, from_file, of_seed, text_of


def main() -> int:
    """Run as the arguments say; 0 if all was well."""
    said = _arguments()
    if said.file:
        return _replay(said.file)
    began = time.monotonic()
    failures = events = done = 0
    for seed, trial in _trials(said, began):
        done, events = done + 1, events + trial.events
        if trial.error:
            failures += 1
            _tell(seed, trial, said.folder)
        _progress(done, events, failures, time.monotonic() - began, said)
    print(f"\n{done} worlds, {events} events, {failures} failures, {time.monotonic() - began:.0f} s")
    return 1 if failures else 0


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="a failure to play again")
    parser.add_argument("--seeds", type=int, default=100, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seconds", type=float, default=0, help="stop after this time (0: never)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, default=Path(".soak"), help="where failures are written")
    return parser.parse_args()


def _replay(path: Path) -> int:
    trial = from_file(path)
    print(trial.error or f"{path}: {trial.events} events, all is well")
    return 1 if trial.error else 0


def _trials(said: Namespace, began: float) -> Iterator[tuple[int, Trial]]:
    seeds = range(said.first, said.first + said.seeds)
    with get_context("spawn").Pool(said.processes) as pool:
        for found in pool.imap_unordered(of_seed, seeds):
            yield found
            if said.seconds and time.monotonic() - began > said.seconds:
                return


def _tell(seed: int, trial: Trial, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"seed-{seed}.yaml"
    path.write_text(text_of(trial), encoding="utf-8")
    commands = "\n".join(f"  {at_us / 1e6:.6f} s  {text}" for at_us, text in trial.script)
    print(f"\nseed {seed}: {trial.error[:600]}\n{commands}\nagain: python -m tests.soak {path}", flush=True)


def _progress(done: int, events: int, failures: int, seconds: float, said: Namespace) -> None:
    line = f"{done}/{said.seeds} worlds, {events} events, {failures} failures, {seconds:.0f} s"
    if sys.stdout.isatty():
        print(f"\r{line}", end="", flush=True)
    elif done % 50 == 0:
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
