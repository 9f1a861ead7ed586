"""One watched group in detail: its partitions with the columns of Kafka's own tool, its members, its
rebalances.
"""

from __future__ import annotations

from mqviz.facts.watched import lag, trends
from mqviz.facts.watched.views import GroupDetail, MemberLoad, PartitionRow, RebalanceNote
from mqviz.facts.words import lasting, several
from mqviz.model.escape import escape
from mqviz.model.observed import lag_sums
from mqviz.model.observed.rebalances import labels, owners
from mqviz.model.observed.state import (
    NO_RIGHT,
    Move,
    Observed,
    Rebalance,
    SeenGroup,
    SeenMember,
    SeenTopic,
    Unknown,
)
from mqviz.model.observed.track import WINDOW_US, Track
from mqviz.model.state import State

MOST_MOVES = 3
"""Moved partitions that a rebalance's sentence names; more are counted."""

EMPTY = Track()


def group_detail(state: State, name: str) -> GroupDetail:
    """A group in detail; raises KeyError where no such group was seen."""
    group = state.observed.groups[name]
    row = lag.group_row(state, name)
    rows = _partition_rows(state, group)
    worst = max(rows, key=lambda r: (r.lag if isinstance(r.lag, int) else -1, -r.partition), default=None)
    peak = rows.index(worst) if worst and isinstance(worst.lag, int) and worst.lag else None
    others = sum(r.lag for at, r in enumerate(rows) if at != peak and isinstance(r.lag, int))
    loads = _loads(group, rows)
    notes = tuple(_note(group, found) for found in group.rebalances)
    return GroupDetail(row, rows, loads, _uneven(loads), notes, peak, others)


# -- partitions ----------------------------------------------------------------------------------------------


def _partition_rows(state: State, group: SeenGroup) -> tuple[PartitionRow, ...]:
    members = group.members if isinstance(group.members, tuple) else ()
    holders = owners(members)
    names, by_id = labels(members), {member.id: member for member in members}
    places = lag_sums.partitions(group)
    lags = [lag.lag_value(state.observed, group, *place) for place in places]
    total = sum(value for value in lags if isinstance(value, int))
    return tuple(
        _partition_row(state, group, place, value, total, by_id.get(holders.get(place, "")), names)
        for place, value in zip(places, lags, strict=True)
    )


def _partition_row(
    state: State,
    group: SeenGroup,
    place: tuple[str, int],
    value: int | None | Unknown,
    total: int,
    member: SeenMember | None,
    names: dict[str, str],
) -> PartitionRow:
    topic, partition = place
    observed = state.observed
    seen = observed.topics.get(topic) or SeenTopic()
    commits = group.commits.get(topic, EMPTY)
    current = lag.committed(observed, group, topic, partition)
    start, end = seen.starts.get(partition), _end(observed, topic, partition)
    looked_us = max(group.refreshed_us, commits.changed_us(partition), seen.ends.changed_us(partition))
    age, capped = _behind(seen, current, value, partition, looked_us)
    samples = lag.partition_samples(observed, group, topic, partition)
    return PartitionRow(
        topic,
        partition,
        current,
        end,
        Unknown("the start was not read yet") if start is None else start,
        value,
        _kind(state, group, topic, partition, value),
        _to_read(end, start) if current is None else None,
        max(0, start - current) if start is not None and isinstance(current, int) else 0,
        _ahead(seen, current, value, partition),
        trends.rate(seen.ends.points(partition), looked_us),
        trends.rate(commits.points(partition), looked_us),
        age,
        capped,
        trends.trend(samples),
        samples,
        value / total if isinstance(value, int) and total else 0.0,
        _holder(group, member, names),
        member.id if member else "",
        member.host if member else "",
        member.client_id if member else "",
        _still(commits, partition, looked_us),
    )


def _end(observed: Observed, topic: str, partition: int) -> int | Unknown:
    seen = observed.topics.get(topic)
    why = lag_sums.end_reason(observed, seen, partition)
    if why or seen is None:
        return why or lag_sums.NO_TOPIC
    return seen.ends.now[partition]


def _kind(state: State, group: SeenGroup, topic: str, partition: int, value: int | None | Unknown) -> str:
    """Which of the ways to have a lag, or none."""
    seen = state.observed.topics.get(topic)
    if seen and seen.gone:
        return "topic gone"
    if isinstance(value, Unknown) and value.reason.startswith(NO_RIGHT):
        return "not authorised"
    if isinstance(value, Unknown):
        return "commit unknown" if lag_sums.commit_reason(group, topic, partition) else "end unknown"
    if value is None:
        return "no commit"
    return "stale" if lag.is_stale(state, group) else "number"


def _to_read(end: int | Unknown, start: int | None) -> int | None:
    """What a group without a commit would read from the start of the log."""
    return max(0, end - start) if isinstance(end, int) and start is not None else None


def _ahead(
    seen: SeenTopic, current: int | None | Unknown, value: int | None | Unknown, partition: int
) -> int:
    if not isinstance(value, int) or not isinstance(current, int):
        return 0
    return max(0, current - seen.ends.now[partition])


def _behind(
    seen: SeenTopic,
    current: int | None | Unknown,
    value: int | None | Unknown,
    partition: int,
    looked_us: int,
) -> tuple[int | None | Unknown, bool]:
    if not isinstance(value, int) or not isinstance(current, int):
        return value if isinstance(value, Unknown) else None, False
    points = seen.ends.points(partition)
    if value and len(points) < 2:
        return trends.MEASURING, False
    return trends.behind_us(points, current, looked_us)


def _holder(group: SeenGroup, member: SeenMember | None, names: dict[str, str]) -> str | None | Unknown:
    if isinstance(group.members, Unknown):
        return group.members
    return names[member.id] if member else None


def _still(commits: Track, partition: int, looked_us: int) -> int | None:
    if partition not in commits.now:
        return None
    return min(WINDOW_US, max(0, looked_us - commits.changed_us(partition)))


# -- members -------------------------------------------------------------------------------------------------


def _loads(group: SeenGroup, rows: tuple[PartitionRow, ...]) -> tuple[MemberLoad, ...]:
    members = group.members if isinstance(group.members, tuple) else ()
    names = labels(members)
    return tuple(_load(member, names[member.id], rows) for member in members)


def _load(member: SeenMember, name: str, rows: tuple[PartitionRow, ...]) -> MemberLoad:
    held = [row for row in rows if row.consumer_id == member.id]
    return MemberLoad(
        name,
        member.id,
        member.client_id,
        member.host,
        len(held),
        sum(row.lag for row in held if isinstance(row.lag, int)),
        sum(row.in_per_s for row in held if isinstance(row.in_per_s, float)),
        sum(row.out_per_s for row in held if isinstance(row.out_per_s, float)),
    )


def _uneven(loads: tuple[MemberLoad, ...]) -> str:
    """A sentence where one member has far more to do than a fair share, or some have nothing."""
    if len(loads) < 2:
        return ""
    idle = [load for load in loads if not load.partitions]
    most = max(loads, key=lambda load: load.partitions)
    fewest = min(loads, key=lambda load: load.partitions)
    if idle:
        names = ", ".join(escape(load.name) for load in idle[:MOST_MOVES])
        more = f" and {len(idle) - MOST_MOVES} more" if len(idle) > MOST_MOVES else ""
        return f"{names}{more} {'is' if len(idle) == 1 else 'are'} idle: no partition left for them"
    if most.partitions - fewest.partitions > 1:
        return (
            f"{escape(most.name)} holds {several(most.partitions, 'partition')}, "
            f"{escape(fewest.name)} {several(fewest.partitions, 'partition')}"
        )
    busy = max(loads, key=lambda load: load.in_per_s)
    total = sum(load.in_per_s for load in loads)
    if total and busy.in_per_s > 2 * total / len(loads):
        return f"{escape(busy.name)} gets {round(busy.in_per_s / total * 100)} % of what comes in"
    return ""


# -- rebalances ----------------------------------------------------------------------------------------------


def _note(group: SeenGroup, found: Rebalance) -> RebalanceNote:
    return RebalanceNote(
        found.at_us,
        found.since_us,
        rebalance_sentence(group, found),
        found.joined,
        found.left,
        len(found.moved),
        found.took_us,
        found.at_least,
        found.going_on,
    )


def rebalance_sentence(group: SeenGroup, found: Rebalance, sign: str = "p") -> str:
    """`rebalance: c-4 left, p5 → c-3, took at least 1.2 s`;
    `sign` is what a partition's number begins with.
    """
    parts = [f"{_names(found.left)} left"] if found.left else []
    parts += [f"{_names(found.joined)} joined"] if found.joined else []
    one_topic = len(group.commits) <= 1
    parts += [_move(move, one_topic, sign) for move in found.moved[:MOST_MOVES]]
    if len(found.moved) > MOST_MOVES:
        parts.append(f"{len(found.moved) - MOST_MOVES} more moved")
    if found.going_on:
        parts.append(f"going on for at least {lasting(found.took_us)}" if found.took_us else "going on")
    elif found.took_us:
        parts.append(f"took at least {lasting(found.took_us)}")
    count = "rebalance" if found.at_least == 1 else f"at least {found.at_least} rebalances"
    return f"{count}: {', '.join(parts)}"


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(escape(name) for name in names[:MOST_MOVES])
    return shown if len(names) <= MOST_MOVES else f"{shown} and {len(names) - MOST_MOVES} more"


def _move(move: Move, one_topic: bool, sign: str) -> str:
    where = f"{sign}{move.partition}" if one_topic else f"{escape(move.topic)} {sign}{move.partition}"
    return f"{where} → {escape(move.after)}" if move.after else f"{where} → nobody"
