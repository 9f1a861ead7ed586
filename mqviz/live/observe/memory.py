"""What was seen last of a cluster, so that an event says only what changed since.

No network and no clock in here: answers of `wire` go in with the time they were asked for, payloads of
events come out.
"""

from collections.abc import Iterable
from typing import NamedTuple

from mqviz.model.observed.events import GroupCommits, GroupListed, TopicSeen
from mqviz.model.observed.state import SeenBroker, SeenMember, SeenPartition
from mqviz.wire import asks
from mqviz.wire.codec import error_name
from mqviz.wire.reading import Offsets

NOTHING = Offsets("iqh", b"")

_SENTENCES = {
    3: "the broker knows no such topic or partition",
    5: "the partition has no leader",
    6: "the partition's leader is changing",
    14: "its coordinator is still loading",
    15: "no coordinator is available",
    16: "its coordinator has moved",
    29: "no right to read this topic",
    30: "no right to read this group",
    69: "the broker knows no such group",
    74: "the partition's leader is changing",
    78: "the new leader does not know the end yet",
}


def sentence(code: int) -> str:
    """Why there is no value, from Kafka's error number (0: it was just not in the answer)."""
    if not code:
        return "the broker did not tell it"
    return _SENTENCES.get(code, f"the broker answered {error_name(code)}")


class Difference(NamedTuple):
    """What is otherwise than before in one topic; `since_us` is when it was last asked for."""

    since_us: int
    offsets: dict[int, int]
    unknown: dict[int, str]
    gone: tuple[int, ...]

    def __bool__(self) -> bool:
        return bool(self.offsets or self.unknown or self.gone)


class KnownOffsets:
    """The offsets of one topic (ends, starts, or commits of a group) as they were last seen."""

    def __init__(self) -> None:
        self.asked_us: dict[int, int] = {}
        self.raw: dict[int, Offsets] = {}
        self.values: dict[int, int | str] = {}

    def learn(self, broker: int, raw: Offsets, asked_us: int, whole: bool) -> Difference:
        """Take an answer of `broker`. `whole`: a partition that is not in it has no offset any more.

        Answers mostly repeat the one before: comparing them whole is much cheaper than by partition.
        """
        since_us, self.asked_us[broker] = self.asked_us.get(broker, 0), asked_us
        if raw == self.raw.get(broker):
            return Difference(since_us, {}, {}, ())
        self.raw[broker] = raw
        now = _values(raw)
        changed = {p: value for p, value in now.items() if self.values.get(p) != value}
        gone = tuple(sorted(self.values.keys() - now.keys())) if whole else ()
        self.values = now if whole else self.values | now
        offsets = {p: value for p, value in changed.items() if isinstance(value, int)}
        unknown = {p: value for p, value in changed.items() if isinstance(value, str)}
        return Difference(since_us, offsets, unknown, gone)


class KnownGroup:
    """A group as it was last listed and described."""

    def __init__(self, coordinator: int, kind: str | None, state: str) -> None:
        self.coordinator = coordinator
        self.kind = kind
        self.state = state
        self.described: tuple[object, ...] | None = None
        self.described_us = 0
        self.members: tuple[SeenMember, ...] = ()
        self.commits: dict[str, KnownOffsets] = {}
        self._answer: asks.Commits | None = None
        self._asked_us = 0
        self.answer: asks.Commits | None = None
        self.hidden: dict[str, str] = {}

    def topics(self) -> set[str]:
        """Topics that the group has commits in or holds partitions of."""
        return {*self.commits, *(topic for member in self.members for topic in member.assignment)}

    def learn_commits(self, answer: asks.Commits, asked_us: int) -> tuple[int, GroupCommits] | None:
        """(since, what changed), or None when nothing did. Commits that were hidden are news again."""
        again = self.hidden.pop("commits", None) is not None
        since_us, self._asked_us = self._asked_us, asked_us
        if answer == self._answer:
            return (since_us, GroupCommits()) if again else None
        self._answer, found = answer, dict(answer.topics)
        differences = {
            topic: self.commits.setdefault(topic, KnownOffsets()).learn(
                0, found.get(topic, NOTHING), asked_us, whole=True
            )
            for topic in dict.fromkeys([*found, *self.commits])
        }
        self.commits = {topic: known for topic, known in self.commits.items() if known.values}
        changed = {topic: difference for topic, difference in differences.items() if difference}
        if not changed and not again:
            return None
        offsets = {t: d.offsets for t, d in changed.items() if d.offsets}
        gone = {t: d.gone for t, d in changed.items() if d.gone}
        unknown = {t: d.unknown for t, d in changed.items() if d.unknown}
        return since_us, GroupCommits(offsets, gone, unknown)

    def learn_members(self, answer: asks.Described, asked_us: int) -> int | None:
        """When the group was described before, or None when nothing is otherwise since."""
        since, self.described_us = self.described_us, asked_us
        again = self.hidden.pop("members", None) is not None
        self.members = _in_known_order(self.members, _members(answer))
        now = (answer.state, answer.assignor, answer.group_epoch, self.members, self.coordinator)
        if now == self.described and not again:
            return None
        self.described, self.state = now, answer.state
        return since


class Memory:
    """Everything that was seen of one cluster."""

    def __init__(self) -> None:
        self.cluster: tuple[str | None, dict[int, SeenBroker]] | None = None
        self.topics: dict[str, TopicSeen] = {}
        self.missing: dict[str, str] = {}
        self.groups: dict[str, KnownGroup] = {}
        self.ends: dict[str, KnownOffsets] = {}
        self.starts: dict[str, KnownOffsets] = {}

    def learn_brokers(self, answer: asks.Cluster) -> bool:
        """Whether the brokers are others than before."""
        now = (answer.cluster_id, {b.id: SeenBroker(b.host, b.port, b.rack) for b in answer.brokers})
        before, self.cluster = self.cluster, now
        return before != now

    def learn_topics(self, answer: asks.Cluster) -> tuple[dict[str, TopicSeen], tuple[str, ...]]:
        """(topics that are new or changed, names of those that are gone)."""
        now = {topic.name: _topic(topic) for topic in answer.topics}
        changed = {name: topic for name, topic in now.items() if self.topics.get(name) != topic}
        gone = tuple(sorted(self.topics.keys() - now.keys()))
        made_anew = [n for n in changed if n in self.topics and self.topics[n].id != changed[n].id]
        for name in (*gone, *made_anew):
            self._forget(name)
        for name in now:
            self.missing.pop(name, None)
        self.topics = now
        return changed, gone

    def _forget(self, topic: str) -> None:
        self.ends.pop(topic, None)
        self.starts.pop(topic, None)

    def learn_listing(self, broker: int, answer: Iterable[asks.Listed]) -> dict[str, GroupListed]:
        """Groups of this coordinator that are new, or have another state, kind or coordinator than before."""
        changed = {}
        for listed in answer:
            kind = listed.type.lower() or None
            known = self.groups.get(listed.group)
            if known is None:
                self.groups[listed.group] = KnownGroup(broker, kind, listed.state)
            elif (known.coordinator, known.kind, known.state) == (broker, kind, listed.state):
                continue
            else:
                known.coordinator, known.kind, known.state = broker, kind, listed.state
            changed[listed.group] = GroupListed(kind, listed.state)
        return changed

    def unlisted_topics(self) -> set[str]:
        """Topics that groups have commits in, but that the cluster did not list."""
        wanted = {topic for group in self.groups.values() for topic in group.commits}
        return wanted - self.topics.keys()


def by_topic(
    known: dict[str, KnownOffsets], broker: int, answer: dict[str, Offsets], asked_us: int
) -> dict[str, Difference]:
    """What changed in each topic of a broker's ListOffsets answer."""
    found = {}
    for topic, raw in answer.items():
        difference = known.setdefault(topic, KnownOffsets()).learn(broker, raw, asked_us, whole=False)
        if difference:
            found[topic] = difference
    return found


def _values(raw: Offsets) -> dict[int, int | str]:
    """{partition: its offset, or why there is none}."""
    partitions, offsets, errors = raw.columns()
    if not any(errors) and min(offsets, default=0) >= 0:
        return dict(zip(partitions, offsets, strict=True))
    return {p: (offset if offset >= 0 and not code else sentence(code)) for p, offset, code in raw.rows()}


def _topic(topic: asks.Topic) -> TopicSeen:
    partitions = tuple(
        SeenPartition(p.leader, p.leader_epoch, p.replicas, p.isr)
        for p in sorted(topic.partitions, key=lambda p: p.partition)
    )
    return TopicSeen(topic.id, topic.internal, partitions, sentence(topic.error) if topic.error else "")


def _members(answer: asks.Described) -> dict[str, SeenMember]:
    return {
        member.id: SeenMember(
            member.id,
            member.client_id,
            member.host,
            member.instance_id,
            _held(member.assignment),
            None if member.target is None else _held(member.target),
        )
        for member in sorted(answer.members, key=lambda member: member.id)
    }


def _held(assignment: Iterable[asks.Held]) -> dict[str, tuple[int, ...]]:
    return {held.topic: tuple(sorted(held.partitions)) for held in sorted(assignment)}


def _in_known_order(before: tuple[SeenMember, ...], now: dict[str, SeenMember]) -> tuple[SeenMember, ...]:
    """The members of before that are still there, then the others."""
    known = [member.id for member in before if member.id in now]
    return tuple(now[name] for name in dict.fromkeys([*known, *now]))
