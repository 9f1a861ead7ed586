"""Messages of the classic group protocol, as plain values."""

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


class SyncGroup(Request, frozen=True):
    """Ask for one's assignment; the leader brings everybody's (R104)."""

    group: str
    generation: int
    member_id: str
    assignments: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    instance_id: str | None = None


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
