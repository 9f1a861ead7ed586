"""What the key routing scene shows, gathered from facts: keys with their hashes, and whose records each
partition has.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from mqviz import facts
from mqviz.facts import topic as facts_topic
from mqviz.facts.views import Flight, Tape, TopicView
from mqviz.kafka.partitioners import fnv1a, murmur2
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State
from mqviz.scenes.letters import Letters, letters_of
from mqviz.scenes.view import View

LOOKED = 1_500
"""Records of the newest that are looked at for their keys, over all partitions."""

_FAMILIES = {
    "java": "murmur2",
    "murmur2": "murmur2",
    "murmur2_random": "murmur2",
    "librdkafka": "crc32",
    "consistent": "crc32",
    "consistent_random": "crc32",
    "fnv1a": "fnv1a",
    "fnv1a_random": "fnv1a",
}
CLIENTS = {"murmur2": "Java", "crc32": "librdkafka", "fnv1a": "librdkafka fnv1a"}


class Rule(NamedTuple):
    """A way to hash keys, the producers of the topic that hash so, and the partitions that they count: fewer
    where nobody told them yet.
    """

    name: str
    producers: tuple[str, ...]
    known: int

    def raw(self, key: str) -> int:
        """The hash as the client's function gives it; murmur2 has a sign (R49)."""
        data = key.encode()
        return murmur2(data) if self.name == "murmur2" else self.number(key)

    def number(self, key: str) -> int:
        """What is divided by the number of partitions, never negative (R49, R50)."""
        data = key.encode()
        if self.name == "murmur2":
            return murmur2(data) & 0x7FFFFFFF
        return zlib.crc32(data) if self.name == "crc32" else fnv1a(data)


class Key(NamedTuple):
    """A key, its letter, and how many of the records that were looked at it has in each partition."""

    name: str | None
    letter: str
    counts: tuple[int, ...]

    @property
    def places(self) -> list[int]:
        """The partitions that hold its records."""
        return [number for number, count in enumerate(self.counts) if count]


class Bar(NamedTuple):
    """A partition: its records, and how many of those looked at belong to whom, by letter."""

    partition: int
    records: int
    letters: tuple[tuple[str, int], ...]


class Picture(NamedTuple):
    """All that one frame says. `hot`: the key with most records and its share of all, in percent, if it is
    far above its fair share.
    """

    topic: str
    partitions: int
    rules: tuple[Rule, ...]
    keys: tuple[Key, ...]
    bars: tuple[Bar, ...]
    flights: tuple[tuple[str, Flight], ...]
    hot: tuple[Key, int] | None

    @property
    def records(self) -> int:
        """All records of the topic."""
        return sum(bar.records for bar in self.bars)

    @property
    def scattered(self) -> list[Key]:
        """Keys whose records are in several partitions, so that nothing orders them."""
        return [key for key in self.keys if key.name is not None and len(key.places) > 1]

    def then(self, rule: Rule) -> int:
        """How many partitions the producers will count: those that there are, or one more than that."""
        return self.partitions if rule.known < self.partitions else self.partitions + 1

    def moved(self, rule: Rule) -> list[tuple[Key, int, int]]:
        """Keys that go elsewhere with that many: (key, from, to)."""
        found = []
        for key in self.keys:
            if key.name is not None:
                number = rule.number(key.name)
                now, then = number % rule.known, number % self.then(rule)
                if now != then:
                    found.append((key, now, then))
        return found


def picture(state: State, view: View) -> Picture | None:
    """The topic in focus, else the first one that somebody writes to; None: there is no topic."""
    topic = _topic(state, view)
    if topic is None:
        return None
    last = max(50, LOOKED // topic.partitions)
    tapes = [facts.tape(state, topic.name, number, last) for number in range(topic.partitions)]
    letters = letters_of(facts.key_letters(state))
    keys = _keys(tapes, letters, [*facts.key_letters(state)])
    bars = tuple(_bar(tape, letters) for tape in tapes)
    rules = _rules(state, topic)
    of = {producer: rule.name for rule in rules for producer in rule.producers}
    flights = tuple(
        (of[f.client], f)
        for f in facts.flights(state)
        if f.kind == "produce" and f.topic == topic.name and f.client in of
    )
    return Picture(topic.name, topic.partitions, rules, keys, bars, flights, _hot(keys, bars))


def _topic(state: State, view: View) -> TopicView | None:
    found = {topic.name: topic for topic in facts.topics(state)}
    written = [producer.topic for producer in facts.producers(state) if producer.topic in found]
    name = view.topic if view.topic in found else next(iter([*written, *found]), "")
    return found.get(name)


def _rules(state: State, topic: TopicView) -> tuple[Rule, ...]:
    """Two rules side by side: those in use first in their order, Java's and librdkafka's own beside them."""
    users: dict[str, list[str]] = {"murmur2": [], "crc32": []}
    for producer in facts.producers(state):
        family = _FAMILIES.get(producer.partitioner)
        if producer.topic == topic.name and family is not None:
            users.setdefault(family, []).append(producer.name)
    used = [name for name in users if users[name]]
    shown = sorted([*used, *(name for name in users if name not in used)][:2], key=list(users).index)
    known = facts_topic.counted(state, topic.name)
    counts = {
        name: min((known.get(user, topic.partitions) for user in users[name]), default=0) for name in shown
    }
    return tuple(Rule(name, tuple(users[name]), counts[name] or topic.partitions) for name in shown)


def _keys(tapes: Iterable[Tape], letters: Letters, order: list[str]) -> tuple[Key, ...]:
    """Keys in the order in which they got their letters; null keys last, if there are any."""
    counters = [Counter(cell.key for cell in tape.cells if cell.seen) for tape in tapes]
    names: list[str | None] = [*order]
    seen = {name: True for counter in counters for name in counter if name is not None}
    names += [name for name in seen if name not in letters]
    if any(None in counter for counter in counters):
        names.append(None)
    return tuple(
        Key(
            name,
            letters.of(name),
            tuple(counter[name] for counter in counters),
        )
        for name in names
    )


def _bar(tape: Tape, letters: Letters) -> Bar:
    counter = Counter(letters.of(cell.key) for cell in tape.cells if cell.seen)
    start, end = tape.log_start, tape.log_end
    known = not isinstance(start, Unknown) and not isinstance(end, Unknown)
    count = end - start if known else 0  # type: ignore[operator]
    return Bar(tape.partition, count, tuple(counter.most_common()))


def _hot(keys: tuple[Key, ...], bars: tuple[Bar, ...]) -> tuple[Key, int] | None:
    """The heaviest key, if it alone is more than a partition's fair share."""
    total = sum(bar.records for bar in bars)
    looked = [max(1, sum(count for _, count in bar.letters)) for bar in bars]
    shares = [
        (
            sum(
                count * bar.records / size for count, bar, size in zip(key.counts, bars, looked, strict=True)
            ),
            key,
        )
        for key in keys
        if key.name is not None
    ]
    if not total or not shares:
        return None
    most, key = max(shares, key=lambda share: share[0])
    return (key, round(100 * most / total)) if most * len(bars) > total and len(shares) > 1 else None
