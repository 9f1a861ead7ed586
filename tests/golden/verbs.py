"""Verbs of every case: waiting, marks, raw requests."""

from __future__ import annotations

from typing import Any

from tests.golden.compare import same
from tests.golden.registry import Args, verb
from tests.golden.world import MS, Label, World

GROUP_EVENTS = ("PartitionsAssigned", "PartitionsRevoked", "ConsumerChanged", "ConsumerFailed")


@verb("wait")
def _wait(world: World, act: Args) -> None:
    label = act.get("as")
    if "until" not in act:
        since = world.moment_us(act["from"]) if "from" in act else world.now_us
        world.to((world.now_us if since is None else since) + int(act["ms"] * MS))
        world.answered(label, "ok")
        return
    reached = _until(world, act)
    world.answered(label, reached)


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
    return _matches(condition["equals"], found, bool(condition.get("at_least")))


def _matches(wanted: Any, found: Any, at_least: bool) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(key in found and _matches(value, found[key], at_least) for key, value in wanted.items())
    if at_least and isinstance(wanted, int) and isinstance(found, int):
        return found >= wanted
    return same(wanted, found)


@verb("mark")
def _mark(world: World, act: Args) -> None:
    world.answered(act["as"], "ok")
    world.mark_index = world.notes["marked"] = len(world.log)


@verb("rpc")
def _rpc(world: World, act: Args) -> None:
    """Send; a call without label is waited for too, because later ones need the ids that it brings."""
    if "every_ms" in act:
        _again_and_again(world, act)
        return
    label = act.get("as")
    world.rpc(act, label or call(world, act))
    if not label and act.get("wait_for_answer", True):
        world.until(lambda: world.labels[UNNAMED].ended_us is not None)


UNNAMED = "(call)"


def call(world: World, act: Args) -> str:
    """A label for an act that has none."""
    world.labels[UNNAMED] = Label(world.now_us, act=act)
    return UNNAMED


def _again_and_again(world: World, act: Args) -> None:
    """The same request every `every_ms` for `for_ms`, or until an answer is an error; the last answer counts."""
    began_us = world.now_us
    while world.now_us - began_us < act["for_ms"] * MS:
        next_us = world.now_us + int(act["every_ms"] * MS)
        world.rpc(act, call(world, act))
        label = world.labels[UNNAMED]
        world.until(lambda label=label: label.ended_us is not None)
        if act.get("until_error") and label.outcome.get("error") != "NONE":
            break
        world.to(next_us)
    world.answered(act.get("as"), label.outcome)


@verb("close_connection")
def _close_connection(world: World, act: Args) -> None:
    """What was asked on it was answered before; nothing more comes by it."""
