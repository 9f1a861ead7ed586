"""The real side: what the simulator was asked, asked of a real broker, and its answers compared with the simulator's."""

from __future__ import annotations

import dataclasses
import re
import struct
import time
import uuid
from datetime import timedelta
from typing import Any

from mqviz.kafka.coordinators import offsets_partition
from mqviz.kafka.errors import Error
from mqviz.model.kafka.protocol.requests import (
    ConsumerGroupHeartbeatRequest,
    EndTxnRequest,
    FetchRequest,
    InitProducerIdRequest,
    LeaveGroupRequest,
    ListOffsetsRequest,
    OffsetFetchRequest,
    ProduceRequest,
    ShareAcknowledgeRequest,
    ShareFetchRequest,
    ShareGroupHeartbeatRequest,
    TxnOffsetCommitRequest,
)
from tests.fuzz.encode import Encoder, decode_assignment, decode_subscription
from tests.fuzz.line import Line, types
from tests.fuzz.names import Names
from tests.fuzz.side import Step, brief, error_name, joined
from tests.fuzz.simulated import PARTITIONS, TOPICS, busy

SOON_S = 3.0
"""How long an answer may take that the simulator gave at once."""

SHARDS = 4
"""offsets.topic.num.partitions of the brokers that mqviz starts."""

SERVED_S = 0.02
"""Until a request that is not answered yet has been served, lest one on another connection overtakes it."""

RELEASED_S = 0.1
"""Until what a share session still held when it was closed is free again: the answer does not wait for it."""

READS = (ListOffsetsRequest, FetchRequest, OffsetFetchRequest)
"""What may be asked again until markers are written: they come a little after the answer to EndTxn."""

LOADING = ("COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR")
CONTROL = 32


class Differs(Exception):
    """What the broker said is not what the simulator said."""


class PartedWays(Exception):
    """From here on the two go different ways, and rightly so.

    Kafka's hash order of members with random ids says who leads a classic group.
    """


class Real:
    """One play on a broker at `address`, with topics, groups and ids of its own."""

    def __init__(self, address: str) -> None:
        host, _, port = address.split(",")[0].rpartition(":")
        self._where = host, int(port)
        self._tail = f"-{uuid.uuid4().hex[:8]}"
        self._lines: dict[str, Line] = {}
        self._owners: dict[int, str] = {}
        self._ids: dict[str, uuid.UUID] = {}
        self.names = Names()
        self._encoder = Encoder(lambda name: name + self._tail, self._owner_of, self._ids)
        self._waiting: dict[int, Step] = {}
        self._leader = ""
        for kind, key in ((0, "g"), (1, "x"), (1, "y")):
            self._find(kind, key)
        for topic in TOPICS:
            self._create(topic, PARTITIONS)
            self._await_coordinator(topic, PARTITIONS)

    # -- around the play -------------------------------------------------------------------------------------

    def _line(self, name: str) -> Line:
        if name not in self._lines:
            self._lines[name] = Line(*self._where, name)
        return self._lines[name]

    def _create(self, topic: str, partitions: int) -> None:
        m = types("create_topics")
        new = m.CreatableTopic(
            name=topic + self._tail,
            num_partitions=partitions,
            replication_factor=1,
            assignments=(),
            configs=(),
        )
        self._line("admin").ask("create_topics", m.CreateTopicsRequest(topics=(new,), timeout=_ms(5000)))
        self._await_partitions(topic, partitions)

    def _grow(self, topic: str, partitions: int) -> None:
        m = types("create_partitions")
        more = m.CreatePartitionsTopic(name=topic + self._tail, count=partitions, assignments=None)
        request = m.CreatePartitionsRequest(topics=(more,), timeout=_ms(5000), validate_only=False)
        self._line("admin").ask("create_partitions", request)
        self._await_partitions(topic, partitions)
        self._await_coordinator(topic, partitions)

    def _await_partitions(self, topic: str, count: int) -> None:
        m = types("metadata")
        wanted = (m.MetadataRequestTopic(topic_id=None, name=topic + self._tail),)
        request = m.MetadataRequest(
            topics=wanted, allow_auto_topic_creation=False, include_topic_authorized_operations=False
        )
        for _ in range(1000):
            (found,) = self._line("admin").ask("metadata", request).topics
            if len(found.partitions) == count and all(p.leader_id >= 0 for p in found.partitions):
                self._ids[topic] = found.topic_id
                return
            time.sleep(0.02)
        raise TimeoutError(f"topic {topic} never had {count} partitions")

    def _await_coordinator(self, topic: str, count: int) -> None:
        """The coordinator of g hears of a topic a moment after the broker: a group beside g, new each time, sees when."""
        shard = offsets_partition(f"g{self._tail}", SHARDS)
        beside = (f"beside{n}{self._tail}" for n in range(4_000))
        joins = ConsumerGroupHeartbeatRequest("", "own-p", 0, "p", None, 60_000_000, (topic,), None, ())
        for name in (each for each in beside if offsets_partition(each, SHARDS) == shard):
            _, request = self._encoder.encode(joins)
            request = dataclasses.replace(request, group_id=name)
            said = self._line("admin").ask("consumer_group_heartbeat", request)
            parts = said.assignment.topic_partitions if said.assignment else ()
            if sum(len(each.partitions) for each in parts) == count:
                return
            time.sleep(0.02)
        raise TimeoutError(f"the coordinator never saw {count} partitions of {topic}")

    def _find(self, kind: int, key: str) -> None:
        m = types("find_coordinator")
        request = m.FindCoordinatorRequest(key_type=kind, coordinator_keys=(key + self._tail,))
        for _ in range(1000):
            (found,) = self._line("admin").ask("find_coordinator", request).coordinators
            if not found.error_code:
                return
            time.sleep(0.05)
        raise TimeoutError(f"nobody coordinates {key}")

    def _owner_of(self, producer_id: int) -> str:
        return self._owners.get(producer_id, "x")

    def close(self) -> None:
        """Delete the topics, close the connections."""
        names = tuple(topic + self._tail for topic in self._ids)
        request = types("delete_topics").DeleteTopicsRequest(topic_names=names, timeout=_ms(5000))
        self._line("admin").ask("delete_topics", request)
        for line in self._lines.values():
            line.close()

    # -- playing ---------------------------------------------------------------------------------------------

    def play(self, steps: list[Step]) -> None:
        """Raises Differs."""
        for number, step in enumerate(steps):
            if isinstance(step.op.request, str):
                self._order(step.op.request)
            else:
                self._send(step)
                self._waiting[number] = step
            for answered, told in step.answers.items():
                self._expect(answered, told)
            if number in self._waiting:
                time.sleep(SERVED_S)
            self._nobody_else()
        time.sleep(0.1 if self._waiting else 0)
        self._nobody_else()

    def _order(self, text: str) -> None:
        made = re.fullmatch(r"create topic (\w+) partitions=(\d+)", text)
        grown = re.fullmatch(r"add partitions (\w+) to=(\d+)", text)
        if made:
            self._create(made[1], int(made[2]))
            self._await_coordinator(made[1], int(made[2]))
        elif grown:
            self._grow(grown[1], int(grown[2]))
        else:
            raise ValueError(text)

    def _send(self, step: Step) -> None:
        assert not isinstance(step.op.request, str)
        self._line(step.op.line).send(*self._encoder.encode(self.names.put_in(step.op.request)))

    def _expect(self, number: int, expected: Any) -> None:
        """The answer to this op comes, and says what the simulator said; what reads is asked again for a while."""
        step, deadline = self._waiting.pop(number), time.monotonic() + SOON_S
        while True:
            answer = self._line(step.op.line).answer(SOON_S)
            if answer is None:
                raise Differs(f"op {number} {brief(step.op)}:\n    real      waits\n    simulated {expected}")
            told = self._told(step, answer)
            if told == expected:
                break
            self._look_for_draw(step.op.request, told, expected)
            again = isinstance(step.op.request, READS) or busy(told) or any(w in str(told) for w in LOADING)
            if not again or time.monotonic() > deadline:
                raise Differs(
                    f"op {number} {brief(step.op)}:\n    real      {told}\n    simulated {expected}"
                )
            time.sleep(0.01)
            self._send(step)
        if len(told) == 7 and told[4]:
            self._leader = told[4]
        self._settle(step.op.request)

    def _look_for_draw(self, request: Any, told: Any, expected: Any) -> None:
        """Another leader than before, and not the same on both sides."""
        joined = len(told) == len(expected) == 7 and told[:4] == expected[:4]
        if joined and told[4] != expected[4] and self._leader not in (told[4], expected[4]):
            raise PartedWays

    def _nobody_else(self) -> None:
        for number, step in self._waiting.items():
            answer = self._line(step.op.line).answer(0)
            if answer is not None:
                told = self._told(step, answer)
                raise Differs(f"op {number} {brief(step.op)}:\n    real      {told}\n    simulated waits")

    def _settle(self, request: Any) -> None:
        """Wait until the markers are written; the simulator's have been."""
        if isinstance(request, LeaveGroupRequest):
            time.sleep(SERVED_S)  # a rebalance without members ends with a timer of 0 ms
        if isinstance(request, ShareAcknowledgeRequest) and request.epoch == -1:
            time.sleep(RELEASED_S)
        if isinstance(request, ShareGroupHeartbeatRequest) and not request.member_epoch:
            self._await_share(request)
        name = request.transactional_id if isinstance(request, EndTxnRequest | InitProducerIdRequest) else ""
        if not name:
            return
        m = types("describe_transactions")
        wanted = m.DescribeTransactionsRequest(transactional_ids=(name + self._tail,))
        for _ in range(1000):
            self._line("admin").send("describe_transactions", wanted)
            # kio cannot read the answer: a transaction that has not begun began at -1
            if b"Prepare" not in (self._line("admin").answered_bytes(SOON_S) or b""):
                return
            time.sleep(0.01)

    def _await_share(self, request: ShareGroupHeartbeatRequest) -> None:
        """A share group's partitions are made known to the share coordinator before anybody gets them."""
        for _ in range(200):
            said = self._line("admin").ask(*self._encoder.encode(request))
            if said.error_code or (said.assignment and said.assignment.topic_partitions):
                return
            time.sleep(0.02)

    # -- telling ---------------------------------------------------------------------------------------------

    def _plain(self, name: str) -> str:
        return name.removesuffix(self._tail)

    def _told(self, step: Step, answer: Any) -> Any:
        return getattr(self, f"_told_{type(answer).__name__}")(answer, step.op.request)

    def _told_InitProducerIdResponse(self, a: Any, request: InitProducerIdRequest) -> Any:  # noqa: N802
        if request.transactional_id and a.producer_id >= 0:
            self._owners[a.producer_id] = request.transactional_id
        return self._told_EndTxnResponse(a, request)

    def _told_EndTxnResponse(self, a: Any, _: Any) -> Any:  # noqa: N802
        return error_name(a.error_code), self.names.heard_owner(a.producer_id), a.producer_epoch

    def _told_ProduceResponse(self, a: Any, _: ProduceRequest) -> Any:  # noqa: N802
        parts = [
            (self._plain(t.name), p.index, error_name(p.error_code), p.base_offset)
            for t in a.responses
            for p in t.partition_responses
        ]
        return "", sorted(parts)

    def _told_ListOffsetsResponse(self, a: Any, _: ListOffsetsRequest) -> Any:  # noqa: N802
        parts = [
            (self._plain(t.name), p.partition_index, error_name(p.error_code), p.offset)
            for t in a.topics
            for p in t.partitions
        ]
        return "", sorted(parts)

    def _told_FetchResponse(self, a: Any, request: FetchRequest) -> Any:  # noqa: N802
        found, aborted = [], []
        for topic in a.responses:
            name = self._plain(topic.topic)
            for p in topic.partitions:
                batches = self._batches(p.records or b"")
                if p.error_code or batches:
                    part = (name, p.partition_index, error_name(p.error_code), p.high_watermark, batches)
                    found.append(part)
                end = sum(batches[-1][:2]) if batches else 0
                for each in p.aborted_transactions or ():
                    owner = self.names.heard_owner(each.producer_id)
                    # the broker may tell of later ones, too: it looks up to an entry of its sparse index
                    if each.first_offset < end:
                        aborted.append((name, p.partition_index, owner, each.first_offset))
        return error_name(a.error_code), (sorted(found), sorted(aborted))

    def _batches(self, data: bytes) -> list[tuple[int, int, int, int, bool]]:
        found, at = [], 0
        while at < len(data):
            base, length = struct.unpack_from(">qi", data, at)
            attributes, last = struct.unpack_from(">hi", data, at + 21)
            owner, epoch = struct.unpack_from(">qh", data, at + 43)
            found.append((base, last + 1, self.names.heard_owner(owner), epoch, bool(attributes & CONTROL)))
            at += 12 + length
        return found

    def _told_OffsetCommitResponse(self, a: Any, _: Any) -> Any:  # noqa: N802
        errors = [p.error_code for t in a.topics for p in t.partitions]
        return (error_name(next((code for code in errors if code), 0)),)

    def _told_TxnOffsetCommitResponse(self, a: Any, request: TxnOffsetCommitRequest) -> Any:  # noqa: N802
        return self._told_OffsetCommitResponse(a, request)

    def _told_OffsetFetchResponse(self, a: Any, _: OffsetFetchRequest) -> Any:  # noqa: N802
        (group,) = a.groups
        parts = [
            (self._plain(t.name), p.partition_index, error_name(p.error_code), p.committed_offset)
            for t in group.topics
            for p in t.partitions
        ]
        return error_name(group.error_code), sorted(parts)

    def _told_JoinGroupResponse(self, a: Any, _: Any) -> Any:  # noqa: N802
        heard, members = self.names.heard_member, []
        has_id = a.error_code in (0, Error.MEMBER_ID_REQUIRED)  # else the broker repeats the request's
        told = heard(a.member_id) if has_id else "", a.generation_id, a.protocol_name or ""
        for m in sorted(a.members, key=lambda m: m.group_instance_id or ""):
            said = decode_subscription(m.metadata)
            topics = tuple(map(self._plain, said.topics))
            owned = tuple((self._plain(t.topic), n) for t in said.owned_partitions for n in t.partitions)
            members.append((heard(m.member_id), topics, m.group_instance_id, owned))
        return error_name(a.error_code), *told, heard(a.leader), sorted(members), a.skip_assignment

    def _told_SyncGroupResponse(self, a: Any, _: Any) -> Any:  # noqa: N802
        parts = [(self._plain(topic), n) for topic, n in decode_assignment(a.assignment)]
        return error_name(a.error_code), sorted(parts)

    def _told_HeartbeatResponse(self, a: Any, _: Any) -> Any:  # noqa: N802
        return (error_name(a.error_code),)

    def _told_LeaveGroupResponse(self, a: Any, _: Any) -> Any:  # noqa: N802
        return (error_name(a.error_code or next((m.error_code for m in a.members), 0)),)

    def _told_ConsumerGroupHeartbeatResponse(self, a: Any, _: Any) -> Any:  # noqa: N802
        names = {known: name for name, known in self._ids.items()}
        parts = None
        if a.assignment is not None:
            parts = sorted(
                (names[t.topic_id], n) for t in a.assignment.topic_partitions for n in t.partitions
            )
        return error_name(a.error_code), a.member_epoch, parts

    def _told_ShareGroupHeartbeatResponse(self, a: Any, _: Any) -> Any:  # noqa: N802
        return (error_name(a.error_code),)

    def _told_ShareFetchResponse(self, a: Any, request: ShareFetchRequest) -> Any:  # noqa: N802
        names = {known: name for name, known in self._ids.items()}
        told = {topic[:2] for topic in request.acks}
        parts, acked = [], []
        for topic in a.responses:
            for p in topic.partitions:
                place = names[topic.topic_id], p.partition_index
                parts += [
                    (*place, r.first_offset, r.last_offset, r.delivery_count) for r in p.acquired_records
                ]
                if place in told:
                    acked.append((*place, error_name(p.acknowledge_error_code)))
        return error_name(a.error_code), joined(parts), sorted(acked)

    def _told_ShareAcknowledgeResponse(self, a: Any, _: Any) -> Any:  # noqa: N802
        names = {known: name for name, known in self._ids.items()}
        acked = [
            (names[t.topic_id], p.partition_index, error_name(p.error_code))
            for t in a.responses
            for p in t.partitions
        ]
        return error_name(a.error_code), sorted(acked)


def _ms(count: int) -> timedelta:
    return timedelta(milliseconds=count)
