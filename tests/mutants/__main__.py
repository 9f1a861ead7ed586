"""Plant each wrong behaviour in a copy of the program and show that the tests of its rule notice: `python -m tests.mutants [WORD …]`.

Words choose among the mutants. Exit code 1 if one survives, or if a replacement does not fit the program any more.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.planted import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
COPIED = ("mqviz", "tests", "assets", "lessons", "pyproject.toml")
LONGEST_S = 300
FAILED, NOTHING_RAN = 1, 5


def main(words: list[str]) -> int:
    """Plant them all; 0 if all are caught."""
    chosen = [m for m in MUTANTS if all(word in f"{m.what} {m.file} {m.words}" for word in words)]
    misfits = [m for m in chosen if _text(m).count(m.old) != 1]
    for mutant in misfits:
        print(f"DOES NOT FIT  {mutant.what}: {_text(mutant).count(mutant.old)} places in {mutant.file}")
    began = time.monotonic()
    with TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        unsound = _unsound(_copy(Path(folder) / "sound"), chosen)
        verdicts = pool.map(lambda mutant: _verdict(mutant, Path(folder)), chosen)
        bad = sum(_tell(mutant, verdict) for mutant, verdict in zip(chosen, verdicts, strict=True))
    print(f"{len(chosen)} mutants, {bad} not caught, {time.monotonic() - began:.0f} s")
    return 1 if bad or misfits or unsound else 0


def _unsound(place: Path, chosen: list[Mutant]) -> list[str]:
    """Files of tests that fail although nothing is planted: what they catch would prove nothing."""
    wanted: dict[str, list[str]] = {}
    for mutant in chosen:
        wanted.setdefault(mutant.tests, []).append(mutant.words)
    found = [file for file, words in wanted.items() if _run(file, " or ".join(words), place)]
    for file in found:
        print(f"FAILS WITHOUT ANY MUTANT  {file}")
    return found


def _text(mutant: Mutant) -> str:
    return (ROOT / "mqviz" / mutant.file).read_text("utf-8")


def _copy(to: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__", "pictures"))
        else:
            shutil.copy(source, to / name)
    return to


def _verdict(mutant: Mutant, folder: Path) -> str:
    """Nothing if it is caught, else what is wrong."""
    place = _copy(folder / f"m{MUTANTS.index(mutant)}")
    file = place / "mqviz" / mutant.file
    file.write_text(file.read_text("utf-8").replace(mutant.old, mutant.new), encoding="utf-8")
    code = _run(mutant.tests, mutant.words, place)
    shutil.rmtree(place)
    if code == NOTHING_RAN:
        return f"no test is called {mutant.words} in {mutant.tests}"
    if code != FAILED:
        return "survives" if code == 0 else f"pytest ended with {code}"
    return ""


def _run(file: str, words: str, place: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider"]
    command += [f"tests/{file}", "-k", words]
    environment = {**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, timeout=LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        return FAILED  # a simulation that never ends is noticed
    return done.returncode


def _tell(mutant: Mutant, verdict: str) -> bool:
    print(f"{'caught' if not verdict else verdict.upper():10}  {mutant.what}  ({mutant.words})", flush=True)
    return bool(verdict)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
