"""What facts return: small frozen structs, the same for a simulated and a real cluster.

Scenes, goals and reports see these and never the State's own structs. A value that is not known is
`Unknown` with its reason, never 0 and never blank; None means "there is none" (no commit yet, no owner).
"""

from __future__ import annotations

import msgspec

from mqviz.model.observed.state import Unknown


class Reading(msgspec.Struct, frozen=True):
    """Base of all readings."""


class Cell(Reading, frozen=True):
    """One record on a tape. `key` None: a null key; `seen` False: the content was not read."""

    offset: int
    key: str | None = None
    seen: bool = True
    producer: str = ""
    appended_at_us: int = 0


class Tape(Reading, frozen=True):
    """A partition as its leader has it: the last cells, oldest first, and its marks.

    Records at or above `high_watermark` are not yet committed.
    """

    topic: str
    partition: int
    partition_leader: int | None | Unknown
    log_start: int | Unknown
    log_end: int | Unknown
    high_watermark: int | Unknown
    cells: tuple[Cell, ...] = ()


class TopicView(Reading, frozen=True):
    """A topic: its partitions are numbered 0 … partitions - 1."""

    name: str
    partitions: int
    replication_factor: int | Unknown


class ProducerView(Reading, frozen=True):
    """A producer application. `state`: running, paused, dead, closed, unknown."""

    name: str
    topic: str
    state: str
    acks: str
    partitioner: str
    rate_per_s: float | Unknown
    sent: int
    acknowledged: int
    in_flight: int


class Flight(Reading, frozen=True):
    """Records on their way. `kind`: produce (source: producer, target: partition) or deliver (partition,
    member).
    """

    kind: str
    topic: str
    partition: int
    client: str
    keys: tuple[str | None, ...]
    first_offset: int | None
    sent_at_us: int
    arrives_at_us: int


class InHand(Reading, frozen=True):
    """The record that a member works on, from `started_at_us` to `ends_at_us` (Unknown on a real cluster)."""

    topic: str
    partition: int
    offset: int
    key: str | None
    started_at_us: int
    ends_at_us: int | Unknown


class MemberView(Reading, frozen=True):
    """A consumer of a group. `state`: joining, working, waiting, idle, paused, dead, leaving, unknown.

    `idle`: the group gave it no partition. `waiting`: all read. `joining`: in a rebalance, reads nothing.
    """

    name: str
    member_id: str
    group: str
    state: str
    partitions: tuple[tuple[str, int], ...]
    in_hand: InHand | None
    fetched: int | Unknown
    processed: int | Unknown


class GroupView(Reading, frozen=True):
    """A consumer group. `kind`: classic, consumer, share, streams. `generation`: or group epoch."""

    name: str
    kind: str | Unknown
    state: str | Unknown
    generation: int | Unknown
    assignor: str | Unknown
    topics: tuple[str, ...]
    members: int | Unknown


class Lag(Reading, frozen=True):
    """Lag of a partition, or summed over `known` of `total` partitions.

    `value` None: no commit yet. `trend`: up, level, down, or "" while there are too few samples.
    `samples`: (time, lag), oldest first, at most 32. `worst`: (topic, partition, lag) of the largest.
    """

    value: int | None | Unknown
    known: int
    total: int
    trend: str = ""
    samples: tuple[tuple[int, int], ...] = ()
    worst: tuple[str, int, int] | None = None


class Ledger(Reading, frozen=True):
    """Where every record sent to a topic is, as one group sees it; the first six add up to `sent`.

    `in_flight` counts what is at producers and on the way, `not_readable` what is above the high watermark.
    `done` is committed and not lost; `lost` counts what died before it was in the log, and what was committed
    but never processed, because whoever had it in hand died.
    """

    sent: int
    done: int
    in_hand: int
    waiting: int
    not_readable: int
    in_flight: int
    lost: int
    twice: int


class RequestView(Reading, frozen=True):
    """One sign-up. Times in us, None: not yet. `failed`: the sentence why, or ""; mail_* of its mail."""

    number: int
    service: str
    design: str
    arrived_at_us: int
    started_at_us: int | None
    database_done_at_us: int | None
    answered_at_us: int | None
    failed: str
    mail_started_at_us: int | None
    mail_done_at_us: int | None
    mail_failed: bool


class ServiceView(Reading, frozen=True):
    """A sign-up service or the mail server: whether it works, and its totals so far.

    `mean_answer_us` None: nobody was answered yet. `waited_us`: time that all clients spent on mail.
    `planned`: how many clients come in all, 0: without end. `mails`: whether a sign-up sends one.
    """

    name: str
    design: str
    working: bool
    arrived: int
    answered: int
    failed: int
    mails_sent: int
    mails_waiting: int
    mean_answer_us: float | None
    waited_us: int
    planned: int = 0
    mails: bool = True


class Stretch(Reading, frozen=True):
    """Somebody read a partition from begin_us on; `end_us` None: still. `member` "": nobody did."""

    begin_us: int
    end_us: int | None
    member: str


class Tenure(Reading, frozen=True):
    """Who read a partition when, oldest first, from its first reader on."""

    topic: str
    partition: int
    stretches: tuple[Stretch, ...]

    def paused_us(self, now_us: int, since_us: int = 0) -> int:
        """How long nobody read it between two readers, or nobody reads it until now; what was before
        `since_us` does not count.
        """
        pauses = [(max(s.begin_us, since_us), s.end_us or now_us) for s in self.stretches if not s.member]
        return sum(max(0, end - begin) for begin, end in pauses)


class Disturbance(Reading, frozen=True):
    """The last time that a process of a group came or went: who, and what it did (joins, leaves, dies,
    freezes).
    """

    at_us: int
    names: tuple[str, ...]
    what: str


class Why(Reading, frozen=True):
    """An event in plain words: headline, reason, the rule behind it, a value that changed,
    a lesson's number.
    """

    at_us: int
    event: int
    headline: str
    reason: str = ""
    rule: str = ""
    change: str = ""
    lesson: int | None = None


class Station(Reading, frozen=True):
    """One line of a record's biography. `after_us`: since the line before.

    `sign`: done, wait, bad, or unseen: it happened, and nobody saw when; `at_us` is then only its place.
    """

    at_us: int
    what: str
    detail: str
    sign: str = "done"
    after_us: int | None = None


class Biography(Reading, frozen=True):
    """What happened to one record, and the sentence why it was delivered 0, 1 or n times to each group.

    `seen` False: its content was not read, so `key` says nothing, and others may have got it unseen.
    """

    topic: str
    partition: int
    offset: int
    key: str | None
    stations: tuple[Station, ...]
    delivered: int
    verdict: str
    seen: bool = True
