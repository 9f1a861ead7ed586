"""Lag of watched groups: rows of the groups' table and of a group's partitions, as readings.

What a row of the table shows is summed up when a beat ends (mqviz/model/observed/lag_sums.py); partitions are
looked at one by one only for the group whose detail is asked for.
"""

from __future__ import annotations

import msgspec

from mqviz.facts.views import Lag
from mqviz.facts.watched import trends, verdict
from mqviz.facts.watched.views import GroupRow, OtherGroups, Points, Verdict, WatchView, Worst
from mqviz.model.escape import escape
from mqviz.model.observed import lag_sums
from mqviz.model.observed.state import LagSample, Observed, SeenGroup, Unknown
from mqviz.model.observed.track import WINDOW_US
from mqviz.model.state import State

STALE_US = 90_000_000
"""A group that no beat read for so long (three times the slowest period) is stale."""

NO_LAG_KINDS = ("share", "streams")
"""Types of groups whose progress is not told by commits of partitions alone; they are not in the table."""

LEAST_HOT = 100
"""A smaller lag comes and goes with every commit, so that its share says nothing."""

NEVER_READ = Unknown("its commits were not read yet")


# -- facts that simulated clusters have too ----------------------------------------------------------------


def committed(observed: Observed, group: SeenGroup, topic: str, partition: int) -> int | None | Unknown:
    """The committed offset; None: no commit."""
    del observed
    why = lag_sums.commit_reason(group, topic, partition)
    track = group.commits.get(topic)
    return why or (track.now.get(partition) if track else None)


def lag_value(observed: Observed, group: SeenGroup, topic: str, partition: int) -> int | None | Unknown:
    """Lag of one partition: never negative; None: no commit."""
    offset = committed(observed, group, topic, partition)
    if offset is None or isinstance(offset, Unknown):
        return offset
    seen = observed.topics.get(topic)
    why = lag_sums.end_reason(observed, seen, partition)
    if why or seen is None:
        return why or lag_sums.NO_TOPIC
    return max(0, seen.ends.now[partition] - offset)


def partition_lag(state: State, group: SeenGroup, topic: str, partition: int) -> Lag:
    """Lag of one partition as a reading."""
    value = lag_value(state.observed, group, topic, partition)
    known = int(isinstance(value, int))
    samples = partition_samples(state.observed, group, topic, partition)
    worst = (topic, partition, value) if isinstance(value, int) and value else None
    return Lag(value, known, 1, trends.trend(samples), samples, worst)


def partition_samples(observed: Observed, group: SeenGroup, topic: str, partition: int) -> Points:
    """(time, lag) of one partition in the window, oldest first, at most 32."""
    seen, track = observed.topics.get(topic), group.commits.get(topic)
    if seen is None or track is None:
        return ()
    return tuple(trends.lag_points(seen.ends, track, partition))


def group_lag(state: State, group: SeenGroup) -> Lag:
    """Lag of a group, summed now over the partitions whose lag is a number."""
    sums = lag_sums.add_up(state.observed, group)
    total = sums.known + len(sums.skipped)
    samples = group_samples(group)
    value: int | None | Unknown = sums.lag
    if not sums.known:
        value = _no_sum(state.observed, group, sums.skipped)
    return Lag(value, sums.known, total, trends.trend(since_rewind(group, samples)), samples, sums.worst)


def _no_sum(observed: Observed, group: SeenGroup, skipped: list[tuple[str, int]]) -> None | Unknown:
    """Why no partition has a number: None where no one has a commit."""
    if group.commits_unknown:
        return group.commits_unknown
    for topic, partition in skipped:
        value = lag_value(observed, group, topic, partition)
        if isinstance(value, Unknown):
            return value
    return None


def group_samples(group: SeenGroup) -> Points:
    """(time, lag) of a group, one a beat, oldest first, at most 32."""
    return tuple((sample.at_us, sample.lag) for sample in group.samples)


# -- the table of groups -----------------------------------------------------------------------------------


def group_rows(state: State) -> tuple[GroupRow, ...]:
    """Groups with lag of this kind, worst first: by verdict, then by lag, then by name."""
    rows = [
        group_row(state, name)
        for name, group in state.observed.groups.items()
        if group.kind not in NO_LAG_KINDS
    ]
    return tuple(sorted(rows, key=_order))


def _order(row: GroupRow) -> tuple[int, int, str]:
    lag = row.lag if isinstance(row.lag, int) else -1
    return verdict.RANK[row.verdict.word], -lag, row.group


def group_row(state: State, name: str) -> GroupRow:
    """One group of the table; raises KeyError where no such group was seen."""
    observed, group = state.observed, state.observed.groups[name]
    last = group.samples[-1] if group.samples else None
    points = group_samples(group)
    direction = "" if group.summary.reasons else trends.trend(since_rewind(group, points))
    lag = _row_lag(observed, group, last)
    into, out = rates(group)
    row = GroupRow(
        name,
        group.kind,
        group.state,
        len(group.members) if isinstance(group.members, tuple) else group.members,
        lag,
        last.known if last else 0,
        last.total if last else 0,
        _worst(group, last),
        direction,
        points,
        into,
        out,
        _eta(lag, into, out, direction) if last and last.known == last.total else None,
        PENDING,
        None if group.refreshed_us < 0 else max(0, state.now_us - group.refreshed_us),
        is_stale(state, group),
        group.summary.breaches,
        len(group.commits),
    )
    return msgspec.structs.replace(row, verdict=verdict.judge(state, row))


PENDING = Verdict("UNKNOWN", "", "")
"""Stands in a row until the row is judged."""


def _row_lag(observed: Observed, group: SeenGroup, last: LagSample | None) -> int | None | Unknown:
    if group.commits_unknown:
        return group.commits_unknown
    if last is None:
        return _waiting_for(observed, group)
    if last.known:
        return last.lag
    if group.summary.reasons:
        return Unknown(next(iter(group.summary.reasons)), last.at_us)
    return None


def _waiting_for(observed: Observed, group: SeenGroup) -> Unknown:
    """Why a group's commits were never read."""
    if isinstance(group.coordinator, int) and group.coordinator in observed.brokers_lost:
        lost = observed.brokers_lost[group.coordinator]
        return Unknown(f"its coordinator, broker {group.coordinator}, does not answer", lost.since_us)
    return observed.lost or NEVER_READ


def _worst(group: SeenGroup, last: LagSample | None) -> Worst | None:
    found = group.summary.worst
    if found is None or last is None or not last.lag:
        return None
    share = found[2] / last.lag
    hot = found[2] >= LEAST_HOT and share > 0.5 and share * last.known > 2
    return Worst(*found, share, hot)


def is_stale(state: State, group: SeenGroup) -> bool:
    """Whether what is known of a group is too old to count on, or whoever could tell more does not answer."""
    observed = state.observed
    if group.refreshed_us < 0:
        return False
    lost = isinstance(group.coordinator, int) and group.coordinator in observed.brokers_lost
    return observed.lost is not None or lost or state.now_us - group.refreshed_us > STALE_US


def since_rewind(group: SeenGroup, points: Points) -> Points:
    """The points after the last time that commits moved back: what was before is another story."""
    if not group.rewinds:
        return points
    return tuple(point for point in points if point[0] >= group.rewinds[-1].at_us)


def comparable(group: SeenGroup) -> list[LagSample]:
    """Samples of the window that are sums over the same partitions as the last one, oldest first."""
    if not group.samples:
        return []
    last = group.samples[-1]
    begin_us = last.at_us - WINDOW_US * 3 // 2
    return [s for s in group.samples if s.span == last.span and s.at_us >= begin_us]


def rates(group: SeenGroup) -> tuple[float | Unknown, float | Unknown]:
    """Records a second that came in and that were committed; commits that moved back are no progress."""
    if group.summary.reasons:
        why = Unknown(next(iter(group.summary.reasons)), group.refreshed_us)
        return why, why
    samples = comparable(group)
    elapsed_us = samples[-1].at_us - samples[0].at_us if samples else 0
    if elapsed_us < trends.SHORTEST_US:
        return trends.MEASURING, trends.MEASURING
    first, last = samples[0], samples[-1]
    back = sum(r.before - r.after for r in group.rewinds if first.at_us < r.at_us <= last.at_us)
    into = max(0, last.ends - first.ends) * 1_000_000 / elapsed_us
    return into, max(0, last.commits - first.commits + back) * 1_000_000 / elapsed_us


def _eta(
    lag: int | None | Unknown, into: float | Unknown, out: float | Unknown, direction: str
) -> int | None | Unknown:
    """Only while the lag falls; 0 when all is read."""
    if lag == 0:
        return 0
    if isinstance(into, Unknown):
        return into
    if isinstance(out, Unknown):
        return out
    if direction != "down" or out <= into or not isinstance(lag, int):
        return None
    return int(lag * 1_000_000 / (out - into))


def other_groups(state: State) -> OtherGroups:
    """Groups that are not in the table: of share groups and streams groups."""
    kinds = [g.kind for g in state.observed.groups.values() if g.kind in NO_LAG_KINDS]
    found = tuple(kind for kind in NO_LAG_KINDS if kind in kinds)
    plural = "group" if len(kinds) == 1 else "groups"
    sentence = f"{len(kinds)} other {plural} not shown ({', '.join(found)})" if kinds else ""
    return OtherGroups(len(kinds), found, sentence)


def watch(state: State) -> WatchView:
    """The watch itself: how fresh and at what cost."""
    observed, beat = state.observed, state.observed.beat
    shown = [topic for topic in observed.topics.values() if not topic.internal and not topic.gone]
    return WatchView(
        escape(observed.bootstrap),
        observed.cluster_id,
        len(observed.brokers),
        len(shown),
        sum(len(topic.partitions) for topic in shown),
        len([g for g in observed.groups.values() if g.kind not in NO_LAG_KINDS]),
        beat.number,
        beat.ended_us - beat.began_us,
        beat.requests,
        beat.period_us,
        max(0, state.now_us - beat.ended_us) if beat.number else None,
        observed.lost,
        tuple(sorted(observed.brokers_lost.items())),
        observed.wall_us,
    )
