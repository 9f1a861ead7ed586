"""The lag of a group's partitions added up, and what stands out: taken once a beat, for the groups that it
read.

A partition's lag is a number, or there is a reason why it is none; only numbers are summed. Commits are read
before ends, so lag errs high and is never negative on a sound topic; where `committed > end` it counts as 0
and is flagged. The loop over the commits is the only one that a beat pays for each of a fifth of a million
commits.
"""

from __future__ import annotations

from mqviz.model.observed.state import LagSample, LagSummary, Observed, SeenGroup, SeenTopic, Stall, Unknown
from mqviz.model.observed.track import SPACING_US, Track

MOST_SAMPLES = 32
"""Samples that a group keeps."""

STALL_US = 30_000_000
"""A partition with unread records that commits nothing for so long makes no progress."""

NO_TOPIC = Unknown("the topic was not seen yet")

NO_COMMIT = "no commit"


class Sums:
    """Sums over partitions whose lag is a number, the other partitions, and what stood out."""

    __slots__ = ("ahead", "behind", "commits", "ends", "known", "lag", "skipped", "worst")

    def __init__(self) -> None:
        self.lag = self.ends = self.commits = self.known = 0
        self.skipped: list[tuple[str, int]] = []
        self.behind: list[tuple[str, int, int]] = []
        self.worst: tuple[str, int, int] | None = None
        self.ahead: tuple[str, int, int] | None = None


def add_up(observed: Observed, group: SeenGroup) -> Sums:
    """The sums over all partitions of the group."""
    sums = Sums()
    for topic, track in group.commits.items():
        found = observed.topics.get(topic)
        if found is not None and _plain(observed, group, topic, found):
            _add(sums, topic, track.now, found.ends.now)
        else:
            numbers = _numbers(sums, observed, group, topic, found, track)
            _add(sums, topic, numbers, found.ends.now if found else {})
    sums.skipped += partitions_without_commit(group)
    return sums


def _add(sums: Sums, topic: str, commits: dict[int, int], ends: dict[int, int]) -> None:
    lag = total_end = total_commit = known = largest = 0
    for partition, offset in commits.items():
        end = ends.get(partition)
        if end is None:
            sums.skipped.append((topic, partition))
            continue
        known += 1
        total_end += end
        total_commit += offset
        if end == offset:
            continue
        if end < offset:
            sums.ahead = (topic, partition, offset - end)
            continue
        lag += end - offset
        sums.behind.append((topic, partition, end - offset))
        if end - offset > largest:
            largest = end - offset
            if sums.worst is None or largest > sums.worst[2]:
                sums.worst = (topic, partition, largest)
    sums.lag += lag
    sums.ends += total_end
    sums.commits += total_commit
    sums.known += known


def _plain(observed: Observed, group: SeenGroup, topic: str, seen: SeenTopic) -> bool:
    """Whether nothing stands in the way of any partition of the topic: the case that has to be fast."""
    if observed.brokers_lost or group.commits_unknown or group.partitions_unknown.get(topic):
        return False
    return not (seen.refused or seen.ends_unknown or seen.leaderless)


def _numbers(
    sums: Sums, observed: Observed, group: SeenGroup, topic: str, seen: SeenTopic | None, track: Track
) -> dict[int, int]:
    """Commits of the partitions whose lag is a number; the others are skipped."""
    numbers: dict[int, int] = {}
    for partition, offset in track.now.items():
        if commit_reason(group, topic, partition) or end_reason(observed, seen, partition):
            sums.skipped.append((topic, partition))
        else:
            numbers[partition] = offset
    return numbers


def partitions(group: SeenGroup) -> list[tuple[str, int]]:
    """Every partition that concerns the group: it has a commit there, or a member holds it; sorted."""
    found = [(topic, p) for topic, track in group.commits.items() for p in track.now]
    return sorted(found + partitions_without_commit(group))


def partitions_without_commit(group: SeenGroup) -> list[tuple[str, int]]:
    """Partitions that a member holds, or whose commit is unknown, without a commit that was seen."""
    commits = {topic: track.now for topic, track in group.commits.items()}
    found: dict[tuple[str, int], None] = {}
    for topic, why in group.partitions_unknown.items():
        found.update(dict.fromkeys((topic, p) for p in why if p not in commits.get(topic, {})))
    for member in group.members if isinstance(group.members, tuple) else ():
        for topic, held in member.assignment.items():
            known = commits.get(topic, {})
            found.update(dict.fromkeys((topic, p) for p in held if p not in known))
    return list(found)


def commit_reason(group: SeenGroup, topic: str, partition: int) -> Unknown | None:
    """Why the group's commit of this partition is not known; None where it is (also: no commit)."""
    return group.commits_unknown or group.partitions_unknown.get(topic, {}).get(partition)


def end_reason(observed: Observed, topic: SeenTopic | None, partition: int) -> Unknown | None:
    """Why the end of this partition is not known; None where it is."""
    if topic is None:
        return NO_TOPIC
    if topic.refused:
        return topic.refused
    if partition in topic.ends_unknown:
        return topic.ends_unknown[partition]
    if partition < len(topic.partitions):
        leader = topic.partitions[partition].leader
        if leader < 0:
            return Unknown("the partition has no leader")
        if leader in observed.brokers_lost:
            return Unknown(f"broker {leader} does not answer", observed.brokers_lost[leader].since_us)
    if partition not in topic.ends.now:
        return Unknown("the end was not read yet")
    return None


# -- once a beat -------------------------------------------------------------------------------------------


def sample(observed: Observed, group: SeenGroup, at_us: int) -> None:
    """Take the sums of a group at the end of a beat that read its commits and its ends."""
    group.refreshed_us = at_us
    sums = add_up(observed, group)
    skipped = tuple(sums.skipped)
    last = group.samples[-1] if group.samples else None
    span = 0 if last is None else last.span + (skipped != group.unsummed or sums.known != last.known)
    group.unsummed = skipped
    total = sums.known + len(skipped)
    taken = LagSample(at_us, sums.lag, sums.ends, sums.commits, sums.known, total, span)
    if len(group.samples) > 1 and group.samples[-1].at_us - group.samples[-2].at_us < SPACING_US:
        group.samples[-1] = taken
    else:
        group.samples.append(taken)
    del group.samples[:-MOST_SAMPLES]
    group.summary = _summary(observed, group, sums, at_us)


def _summary(observed: Observed, group: SeenGroup, sums: Sums, at_us: int) -> LagSummary:
    stalls, stall = _stalls(observed, group, sums, at_us)
    breaches = list(_breaches(observed, group))
    reasons: dict[str, int] = {}
    for topic, partition in sums.skipped:
        why = unsummed_reason(observed, group, topic, partition)
        reasons[why] = reasons.get(why, 0) + 1
    no_commit = reasons.pop(NO_COMMIT, 0)
    breach = max(breaches, key=lambda found: found[2], default=None)
    return LagSummary(
        sums.worst, len(sums.behind), stall, stalls, breach, len(breaches), sums.ahead, reasons, no_commit
    )


def unsummed_reason(observed: Observed, group: SeenGroup, topic: str, partition: int) -> str:
    """Why the lag of a partition is no number: NO_COMMIT, or the reason why something is unknown."""
    why = commit_reason(group, topic, partition)
    track = group.commits.get(topic)
    if why is None and (track is None or partition not in track.now):
        return NO_COMMIT
    why = why or end_reason(observed, observed.topics.get(topic), partition)
    return why.reason if why else NO_COMMIT


def _breaches(observed: Observed, group: SeenGroup) -> list[tuple[str, int, int]]:
    """Commits below the start of the log: what lies between is deleted, unread."""
    found: list[tuple[str, int, int]] = []
    for topic, track in group.commits.items():
        seen = observed.topics.get(topic)
        for partition, start in seen.starts.items() if seen and not seen.refused else ():
            offset = track.now.get(partition)
            if offset is not None and offset < start:
                found.append((topic, partition, start - offset))
    return found


def _stalls(observed: Observed, group: SeenGroup, sums: Sums, at_us: int) -> tuple[int, Stall | None]:
    """How many partitions with unread records make no progress, and the one with the largest lag."""
    count, largest, found = 0, 0, None
    for topic, behind in _by_topic(sums.behind).items():
        track = group.commits[topic]
        if at_us - track.before_us < STALL_US:
            continue
        recent: dict[int, int] = {}
        for change in track.changes:
            if change.at_us > at_us - STALL_US:
                recent |= change.offsets
        for partition, lag in behind:
            if partition in recent:
                continue
            count += 1
            if lag > largest:
                largest, found = lag, (topic, partition)
    return count, _stall(observed, group, *found) if found else None


def _by_topic(places: list[tuple[str, int, int]]) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for topic, partition, lag in places:
        found.setdefault(topic, []).append((partition, lag))
    return found


def _stall(observed: Observed, group: SeenGroup, topic: str, partition: int) -> Stall:
    track, ends = group.commits[topic], observed.topics[topic].ends
    since_us = track.changed_us(partition)
    end = ends.now[partition]
    then = [offset for at_us, offset in ends.points(partition) if at_us <= since_us]
    first = then[-1] if then else ends.points(partition)[0][1]
    at_least = all(partition not in change.offsets for change in track.changes)
    return Stall(topic, partition, track.now[partition], since_us, max(0, end - first), at_least)
