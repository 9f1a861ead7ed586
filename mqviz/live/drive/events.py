"""Makes events of what driven clients report, a moment late.

The delay lets reports of several processes be put into order, and gives a record that was sent the partition
and the time at which it arrived, so that its flight can be drawn between two known ends.
"""

import heapq
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

from mqviz.live.drive import processes
from mqviz.live.drive.child import protocol
from mqviz.live.drive.names import Known
from mqviz.live.drive.plan import Names
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.producer import AddProducer
from mqviz.model.event import Event
from mqviz.model.observed.clients import events as clients_events

DELAY_US: Final = 300_000
REPEAT_US: Final = 10_000_000
"""How long the same error of the same client is not reported again; a refused port is tried 20 times a
second.
"""

MOST_CAUSES: Final = 10_000


class EventLog:
    """Numbers events and keeps their times from going back."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.floor_us = 0
        self._last_id = 0

    def append(self, kind: type[Event], at_us: int, cause: int, *fields: Any) -> int:
        """Add an event and return its id."""
        self._last_id += 1
        self.floor_us = max(self.floor_us, at_us)
        self.events.append(kind(self._last_id, self.floor_us, cause, *fields))
        return self._last_id


class Causes:
    """Which event led to which: commands to clients, sending to arriving, delivering to processing to
    committing.
    """

    def __init__(self) -> None:
        self.client: dict[str, int] = {}
        self.group: dict[str, int] = {}
        self.sent: dict[tuple[str, int], int] = {}
        self.produced: OrderedDict[tuple[str, int, int], int] = OrderedDict()
        self.last: dict[str, int] = {}

    def remember_produced(self, topic: str, partition: int, offset: int, event: int) -> None:
        """A record is in the log; whoever gets it got it because of that."""
        self.produced[topic, partition, offset] = event
        if len(self.produced) > MOST_CAUSES:
            self.produced.popitem(last=False)


class EventWriter:
    """Takes reports in, writes events out. Times going in are of the children's clock, `zero_us` is its
    start.

    `expected` are the commands of clients that are about to start.

    A consumer may have a record before the broker's answer reached its producer; then it was in the log by
    the time that it was read, and that is the time of its event.
    """

    def __init__(self, log: EventLog, names: Names, known: Known, zero_us: int) -> None:
        self.causes = Causes()
        self.expected: dict[str, AddProducer | AddConsumer] = {}
        self._commands: dict[str, AddProducer | AddConsumer] = {}
        self._log = log
        self._names = names
        self._known = known
        self._zero_us = zero_us
        self._waiting: list[tuple[int, int, str, protocol.Report]] = []
        self._count = 0
        self._arrived: dict[tuple[str, int], protocol.Produced] = {}
        self._read: OrderedDict[tuple[str, int, int], int] = OrderedDict()
        self._errors: dict[tuple[str, str], int] = {}

    def receive(self, name: str, report: protocol.Report) -> None:
        """Take a report of the client `name`."""
        at_us = report.at_us - self._zero_us
        self._count += 1
        order = self._count
        match report:
            case protocol.Produced():
                self._arrived[name, report.number] = report
                read_us = self._read.get((report.topic, report.partition, report.offset), at_us)
                if read_us < at_us:
                    at_us, order = read_us, -order
            case protocol.Delivered():
                self._read[report.topic, report.partition, report.offset] = at_us
                if len(self._read) > MOST_CAUSES:
                    self._read.popitem(last=False)
        heapq.heappush(self._waiting, (at_us, order, name, report))

    def next_us(self) -> int | None:
        """The time of the oldest report that has no event yet."""
        return self._waiting[0][0] if self._waiting else None

    def emit_next(self) -> None:
        """Write the events of the oldest report."""
        at_us, _, name, report = heapq.heappop(self._waiting)
        for kind, cause, fields in self._events(name, report, at_us):
            event = self._log.append(kind, at_us, cause, *fields)
            self._remember(name, report, event)

    def _events(
        self, name: str, report: protocol.Report, at_us: int
    ) -> Iterator[tuple[type[Event], int, tuple[Any, ...]]]:
        causes = self.causes
        plain = self._names.plain
        match report:
            case protocol.Sent():
                yield clients_events.RecordSent, 0, (at_us, name, report.number, *self._way(name, report))
            case protocol.Produced():
                cause = causes.sent.pop((name, report.number), 0)
                since_us = report.sent_at_us - self._zero_us
                place = (plain(report.topic), report.partition, report.offset)
                yield (
                    clients_events.RecordProduced,
                    cause,
                    (since_us, name, report.number, *place, report.key),
                )
            case protocol.NotProduced():
                cause = causes.sent.pop((name, report.number), 0)
                since_us = report.sent_at_us - self._zero_us
                yield clients_events.RecordFailed, cause, (since_us, name, report.number, report.error)
            case protocol.Delivered():
                place = (plain(report.topic), report.partition, report.offset)
                cause = causes.produced.get(place, 0)
                yield clients_events.RecordDelivered, cause, (at_us, name, *place, report.key)
            case protocol.Processed():
                place = (plain(report.topic), report.partition, report.offset)
                yield clients_events.RecordProcessed, causes.last.get(name, 0), (at_us, name, *place)
            case protocol.Committed() if not report.error:
                for topic, partition, offset in report.offsets:
                    fields = (at_us, name, plain(topic), partition, offset)
                    yield clients_events.CommitMade, causes.last.get(name, 0), fields
            case protocol.Assigned() | protocol.Revoked():
                owned = tuple((plain(topic), partition) for topic, partition in report.owned)
                cause = causes.group.get(self._group(name), 0)
                yield (
                    clients_events.AssignmentReported,
                    cause,
                    (at_us, name, owned, isinstance(report, protocol.Assigned)),
                )
            case _:
                yield from self._life(name, report, at_us)

    def _life(
        self, name: str, report: protocol.Report, at_us: int
    ) -> Iterator[tuple[type[Event], int, tuple[Any, ...]]]:
        cause = self.causes.client.get(name, 0)
        match report:
            case processes.Spawned():
                kind, fields = self._started(name, report)
                yield kind, cause, (at_us, *fields)
            case processes.Paused():
                yield clients_events.ClientPaused, cause, (at_us, name)
            case processes.Resumed():
                yield clients_events.ClientResumed, cause, (at_us, name)
            case processes.Ended():
                yield (
                    clients_events.ClientEnded,
                    cause if report.how != "died" else 0,
                    (
                        at_us,
                        name,
                        report.how,
                        report.reason,
                    ),
                )
                if report.how == "died":
                    what = "it is started again" if report.again else "it is not started again"
                    yield clients_events.ClientNotice, 0, (at_us, name, f"{report.reason}; {what}")
            case protocol.Committed():
                yield (
                    clients_events.ClientNotice,
                    0,
                    (at_us, name, f"its commit was refused: {report.error}"),
                )
            case protocol.Failed() if self._is_news(name, report.text, at_us):
                yield clients_events.ClientNotice, 0, (at_us, name, report.text)

    def _way(self, name: str, sent: protocol.Sent) -> tuple[str, str | None, int, int]:
        """Topic, key and, once known, partition and time of arrival of a record that was sent."""
        topic = self._commands[name].topic
        produced = self._arrived.pop((name, sent.number), None)
        if produced is None:
            return topic, sent.key, -1, 0
        return topic, sent.key, produced.partition, produced.at_us - self._zero_us

    def _started(self, name: str, report: processes.Spawned) -> tuple[type[Event], tuple[Any, ...]]:
        if not report.again:
            self._commands[name] = self.expected[name]
        command = self._commands[name]
        if isinstance(command, AddConsumer):
            return clients_events.ConsumerStarted, (name, command.group, command.topic, report.pid)
        rule = "CRC32" if command.partitioner == "librdkafka" else "murmur2"
        fields = (name, command.topic, float(command.rate), command.acks, rule, report.pid)
        return clients_events.ProducerStarted, fields

    def _group(self, name: str) -> str:
        command = self._commands[name]
        return command.group if isinstance(command, AddConsumer) else ""

    def _is_news(self, name: str, text: str, at_us: int) -> bool:
        last = self._errors.get((name, text))
        if last is not None and at_us - last < REPEAT_US:
            return False
        self._errors[name, text] = at_us
        return True

    def _remember(self, name: str, report: protocol.Report, event: int) -> None:
        """Keep the event's id for those that it leads to, and what is now known for certain."""
        plain = self._names.plain
        match report:
            case protocol.Sent():
                self.causes.sent[name, report.number] = event
            case protocol.Produced() if report.offset >= 0:
                self._arrived.pop((name, report.number), None)
                topic = plain(report.topic)
                self.causes.remember_produced(topic, report.partition, report.offset, event)
                self._known.end(topic, report.partition, report.offset + 1)
            case protocol.Delivered():
                self.causes.last[name] = event
                self._known.end(plain(report.topic), report.partition, report.offset + 1)
            case protocol.Processed():
                self.causes.last[name] = event
            case protocol.Committed() if not report.error:
                for topic, partition, offset in report.offsets:
                    self._known.commit(self._group(name), plain(topic), partition, offset)
