"""The lag of a group's partitions, and their sum: what every beat and every fact about lag share.

A partition's lag is a number, or one of the reasons why it is none; only numbers are summed. Commits are read
before ends, so lag errs high and is never negative on a sound topic; where `committed > end` it counts as 0 and
is flagged.
"""

from __future__ import annotations

from mqviz.model.observed import LagSample, Observed, SeenGroup, SeenTopic, Unknown
from mqviz.model.observed_track import SPACING_US, Track

MOST_SAMPLES = 32
"""Samples that a group keeps."""

NO_TOPIC = Unknown("the topic was not seen yet")


def partitions(group: SeenGroup) -> list[tuple[str, int]]:
    """Every partition that concerns the group: it has a commit there, or a member holds it; sorted."""
    found: dict[tuple[str, int], None] = {}
    for topic, track in group.commits.items():
        found.update(dict.fromkeys((topic, p) for p in track.now))
    for topic, why in group.partitions_unknown.items():
        found.update(dict.fromkeys((topic, p) for p in why))
    if isinstance(group.members, tuple):
        for member in group.members:
            for topic, held in member.assignment.items():
                found.update(dict.fromkeys((topic, p) for p in held))
    return sorted(found)


def commit_reason(observed: Observed, group: SeenGroup, topic: str, partition: int) -> Unknown | None:
    """Why the group's commit of this partition is not known; None where it is (also: no commit)."""
    if group.commits_unknown:
        return group.commits_unknown
    why = group.partitions_unknown.get(topic, {}).get(partition)
    if why:
        return why
    if isinstance(group.coordinator, int) and group.coordinator in observed.brokers_lost:
        lost = observed.brokers_lost[group.coordinator]
        return Unknown(f"coordinator, broker {group.coordinator}: {lost.reason}", lost.since_us)
    return None


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
            lost = observed.brokers_lost[leader]
            return Unknown(f"broker {leader}: {lost.reason}", lost.since_us)
    if partition not in topic.ends.now:
        return Unknown("the end was not read yet")
    return None


def sample(observed: Observed, group: SeenGroup, at_us: int) -> None:
    """Take the sums of a group at the end of a beat that read its commits and its ends."""
    group.refreshed_us = at_us
    lag, ends, commits, known, skipped = add_up(observed, group)
    last = group.samples[-1] if group.samples else None
    span = 0 if last is None else last.span + (skipped != group.unsummed or known != last.known)
    group.unsummed = skipped
    taken = LagSample(at_us, lag, ends, commits, known, known + len(skipped), span)
    if len(group.samples) > 1 and at_us - group.samples[-2].at_us < SPACING_US:
        group.samples[-1] = taken
    else:
        group.samples.append(taken)
    del group.samples[:-MOST_SAMPLES]


Sums = tuple[int, int, int, int, tuple[tuple[str, int], ...]]
"""Lag, ends, commits and number of the partitions whose lag is a number, and the other partitions."""


def add_up(observed: Observed, group: SeenGroup) -> Sums:
    """Sums over all partitions of the group whose lag is a number."""
    lag = ends = commits = known = 0
    skipped: list[tuple[str, int]] = []
    for topic, track in group.commits.items():
        found = observed.topics.get(topic)
        numbers = track.now
        if found is None or not _plain(observed, group, topic, found):
            numbers, reasons = _split(observed, group, topic, found, track)
            skipped += reasons
        end_of = found.ends.now if found else {}
        for partition, offset in numbers.items():
            end = end_of.get(partition)
            if end is None:
                skipped.append((topic, partition))
                continue
            known += 1
            ends += end
            commits += offset
            if end > offset:
                lag += end - offset
    skipped += partitions_without_commit(group)
    return lag, ends, commits, known, tuple(skipped)


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


def _plain(observed: Observed, group: SeenGroup, topic: str, seen: SeenTopic) -> bool:
    """Whether nothing stands in the way of any partition of the topic: the case that has to be fast."""
    if observed.brokers_lost or group.commits_unknown or group.partitions_unknown.get(topic):
        return False
    return not (seen.refused or seen.ends_unknown or seen.leaderless)


def _split(
    observed: Observed, group: SeenGroup, topic: str, seen: SeenTopic | None, track: Track
) -> tuple[dict[int, int], list[tuple[str, int]]]:
    numbers: dict[int, int] = {}
    skipped: list[tuple[str, int]] = []
    for partition, offset in track.now.items():
        if commit_reason(observed, group, topic, partition) or end_reason(observed, seen, partition):
            skipped.append((topic, partition))
        else:
            numbers[partition] = offset
    return numbers, skipped
