"""What the clients did that mqviz itself runs on a real cluster."""

from __future__ import annotations

from mqviz.model.event import Weight
from mqviz.model.observed.events import Seen


class ProducerStarted(Seen, frozen=True):
    """A producer's process runs. `partitioner`: the rule that it uses."""

    weight = Weight.MOMENT
    name: str
    topic: str
    rate_per_s: float
    acks: str
    partitioner: str
    pid: int = 0


class ConsumerStarted(Seen, frozen=True):
    """A consumer's process runs and subscribes; its client.id is its name."""

    weight = Weight.MOMENT
    name: str
    group: str
    topic: str
    pid: int = 0


class ClientPaused(Seen, frozen=True):
    """The process is frozen (SIGSTOP)."""

    weight = Weight.STEP
    name: str


class ClientResumed(Seen, frozen=True):
    """The frozen process goes on."""

    weight = Weight.STEP
    name: str


class ClientEnded(Seen, frozen=True):
    """The process is gone. `how`: closed (it left properly), killed (by command) or died; `reason`: a
    sentence.

    What a producer still held, or was not yet told to have arrived, counts as failed from then on.
    """

    weight = Weight.MOMENT
    name: str
    how: str
    reason: str = ""


class ClientNotice(Seen, frozen=True):
    """Something that its user should know about a client, such as an error that its library reports."""

    weight = Weight.STEP
    name: str
    text: str


class ProducerRateSet(Seen, frozen=True):
    """The producer sends at another rate from now on."""

    weight = Weight.STEP
    name: str
    rate_per_s: float


class RecordSent(Seen, frozen=True):
    """A producer of ours handed a record to its library; `number` counts its records from 1.

    Where the run is told one beat late, partition and `arrives_at_us` are already known; else -1 and 0.
    """

    producer: str
    number: int
    topic: str
    key: str | None
    partition: int = -1
    arrives_at_us: int = 0


class RecordProduced(Seen, frozen=True):
    """A broker acknowledged the record; `since_us`: when it was sent. With acks=0 there is no offset: -1."""

    weight = Weight.STEP
    producer: str
    number: int
    topic: str
    partition: int
    offset: int
    key: str | None


class RecordFailed(Seen, frozen=True):
    """The producer's library gave up on the record; `reason` is its sentence."""

    weight = Weight.STEP
    producer: str
    number: int
    reason: str


class RecordDelivered(Seen, frozen=True):
    """A consumer of ours got a record from its poll and begins to work on it;
    its position is now behind it.
    """

    weight = Weight.STEP
    consumer: str
    topic: str
    partition: int
    offset: int
    key: str | None


class RecordProcessed(Seen, frozen=True):
    """The consumer is done with the record."""

    weight = Weight.STEP
    consumer: str
    topic: str
    partition: int
    offset: int


class CommitMade(Seen, frozen=True):
    """The coordinator accepted a commit of this consumer: `offset` is the next one to read."""

    weight = Weight.STEP
    consumer: str
    topic: str
    partition: int
    offset: int


class AssignmentReported(Seen, frozen=True):
    """The consumer holds these partitions now, all of them. `settled` False: they were taken away, new ones
    will come.
    """

    weight = Weight.MOMENT
    consumer: str
    partitions: tuple[tuple[str, int], ...]
    settled: bool = True
