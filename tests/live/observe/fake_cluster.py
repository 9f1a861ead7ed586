"""A cluster without Java that does as a test says: its brokers answer what mqviz asks, fail, freeze or lie."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from kio.schema.errors import ErrorCode

from mqviz.wire import apis, codec, reading
from mqviz.wire.address import Address
from mqviz.wire.apis import Api
from tests.wire.fake import body, frame, listening, versions

NO_TIME = timedelta()
BY_KEY = {api.key: api for api in apis.READ_ONLY}


@dataclass
class Group:
    coordinator: int = 1
    kind: str = "classic"
    state: str = "Stable"
    commits: dict[str, dict[int, int]] = field(default_factory=dict)
    members: dict[str, dict[str, tuple[int, ...]]] = field(default_factory=dict)
    error: int = 0


@dataclass
class FakeCluster:
    """`topics`: {name: leader of each partition}; `ends`: {(topic, partition): offset}.

    `errors`: {(api name, topic or group): code}; `frozen`: brokers that accept and never answer;
    `silenced`: those of them that were asked something.
    """

    topics: dict[str, list[int]] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    errors: dict[tuple[str, str], int] = field(default_factory=dict)
    frozen: set[int] = field(default_factory=set)
    silenced: set[int] = field(default_factory=set)
    moved: dict[str, int] = field(default_factory=dict)
    """Groups whose coordinator is another one than ListGroups says."""
    seen: list[tuple[int, str]] = field(default_factory=list)
    listening_at: Address | None = None
    addresses: dict[int, Address] = field(default_factory=dict)

    def asked(self, name: str) -> int:
        return sum(api == name for _, api in self.seen)

    @property
    def bootstrap(self) -> str:
        return ",".join(map(str, self.addresses.values()))

    @asynccontextmanager
    async def running(self, brokers: int = 1) -> AsyncIterator["FakeCluster"]:
        async with AsyncExitStack() as stack:
            for broker in range(1, brokers + 1):
                self.addresses[broker] = await stack.enter_async_context(self.listening(broker))
            yield self

    def listening(self, broker: int) -> Any:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(broker, reader, writer)

        return listening(serve, self.listening_at.port if self.listening_at else 0)

    async def _serve(self, broker: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                data = await reader.readexactly(size)
            except asyncio.IncompleteReadError:
                return
            while broker in self.frozen:
                self.silenced.add(broker)
                await asyncio.sleep(0.01)
            key, version, number = struct.unpack_from(">hhi", data)
            api = BY_KEY[key]
            self.seen.append((broker, api.name))
            writer.write(frame(number, self._answer(broker, api, version, data)))

    def _answer(self, broker: int, api: Api, version: int, data: bytes) -> Any:
        if api is apis.API_VERSIONS:
            return versions(version)
        kind = getattr(codec.schema(api, version, "request"), f"{api.name}Request")
        (client_id_size,) = struct.unpack_from(">h", data, 8)
        value, _ = reading.read_entity(kind, data, 8 + 2 + client_id_size + 1)
        m = codec.schema(api, version, "response")
        return getattr(self, f"_{api.schema}")(m, broker, value)

    def _error(self, api: Api, name: str) -> ErrorCode:
        return ErrorCode(self.errors.get((api.name, name), 0))

    def _metadata(self, m: Any, broker: int, request: Any) -> Any:
        brokers = tuple(
            m.MetadataResponseBroker(node_id=n, host=a.host, port=a.port) for n, a in self.addresses.items()
        )
        names = self.topics if request.topics is None else [topic.name for topic in request.topics]
        return m.MetadataResponse(
            throttle_time=NO_TIME,
            brokers=brokers,
            cluster_id="fake",
            controller_id=1,
            topics=tuple(self._topic(m, name) for name in names),
            error_code=ErrorCode(0),
        )

    def _topic(self, m: Any, name: str) -> Any:
        error = self._error(apis.METADATA, name)
        if not error and name not in self.topics:
            error = ErrorCode.unknown_topic_or_partition
        partitions = tuple(
            m.MetadataResponsePartition(
                error_code=ErrorCode(0),
                partition_index=number,
                leader_id=leader,
                leader_epoch=0,
                replica_nodes=(leader,),
                isr_nodes=(leader,),
                offline_replicas=(),
            )
            for number, leader in enumerate(self.topics.get(name, ()))
        )
        return m.MetadataResponseTopic(
            error_code=error,
            name=name,
            topic_id=None if error else uuid5(UUID(int=0), name),
            partitions=() if error else partitions,
        )

    def _list_groups(self, m: Any, broker: int, request: Any) -> Any:
        listed = tuple(
            m.ListedGroup(group_id=name, protocol_type="consumer", group_state=g.state, group_type=g.kind)
            for name, g in self.groups.items()
            if g.coordinator == broker
        )
        error = self._error(apis.LIST_GROUPS, "")
        return m.ListGroupsResponse(throttle_time=NO_TIME, error_code=error, groups=() if error else listed)

    def _coordinator(self, group: str) -> int:
        return self.moved.get(group, self.groups[group].coordinator)

    def _find_coordinator(self, m: Any, broker: int, request: Any) -> Any:
        found = tuple(
            m.Coordinator(
                key=name,
                node_id=self._coordinator(name),
                host="h",
                port=1,
                error_code=self._error(apis.FIND_COORDINATOR, name),
                error_message=None,
            )
            for name in request.coordinator_keys
        )
        return m.FindCoordinatorResponse(throttle_time=NO_TIME, coordinators=found)

    def _group_error(self, api: Api, broker: int, name: str) -> ErrorCode:
        if broker != self._coordinator(name):
            return ErrorCode.not_coordinator
        return self._error(api, name)

    def _offset_fetch(self, m: Any, broker: int, request: Any) -> Any:
        groups = tuple(self._commits(m, broker, group.group_id) for group in request.groups)
        return m.OffsetFetchResponse(throttle_time=NO_TIME, groups=groups)

    def _commits(self, m: Any, broker: int, name: str) -> Any:
        error = self._group_error(apis.OFFSET_FETCH, broker, name)
        topics = tuple(
            m.OffsetFetchResponseTopics(
                name=topic,
                partitions=tuple(
                    m.OffsetFetchResponsePartitions(
                        partition_index=number,
                        committed_offset=offset,
                        metadata="",
                        error_code=self._error(apis.OFFSET_FETCH, f"{topic}-{number}"),
                    )
                    for number, offset in offsets.items()
                ),
            )
            for topic, offsets in self.groups[name].commits.items()
        )
        return m.OffsetFetchResponseGroup(group_id=name, topics=() if error else topics, error_code=error)

    def _list_offsets(self, m: Any, broker: int, request: Any) -> Any:
        topics = tuple(
            m.ListOffsetsTopicResponse(
                name=topic.name,
                partitions=tuple(
                    self._offset(m, broker, topic.name, p.partition_index, p.timestamp)
                    for p in topic.partitions
                ),
            )
            for topic in request.topics
        )
        return m.ListOffsetsResponse(throttle_time=NO_TIME, topics=topics)

    def _offset(self, m: Any, broker: int, topic: str, number: int, time: int) -> Any:
        leaders = self.topics.get(topic, [])
        error = self._error(apis.LIST_OFFSETS, f"{topic}-{number}")
        if number >= len(leaders):
            error = ErrorCode.unknown_topic_or_partition
        elif leaders[number] != broker:
            error = ErrorCode.not_leader_or_follower
        offset = -1 if error else (self.ends.get((topic, number), 0) if time == -1 else 0)
        return m.ListOffsetsPartitionResponse(partition_index=number, error_code=error, offset=offset)

    def _describe_groups(self, m: Any, broker: int, request: Any) -> Any:
        groups = tuple(
            m.DescribedGroup(
                error_code=self._group_error(apis.DESCRIBE_GROUPS, broker, name),
                group_id=name,
                group_state=self.groups[name].state,
                protocol_type="consumer",
                protocol_data="range",
                members=tuple(
                    m.DescribedGroupMember(
                        member_id=member,
                        client_id=member,
                        client_host="/127.0.0.1",
                        member_metadata=b"",
                        member_assignment=_assignment(held),
                    )
                    for member, held in self.groups[name].members.items()
                ),
            )
            for name in request.groups
        )
        return m.DescribeGroupsResponse(throttle_time=NO_TIME, groups=groups)

    def _share_group_describe(self, m: Any, broker: int, request: Any) -> Any:
        groups = tuple(
            m.DescribedGroup(
                error_code=self._group_error(apis.SHARE_GROUP_DESCRIBE, broker, name),
                group_id=name,
                group_state=self.groups[name].state,
                group_epoch=3,
                assignment_epoch=3,
                assignor_name="simple",
                members=(),
            )
            for name in request.group_ids
        )
        return m.ShareGroupDescribeResponse(throttle_time=NO_TIME, groups=groups)


def _assignment(held: dict[str, tuple[int, ...]]) -> bytes:
    from kio.schema.consumer_protocol_assignment.v0.data import ConsumerProtocolAssignment, TopicPartition

    parts = tuple(TopicPartition(topic=topic, partitions=numbers) for topic, numbers in held.items())
    return b"\0\0" + body(ConsumerProtocolAssignment(assigned_partitions=parts))
