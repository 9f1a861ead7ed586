"""Facts of every case: outcomes, moments, answers."""

from __future__ import annotations

from typing import Any

from tests.golden.registry import CHECKS, Args, NotRun, check, fact, shape
from tests.golden.world import MS, World


@fact("result")
def _result(world: World, read: Args) -> Any:
    return world.labels[read["of"]].outcome


@fact("answer")
def _answer(world: World, read: Args) -> Any:
    outcome = world.labels[read["of"]].outcome
    return None if outcome == "PENDING" else outcome


@shape("answer")
def _same_error(expected: Any, found: Any) -> bool:
    return (expected or {}).get("error") == (found or {}).get("error")


@fact("reached")
def _reached(world: World, read: Args) -> Any:
    return world.labels[read["of"]].outcome


@fact("ms")
def _ms(world: World, read: Args) -> Any:
    since = world.moment_us(read["from"])
    until = world.moment_us(read["to"], since or 0)
    return None if since is None or until is None else (until - since) / MS


@fact("check")
def _check(world: World, read: Args) -> Any:
    if read["check"] not in CHECKS:
        raise NotRun(f"check {read['check']}")
    return CHECKS[read["check"]](world, read)


@check("ms_below")
def _below(world: World, read: Args) -> bool:
    return (_ms(world, read) or 0) < read["limit"]


@check("ms_above")
def _above(world: World, read: Args) -> bool:
    return (_ms(world, read) or 0) > read["limit"]
