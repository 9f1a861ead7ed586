"""Members of a share group join and leave; records are acquired, acknowledged, released, archived."""

from __future__ import annotations

from mqviz.model.event import Event, Weight


class ShareGroupLoaded(Event, frozen=True):
    """Another broker coordinates a share group now; every member's session begins anew (R99)."""

    weight = Weight.STEP
    group: str
    coordinator: int


class ShareGroupCreated(Event, frozen=True):
    """Somebody asked for a share group that did not exist;
    `coordinator` is the broker that looks after it.
    """

    group: str
    coordinator: int


class ShareMemberJoined(Event, frozen=True):
    """A heartbeat with epoch 0 made a new member, or told the topics of one (R130)."""

    weight = Weight.STEP
    group: str
    member_id: str
    client: str
    topics: tuple[str, ...]


class ShareMemberHeard(Event, frozen=True):
    """Something came from a member, so its session starts anew."""

    group: str
    member_id: str


class ShareMemberRemoved(Event, frozen=True):
    """A member is out; `reason`: left, or session expired."""

    weight = Weight.MOMENT
    group: str
    member_id: str
    client: str
    reason: str


class ShareTargetAssigned(Event, frozen=True):
    """The coordinator shared the partitions out anew (R130);
    each member hears of it with its next heartbeat.
    """

    weight = Weight.STEP
    group: str
    epoch: int
    counted: tuple[tuple[str, int], ...]
    assignments: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]


class ShareMemberTold(Event, frozen=True):
    """A member was told the epoch and its partitions."""

    group: str
    member_id: str
    epoch: int


class SharePartitionStarted(Event, frozen=True):
    """The partition leader opened the group's window at `start`, because of `reset`: earliest, latest …
    (R134).
    """

    weight = Weight.STEP
    group: str
    topic: str
    partition: int
    start: int
    reset: str
    lock_us: int
    limit: int
    in_flight: int
    leader: int


class ShareLeaderMoved(Event, frozen=True):
    """Another broker leads the partition: it knows what was written, so what was acquired is free, as if not
    delivered.
    """

    weight = Weight.STEP
    group: str
    topic: str
    partition: int
    leader: int


class ShareRecordsAcquired(Event, frozen=True):
    """A member has these records (first, end, deliveries), alone, until `until_us` (R131, R132).

    `portion`: (first, end) of what the window took in for it; there may be more than the member has.
    """

    weight = Weight.STEP
    group: str
    topic: str
    partition: int
    member_id: str
    client: str
    lock: int
    until_us: int
    ranges: tuple[tuple[int, int, int], ...]
    portion: tuple[int, int] | None = None


class ShareRecordsSettled(Event, frozen=True):
    """Acquired records moved on: (first, end, type of acknowledgement); one state write (R131).

    `because`: acknowledged, lock over, or disconnected.
    """

    weight = Weight.STEP
    group: str
    topic: str
    partition: int
    member_id: str
    client: str
    because: str
    moves: tuple[tuple[int, int, str], ...]


class ShareRecordArchived(Event, frozen=True):
    """A record was given back after its last delivery: nobody gets it any more (R132)."""

    weight = Weight.MOMENT
    group: str
    topic: str
    partition: int
    offset: int
    key: str | None
    deliveries: int
    client: str


class ShareLocksRenewed(Event, frozen=True):
    """The member goes on having these records (first, end), with a new lock until `until_us` (R132)."""

    weight = Weight.STEP
    group: str
    topic: str
    partition: int
    member_id: str
    client: str
    lock: int
    until_us: int
    ranges: tuple[tuple[int, int], ...]


class ShareGapsPassed(Event, frozen=True):
    """These offsets (first, end) hold nothing to deliver: markers, or what the cleaner took.

    `log_start`: where the log begins now, 0 if the window begins there or later: what is before it is over
    for everybody.
    """

    group: str
    topic: str
    partition: int
    ranges: tuple[tuple[int, int], ...]
    log_start: int = 0
