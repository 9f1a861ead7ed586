"""Responses: what brokers say to requests, as plain values, each with the name that Kafka gives it."""

from __future__ import annotations

import msgspec

from mqviz.model.kafka.protocol.subscription import OwnedPartitions


class Response(msgspec.Struct, frozen=True, gc=False, tag_field="answer"):
    """Base of all answers; `error` is Kafka's code, 0 for none."""

    error: int = 0


class NoResponse(Response, frozen=True):
    """No answer came: the connection broke (NETWORK_EXCEPTION), or the client waited too long
    (REQUEST_TIMED_OUT).
    """


class PartitionProduceResponse(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What became of the batch for one partition: where it is, or why it is not there (R31, R80).

    `base_offset` -1: it was refused. `record_errors`: the records, by their place in the batch, that the log
    does not take (R68, KIP-467). `current_leader`: (broker, leader epoch) where another broker leads (R35,
    KIP-951).
    """

    topic: str
    partition: int
    error: int = 0
    base_offset: int = -1
    record_errors: tuple[int, ...] = ()
    current_leader: tuple[int, int] | None = None


class ProduceResponse(Response, frozen=True):
    """What became of each batch."""

    partitions: tuple[PartitionProduceResponse, ...] = ()


class FetchPartitionData(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """All that there is to say of one partition at once: records `first` … `end` - 1, which travel along, and
    more (R80).

    `high_watermark` and `log_start_offset` are -1 with an error. `aborted_transactions`: (producer id, first
    offset) of those that touch the records, for a read_committed consumer (R63). `diverging_epoch`: (epoch,
    where it ends at the leader) for a follower whose log took another way (R26). `preferred_read_replica`:
    read there, it is closer (R36). `current_leader`: (broker, leader epoch) where another broker leads (R35,
    KIP-951).
    """

    topic: str
    partition: int
    error: int
    first: int
    end: int
    high_watermark: int = -1
    log_start_offset: int = -1
    aborted_transactions: tuple[tuple[int, int], ...] = ()
    diverging_epoch: tuple[int, int] | None = None
    preferred_read_replica: int = -1
    current_leader: tuple[int, int] | None = None


class FetchResponse(Response, frozen=True):
    """What a fetch brings of each partition of which there is something to say."""

    partitions: tuple[FetchPartitionData, ...] = ()


class WriteTxnMarkersResponse(Response, frozen=True):
    """(topic, partition, error) of each marker; `error` is that of the groups' offsets."""

    partitions: tuple[tuple[str, int, int], ...] = ()


class ListOffsetsResponse(Response, frozen=True):
    """Ends of logs, or first records of a time: (topic, partition, error, offset); -1 for none."""

    partitions: tuple[tuple[str, int, int, int], ...] = ()


class DeleteRecordsResponse(Response, frozen=True):
    """Where the logs begin now: (topic, partition, error, low watermark); -1 with an error (R72)."""

    partitions: tuple[tuple[str, int, int, int], ...] = ()


class OffsetCommitResponse(Response, frozen=True):
    """Whether the offsets are remembered."""


class OffsetFetchResponse(Response, frozen=True):
    """Committed offsets: (topic, partition, error, offset); -1 for none."""

    partitions: tuple[tuple[str, int, int, int], ...] = ()


class InitProducerIdResponse(Response, frozen=True):
    """The producer id and epoch to use from now on."""

    producer_id: int = -1
    producer_epoch: int = -1


class AddPartitionsToTxnResponse(Response, frozen=True):
    """Whether all of it belongs to the transaction."""


class TxnOffsetCommitResponse(Response, frozen=True):
    """Whether the offsets wait for the end of the transaction."""


class EndTxnResponse(Response, frozen=True):
    """The producer id and epoch to use from now on (transaction version 2)."""

    producer_id: int = -1
    producer_epoch: int = -1


class HeartbeatResponse(Response, frozen=True):
    """Whether the member is known, and the group stable."""


class LeaveGroupResponse(Response, frozen=True):
    """Whether the member was known."""


class JoinGroupResponse(Response, frozen=True):
    """A member of `generation`; only the group leader hears of the members (R104).

    `members`: (member id, topics, group.instance.id, holdings). `skip_assignment`: the leader came back as
    the static member that it was, so that there is nothing to compute (R113).
    """

    member_id: str = ""
    generation: int = -1
    assignor: str = ""
    group_leader: str = ""
    members: tuple[tuple[str, tuple[str, ...], str | None, OwnedPartitions], ...] = ()
    skip_assignment: bool = False


class SyncGroupResponse(Response, frozen=True):
    """A member's own partitions."""

    assignment: tuple[tuple[str, int], ...] = ()


class ConsumerGroupHeartbeatResponse(Response, frozen=True):
    """A member's epoch, 0 with an error; `assignment` None: as before, (): nothing (yet) (R121)."""

    member_id: str = ""
    member_epoch: int = 0
    heartbeat_interval_us: int = 0
    assignment: tuple[tuple[str, int], ...] | None = None


class OffsetForLeaderEpochResponse(Response, frozen=True):
    """(topic, partition, error, the largest epoch known up to the one asked for, where it ends), -1 with an
    error.
    """

    partitions: tuple[tuple[str, int, int, int, int], ...] = ()


class ShareGroupHeartbeatResponse(Response, frozen=True):
    """The member's epoch, when to come again, and its assignment where it changed (None: as before)."""

    member_id: str = ""
    member_epoch: int = 0
    interval_us: int = 0
    assignment: tuple[tuple[str, int], ...] | None = None


class ShareFetchResponse(Response, frozen=True):
    """Acquired ranges (topic, partition, error, first, end, delivery count); the batches travel along.

    `acked`: what became of the acknowledgements, (topic, partition, error).
    """

    partitions: tuple[tuple[str, int, int, int, int, int], ...] = ()
    acked: tuple[tuple[str, int, int], ...] = ()


class ShareAcknowledgeResponse(Response, frozen=True):
    """What became of the acknowledgements: (topic, partition, error)."""

    acked: tuple[tuple[str, int, int], ...] = ()


AnyShareResponse = ShareGroupHeartbeatResponse | ShareFetchResponse | ShareAcknowledgeResponse

AnyResponse = (
    NoResponse
    | AddPartitionsToTxnResponse
    | DeleteRecordsResponse
    | EndTxnResponse
    | HeartbeatResponse
    | InitProducerIdResponse
    | LeaveGroupResponse
    | ListOffsetsResponse
    | OffsetCommitResponse
    | OffsetFetchResponse
    | TxnOffsetCommitResponse
    | ProduceResponse
    | WriteTxnMarkersResponse
    | FetchResponse
    | OffsetForLeaderEpochResponse
    | JoinGroupResponse
    | SyncGroupResponse
    | ConsumerGroupHeartbeatResponse
    | AnyShareResponse
)
