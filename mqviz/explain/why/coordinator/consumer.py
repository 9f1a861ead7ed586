"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/coordinator/consumer."""

from __future__ import annotations

from typing import Final

from mqviz.explain.registry import explains, told
from mqviz.explain.shares import dealt_out, listed
from mqviz.facts.views import Why
from mqviz.facts.words import lasting
from mqviz.model.kafka.coordinator.consumer.events import (
    ConsumerGroupLoaded,
    ConsumerGroupMemberJoined,
    ConsumerGroupMemberRemoved,
    GroupEpochRaised,
    MemberReconciled,
    StaticMemberAway,
    TargetAssigned,
)
from mqviz.model.kafka.coordinator.consumer.state import ConsumerGroup
from mqviz.model.state import State

TARGET: Final = "the coordinator computes who should own what"
"""R122"""

STEPS: Final = "each heartbeat leads its member a step to its target"
"""R123"""

REVOKE_FIRST: Final = "nobody gets a partition that another still has"
"""R123"""

NO_BARRIER: Final = "whoever keeps a partition goes on reading it"
"""R124"""

IN_TIME: Final = "revoke within max.poll.interval.ms, or be removed"
"""R123"""

GOODBYE: Final = "close() says goodbye, so nobody waits for a timeout"
"""R94"""

SESSION: Final = "a silent member is out after the broker's session"
"""R120"""

STATIC: Final = "a static member may come back within its session"
"""R128"""

SURVIVES: Final = "a group is in the log: it survives its coordinator"
"""R99"""


def _group(state: State, name: str) -> ConsumerGroup:
    return state.cluster.consumer_groups[name]


def _clients(group: ConsumerGroup) -> dict[str, str]:
    return {member.member_id: member.client for member in group.members.values()}


@explains(ConsumerGroupLoaded)
def _loaded(_: State, event: ConsumerGroupLoaded) -> Why:
    headline = f"broker {event.coordinator} coordinates {event.group} now"
    return told(event, headline, "every member gets a new session", SURVIVES)


@explains(ConsumerGroupMemberJoined)
def _joined(state: State, event: ConsumerGroupMemberJoined) -> Why:
    count = len(_group(state, event.group).members)
    if event.replaces:
        reason = f"as {event.member_id}, in the place that {event.instance_id} kept"
        return told(event, f"{event.client} is back in {event.group}", reason, STATIC)
    reason = f"with a heartbeat of epoch 0, as member {event.member_id}"
    change = f"members {count - 1} → {count}"
    return told(event, f"{event.client} joins {event.group}", reason, NO_BARRIER, change)


@explains(GroupEpochRaised)
def _raised(_: State, event: GroupEpochRaised) -> Why:
    headline = f"{event.reason}: {event.group} needs a new target"
    return told(event, headline, "", TARGET, f"group epoch {event.epoch - 1} → {event.epoch}")


@explains(TargetAssigned)
def _targeted(state: State, event: TargetAssigned) -> Why:
    names = _clients(_group(state, event.group))
    dealt = dealt_out([(names.get(member, member), parts) for member, parts in event.target])
    headline = f"{event.group}: target of epoch {event.epoch}, by {event.assignor}"
    return told(event, headline, dealt, TARGET)


@explains(MemberReconciled)
def _reconciled(state: State, event: MemberReconciled) -> Why:
    group = _group(state, event.group)
    client = group.members[event.member_id].client
    if event.state == "UNREVOKED":
        headline = f"{client} is told to give up {listed(event.revoking)}"
        reason = f"it keeps {listed(event.assigned)}, has {lasting(event.revoke_by_us - event.at_us)}"
        return told(event, headline, reason, IN_TIME)
    change = f"member epoch {event.epoch} of {group.epoch}"
    headline = f"{client} may read {listed(event.assigned)}"
    if event.state == "UNRELEASED":
        return told(event, headline, "it waits for the rest, which others still have", REVOKE_FIRST, change)
    return told(event, headline, "it has reached its target", STEPS, change)


@explains(StaticMemberAway)
def _away(state: State, event: StaticMemberAway) -> Why:
    member = _group(state, event.group).members[event.member_id]
    reason = f"its place and {listed(member.assigned)} are kept for {member.instance_id}"
    return told(event, f"{member.client} left for a while", reason, STATIC)


@explains(ConsumerGroupMemberRemoved)
def _removed(state: State, event: ConsumerGroupMemberRemoved) -> Why:
    reasons = {
        "left": ("it said goodbye", GOODBYE),
        "session expired": ("its session is over without a heartbeat", SESSION),
        "did not revoke": ("it did not say in time that it gave up its partitions", IN_TIME),
    }
    reason, rule = reasons[event.reason]
    count = len(_group(state, event.group).members)
    change = f"members {count + 1} → {count}, group epoch {event.epoch}"
    return told(event, f"{event.client} is out of {event.group}", reason, rule, change)
