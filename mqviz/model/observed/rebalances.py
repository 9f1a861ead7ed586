"""Rebalances as an onlooker sees them: the difference of two describes of a group.

A short one can be missed and several can look like one, so a note says "at least": at least so many, and at
least as long as the group was seen unsettled.
"""

from __future__ import annotations

import msgspec

from mqviz.model.observed.events import GroupSeen
from mqviz.model.observed.state import Move, Rebalance, SeenGroup, SeenMember

MOST_NOTES = 16
"""Rebalances that a group keeps: the last ones."""

SETTLED = ("Stable", "Empty", "Dead")
"""States in which nobody waits for a rebalance; all others are part of one."""


def labels(members: tuple[SeenMember, ...]) -> dict[str, str]:
    """{member id: what to call it}: its client.id,
    and the end of its member id where others have the same.
    """
    count: dict[str, int] = {}
    for member in members:
        count[member.client_id] = count.get(member.client_id, 0) + 1
    return {
        m.id: m.client_id if m.client_id and count[m.client_id] == 1 else f"{m.client_id}-{m.id[-4:]}"
        for m in members
    }


def owners(members: tuple[SeenMember, ...]) -> dict[tuple[str, int], str]:
    """{(topic, partition): member id} of what is held."""
    return {(topic, p): m.id for m in members for topic, ps in m.assignment.items() for p in ps}


def note(group: SeenGroup, event: GroupSeen) -> None:
    """Compare a describe with the last one at which the group was settled, and remember what is different."""
    settled = event.state in SETTLED
    if not settled and group.unsettled_us < 0:
        group.unsettled_us = event.at_us
    if group.settled_members is not None:
        _remember(group, _difference(group, group.settled_members, event, settled))
    if settled:
        group.settled_members = event.members
        group.unsettled_us = -1


def _difference(
    group: SeenGroup, before: tuple[SeenMember, ...], event: GroupSeen, settled: bool
) -> Rebalance:
    known = {m.id for m in before}
    now = {m.id for m in event.members}
    names = labels(before) | labels(event.members)
    last_unsettled_us = event.since_us if settled else event.at_us
    return Rebalance(
        event.at_us,
        event.since_us,
        tuple(names[m.id] for m in event.members if m.id not in known),
        tuple(names[m.id] for m in before if m.id not in now),
        _moves(before, event.members, names) if settled else (),
        _at_least(group, event),
        max(0, last_unsettled_us - group.unsettled_us) if group.unsettled_us >= 0 else 0,
        not settled,
    )


def _remember(group: SeenGroup, found: Rebalance) -> None:
    """A note of a rebalance that went on is replaced by what is known of it now."""
    if group.rebalances and group.rebalances[-1].going_on:
        earlier = group.rebalances.pop()
        since_us = earlier.since_us
        at_least = max(earlier.at_least, found.at_least)
        found = msgspec.structs.replace(found, since_us=since_us, at_least=at_least)
    elif not (found.joined or found.left or found.moved or found.going_on):
        return
    group.rebalances.append(found)
    del group.rebalances[:-MOST_NOTES]


def _at_least(group: SeenGroup, event: GroupSeen) -> int:
    """Epochs of the consumer protocol count rebalances; the classic protocol tells none, so one."""
    if isinstance(group.generation, int) and event.generation is not None:
        return max(1, event.generation - group.generation)
    return 1


def _moves(
    before: tuple[SeenMember, ...], after: tuple[SeenMember, ...], names: dict[str, str]
) -> tuple[Move, ...]:
    old, new = owners(before), owners(after)
    changed = sorted(place for place in {**old, **new} if old.get(place) != new.get(place))
    return tuple(
        Move(topic, p, names.get(old.get((topic, p), ""), ""), names.get(new.get((topic, p), ""), ""))
        for topic, p in changed
    )
