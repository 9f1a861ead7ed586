"""Answers: what brokers say to requests (mqviz/model/request.py), as plain values."""

from __future__ import annotations

import msgspec

from mqviz.model.holdings import Holdings


class Answer(msgspec.Struct, frozen=True, gc=False, tag_field="answer"):
    """Base of all answers; `error` is Kafka's code, 0 for none."""

    error: int = 0


class Plain(Answer, frozen=True):
    """An answer that says nothing but its error: Heartbeat, LeaveGroup, OffsetCommit."""


class Failed(Answer, frozen=True):
    """No answer came: the connection broke (NETWORK_EXCEPTION), or the client waited too long (REQUEST_TIMED_OUT)."""


class Produced(Answer, frozen=True):
    """Where the batches are: (topic, partition, error, base offset), -1 for one that was refused (E42)."""

    parts: tuple[tuple[str, int, int, int], ...] = ()


class ProducedElsewhere(Produced, frozen=True):
    """The same where another broker leads: (topic, partition, leader, leader epoch) (R35, KIP-951)."""

    leaders: tuple[tuple[str, int, int, int], ...] = ()


class ProducedInvalid(Produced, frozen=True):
    """The same where records are none that the log takes: (topic, partition, indexes in the batch) of these (R68, KIP-467)."""

    invalid: tuple[tuple[str, int, tuple[int, ...]], ...] = ()


class Fetched(Answer, frozen=True):
    """Ranges of records (topic, partition, error, first, end, high watermark); the batches travel along."""

    parts: tuple[tuple[str, int, int, int, int, int], ...] = ()


class FetchedElsewhere(Fetched, frozen=True):
    """The same where another broker leads: (topic, partition, leader, leader epoch) (R35, KIP-951)."""

    leaders: tuple[tuple[str, int, int, int], ...] = ()


class FetchedNearby(Fetched, frozen=True):
    """No records, but (topic, partition, broker): read these from there, it is closer (R36)."""

    preferred: tuple[tuple[str, int, int], ...] = ()


class FetchedAndStarts(Fetched, frozen=True):
    """The same for a follower where logs do not start at 0: (topic, partition, the leader's log start) (R72)."""

    starts: tuple[tuple[str, int, int], ...] = ()


class FetchedDiverging(Fetched, frozen=True):
    """For a follower whose log took another way: (topic, partition, epoch, where that epoch ends at the leader) (R26)."""

    diverging: tuple[tuple[str, int, int, int], ...] = ()


class FetchedAndAborted(Fetched, frozen=True):
    """The same for a read_committed consumer: (topic, partition, producer id, first offset) of aborted transactions (R63)."""

    aborted: tuple[tuple[str, int, int, int], ...] = ()


class Offsets(Answer, frozen=True):
    """Offsets by partition (topic, partition, error, offset); -1 for none (ListOffsets, OffsetFetch)."""

    parts: tuple[tuple[str, int, int, int], ...] = ()


class ProducerIdGranted(Answer, frozen=True):
    """The producer id and epoch to use from now on (InitProducerId, EndTxn)."""

    producer_id: int = -1
    producer_epoch: int = -1


class Joined(Answer, frozen=True):
    """A member of `generation`; only the group leader hears of the members (E27).

    `members`: (member id, topics, group.instance.id, holdings). `skip_assignment`: the leader came back as the
    static member that it was, so that there is nothing to compute (R113).
    """

    member_id: str = ""
    generation: int = -1
    assignor: str = ""
    group_leader: str = ""
    members: tuple[tuple[str, tuple[str, ...], str | None, Holdings], ...] = ()
    skip_assignment: bool = False


class Synced(Answer, frozen=True):
    """A member's own partitions."""

    partitions: tuple[tuple[str, int], ...] = ()


class GroupHeartbeatAnswered(Answer, frozen=True):
    """A member's epoch, 0 with an error; `assignment` None: as before, (): nothing (yet) (E21)."""

    member_id: str = ""
    member_epoch: int = 0
    heartbeat_interval_us: int = 0
    assignment: tuple[tuple[str, int], ...] | None = None
