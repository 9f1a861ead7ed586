"""Playing a part with a seed on both sides."""

from __future__ import annotations

from tests.fuzz.part_classic import classic
from tests.fuzz.part_modern import modern
from tests.fuzz.part_share import share
from tests.fuzz.part_transactions import transactions
from tests.fuzz.real import Differs, PartedWays, Real
from tests.fuzz.side import Part, Step, brief
from tests.fuzz.simulated import simulate

PARTS: dict[str, Part] = {"transactions": transactions, "classic": classic, "modern": modern, "share": share}


def compare(part: str, seed: int, address: str) -> str:
    """What differs, with what led to it; "" if nothing does."""
    steps = simulate(PARTS[part], seed)
    real = Real(address)
    try:
        real.play(steps)
    except PartedWays:
        return ""
    except Differs as different:
        return f"{part}, seed {seed}:\n{_story(steps, str(different))}  {different}"
    finally:
        real.close()
    return ""


def _story(steps: list[Step], until: str) -> str:
    last = int(until.split()[1])
    lines = [
        f"  {n:2} {brief(step.op)}\n       -> {step.answers}" for n, step in enumerate(steps[: last + 1])
    ]
    return "".join(f"{line}\n" for line in lines)
