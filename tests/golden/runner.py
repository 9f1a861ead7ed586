"""Playing a case and telling what agreed, read by read and rule by rule."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Any

from mqviz.kafka.uniform import walk_order
from tests.golden import basics as basics
from tests.golden import brokers as brokers
from tests.golden import delivered as delivered
from tests.golden import groups as groups
from tests.golden import log as log
from tests.golden import members as members
from tests.golden import producers as producers
from tests.golden import raw as raw
from tests.golden.compare import agrees
from tests.golden.registry import NotRun
from tests.golden.setup import Case
from tests.golden.world import World

RECORDINGS = Path(__file__).parent / "recordings"
MOST_RANDOM = 4
"""So many members with random ids are tried in every order."""
VERDICTS = ("exact", "bound", "shape", "info", "differs", "not run")


@dataclass
class Result:
    """What became of a case: a verdict for each read, and a sentence for each that is bad."""

    id: str
    rules: list[str]
    verdicts: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything was run and agreed."""
        return not self.bad

    def say(self, verdict: str, sentence: str = "") -> None:
        """Count a verdict."""
        self.verdicts[verdict] += 1
        if sentence:
            self.bad.append(f"{verdict}: {sentence}")


def play(case: Case, watch: bool = True) -> Result:
    """Play a case on the simulator; one whose member ids were random agrees if it does for one of their orders (R126)."""
    result = _play(case, watch, {})
    if not result.good and case["config"].get("run", {}).get("member_ids") == "random UUIDs":
        names = [a["member"] for step in case["steps"] for a in step["act"] if a["verb"] == "start_member"]
        orders = permutations(names) if len(names) <= MOST_RANDOM else ()
        again = (_play(case, watch, incarnations(order)) for order in orders)
        return next((found for found in again if found.good), result)
    return result


def incarnations(order: tuple[str, ...]) -> dict[str, int]:
    """How often each process was started, so that the ids `name-N` are walked in this order."""
    last, found = "", {}
    for name in order:
        candidates = walk_order(f"{name}-{number}" for number in range(1, 10))
        last = next((c for c in candidates if not last or walk_order([c, last]) == [last, c]), candidates[-1])
        found[name] = int(last.rpartition("-")[2])
    return found


def _play(case: Case, watch: bool, starts: dict[str, int]) -> Result:
    result = Result(case["id"], case["rules"])
    try:
        world = World(case, watch=watch)
        world.notes["starts"] = starts
    except NotRun as unknown:
        result.say("not run", str(unknown))
        return result
    for number, step in enumerate(case["steps"]):
        world.begin(number)
        if not _step(world, number, step, result):
            left = sum(len(s["read"]) for s in case["steps"][number + 1 :])
            result.verdicts["not run"] += left
            break
    return result


def _step(world: World, number: int, step: dict[str, Any], result: Result) -> bool:
    """Do the acts of a step and its reads; False if it could not be done."""
    reads = step["read"]
    place = f"step {number} ({step['do'][:60]})"
    for count in range(len(step["act"]) + 1):
        if count:
            try:
                world.act(step["act"][count - 1])
            except NotRun as unknown:
                result.say("not run", f"{place}: {unknown}")
                return False
            except Exception as error:  # a bug of runner or simulator is a difference, told with its place
                result.say("differs", f"{place}: act {count}: {type(error).__name__}: {error}"[:600])
                return False
        for read in reads:
            if read.get("at", len(step["act"])) == count:
                _read(world, place, read, result)
    return True


def _read(world: World, place: str, read: dict[str, Any], result: Result) -> None:
    try:
        world.finish_instant()
        found = world.read(read)
        good = agrees(read, found)
    except NotRun as unknown:
        result.say(
            "info" if read["compare"] == "info" else "not run",
            "" if read["compare"] == "info" else f"{place}: {unknown}",
        )
        return
    except Exception as error:  # as above
        result.say("differs", f"{place}: {read['fact']}: {type(error).__name__}: {error}"[:600])
        return
    if good:
        result.say(read["compare"])
        return
    names = {k: v for k, v in read.items() if k not in ("fact", "expect", "compare", "bounds")}
    wanted = read.get("bounds") if read["compare"] == "bound" else read["expect"]
    result.say(
        "differs",
        f"{place}: {read['fact']} {names}: recorded {json.dumps(wanted)}, simulated {json.dumps(found)}"[
            :900
        ],
    )


def cases(paths: Iterable[Path]) -> list[Path]:
    """The files of cases in these folders, or these files."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.glob("*.json")) if path.is_dir() else [path]
    return found


def load(path: Path) -> Case:
    """A case from its file."""
    case: Case = json.loads(path.read_text(encoding="utf-8"))
    return case
