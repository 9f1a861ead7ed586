"""Every request that mqviz can put on the wire. All of them read; none changes anything in a cluster.

The range of versions is what `asks` knows how to build and read: from Kafka 3.0 up to what kio carries.
"""

from typing import NamedTuple


class Api(NamedTuple):
    """One kind of request: Kafka's number and name for it, and the versions that mqviz speaks."""

    key: int
    name: str
    schema: str
    oldest: int
    newest: int


API_VERSIONS = Api(18, "ApiVersions", "api_versions", 0, 4)
METADATA = Api(3, "Metadata", "metadata", 11, 13)
LIST_GROUPS = Api(16, "ListGroups", "list_groups", 4, 5)
FIND_COORDINATOR = Api(10, "FindCoordinator", "find_coordinator", 4, 6)
# Version 10 names topics by id, and a deleted topic has none: its commits would lose their name.
OFFSET_FETCH = Api(9, "OffsetFetch", "offset_fetch", 8, 9)
LIST_OFFSETS = Api(2, "ListOffsets", "list_offsets", 7, 11)
DESCRIBE_GROUPS = Api(15, "DescribeGroups", "describe_groups", 5, 6)
CONSUMER_GROUP_DESCRIBE = Api(69, "ConsumerGroupDescribe", "consumer_group_describe", 0, 1)
SHARE_GROUP_DESCRIBE = Api(77, "ShareGroupDescribe", "share_group_describe", 1, 1)

READ_ONLY = (
    API_VERSIONS,
    METADATA,
    LIST_GROUPS,
    FIND_COORDINATOR,
    OFFSET_FETCH,
    LIST_OFFSETS,
    DESCRIBE_GROUPS,
    CONSUMER_GROUP_DESCRIBE,
    SHARE_GROUP_DESCRIBE,
)
