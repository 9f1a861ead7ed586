"""Facts of groups: states, epochs, who has what, callbacks, commits; and what a step left as it was."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

from mqviz.kafka.coordinators import offsets_partition
from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import (
    ConsumerChanged,
    ConsumerFailed,
    PartitionsAssigned,
    PartitionsRevoked,
)
from mqviz.model.kafka.coordinator.classic.events import StaticMemberReplaced
from mqviz.sim.kafka.controller import registered
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from tests.golden.members import tp
from tests.golden.registry import Args, begins, check, fact, moment, shape
from tests.golden.world import World


def _modern(world: World, name: str) -> Any:
    """The group of the consumer protocol or the share group of that name."""
    cluster = world.state.cluster
    return cluster.consumer_groups.get(name) or cluster.share_groups.get(name)


def _tps(partitions: Any) -> list[str]:
    return sorted(tp(*each) for each in partitions)


@fact("group")
def _group(world: World, read: Args) -> Any:
    modern, classic = _modern(world, read["group"]), world.state.cluster.groups.get(read["group"])
    found = modern or classic
    if found is None:
        return {"state": "Dead", "members": 0}
    facts = {"state": found.state, "members": len(found.members)}
    if modern is None:
        return facts
    target = getattr(modern, "assignment_epoch", modern.epoch)  # of a share group at once
    return facts | {"epoch": modern.epoch, "assignment_epoch": target}


@fact("member_epochs")
def _epochs(world: World, read: Args) -> Any:
    group = _modern(world, read["group"])
    return {world.called(m.client): m.epoch for m in group.members.values()} if group else {}


@fact("target_assignment")
def _target(world: World, read: Args) -> Any:
    group = world.state.cluster.consumer_groups.get(read["group"])
    if group is None:
        return {}
    return {world.called(m.client): _tps(group.target.get(id, ())) for id, m in group.members.items()}


@fact("generation")
def _generation(world: World, read: Args) -> Any:
    group = world.state.cluster.groups.get(read["group"])
    return group.generation if group else 0


@fact("generation_delta")
def _delta(world: World, read: Args) -> Any:
    step = read.get("since", world.step)
    return _generation(world, read) - world.notes["generations"][step].get(read["group"], 0)


@fact("assignor")
def _assignor(world: World, read: Args) -> Any:
    group = world.state.cluster.groups.get(read["group"])
    return group.assignor if group else ""


@fact("assignment")
def _assignment(world: World, read: Args) -> Any:
    """Who has what. A static member of a classic group goes by its instance id, unless the recording has its name."""
    cluster, name = world.state.cluster, read["group"]
    if name in cluster.consumer_groups:
        members = cluster.consumer_groups[name].members.values()
        return {world.called(m.client): _tps(m.assigned) for m in members}
    group: Any = cluster.share_groups.get(name) or cluster.groups.get(name)
    wanted = read.get("expect", read.get("equals", read.get("includes", ())))
    found = {}
    for member in group.members.values() if group else ():
        called = world.called(member.client)
        static = getattr(member, "instance_id", "")
        found[called if called in wanted else static or called] = _tps(member.partitions)
    return found


@shape("assignment")
def _as_spread(expected: Any, found: Any) -> bool:
    """The same numbers of partitions, one owner each, the same partitions in all."""
    sizes = [sorted(map(len, each.values())) for each in (expected, found)]
    partitions = [sorted(chain.from_iterable(each.values())) for each in (expected, found)]
    return sizes[0] == sizes[1] and partitions[0] == partitions[1]


@fact("idle")
def _idle(world: World, read: Args) -> Any:
    return sorted(member for member, owned in _assignment(world, read).items() if not owned)


@fact("assignment_sizes")
def _sizes(world: World, read: Args) -> Any:
    return sorted(len(owned) for owned in _assignment(world, read).values())


@fact("covered")
def _covered(world: World, read: Args) -> Any:
    return sorted(chain.from_iterable(_assignment(world, read).values()))


@fact("committed")
def _committed(world: World, read: Args) -> Any:
    group = world.state.cluster.groups.get(read["group"])
    records = group.records.values() if group else []
    return {tp(r.topic, r.partition): r.committed for r in records if r.committed is not None}


# -- callbacks ----------------------------------------------------------------------------------------------


@fact("group_events")
def _events(world: World, read: Args) -> Any:
    start = world.notes["event_index"][read["since"]] if "since" in read else world.mark_index
    found: dict[str, list[Any]] = {}
    for event in world.log[start:]:
        if getattr(event, "group", None) != read["group"] or (told := _told(event)) is None:
            continue
        before = found.setdefault(world.called(event.consumer), [])  # type: ignore[attr-defined]
        if told != ["closed"] or not ((before and before[-1][0] == "error") or _unseen(world, event)):
            before.append(told)
    wanted = read.get("members")
    return {member: events for member, events in found.items() if wanted is None or member in wanted}


def _unseen(world: World, event: Any) -> bool:
    """Whether the end of close() was not recorded: librdkafka's. Nobody calls close() after an error."""
    settings = world.state.cluster.consumers[event.consumer].settings
    return getattr(settings, "client", "java") == "librdkafka"


def thrown(exception: str) -> str:
    """`Class/ERROR` for an exception that is named after an error."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", exception.removesuffix("Exception")).upper()
    return f"{exception}/{name}" if name in Error.__members__ else exception


CALLBACKS = PartitionsAssigned | PartitionsRevoked | ConsumerFailed | ConsumerChanged


def _told(event: Any) -> list[Any] | None:
    """What an application was told, if it was."""
    if isinstance(event, PartitionsAssigned):
        return ["assign", _tps(event.partitions)]
    if isinstance(event, PartitionsRevoked):
        return ["lost" if event.lost else "revoke", _tps(event.partitions)]
    if isinstance(event, ConsumerFailed):
        return ["error", thrown(event.exception)]
    return ["closed"] if isinstance(event, ConsumerChanged) and event.state == "closed" else None


@shape("group_events")
def _same_kinds(expected: Any, found: Any) -> bool:
    """Per member the same kinds with lists of the same sizes."""

    def shapes(members: Any) -> Any:
        return {
            m: [(kind, len(rest) if isinstance(rest, list) else 0) for kind, rest in events]
            for m, events in members.items()
        }

    return bool(shapes(expected) == shapes(found))


@moment("first_callback")
def _first_callback(world: World, since_us: int) -> int | None:
    """When any other member was first called back after `since_us`."""
    later = (event for event in world.log if event.at_us > since_us and _told(event))
    return next((event.at_us for event in later), None)


# -- as it was before the step ------------------------------------------------------------------------------


@check("new_member_id")
def _new_member_id(world: World, read: Args) -> bool:
    """Whether the member came back with another member id in this step."""
    client = world.member(read, read["of"]).process
    return any(
        isinstance(event, StaticMemberReplaced)
        and event.client == client
        and event.member_id != event.replacement
        for event in world.log[world.notes["event_index"][world.step] :]
    )


def _kept(world: World, read: Args) -> dict[str, Any]:
    """What of a group may be as it was: member ids by name, assignment, commits."""
    cluster = world.state.cluster
    group = cluster.consumer_groups.get(read["group"]) or cluster.groups.get(read["group"])
    members = group.members.values() if group else ()
    ids = {m.instance_id or m.client: m.member_id for m in members}
    plain = {"group": read["group"]}
    return {"ids": ids, "assignment": _assignment(world, plain), "committed": _committed(world, plain)}


@begins
def _remember(world: World) -> None:
    cluster = world.state.cluster
    names = [*cluster.consumer_groups, *cluster.groups]
    world.notes["before"] = {name: _kept(world, {"group": name}) for name in names}


def _as_before(name: str, what: str) -> None:
    @check(name)
    def _same(world: World, read: Args) -> bool:
        before = world.notes["before"].get(read["group"], {})
        return bool(before.get(what) == _kept(world, read)[what])


_as_before("same_member_ids", "ids")
_as_before("assignment_kept", "assignment")
_as_before("committed_kept", "committed")


# -- coordinators -------------------------------------------------------------------------------------------


@fact("coordinator_partition")
def _coordinator_partition(world: World, read: Args) -> Any:
    count = world.backend._sim.scenario.cluster.setting("offsets.topic.num.partitions")
    return {group: offsets_partition(group, count) for group in read["expect"]}


@check("coordinator_is_leader")
def _coordinator_leads(world: World, read: Args) -> Any:
    """Clients are sent to the broker that leads the group's partition, which lives."""
    broker = coordinator_of(world.backend._sim, read["group"])
    return broker > 0 and registered.usable(world.backend._sim, broker)
