"""Messages of groups, as plain values: of the classic protocol, of the consumer protocol, and offsets."""

from __future__ import annotations

from mqviz.model.holdings import Holdings
from mqviz.model.message import Request


class JoinGroup(Request, frozen=True):
    """Become or stay a member (R101); `member_id` empty the first time; `instance_id` of a static member (R113)."""

    group: str
    member_id: str
    client_id: str
    session_timeout_us: int
    rebalance_timeout_us: int
    assignors: tuple[str, ...]
    topics: tuple[str, ...]
    instance_id: str | None = None
    holdings: Holdings = Holdings()
    protocol_type: str = "consumer"


class SyncGroup(Request, frozen=True):
    """Ask for one's assignment; the leader brings everybody's (R104). `protocol_name`: the assignor that it believes in, None: any."""

    group: str
    generation: int
    member_id: str
    assignments: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    instance_id: str | None = None
    protocol_type: str | None = None
    protocol_name: str | None = None


class Heartbeat(Request, frozen=True):
    """I am alive (R106)."""

    group: str
    generation: int
    member_id: str
    instance_id: str | None = None


class LeaveGroup(Request, frozen=True):
    """Goodbye (R94); with `instance_id` and no member id an administrator removes a static member."""

    group: str
    member_id: str
    instance_id: str | None = None


class ConsumerGroupHeartbeat(Request, frozen=True):
    """Join (`member_epoch` 0), stay, leave (-1) or leave for a while (-2, static) in the consumer protocol (R120, R121).

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


class OffsetCommit(Request, frozen=True):
    """Remember these offsets as the next ones to read (R82). `version`: of the request; 9 is the first that knows member epochs."""

    group: str
    generation: int
    member_id: str
    offsets: tuple[tuple[str, int, int], ...]
    instance_id: str | None = None
    version: int = 9


class OffsetFetch(Request, frozen=True):
    """Which offsets did the group commit?"""

    group: str
    partitions: tuple[tuple[str, int], ...]
    require_stable: bool = False
