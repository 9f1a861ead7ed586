"""Requests: what clients and brokers ask of brokers, as plain values,
each with the name that Kafka gives it.
"""

from __future__ import annotations

import msgspec

from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.protocol.subscription import OwnedPartitions


class Request(msgspec.Struct, frozen=True, gc=False, tag_field="request"):
    """Base of all requests."""

    @property
    def api(self) -> str:
        """The name of its API in Kafka's protocol: `Fetch` of a FetchRequest."""
        return type(self).__name__.removesuffix("Request")


class JoinGroupRequest(Request, frozen=True):
    """Become or stay a member (R101); `member_id` empty the first time; `instance_id` of a static member
    (R113).
    """

    group: str
    member_id: str
    client_id: str
    session_timeout_us: int
    rebalance_timeout_us: int
    assignors: tuple[str, ...]
    topics: tuple[str, ...]
    instance_id: str | None = None
    owned_partitions: OwnedPartitions = OwnedPartitions()
    protocol_type: str = "consumer"


class SyncGroupRequest(Request, frozen=True):
    """Ask for one's assignment; the leader brings everybody's (R104). `protocol_name`: the assignor that it
    believes in, None: any.
    """

    group: str
    generation: int
    member_id: str
    assignments: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    instance_id: str | None = None
    protocol_type: str | None = None
    protocol_name: str | None = None


class HeartbeatRequest(Request, frozen=True):
    """I am alive (R106)."""

    group: str
    generation: int
    member_id: str
    instance_id: str | None = None


class LeaveGroupRequest(Request, frozen=True):
    """Goodbye (R94); with `instance_id` and no member id an administrator removes a static member."""

    group: str
    member_id: str
    instance_id: str | None = None


class ConsumerGroupHeartbeatRequest(Request, frozen=True):
    """Join (`member_epoch` 0), stay, leave (-1) or leave for a while (-2, static) in the consumer protocol
    (R120, R121).

    None, and -1 for the timeout, mean "as before"; `owned`: what the member reads now.
    """

    group: str
    member_id: str
    member_epoch: int
    client_id: str = ""
    instance_id: str | None = None
    rebalance_timeout_us: int = -1
    topics: tuple[str, ...] | None = None
    server_assignor: str | None = None
    owned: tuple[tuple[str, int], ...] | None = None


class OffsetCommitRequest(Request, frozen=True):
    """Remember these offsets as the next ones to read (R82). `version`: of the request; 9 is the first that
    knows member epochs.
    """

    group: str
    generation: int
    member_id: str
    offsets: tuple[tuple[str, int, int], ...]
    instance_id: str | None = None
    version: int = 9


class OffsetFetchRequest(Request, frozen=True):
    """Which offsets did the group commit?"""

    group: str
    partitions: tuple[tuple[str, int], ...]
    require_stable: bool = False


class OffsetForLeaderEpochRequest(Request, frozen=True):
    """(topic, partition, the leader epoch that the asker knows as the current one or -1, the epoch whose end
    is asked).
    """

    partitions: tuple[tuple[str, int, int, int], ...]


class ListOffsetsRequest(Request, frozen=True, omit_defaults=True):
    """Where does each partition begin (`earliest`), end (`latest`; for `committed` readers), have records
    since `at_us` (`time`)? (R81, R88)
    """

    which: str
    partitions: tuple[tuple[str, int], ...]
    at_us: int = 0
    committed: bool = False


class DeleteRecordsRequest(Request, frozen=True):
    """Make (topic, partition, offset) the first offset that can be read; -1: the high watermark (R72).

    Answered with the new log start when the in-sync replicas have it or `timeout_us` is over.
    """

    offsets: tuple[tuple[str, int, int], ...]
    timeout_us: int = 30_000_000


class InitProducerIdRequest(Request, frozen=True):
    """Give me a producer id and epoch, and end whatever a former owner of `transactional_id` left open (R61,
    R65).

    Without `transactional_id`: an id for an idempotent producer (R57).
    """

    transactional_id: str = ""
    transaction_timeout_us: int = 60_000_000


class TxnOffsetCommitRequest(Request, frozen=True):
    """Remember these offsets if the transaction commits (R66); generation -1 without a member."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    group: str
    offsets: tuple[tuple[str, int, int], ...]
    generation: int = -1
    member_id: str = ""


class AddPartitionsToTxnRequest(Request, frozen=True):
    """These partitions, and these groups' offsets (AddOffsetsToTxn), belong to the transaction from now on.

    Clients of transaction version 1, such as librdkafka, say so before they write; with version 2 the write
    itself does (R62).
    """

    transactional_id: str
    producer_id: int
    producer_epoch: int
    partitions: tuple[tuple[str, int], ...] = ()
    groups: tuple[str, ...] = ()


class EndTxnRequest(Request, frozen=True, omit_defaults=True):
    """Commit or abort the transaction (R62); `raises`: the epoch goes up with it (transaction version 2)."""

    transactional_id: str
    producer_id: int
    producer_epoch: int
    commit: bool
    raises: bool = True


class WriteTxnMarkersRequest(Request, frozen=True, omit_defaults=True):
    """The coordinator tells a broker how a transaction ended, for its partitions and for its groups' offsets
    (R62).

    `raised`: the epoch is higher than that of the transaction's records (not so with transaction version 1).
    """

    transactional_id: str
    producer_id: int
    producer_epoch: int
    commit: bool
    partitions: tuple[tuple[str, int], ...] = ()
    groups: tuple[str, ...] = ()
    raised: bool = True


Acks = tuple[tuple[str, int, int, int, str], ...]
"""Acknowledgement batches (topic, partition, first, end, type); type: accept, release, reject, renew, or gap
for offsets that hold no record.
"""

ACK_TYPES = ("gap", "accept", "release", "reject", "renew")
"""In the order of Kafka's numbers."""


class ShareGroupHeartbeatRequest(Request, frozen=True):
    """Join (`member_epoch` 0), stay, or leave (-1) a share group; `topics` None: as before (R130)."""

    group: str
    member_id: str
    member_epoch: int
    client_id: str
    topics: tuple[str, ...] | None = None


class ShareFetchRequest(Request, frozen=True):
    """Acquire records of these partitions, up to `max_records`, and acknowledge others (R131, R133).

    `epoch` is the share session's: 0 opens one, then it counts up, -1 ends it. `record_limit`:
    share.acquire.mode is record_limit, so that batches are cut (R131).
    """

    group: str
    member_id: str
    epoch: int
    partitions: tuple[tuple[str, int], ...]
    max_records: int = 500
    record_limit: bool = False
    acks: Acks = ()


class ShareAcknowledgeRequest(Request, frozen=True):
    """Acknowledge records; `epoch` as in ShareFetch (R133)."""

    group: str
    member_id: str
    epoch: int
    acks: Acks


AnyShareRequest = ShareGroupHeartbeatRequest | ShareFetchRequest | ShareAcknowledgeRequest


class ProduceRequest(Request, frozen=True):
    """Batches to append, at most one a partition; `acks` -1 is all, for which the broker waits `timeout_us`
    at most.
    """

    acks: int
    batches: tuple[tuple[str, int, Batch], ...]
    timeout_us: int = 30_000_000


class ReplicaFetchRequest(Request, frozen=True):
    """A follower asks for what is new: (topic, partition, its log end, epoch of its last record).

    Only partitions whose log end moved are in it (a fetch session, S11).
    """

    follower: int
    offsets: tuple[tuple[str, int, int, int], ...]


class FetchRequest(Request, frozen=True, omit_defaults=True):
    """A consumer asks for records from these offsets on (R80).

    Answered with at least `min_bytes`, or when `max_wait_us` are over; with at most `partition_bytes` a
    partition and `max_bytes` in all, but the first batch always. `committed`: isolation.level read_committed.
    `rack`: client.rack (R36). `epochs`: leader epochs that it believes in (R27).
    """

    offsets: tuple[tuple[str, int, int], ...]
    max_wait_us: int = 500_000
    min_bytes: int = 1
    max_bytes: int = 52_428_800
    partition_bytes: int = 1_048_576
    committed: bool = False
    rack: str = ""
    epochs: tuple[int, ...] = ()


AnyRequest = (
    ProduceRequest
    | ReplicaFetchRequest
    | FetchRequest
    | ListOffsetsRequest
    | DeleteRecordsRequest
    | OffsetForLeaderEpochRequest
    | JoinGroupRequest
    | SyncGroupRequest
    | HeartbeatRequest
    | LeaveGroupRequest
    | ConsumerGroupHeartbeatRequest
    | OffsetCommitRequest
    | OffsetFetchRequest
    | AnyShareRequest
    | InitProducerIdRequest
    | AddPartitionsToTxnRequest
    | TxnOffsetCommitRequest
    | EndTxnRequest
    | WriteTxnMarkersRequest
)
