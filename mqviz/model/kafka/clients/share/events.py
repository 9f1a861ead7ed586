"""A share consumer joins, acquires records, works on them, acknowledges each; its application stops, dies."""

from __future__ import annotations

from mqviz.model.command.share import AddShareConsumer
from mqviz.model.event import Event, Weight
from mqviz.model.kafka.protocol.requests import Acks


class ShareConsumerAdded(Event, frozen=True):
    """A share consumer's process started; it is no member yet."""

    name: str
    settings: AddShareConsumer
    member_id: str
    explicit: bool


class ShareMembershipChanged(Event, frozen=True):
    """What the process knows of its membership: epoch (0: must join), heartbeat interval, partitions (None:
    as before).
    """

    consumer: str
    epoch: int
    interval_us: int
    partitions: tuple[tuple[str, int], ...] | None


class SharePollCalled(Event, frozen=True):
    """The application called poll(); in implicit mode that accepts what the poll before returned (R133)."""

    consumer: str


class ShareCommitCalled(Event, frozen=True):
    """The application called commitSync(): what it acknowledged is sent; implicit mode accepts all first
    (R133).
    """

    consumer: str


class ShareCallFailed(Event, frozen=True):
    """`call` (poll, acknowledge) threw at once, by its exception's name (R133)."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    call: str
    exception: str


class ShareRequestStarted(Event, frozen=True):
    """A ShareFetch or ShareAcknowledge left for a broker and took these acknowledgements along."""

    consumer: str
    broker: int
    number: int
    acks: Acks


class ShareRequestEnded(Event, frozen=True):
    """Its answer came: ranges that wait for poll() now, what became of the acknowledgements, and whether the
    session goes on.

    `renewed`: what the member goes on holding, and gets from poll() once more.
    """

    consumer: str
    broker: int
    parts: tuple[tuple[str, int, int, int, int], ...]
    acked: tuple[tuple[str, int, int], ...]
    session: bool
    renewed: tuple[tuple[str, int, int, int], ...] = ()


class ShareRecordsReturned(Event, frozen=True):
    """poll() returned these ranges (topic, partition, first, end, delivery count), the first ones of what is
    buffered; none: its time was over.

    `renewed`: they are those that the application had already and whose locks it renewed.
    """

    weight = Weight.STEP
    consumer: str
    group: str
    parts: tuple[tuple[str, int, int, int, int], ...]
    renewed: bool = False


class ShareRecordTaken(Event, frozen=True):
    """The application began to work on a record."""

    consumer: str
    topic: str
    partition: int
    offset: int
    key: str | None
    ends_at_us: int


class ShareRecordsWorked(Event, frozen=True):
    """The application is done with first … end - 1: their effect has happened, unless it gives them back."""

    consumer: str
    topic: str
    partition: int
    first: int
    end: int


class ShareRecordsAcked(Event, frozen=True):
    """acknowledge() was called for these ranges (topic, partition, first, end, type)."""

    consumer: str
    acks: Acks


class ShareCommitEnded(Event, frozen=True):
    """commitSync() returned: (topic, partition, error) of each partition that had acknowledgements."""

    consumer: str
    group: str
    results: tuple[tuple[str, int, int], ...]


class ShareAcksRefused(Event, frozen=True):
    """The acknowledgement callback got an error: these records are somebody else's by now (R133)."""

    weight = Weight.MOMENT
    consumer: str
    group: str
    topic: str
    partition: int
    error: int
    named: str


class ShareProcessingSet(Event, frozen=True):
    """From the next record on the application takes so long for each."""

    weight = Weight.STEP
    consumer: str
    processing_us: int


class ShareConsumerChanged(Event, frozen=True):
    """The process was paused, resumed, killed, asked to close, is leaving or is gone: see
    ShareConsumer.state.
    """

    weight = Weight.MOMENT
    consumer: str
    group: str
    state: str
    activity: str = ""
