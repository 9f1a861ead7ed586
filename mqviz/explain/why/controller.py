"""Why: brokers that fail and come back, leaders that change, replicas that fall behind or cut their logs."""

from __future__ import annotations

from mqviz.explain import rules
from mqviz.explain.registry import explains, told
from mqviz.facts import replication
from mqviz.facts.views import Why
from mqviz.facts.words import names, number, several
from mqviz.model.kafka.broker.events import BrokerProcessChanged, ControlledShutdownBegan, ReplicaLost
from mqviz.model.kafka.cluster import Leadership
from mqviz.model.kafka.controller.events import (
    BrokerAdded,
    BrokerFenced,
    BrokerUnfenced,
    ControllerChanged,
    ControllerElected,
    CoordinatorsMoved,
    PartitionChanged,
)
from mqviz.model.kafka.metadata.events import MetadataLearned
from mqviz.model.kafka.network.events import ConnectionBroken, LinksCut, LinksHealed
from mqviz.model.kafka.replication.events import IsrProposed, LeadershipForgotten, ReplicaTruncated
from mqviz.model.state import State

_PROCESS = {
    "running": ("is up", "it registers with the controller and catches up"),
    "stopping": ("is asked to stop", "the controller moves what it leads first"),
    "stopped": ("has stopped", "its leaderships moved before it went"),
    "dead": ("dies", "its connections close; the controller hears nothing"),
    "paused": ("freezes", "its sockets stay open, and nobody is told"),
    "starting": ("starts", "on the disk that it left"),
}


@explains(BrokerProcessChanged)
def _process(_: State, event: BrokerProcessChanged) -> Why:
    what, reason = _PROCESS[event.process]
    return told(event, f"broker {event.broker} {what}", reason)


@explains(BrokerAdded)
def _added(_: State, event: BrokerAdded) -> Why:
    return told(
        event, f"broker {event.broker} starts, a new one", "its disk is empty; new partitions may lie on it"
    )


@explains(BrokerFenced)
def _fenced(_: State, event: BrokerFenced) -> Why:
    reason = "it said goodbye" if event.why == "stopped" else "no heartbeat for broker.session.timeout.ms"
    return told(event, f"the controller fences broker {event.broker}", reason, rules.FENCING)


@explains(ControlledShutdownBegan)
def _leaving(_: State, event: ControlledShutdownBegan) -> Why:
    return told(
        event,
        f"the controller lets others lead what broker {event.broker} leads",
        "it wants to stop, and may once every other broker has heard of this",
        rules.ELECTION,
    )


@explains(BrokerUnfenced)
def _unfenced(_: State, event: BrokerUnfenced) -> Why:
    return told(
        event, f"the controller counts on broker {event.broker} again", "it has caught up", rules.FENCING
    )


@explains(LinksCut)
def _cut(_: State, event: LinksCut) -> Why:
    return told(event, f"{names(list(event.nodes))} cut off", "no byte passes, and nobody is told")


@explains(LinksHealed)
def _healed(_: State, event: LinksHealed) -> Why:
    return told(event, f"{names(list(event.nodes))} linked again", "what was held passes now")


@explains(PartitionChanged)
def _changed(state: State, event: PartitionChanged) -> Why:
    where, eligible = (
        f"{event.topic} P{event.partition}",
        f", eligible {_set(event.elr)}" if event.elr else "",
    )
    leadership = _new_leadership(state, event)
    if leadership is None:
        return told(event, f"in sync for {where}: {_set(event.isr)}{eligible}", event.why, rules.IN_SYNC)
    leads = f"broker {event.leader} leads" if event.leader >= 0 else "nobody leads"
    how = "  elected uncleanly: committed records may be lost" if event.recovering else ""
    return told(
        event,
        f"{leads} {where}, in sync {_set(event.isr)}{eligible}",
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


def _set(brokers: tuple[int, ...]) -> str:
    return " ".join(map(str, brokers)) or "none"


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


@explains(MetadataLearned)
def _metadata(_: State, event: MetadataLearned) -> Why:
    topic, number, leader, epoch = event.leaders[0]
    more = f" and of {several(len(event.leaders) - 1, 'more partition')}" if len(event.leaders) > 1 else ""
    who = f"broker {leader} leads" if leader >= 0 else "nobody leads"
    return told(
        event,
        f"{event.client} learns that {who} {topic} P{number}{more}",
        "it believes this until it hears otherwise",
        rules.METADATA,
        f"leader epoch {epoch}",
    )


@explains(IsrProposed)
def _proposed(_: State, event: IsrProposed) -> Why:
    return told(
        event,
        f"broker {event.broker} asks for other in-sync replicas",
        f"{event.topic} P{event.partition}: {_set(event.isr)}",
        rules.IN_SYNC,
    )


@explains(ReplicaTruncated)
def _truncated(state: State, event: ReplicaTruncated) -> Why:
    return told(
        event,
        f"broker {event.broker} cuts its log from end {event.before} back to {event.end}",
        _cut_records(state, event),
        rules.TRUNCATION,
        f"log end {event.before} → {event.end}",
    )


def _cut_records(state: State, event: ReplicaTruncated) -> str:
    """Which records went, where the leader's epoch begins without them, and whether anybody was promised
    them.
    """
    many = (
        f"{several(event.records, 'record')} of {event.topic} P{event.partition} that its leader does "
        "not have"
    )
    if event.topic not in state.cluster.topics:
        return many
    cut = replication.cut(state, event.topic, event.partition, event.broker)
    if cut is None or cut.at_us != event.at_us:
        return many
    lost = [cell for cell in cut.cells if cell.lost]
    if not lost:
        return f"{many}; none was acknowledged and lost"
    named = ", ".join(f"{cell.offset}" + (f" ({cell.key})" if cell.key else "") for cell in lost[:3])
    more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
    return f"epoch {cut.epoch} began at {cut.end} without {named}{more}: acknowledged, and lost now"


@explains(LeadershipForgotten)
def _forgotten(_: State, event: LeadershipForgotten) -> Why:
    return told(
        event,
        f"broker {event.broker} strikes leader epoch {event.epoch} of {event.topic} P{event.partition} "
        "from its notes",
        "it led then, but wrote nothing, and its leader knows of no such epoch",
        rules.TRUNCATION,
    )


@explains(ReplicaLost)
def _lost(_: State, event: ReplicaLost) -> Why:
    return told(
        event, f"the disk of broker {event.broker} is lost", f"{event.topic} P{event.partition} begins empty"
    )


@explains(ConnectionBroken)
def _broken(_: State, event: ConnectionBroken) -> Why:
    who = event.connection.rpartition(" to ")[0]
    reason = f"{several(len(event.numbers), 'request')} on it end with {event.named}"
    return told(event, f"{who} loses its connection to broker {event.broker}", reason, rules.CONNECTIONS)
