"""Facts of the last moments: messages between clients and brokers, and what brokers did, in the order in
which it happened.

A message is a request or its answer; one that has not arrived yet comes last. Idle polls and heartbeats are
no messages here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from mqviz.facts.views import Reading
from mqviz.model.kafka.network.state import KEPT, InFlight, Mark, Passage
from mqviz.model.kafka.protocol.responses import FetchPartitionData, PartitionProduceResponse
from mqviz.model.state import State

Node = tuple[str, str]
"""Who sends and receives: (producer, consumer, share, broker or outside; name)."""

KEYS = 3
"""Keys of records that a message names at most."""


class Part(Reading, frozen=True):
    """What a message says of one partition: `count` records from offset `first` on (-1: not known yet), the
    first of their keys.

    Without records, `first` is the offset that is asked for, or that is written and told. `high_watermark`
    -1: not told. `error`: Kafka's code.
    """

    topic: str
    partition: int
    first: int
    count: int = 0
    keys: tuple[str | None, ...] = ()
    high_watermark: int = -1
    error: int = 0


class Message(Reading, frozen=True):
    """A request (`answers` False) or an answer, from `source` at `sent_at_us` to `target` at `arrives_at_us`.

    `kind`: the request's name. `arrived` False: it is on its way. `error`: of the answer as a whole;
    `broken`: no answer came, to `times` requests.
    """

    number: int
    kind: str
    answers: bool
    source: Node
    target: Node
    sent_at_us: int
    arrives_at_us: int
    parts: tuple[Part, ...]
    arrived: bool = True
    error: int = 0
    broken: bool = False
    times: int = 1


class Deed(Reading, frozen=True):
    """A client began to `send` end - first records, a broker wrote first … end - 1 (`append`) or moved the
    `high watermark` to end.
    """

    at_us: int
    node: Node
    what: str
    topic: str
    partition: int
    first: int
    end: int
    keys: tuple[str | None, ...] = ()


class Asked(NamedTuple):
    """A request, over or not, in one form. Times 0: not yet; `there`: it arrived."""

    number: int
    kind: str
    node: Node
    broker: Node
    sent_us: int
    arrives_us: int
    there: bool
    answered_us: int
    returned_us: int
    over: bool
    asked: tuple[Any, ...]
    told: tuple[Any, ...]
    error: int
    appended: tuple[tuple[str, int, int, int], ...]
    broken: bool


def _past(passage: Passage) -> Asked:
    return Asked(
        passage.number,
        passage.kind,
        (passage.client, passage.name),
        ("broker", str(passage.broker)),
        passage.sent_at_us,
        passage.arrives_at_us,
        not passage.broken or passage.answered_at_us > 0,
        passage.answered_at_us,
        passage.returned_at_us,
        True,
        passage.asked,
        passage.told,
        passage.error,
        passage.appended,
        passage.broken,
    )


def _going(state: State, flight: InFlight) -> Asked:
    pipe = state.cluster.connections[flight.connection]
    request, answer = flight.request, flight.response
    kind = request.api
    return Asked(
        flight.number,
        kind,
        (pipe.client, pipe.name),
        ("broker", str(flight.broker)),
        flight.sent_at_us,
        flight.arrives_at_us,
        flight.arrived,
        flight.answered_at_us,
        flight.returns_at_us,
        False,
        getattr(request, "batches" if kind == "Produce" else "offsets", ()),
        getattr(answer, "partitions", ()),
        answer.error if answer else 0,
        tuple(flight.appended),
        False,
    )


_Happened = tuple[int, int, int, "Asked | Mark", str]
"""When, who goes first at one instant, its number, what, and which part of it."""

_IDLE = ("Heartbeat", "ConsumerGroupHeartbeat", "ShareGroupHeartbeat")
_POLLS = ("Fetch", "ShareFetch")


def requests(state: State) -> list[Asked]:
    """Requests that are over and those that are not, but for heartbeats that are on their way."""
    found = [_past(passage) for passage in state.cluster.recent.passages]
    going = [_going(state, flight) for flight in state.cluster.requests.values()]
    return found + [each for each in going if each.kind not in _IDLE]


# -- messages ------------------------------------------------------------------------------------------------


def messages(state: State, last: int) -> tuple[Message | Deed, ...]:
    """The last `last` messages that arrived and deeds, oldest first,
    then the messages that are on their way.
    """
    asked = requests(state)
    happened: list[_Happened] = []
    flying: list[tuple[int, Asked, str]] = []
    for each in asked:
        _sort_in(state, each, happened, flying)
    for number, mark in enumerate(state.cluster.recent.marks):
        happened.append((mark.at_us, 2, number, mark, "mark"))
    begun = _first_complete(state)
    happened = [each for each in happened if each[0] >= begun]
    happened.sort(key=lambda each: each[:3])
    found = _merged([_event(state, at_us, what, how) for at_us, _, _, what, how in happened[-last:] if last])
    flying.sort(key=lambda each: each[0])
    return (*found, *(_message(state, each, how == "answer", False) for _, each, how in flying))


def _first_complete(state: State) -> int:
    """Before this time something is forgotten already; what is remembered does not reach equally far back."""
    passages, marks = state.cluster.recent.passages, state.cluster.recent.marks
    firsts = [passages[0].returned_at_us] if len(passages) >= KEPT else []
    firsts += [marks[0].at_us] if len(marks) >= KEPT else []
    return max(firsts, default=0)


def _merged(events: Iterable[Message | Deed]) -> Iterator[Message | Deed]:
    """What is the same at the same instant is told once: batches sent together, requests that got no answer
    together.
    """
    last: Message | Deed | None = None
    for event in events:
        if isinstance(last, Deed) and isinstance(event, Deed) and _together(last, event):
            keys = (*last.keys, *event.keys)[:KEYS]
            last = msgspec.structs.replace(last, end=last.end + event.end, keys=keys)
        elif isinstance(last, Message) and isinstance(event, Message) and _same(last, event):
            last = msgspec.structs.replace(last, times=last.times + 1)
        else:
            if last is not None:
                yield last
            last = event
    if last is not None:
        yield last


def _together(one: Deed, other: Deed) -> bool:
    return one.what == other.what == "send" and (one.at_us, one.node) == (other.at_us, other.node)


def _same(one: Message, other: Message) -> bool:
    places = [(each.arrives_at_us, each.source, each.target) for each in (one, other)]
    return one.broken and other.broken and places[0] == places[1]


def _sort_in(
    state: State, each: Asked, happened: list[_Happened], flying: list[tuple[int, Asked, str]]
) -> None:
    """The request's arrival, what it wrote, and its answer's arrival, each to where it belongs."""
    idle = each.kind == "ReplicaFetch" and not each.asked
    if each.kind == "Produce":
        happened.append((each.sent_us, 3, each.number, each, "send"))
    if each.there and not idle:
        happened.append((each.arrives_us, 0, each.number, each, "request"))
    elif not each.over and not idle:
        flying.append((each.sent_us, each, "request"))
    if each.appended:
        topic, partition, first, end = each.appended[0]
        _, written_us = written(state, topic, partition, int(each.broker[1]), first, end)
        happened.append((written_us or each.arrives_us, 1, each.number, each, "append"))
    if each.broken or (each.over and each.answered_us and _says(each)):
        happened.append((each.returned_us, 0, each.number, each, "answer"))
    elif each.answered_us and not each.over and _says(each):
        flying.append((each.answered_us, each, "answer"))


def _says(each: Asked) -> bool:
    """Whether an answer brings anything."""
    return bool(each.told or each.error) or each.kind not in (*_POLLS, "ReplicaFetch")


def _event(state: State, at_us: int, what: Asked | Mark, how: str) -> Message | Deed:
    if isinstance(what, Mark):
        node = ("broker", str(what.broker))
        return Deed(
            at_us, node, "high watermark", what.topic, what.partition, what.before, what.high_watermark
        )
    if how == "append":
        topic, partition, first, end = what.appended[0]
        keys, _ = written(state, topic, partition, int(what.broker[1]), first, end)
        return Deed(at_us, what.broker, "append", topic, partition, first, end, keys)
    if how == "send":
        topic, partition, batch = what.asked[0]
        count = sum(each.count for _, _, each in what.asked)
        return Deed(at_us, what.node, "send", topic, partition, 0, count, tuple(batch.keys[:KEYS]))
    return _message(state, what, how == "answer", True)


def _message(state: State, each: Asked, answers: bool, arrived: bool) -> Message:
    if not answers:
        parts = tuple(_asking(each.kind, part) for part in each.asked)
        return Message(
            each.number,
            each.kind,
            False,
            each.node,
            each.broker,
            each.sent_us,
            each.arrives_us,
            parts,
            arrived,
        )
    parts = tuple(_telling(state, each, part) for part in each.told)
    begin_us = each.answered_us or each.sent_us
    return Message(
        each.number,
        each.kind,
        True,
        each.broker,
        each.node,
        begin_us,
        each.returned_us,
        parts,
        arrived,
        each.error,
        each.broken,
    )


def _asking(kind: str, part: tuple[Any, ...]) -> Part:
    """A part of a request: a batch to write, or an offset."""
    if kind == "Produce":
        topic, partition, batch = part
        return Part(topic, partition, -1, batch.count, tuple(batch.keys[:KEYS]))
    return Part(part[0], part[1], part[2])


def _telling(state: State, each: Asked, part: Any) -> Part:
    """A part of an answer: records (topic, partition, error, first, end, high watermark), or an offset."""
    if isinstance(part, PartitionProduceResponse):
        return Part(part.topic, part.partition, part.base_offset, error=part.error)
    if isinstance(part, FetchPartitionData):
        part = part.topic, part.partition, part.error, part.first, part.end, part.high_watermark
    topic, partition, error, first = (*part, -1)[:4]
    if len(part) < 6 or not isinstance(part[4], int):
        return Part(topic, partition, first, error=int(error))
    end, mark = part[4], part[5] if isinstance(part[5], int) else -1
    keys: tuple[str | None, ...] = ()
    if end > first:
        keys, _ = written(state, topic, partition, int(each.broker[1]), first, end)
    return Part(topic, partition, first, max(0, end - first), keys, mark, int(error))


def written(
    state: State, topic: str, partition: int, broker: int, first: int, end: int
) -> tuple[tuple[str | None, ...], int]:
    """The first keys of records first … end - 1 in this broker's copy, and when the first was written; 0: it
    is gone.
    """
    found = state.cluster.topics.get(topic)
    if found is None or partition >= len(found.partitions):
        return (), 0
    copy = found.partitions[partition].replicas.get(broker)
    batches = copy.log.read(first, min(end, first + KEYS)) if copy else ()
    keys = [
        key
        for batch in batches
        for offset, key in enumerate(batch.keys, batch.base_offset)
        if first <= offset < end
    ]
    return tuple(keys[:KEYS]), batches[0].appended_at_us if batches else 0
