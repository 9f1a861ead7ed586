"""What mqviz asks a broker: one function a request, giving plain values that hide Kafka's versions.

An `Ask` knows how to build its request and how to read the answer; sending it is the connection's task.
Error numbers are Kafka's own (0 is no error). An answer that carries one error for everything raises
`Rejected`; errors of single topics, partitions and groups stay beside what they concern.
"""

from collections.abc import Callable, Collection, Mapping
from types import ModuleType
from typing import Any, Generic, NamedTuple, TypeVar

from mqviz.wire import apis, codec
from mqviz.wire.apis import Api
from mqviz.wire.reading import Offsets

T = TypeVar("T")

LATEST = -1
"""The time that asks ListOffsets for the end of a log: its high watermark."""
EARLIEST = -2
"""The time that asks ListOffsets for the start of a log."""

_NO_OPERATIONS = {"include_authorized_operations": False}


class Rejected(Exception):
    """The answer is one error for the whole request; `code` is Kafka's number."""

    def __init__(self, code: int) -> None:
        super().__init__(codec.error_name(code))
        self.code = code


class Ask(NamedTuple, Generic[T]):
    """One request: its kind, how to build it from kio's module, how to read the answer into plain values."""

    api: Api
    build: Callable[[ModuleType], Any]
    read: Callable[[Any], T]


class Broker(NamedTuple):
    """A broker as the cluster advertises it."""

    id: int
    host: str
    port: int
    rack: str | None


class Partition(NamedTuple):
    """A partition as Metadata tells it; `leader` is -1 while there is none."""

    partition: int
    leader: int
    leader_epoch: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    error: int


class Topic(NamedTuple):
    """A topic as Metadata tells it; `id` is 32 hexadecimal digits, empty where there is none."""

    name: str
    id: str
    internal: bool
    partitions: tuple[Partition, ...]
    error: int


class Cluster(NamedTuple):
    """What one Metadata answer says. `controller` is, on a KRaft cluster, just some broker to send to."""

    cluster_id: str | None
    controller: int
    brokers: tuple[Broker, ...]
    topics: tuple[Topic, ...]


class Listed(NamedTuple):
    """A group as ListGroups tells it; `type` is empty on brokers before Kafka 3.8."""

    group: str
    type: str
    state: str
    protocol_type: str


class Commits(NamedTuple):
    """A group's commits by topic; offset -1 is no commit."""

    error: int
    topics: tuple[tuple[str, Offsets], ...]


class Held(NamedTuple):
    """Partitions of one topic in a member's hands."""

    topic: str
    partitions: tuple[int, ...]


class Member(NamedTuple):
    """A member of a group; `target` is None where the protocol has no target (classic, share)."""

    id: str
    instance_id: str | None
    client_id: str
    host: str
    epoch: int
    assignment: tuple[Held, ...]
    target: tuple[Held, ...] | None


class Described(NamedTuple):
    """A group as its coordinator describes it; epochs are -1 where the protocol has none."""

    group: str
    error: int
    state: str
    assignor: str
    group_epoch: int
    assignment_epoch: int
    members: tuple[Member, ...]


def api_versions(software_version: str) -> Ask[dict[int, tuple[int, int]]]:
    """Which versions the broker knows: {api key: (oldest, newest)}."""

    def build(m: ModuleType) -> Any:
        if m.ApiVersionsRequest.__version__ < 3:
            return m.ApiVersionsRequest()
        return m.ApiVersionsRequest(client_software_name="mqviz", client_software_version=software_version)

    def read(answer: Any) -> dict[int, tuple[int, int]]:
        return {k.api_key: (k.min_version, k.max_version) for k in answer.api_keys}

    return Ask(apis.API_VERSIONS, build, read)


def metadata(topics: Collection[str] | None = None) -> Ask[Cluster]:
    """Brokers and topics (None: all topics). Never creates a topic."""

    def build(m: ModuleType) -> Any:
        wanted = None if topics is None else tuple(_metadata_topic(m, name) for name in topics)
        return m.MetadataRequest(
            topics=wanted,
            allow_auto_topic_creation=False,
            include_topic_authorized_operations=False,
        )

    return Ask(apis.METADATA, build, _read_cluster)


def list_groups() -> Ask[tuple[Listed, ...]]:
    """The groups that the asked broker coordinates, of every type and in every state."""

    def build(m: ModuleType) -> Any:
        return m.ListGroupsRequest(states_filter=())

    def read(answer: Any) -> tuple[Listed, ...]:
        _check(answer.error_code)
        return tuple(
            Listed(g.group_id, getattr(g, "group_type", ""), g.group_state, g.protocol_type)
            for g in answer.groups
        )

    return Ask(apis.LIST_GROUPS, build, read)


def find_coordinators(groups: Collection[str]) -> Ask[dict[str, tuple[int, int]]]:
    """Who coordinates each group: {group: (broker id, error)}."""

    def build(m: ModuleType) -> Any:
        return m.FindCoordinatorRequest(coordinator_keys=tuple(groups))

    def read(answer: Any) -> dict[str, tuple[int, int]]:
        return {c.key: (c.node_id, c.error_code) for c in answer.coordinators}

    return Ask(apis.FIND_COORDINATOR, build, read)


def offset_fetch(groups: Collection[str]) -> Ask[dict[str, Commits]]:
    """All commits of many groups, in one request to their common coordinator."""

    def build(m: ModuleType) -> Any:
        return m.OffsetFetchRequest(
            groups=tuple(m.OffsetFetchRequestGroup(group_id=group, topics=None) for group in groups)
        )

    def read(answer: Any) -> dict[str, Commits]:
        return {group.group_id: Commits(group.error_code, group.topics) for group in answer.groups}

    return Ask(apis.OFFSET_FETCH, build, read)


def list_offsets(partitions: Mapping[str, Collection[int]], time: int) -> Ask[dict[str, Offsets]]:
    """Where logs end (time=LATEST) or start (EARLIEST), from their leader, by topic.

    An offset below 0 is unknown, whatever its error says.
    """

    def build(m: ModuleType) -> Any:
        more = {"timeout": _milliseconds(1000)} if m.ListOffsetsRequest.__version__ >= 10 else {}
        return m.ListOffsetsRequest(
            replica_id=-1,
            isolation_level=0,
            topics=tuple(
                m.ListOffsetsTopic(
                    name=topic,
                    partitions=tuple(
                        m.ListOffsetsPartition(partition_index=number, timestamp=time) for number in numbers
                    ),
                )
                for topic, numbers in partitions.items()
            ),
            **more,
        )

    def read(answer: Any) -> dict[str, Offsets]:
        return {topic.name: topic.partitions for topic in answer.topics}

    return Ask(apis.LIST_OFFSETS, build, read)


def describe_classic(groups: Collection[str]) -> Ask[tuple[Described, ...]]:
    """Members of groups of the classic protocol."""

    def build(m: ModuleType) -> Any:
        return m.DescribeGroupsRequest(groups=tuple(groups), **_NO_OPERATIONS)

    def read(answer: Any) -> tuple[Described, ...]:
        return tuple(_read_classic(group) for group in answer.groups)

    return Ask(apis.DESCRIBE_GROUPS, build, read)


def describe_consumer(groups: Collection[str]) -> Ask[tuple[Described, ...]]:
    """Members of groups of the consumer protocol (KIP-848), with what they hold and what they are to hold."""

    def build(m: ModuleType) -> Any:
        return m.ConsumerGroupDescribeRequest(group_ids=tuple(groups), **_NO_OPERATIONS)

    return Ask(apis.CONSUMER_GROUP_DESCRIBE, build, _read_described)


def describe_share(groups: Collection[str]) -> Ask[tuple[Described, ...]]:
    """Members of share groups."""

    def build(m: ModuleType) -> Any:
        return m.ShareGroupDescribeRequest(group_ids=tuple(groups), **_NO_OPERATIONS)

    return Ask(apis.SHARE_GROUP_DESCRIBE, build, _read_described)


def _check(code: int) -> None:
    if code:
        raise Rejected(code)


def _milliseconds(count: int) -> Any:
    from datetime import timedelta

    return timedelta(milliseconds=count)


def _metadata_topic(m: ModuleType, name: str) -> Any:
    return m.MetadataRequestTopic(topic_id=None, name=name)


def _read_cluster(answer: Any) -> Cluster:
    _check(getattr(answer, "error_code", 0))
    brokers = tuple(Broker(b.node_id, b.host, b.port, b.rack) for b in answer.brokers)
    topics = tuple(_read_topic(topic) for topic in answer.topics if topic.name is not None)
    return Cluster(answer.cluster_id, answer.controller_id, brokers, topics)


def _read_topic(topic: Any) -> Topic:
    partitions = tuple(
        Partition(p.partition_index, p.leader_id, p.leader_epoch, p.replica_nodes, p.isr_nodes, p.error_code)
        for p in topic.partitions
    )
    return Topic(topic.name, topic.topic_id, topic.is_internal, partitions, topic.error_code)


def _read_classic(group: Any) -> Described:
    members = tuple(
        Member(
            m.member_id, m.group_instance_id, m.client_id, m.client_host, -1, _read_assignment(group, m), None
        )
        for m in group.members
    )
    return Described(
        group.group_id, group.error_code, group.group_state, group.protocol_data, -1, -1, members
    )


def _read_assignment(group: Any, member: Any) -> tuple[Held, ...]:
    """What a member holds; nothing where it is not a consumer or wrote what cannot be read."""
    if group.protocol_type != "consumer":
        return ()
    try:
        return tuple(Held(*held) for held in codec.decode_assignment(member.member_assignment))
    except codec.NotDecodable:
        return ()


def _read_described(answer: Any) -> tuple[Described, ...]:
    return tuple(
        Described(
            group.group_id,
            group.error_code,
            group.group_state,
            group.assignor_name,
            group.group_epoch,
            group.assignment_epoch,
            tuple(_read_member(member) for member in group.members),
        )
        for group in answer.groups
    )


def _read_member(member: Any) -> Member:
    target = getattr(member, "target_assignment", None)
    return Member(
        member.member_id,
        getattr(member, "instance_id", None),
        member.client_id,
        member.client_host,
        member.member_epoch,
        _read_held(member.assignment),
        None if target is None else _read_held(target),
    )


def _read_held(assignment: Any) -> tuple[Held, ...]:
    return tuple(Held(t.topic_name, t.partitions) for t in assignment.topic_partitions)
