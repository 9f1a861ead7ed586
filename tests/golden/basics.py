"""What every case has: waiting and marks; outcomes, moments, answers."""

from __future__ import annotations

from typing import Any

from mqviz.model.kafka.coordinator.share.events import ShareRecordsSettled
from tests.golden.compare import same
from tests.golden.registry import Args, check, fact, shape, verb
from tests.golden.world import MS, PENDING, World

GROUP_EVENTS = ("PartitionsAssigned", "PartitionsRevoked", "ConsumerChanged", "ConsumerFailed")


@verb("wait")
def _wait(world: World, act: Args) -> Any:
    if "until" in act:
        return _until(world, act)
    since = world.moment_us(act["from"]) if "from" in act else world.now_us
    world.to((world.now_us if since is None else since) + int(act["ms"] * MS))
    return "ok"


def _until(world: World, act: Args) -> bool:
    timeout_ms, quiet_us = act.get("timeout_ms", 30_000), int(act.get("quiet_ms", 0) * MS)
    end_us = world.now_us + int(timeout_ms * MS)
    while world.until(lambda: holds(world, act["until"]), (end_us - world.now_us) / MS):
        if not quiet_us:
            return True
        seen, calm_us = group_events_seen(world), world.now_us + quiet_us
        world.until(
            lambda seen=seen: group_events_seen(world) != seen or not holds(world, act["until"]),
            quiet_us / MS,
        )
        if world.now_us >= calm_us and holds(world, act["until"]):
            return True
        if world.now_us >= end_us:
            return False
    return False


def group_events_seen(world: World) -> int:
    """How many callbacks of members there were until now."""
    start = world.notes.get("events_index", 0)
    count = world.notes.get("events_count", 0)
    for event in world.log[start:]:
        count += type(event).__name__ in GROUP_EVENTS
    world.notes["events_index"], world.notes["events_count"] = len(world.log), count
    return int(count)


def holds(world: World, condition: Args) -> bool:
    """Whether a condition of a wait holds now."""
    if "answered" in condition:
        return world.labels[condition["answered"]].ended_us is not None
    found = world.read(condition)
    if "includes" in condition:
        wanted = condition["includes"]
        items = wanted if isinstance(wanted, list) else [wanted]
        return found is not None and all(item in found for item in items)
    if condition["equals"] in (
        {},
        [],
    ):  # names nothing that must agree: it is empty, and was something to be so
        return not found and _written(world, condition)
    return _matches(condition["equals"], found, bool(condition.get("at_least")))


def _written(world: World, condition: Args) -> bool:
    """Whether what the fact tells of was ever written: commits, a share group's state, or the group."""
    cluster, group = world.state.cluster, condition.get("group", "")
    if condition["fact"] == "committed":
        return group in cluster.groups and bool(cluster.groups[group].records)
    if condition["fact"] == "share_start":
        return any(isinstance(e, ShareRecordsSettled) and e.group == group for e in world.log)
    return any(group in there for there in (cluster.groups, cluster.consumer_groups, cluster.share_groups))


def _matches(wanted: Any, found: Any, at_least: bool) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(key in found and _matches(value, found[key], at_least) for key, value in wanted.items())
    if at_least and isinstance(wanted, int) and isinstance(found, int):
        return found >= wanted
    return same(wanted, found)


@verb("mark")
def _mark(world: World, act: Args) -> str:
    world.mark_index = world.notes["marked"] = len(world.log)
    return "ok"


# -- what came of it ---------------------------------------------------------------------------------------


@fact("result")
@fact("reached")
def _result(world: World, read: Args) -> Any:
    return world.labels[read["of"]].outcome


@fact("answer")
def _answer(world: World, read: Args) -> Any:
    outcome = world.labels[read["of"]].outcome
    return None if outcome == PENDING else outcome


@shape("answer")
def _same_error(expected: Any, found: Any) -> bool:
    return (expected or {}).get("error") == (found or {}).get("error")


@fact("ms")
def _ms(world: World, read: Args) -> Any:
    since = world.moment_us(read["from"])
    until = world.moment_us(read["to"], since or 0)
    return None if since is None or until is None else (until - since) / MS


@check("ms_below")
def _below(world: World, read: Args) -> bool:
    return (_ms(world, read) or 0) < read["limit"]


@check("ms_above")
def _above(world: World, read: Args) -> bool:
    return (_ms(world, read) or 0) > read["limit"]
