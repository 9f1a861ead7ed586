"""Request values as kio's requests, with the real broker's names of topics, groups and ids."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import singledispatchmethod
from io import BytesIO
from typing import Any
from uuid import UUID

from kio.records.schema import NewRecordBatch, Record
from kio.records.writers import write_new_batch
from kio.schema.consumer_protocol_assignment.v0 import data as assignment
from kio.schema.consumer_protocol_subscription.v3 import data as subscription
from kio.serial import entity_reader

from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.protocol.requests import (
    ACK_TYPES,
    Acks,
    AnyRequest,
    ConsumerGroupHeartbeatRequest,
    EndTxnRequest,
    FetchRequest,
    HeartbeatRequest,
    InitProducerIdRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    ListOffsetsRequest,
    OffsetCommitRequest,
    OffsetFetchRequest,
    ProduceRequest,
    ShareAcknowledgeRequest,
    ShareFetchRequest,
    ShareGroupHeartbeatRequest,
    SyncGroupRequest,
    TxnOffsetCommitRequest,
)
from tests.fuzz.line import types, written
from tests.fuzz.side import by_topic

SHARE_WAIT_US = 100_000
"""How long a share fetch waits for records: the broker reads the state of the group's partition first."""

Asked = tuple[str, Any]


def _time(us: int) -> timedelta:
    return timedelta(milliseconds=us // 1000) if us >= 0 else timedelta(milliseconds=-1)


class Encoder:
    """`real`: the broker's name for one of ours; `owner_of`: whose producer id it is; `ids`: topic ids by our names."""

    def __init__(
        self, real: Callable[[str], str], owner_of: Callable[[int], str], ids: dict[str, UUID]
    ) -> None:
        self._real = real
        self._owner_of = owner_of
        self._ids = ids

    @singledispatchmethod
    def encode(self, request: AnyRequest) -> Asked:
        """(the request's name, kio's request)"""
        raise NotImplementedError(type(request).__name__)

    @encode.register
    def _(self, r: InitProducerIdRequest) -> Asked:
        m = types("init_producer_id")
        name = self._real(r.transactional_id) if r.transactional_id else None
        return "init_producer_id", m.InitProducerIdRequest(
            transactional_id=name, transaction_timeout=_time(r.transaction_timeout_us)
        )

    @encode.register
    def _(self, r: ProduceRequest) -> Asked:
        m = types("produce")
        owner = next((self._owner_of(b.producer_id) for *_, b in r.batches if b.transactional), "")
        topics = tuple(
            m.TopicProduceData(
                name=self._real(topic),
                partition_data=tuple(
                    m.PartitionProduceData(index=n, records=_records(batch)) for n, batch in parts
                ),
            )
            for topic, parts in by_topic(r.batches).items()
        )
        name = self._real(owner) if owner else None
        return "produce", m.ProduceRequest(
            transactional_id=name, acks=r.acks, timeout=_time(r.timeout_us), topic_data=topics
        )

    @encode.register
    def _(self, r: FetchRequest) -> Asked:
        m = types("fetch")
        topics = tuple(
            m.FetchTopic(
                topic=self._real(topic),
                partitions=tuple(
                    m.FetchPartition(partition=n, fetch_offset=offset, partition_max_bytes=r.partition_bytes)
                    for n, offset in parts
                ),
            )
            for topic, parts in by_topic(r.offsets).items()
        )
        return "fetch", m.FetchRequest(
            max_wait=_time(r.max_wait_us),
            min_bytes=r.min_bytes,
            max_bytes=r.max_bytes,
            isolation_level=int(r.committed),
            topics=topics,
            forgotten_topics_data=(),
        )

    @encode.register
    def _(self, r: ListOffsetsRequest) -> Asked:
        m, at = types("list_offsets"), {"latest": -1, "earliest": -2}[r.which]
        topics = tuple(
            m.ListOffsetsTopic(
                name=self._real(topic),
                partitions=tuple(m.ListOffsetsPartition(partition_index=n, timestamp=at) for (n,) in parts),
            )
            for topic, parts in by_topic(r.partitions).items()
        )
        return "list_offsets", m.ListOffsetsRequest(
            replica_id=-1, isolation_level=int(r.committed), topics=topics
        )

    @encode.register
    def _(self, r: EndTxnRequest) -> Asked:
        return "end_txn", types("end_txn").EndTxnRequest(
            transactional_id=self._real(r.transactional_id),
            producer_id=r.producer_id,
            producer_epoch=r.producer_epoch,
            committed=r.commit,
        )

    @encode.register
    def _(self, r: TxnOffsetCommitRequest) -> Asked:
        m = types("txn_offset_commit")
        return "txn_offset_commit", m.TxnOffsetCommitRequest(
            transactional_id=self._real(r.transactional_id),
            group_id=self._real(r.group),
            producer_id=r.producer_id,
            producer_epoch=r.producer_epoch,
            generation_id=r.generation,
            member_id=r.member_id,
            topics=self._offsets(m.TxnOffsetCommitRequestTopic, m.TxnOffsetCommitRequestPartition, r.offsets),
        )

    @encode.register
    def _(self, r: OffsetCommitRequest) -> Asked:
        m = types("offset_commit")
        return "offset_commit", m.OffsetCommitRequest(
            group_id=self._real(r.group),
            generation_id_or_member_epoch=r.generation,
            member_id=r.member_id,
            group_instance_id=r.instance_id,
            topics=self._offsets(m.OffsetCommitRequestTopic, m.OffsetCommitRequestPartition, r.offsets),
        )

    def _offsets(self, topic_type: Any, partition_type: Any, offsets: Any) -> Any:
        return tuple(
            topic_type(
                name=self._real(topic),
                partitions=tuple(
                    partition_type(partition_index=n, committed_offset=offset, committed_metadata="")
                    for n, offset in parts
                ),
            )
            for topic, parts in by_topic(offsets).items()
        )

    @encode.register
    def _(self, r: OffsetFetchRequest) -> Asked:
        m = types("offset_fetch")
        topics = tuple(
            m.OffsetFetchRequestTopics(name=self._real(topic), partition_indexes=tuple(n for (n,) in parts))
            for topic, parts in by_topic(r.partitions).items()
        )
        group = m.OffsetFetchRequestGroup(group_id=self._real(r.group), topics=topics)
        return "offset_fetch", m.OffsetFetchRequest(groups=(group,), require_stable=r.require_stable)

    @encode.register
    def _(self, r: JoinGroupRequest) -> Asked:
        m = types("join_group")
        owned = tuple(
            subscription.TopicPartition(topic=self._real(topic), partitions=tuple(n for (n,) in parts))
            for topic, parts in by_topic(r.owned_partitions.owned).items()
        )
        data = subscription.ConsumerProtocolSubscription(
            topics=tuple(self._real(topic) for topic in r.topics),
            owned_partitions=owned,
            generation_id=r.owned_partitions.generation,
        )
        metadata = b"\x00\x03" + written(data)
        return "join_group", m.JoinGroupRequest(
            group_id=self._real(r.group),
            session_timeout=_time(r.session_timeout_us),
            rebalance_timeout=_time(r.rebalance_timeout_us),
            member_id=r.member_id,
            group_instance_id=r.instance_id,
            protocol_type="consumer",
            protocols=tuple(m.JoinGroupRequestProtocol(name=a, metadata=metadata) for a in r.assignors),
        )

    @encode.register
    def _(self, r: SyncGroupRequest) -> Asked:
        m = types("sync_group")
        return "sync_group", m.SyncGroupRequest(
            group_id=self._real(r.group),
            generation_id=r.generation,
            member_id=r.member_id,
            group_instance_id=r.instance_id,
            assignments=tuple(
                m.SyncGroupRequestAssignment(member_id=member, assignment=self._assignment(parts))
                for member, parts in r.assignments
            ),
        )

    def _assignment(self, parts: Any) -> bytes:
        topics = tuple(
            assignment.TopicPartition(topic=self._real(topic), partitions=tuple(n for (n,) in numbers))
            for topic, numbers in by_topic(parts).items()
        )
        return b"\x00\x00" + written(assignment.ConsumerProtocolAssignment(assigned_partitions=topics))

    @encode.register
    def _(self, r: HeartbeatRequest) -> Asked:
        return "heartbeat", types("heartbeat").HeartbeatRequest(
            group_id=self._real(r.group),
            generation_id=r.generation,
            member_id=r.member_id,
            group_instance_id=r.instance_id,
        )

    @encode.register
    def _(self, r: LeaveGroupRequest) -> Asked:
        m = types("leave_group")
        member = m.MemberIdentity(member_id=r.member_id, group_instance_id=r.instance_id)
        return "leave_group", m.LeaveGroupRequest(group_id=self._real(r.group), members=(member,))

    @encode.register
    def _(self, r: ConsumerGroupHeartbeatRequest) -> Asked:
        m = types("consumer_group_heartbeat")
        owned = r.owned and by_topic(r.owned)
        return "consumer_group_heartbeat", m.ConsumerGroupHeartbeatRequest(
            group_id=self._real(r.group),
            member_id=r.member_id,
            member_epoch=r.member_epoch,
            instance_id=r.instance_id,
            rebalance_timeout=_time(r.rebalance_timeout_us),
            subscribed_topic_names=None if r.topics is None else tuple(map(self._real, r.topics)),
            server_assignor=r.server_assignor,
            topic_partitions=None
            if owned is None
            else tuple(
                m.TopicPartitions(topic_id=self._ids[topic], partitions=tuple(n for (n,) in parts))
                for topic, parts in dict(owned).items()
            ),
        )

    @encode.register
    def _(self, r: ShareGroupHeartbeatRequest) -> Asked:
        return "share_group_heartbeat", types("share_group_heartbeat").ShareGroupHeartbeatRequest(
            group_id=self._real(r.group),
            member_id=r.member_id,
            member_epoch=r.member_epoch,
            subscribed_topic_names=None if r.topics is None else tuple(map(self._real, r.topics)),
        )

    @encode.register
    def _(self, r: ShareFetchRequest) -> Asked:
        m = types("share_fetch")
        topics = tuple(
            m.FetchTopic(
                topic_id=self._ids[topic],
                partitions=tuple(
                    m.FetchPartition(partition_index=n, acknowledgement_batches=_acks(m, r.acks, topic, n))
                    for (n,) in parts
                ),
            )
            for topic, parts in by_topic(r.partitions).items()
        )
        return "share_fetch", m.ShareFetchRequest(
            group_id=self._real(r.group),
            member_id=r.member_id,
            share_session_epoch=r.epoch,
            max_wait=_time(SHARE_WAIT_US),
            min_bytes=1,
            max_records=r.max_records,
            batch_size=r.max_records,
            topics=topics,
            forgotten_topics_data=(),
        )

    @encode.register
    def _(self, r: ShareAcknowledgeRequest) -> Asked:
        m = types("share_acknowledge")
        places = sorted({each[:2] for each in r.acks})
        topics = tuple(
            m.AcknowledgeTopic(
                topic_id=self._ids[topic],
                partitions=tuple(
                    m.AcknowledgePartition(
                        partition_index=n, acknowledgement_batches=_acks(m, r.acks, topic, n)
                    )
                    for (n,) in parts
                ),
            )
            for topic, parts in by_topic(places).items()
        )
        return "share_acknowledge", m.ShareAcknowledgeRequest(
            group_id=self._real(r.group), member_id=r.member_id, share_session_epoch=r.epoch, topics=topics
        )


def _acks(m: Any, acks: Acks, topic: str, number: int) -> Any:
    return tuple(
        m.AcknowledgementBatch(
            first_offset=first, last_offset=end - 1, acknowledge_types=(ACK_TYPES.index(kind),)
        )
        for name, n, first, end, kind in acks
        if (name, n) == (topic, number)
    )


def _records(batch: Batch) -> bytes:
    now = datetime.now(UTC).replace(microsecond=0)
    records = tuple(
        Record(attributes=0, timestamp=now, offset=i, key=None, value=b"x", headers=())  # type: ignore[arg-type]
        for i in range(batch.count)
    )
    new = NewRecordBatch(
        producer_id=batch.producer_id,  # type: ignore[arg-type]
        producer_epoch=batch.producer_epoch,  # type: ignore[arg-type]
        base_sequence=batch.first_sequence,  # type: ignore[arg-type]
        records=records,
        attributes=batch.attributes,  # type: ignore[arg-type]
    )
    buffer = BytesIO()
    write_new_batch(buffer, new)
    return buffer.getvalue()


def decode_subscription(data: bytes) -> Any:
    """The subscription in a member's metadata."""
    return entity_reader(subscription.ConsumerProtocolSubscription)(data, 2)[0]


def decode_assignment(data: bytes) -> list[tuple[str, int]]:
    """The partitions in a member's assignment."""
    if not data:
        return []
    value = entity_reader(assignment.ConsumerProtocolAssignment)(data, 2)[0]
    return [(topic.topic, n) for topic in value.assigned_partitions for n in topic.partitions]
