"""How what was seen of a real cluster changes the State.

Whole answers are merged at once (a beat of a large cluster carries a fifth of a million commits); the sums of
a group are taken once a beat, for the groups that the beat read, and kept as samples for trends and rates.
"""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.observed import lag_sums, rebalances
from mqviz.model.observed.events import (
    BrokerBack,
    BrokerLost,
    ClusterSeen,
    CommitsSeen,
    ConnectionBack,
    ConnectionLost,
    EndsSeen,
    GroupCommits,
    GroupHidden,
    GroupSeen,
    GroupsListed,
    LogStartsSeen,
    Reasons,
    RefreshEnded,
    TopicSeen,
    TopicsSeen,
    WatchBegan,
)
from mqviz.model.observed.state import Observed, Refresh, Rewind, SeenGroup, SeenTopic, Unknown
from mqviz.model.observed.track import Track
from mqviz.model.state import State

MOST_REWINDS = 16
"""Moves back of commits that a group keeps: the last ones."""


@applies(WatchBegan)
def _began(state: State, event: WatchBegan) -> None:
    state.observed.bootstrap, state.observed.wall_us = event.bootstrap, event.wall_us
    state.observed.beat = Refresh(period_us=event.period_us)


@applies(ConnectionLost)
def _lost(state: State, event: ConnectionLost) -> None:
    state.observed.lost = Unknown(event.reason, event.since_us)


@applies(ConnectionBack)
def _back(state: State, event: ConnectionBack) -> None:
    state.observed.lost = None


@applies(BrokerLost)
def _broker_lost(state: State, event: BrokerLost) -> None:
    state.observed.brokers_lost[event.broker] = Unknown(event.reason, event.since_us)


@applies(BrokerBack)
def _broker_back(state: State, event: BrokerBack) -> None:
    state.observed.brokers_lost.pop(event.broker, None)


@applies(RefreshEnded)
def _beat(state: State, event: RefreshEnded) -> None:
    observed = state.observed
    period = event.period_us or observed.beat.period_us
    observed.beat = Refresh(event.number, event.began_us, event.at_us, event.requests, event.failed, period)
    for name in event.groups:
        if name in observed.groups:
            lag_sums.sample(observed, observed.groups[name], event.at_us)


@applies(ClusterSeen)
def _cluster(state: State, event: ClusterSeen) -> None:
    observed = state.observed
    told = Unknown("the cluster does not tell it", event.at_us)
    observed.cluster_id = told if event.cluster_id is None else event.cluster_id
    observed.controller = told if event.controller is None else event.controller
    observed.brokers = dict(event.brokers)
    observed.brokers_lost = {b: why for b, why in observed.brokers_lost.items() if b in event.brokers}


@applies(TopicsSeen)
def _topics(state: State, event: TopicsSeen) -> None:
    observed = state.observed
    for name, seen in event.topics.items():
        known = observed.topics.get(name)
        if known is None or known.gone or (known.id and seen.id and known.id != seen.id):
            observed.topics[name] = SeenTopic()
            if known is not None:
                observed.driven.partitions.pop(name, None)
        _renew(observed.topics[name], seen, event.since_us)
    for name in event.gone:
        if name in observed.topics:
            observed.topics[name].gone = True
            observed.topics[name].refused = Unknown("the topic is gone", event.since_us)


def _renew(topic: SeenTopic, seen: TopicSeen, since_us: int) -> None:
    """Take what is told of the topic now; one that is refused keeps what was known of it."""
    topic.id, topic.internal = seen.id or topic.id, seen.internal
    topic.partitions = seen.partitions or topic.partitions
    topic.leaderless = any(partition.leader < 0 for partition in topic.partitions)
    topic.refused = Unknown(seen.refused, since_us) if seen.refused else None


@applies(EndsSeen)
def _ends(state: State, event: EndsSeen) -> None:
    topics = state.observed.topics
    for name, ends in event.ends.items():
        topic = topics.setdefault(name, SeenTopic())
        topic.ends.see(event.at_us, ends)
        if topic.ends_unknown:
            topic.ends_unknown = {p: why for p, why in topic.ends_unknown.items() if p not in ends}
    for name, why in _unknown(event.unknown, event.since_us).items():
        topics.setdefault(name, SeenTopic()).ends_unknown.update(why)


@applies(LogStartsSeen)
def _starts(state: State, event: LogStartsSeen) -> None:
    for name, starts in event.starts.items():
        state.observed.topics.setdefault(name, SeenTopic()).starts.update(starts)


@applies(GroupsListed)
def _listed(state: State, event: GroupsListed) -> None:
    groups = state.observed.groups
    for name in event.gone:
        groups.pop(name, None)
    for name, listed in event.groups.items():
        group = groups.setdefault(name, SeenGroup())
        untold = Unknown("brokers before Kafka 3.8 do not list the type of a group", event.at_us)
        group.kind = listed.kind or untold
        group.coordinator = event.broker
        _set_state(group, listed.state, event.at_us)


@applies(GroupSeen)
def _group(state: State, event: GroupSeen) -> None:
    observed = state.observed
    group = observed.groups.setdefault(event.group, SeenGroup())
    rebalances.note(group, event)
    group.kind, group.coordinator, group.assignor = event.kind, event.coordinator, event.assignor
    untold = Unknown(f"the {event.kind} protocol does not tell its generation", event.at_us)
    group.generation = untold if event.generation is None else event.generation
    group.members, group.described_us = event.members, event.at_us
    _set_state(group, event.state, event.at_us)
    _bury(observed, event)


def _set_state(group: SeenGroup, now: str, at_us: int) -> None:
    before = group.state
    group.state = now
    if now not in ("Empty", "Dead"):
        group.empty_us = -1
        return
    group.members = ()
    if group.empty_us < 0:
        group.empty_us = at_us
        group.emptied = isinstance(before, str) and before not in ("Empty", "Dead")


def _bury(observed: Observed, event: GroupSeen) -> None:
    """A dead consumer of ours that the group no longer has is gone for good."""
    there = frozenset(member.client_id for member in event.members)
    for name, consumer in observed.driven.consumers.items():
        if consumer.group == event.group and consumer.state == "dead" and name not in there:
            consumer.state, consumer.partitions = "closed", ()


@applies(GroupHidden)
def _hidden(state: State, event: GroupHidden) -> None:
    group = state.observed.groups.setdefault(event.group, SeenGroup())
    why = Unknown(event.reason, event.since_us)
    if event.what in ("members", "both"):
        group.empty_us = -1
        group.members = group.generation = group.assignor = why
    if event.what in ("commits", "both"):
        group.commits_unknown = why


@applies(CommitsSeen)
def _commits(state: State, event: CommitsSeen) -> None:
    for name, commits in event.groups.items():
        group = state.observed.groups.setdefault(name, SeenGroup())
        group.commits_unknown = None
        _take_commits(group, commits, event)


def _take_commits(group: SeenGroup, commits: GroupCommits, event: CommitsSeen) -> None:
    for topic, offsets in commits.offsets.items():
        track = group.commits.setdefault(topic, Track())
        if track.now:
            _compare(group, topic, track.now, offsets, event.at_us)
        track.see(event.at_us, offsets)
        _drop_reasons(group, topic, offsets)
    for topic, partitions in commits.gone.items():
        if topic in group.commits:
            group.commits[topic].forget(partitions)
            if not group.commits[topic].now:
                del group.commits[topic]
        _drop_reasons(group, topic, dict.fromkeys(partitions, 0))
    for topic, why in _unknown(commits.unknown, event.since_us).items():
        group.partitions_unknown.setdefault(topic, {}).update(why)


def _compare(
    group: SeenGroup, topic: str, known: dict[int, int], offsets: dict[int, int], at_us: int
) -> None:
    """Note progress, and commits that moved back."""
    for partition, offset in offsets.items():
        before = known.get(partition, offset)
        if offset > before:
            group.progress_us = at_us
        elif offset < before:
            group.rewinds.append(Rewind(at_us, topic, partition, before, offset))
    del group.rewinds[:-MOST_REWINDS]


def _drop_reasons(group: SeenGroup, topic: str, offsets: dict[int, int]) -> None:
    why = group.partitions_unknown.get(topic)
    if why:
        kept = {p: reason for p, reason in why.items() if p not in offsets}
        group.partitions_unknown[topic] = kept


def _unknown(reasons: Reasons, since_us: int) -> dict[str, dict[int, Unknown]]:
    return {t: {p: Unknown(why, since_us) for p, why in found.items()} for t, found in reasons.items()}
