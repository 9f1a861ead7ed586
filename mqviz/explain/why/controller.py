"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/controller."""

from __future__ import annotations

from mqviz.explain import rules
from mqviz.explain.phrases import broker_set
from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import number, several
from mqviz.model.kafka.cluster import Leadership
from mqviz.model.kafka.controller.events import (
    BrokerAdded,
    BrokerFenced,
    BrokerUnfenced,
    ControllerChanged,
    ControllerElected,
    CoordinatorsMoved,
    PartitionChanged,
    PartitionsAdded,
    TopicAltered,
    TopicCreated,
    TopicDeleted,
)
from mqviz.model.state import State


@explains(BrokerAdded)
def _added(_: State, event: BrokerAdded) -> Why:
    return told(
        event, f"broker {event.broker} starts, a new one", "its disk is empty; new partitions may lie on it"
    )


@explains(BrokerFenced)
def _fenced(_: State, event: BrokerFenced) -> Why:
    reason = "it said goodbye" if event.why == "stopped" else "no heartbeat for broker.session.timeout.ms"
    return told(event, f"the controller fences broker {event.broker}", reason, rules.FENCING)


@explains(BrokerUnfenced)
def _unfenced(_: State, event: BrokerUnfenced) -> Why:
    return told(
        event, f"the controller counts on broker {event.broker} again", "it has caught up", rules.FENCING
    )


@explains(PartitionChanged)
def _changed(state: State, event: PartitionChanged) -> Why:
    where, eligible = (
        f"{event.topic} P{event.partition}",
        f", eligible {broker_set(event.elr)}" if event.elr else "",
    )
    leadership = _new_leadership(state, event)
    if leadership is None:
        return told(
            event, f"in sync for {where}: {broker_set(event.isr)}{eligible}", event.why, rules.IN_SYNC
        )
    leads = f"broker {event.leader} leads" if event.leader >= 0 else "nobody leads"
    how = "  elected uncleanly: committed records may be lost" if event.recovering else ""
    return told(
        event,
        f"{leads} {where}, in sync {broker_set(event.isr)}{eligible}",
        event.why + how,
        rules.ELECTION,
        f"leader epoch {event.leader_epoch}{_gap(leadership)}",
    )


def _new_leadership(state: State, event: PartitionChanged) -> Leadership | None:
    """The reign that this change began; None: the same broker leads on, or nobody does as before."""
    topic = state.cluster.topics.get(event.topic)
    leaderships = topic.partitions[event.partition].leaderships if topic else []
    return next(
        (
            leadership
            for leadership in leaderships
            if leadership.epoch == event.leader_epoch and leadership.at_us == event.at_us
        ),
        None,
    )


def _gap(leadership: Leadership) -> str:
    """For how long nobody answered as the leader, where this reign ends that."""
    if leadership.leader < 0 or leadership.silent_us >= leadership.at_us:
        return ""
    return f", nobody answered for {number((leadership.at_us - leadership.silent_us) // 1_000)} ms"


@explains(ControllerChanged)
def _voter(_: State, event: ControllerChanged) -> Why:
    what = "runs again" if event.up else "dies"
    return told(
        event, f"controller {event.controller} {what}", "a majority of controllers must agree", rules.QUORUM
    )


@explains(ControllerElected)
def _active(_: State, event: ControllerElected) -> Why:
    if event.controller:
        reason = "every broker's session begins anew"
        return told(event, f"controller {event.controller} decides from now on", reason, rules.QUORUM)
    reason = "no topic, leader, in-sync set or fencing can change; leaders go on"
    return told(event, "no controller decides", reason, rules.QUORUM)


@explains(CoordinatorsMoved)
def _coordinators(_: State, event: CoordinatorsMoved) -> Why:
    leaders = sorted({leader for _, leader in event.internal_leaders})
    who = " and ".join(f"broker {leader}" if leader >= 0 else "nobody" for leader in leaders)
    return told(
        event,
        f"{who} {'lead' if len(leaders) > 1 else 'leads'} internal partitions now",
        "the coordinator of a group is its partition's leader",
        rules.ELECTION,
    )


@explains(TopicAltered)
def _altered(_: State, event: TopicAltered) -> Why:
    said = ", ".join(f"{name}={value}" for name, value in event.values.items())
    return told(event, f"{event.topic} has new settings: {said}", "the controller told every broker")


@explains(TopicCreated)
def _topic(_: State, event: TopicCreated) -> Why:
    partitions = several(len(event.placement), "partition")
    copies = several(len(event.placement[0]), "replica")
    places = ", ".join(
        f"P{number} on {' '.join(map(str, ids))}" for number, ids in enumerate(event.placement[:3])
    )
    more = " …" if len(event.placement) > 3 else ""
    headline = f"topic {event.topic}: {partitions}, {copies} each"
    return told(event, headline, f"{places}{more}; the first leads", rules.STRIPE, lesson=13)


GROWTH = "partitions are only added; keys move, records stay"

DELETION = "a topic takes its records and commits with it"


@explains(PartitionsAdded)
def _partitions_added(_: State, event: PartitionsAdded) -> Why:
    more = several(len(event.placement), "more partition")
    total = event.first + len(event.placement)
    reason = "clients that do not know yet go on with the old number"
    return told(event, f"{event.topic} gets {more}", reason, GROWTH, f"partitions {event.first} → {total}")


@explains(TopicDeleted)
def _deleted(_: State, event: TopicDeleted) -> Why:
    return told(
        event, f"topic {event.topic} is deleted", "who still asks for it is told that it is unknown", DELETION
    )
