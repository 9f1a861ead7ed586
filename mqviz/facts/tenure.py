"""Who read which partition when: facts of a simulated group's partition records."""

from __future__ import annotations

from mqviz.facts.views import Disturbance, Stretch, Tenure
from mqviz.model.kafka.clients.consumer.state import Stop
from mqviz.model.kafka.coordinator.offsets.state import GroupPartition
from mqviz.model.state import State


def tenures(state: State, group: str) -> tuple[Tenure, ...]:
    """By topic and partition, those that somebody read; see facts.tenures."""
    found = state.cluster.groups.get(group)
    records = found.records.values() if found else ()
    read = sorted((r for r in records if r.tenures), key=lambda record: (record.topic, record.partition))
    return tuple(Tenure(r.topic, r.partition, _stretches(r)) for r in read)


def _stretches(record: GroupPartition) -> tuple[Stretch, ...]:
    ends: list[int | None] = [begin for begin, _ in record.tenures[1:]]
    return tuple(
        Stretch(begin, end, member)
        for (begin, member), end in zip(record.tenures, [*ends, None], strict=True)
        if end != begin
    )


_DOES = {
    "running": "joins",
    "closing": "leaves",
    "leaving": "leaves",
    "closed": "leaves",
    "dead": "dies",
    "paused": "freezes",
}


def disturbance(state: State, group: str) -> Disturbance | None:
    """What happened to the group last; None: it never had a process."""
    mine = [c for c in state.cluster.consumers.values() if c.settings.group == group]
    if not mine:
        return None
    at_us = max(each.came_us for each in mine)
    last = [each for each in mine if each.came_us == at_us]
    return Disturbance(at_us, tuple(each.name for each in last), _DOES[last[-1].state])


def stops(state: State, group: str) -> dict[str, tuple[Stop, ...]]:
    """The stops of each member process of the group, by its name; one without `until_us` goes on."""
    consumers = state.cluster.consumers.values()
    return {c.name: tuple(c.stops) for c in consumers if c.settings.group == group}


def stopped_us(state: State, group: str) -> dict[str, int]:
    """How long each member process of the group stood still in all, by its name, up to now."""
    return {
        name: sum(
            (state.now_us if stop.until_us is None else stop.until_us) - stop.since_us for stop in found
        )
        for name, found in stops(state, group).items()
    }
