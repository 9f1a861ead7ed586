"""Members of the consumer protocol join, leave and reconcile; the group epoch rises; a target is computed."""

from __future__ import annotations

from mqviz.model.event import Event, Weight
from mqviz.model.kafka.coordinator.consumer.state import Partitions


class ConsumerGroupCreated(Event, frozen=True):
    """The first member of a group of the consumer protocol asks its coordinator (R99, R120)."""

    group: str
    coordinator: int


class ConsumerGroupLoaded(Event, frozen=True):
    """Another broker coordinates the group now; it read everything from the log and gives every member a new
    session (R99).
    """

    weight = Weight.STEP
    group: str
    coordinator: int


class ConsumerGroupMemberJoined(Event, frozen=True):
    """A member came with epoch 0; `replaces`: the id of the static member that was away and whose place it
    takes (R128).
    """

    weight = Weight.STEP
    group: str
    member_id: str
    client: str
    instance_id: str
    replaces: str


class ConsumerGroupMemberUpdated(Event, frozen=True):
    """A member told its subscription, its rebalance timeout or the assignor that it wants."""

    group: str
    member_id: str
    rebalance_timeout_us: int
    topics: tuple[str, ...]
    server_assignor: str


class ConsumerGroupMemberHeard(Event, frozen=True):
    """A heartbeat counted, so the member's session starts anew (R120)."""

    group: str
    member_id: str


class GroupEpochRaised(Event, frozen=True):
    """The group needs a new target assignment; `reason` is a few words, `metadata` what it knows of its
    topics now (R122).
    """

    weight = Weight.MOMENT
    group: str
    epoch: int
    reason: str
    metadata: tuple[tuple[str, int], ...]


class TargetAssigned(Event, frozen=True):
    """The coordinator computed who should own what (R122)."""

    weight = Weight.MOMENT
    group: str
    epoch: int
    assignor: str
    target: tuple[tuple[str, Partitions], ...]


class MemberReconciled(Event, frozen=True):
    """A member's heartbeat led it a step towards its target (R123); `revoke_by_us`: 0 if it has nothing to
    give up.
    """

    weight = Weight.STEP
    group: str
    member_id: str
    state: str
    epoch: int
    assigned: Partitions
    revoking: Partitions
    revoke_by_us: int


class StaticMemberAway(Event, frozen=True):
    """A static member closed with epoch -2: it keeps what it has until its session ends (R128)."""

    weight = Weight.STEP
    group: str
    member_id: str


class ConsumerGroupMemberRemoved(Event, frozen=True):
    """A member is out, which raises the group epoch; `reason`: left, session expired, did not revoke (R122,
    R123).
    """

    weight = Weight.MOMENT
    group: str
    member_id: str
    client: str
    reason: str
    epoch: int
    metadata: tuple[tuple[str, int], ...]
