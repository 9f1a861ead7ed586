"""Why: what was seen of a real cluster, and what the clients did there that mqviz runs, in plain words.

Each headline says what was seen; where a cause cannot be seen, the reason says so and does not guess.
"""

from __future__ import annotations

from collections.abc import Sequence

from mqviz import facts
from mqviz.explain import rules
from mqviz.explain.registry import explains, told
from mqviz.explain.shares import Partitions, dealt_out, listed, place
from mqviz.facts.views import Why
from mqviz.facts.watched.detail import rebalance_sentence
from mqviz.facts.words import lasting, number, several
from mqviz.model.escape import escape
from mqviz.model.observed import rebalances
from mqviz.model.observed.clients.events import (
    AssignmentReported,
    ClientEnded,
    ClientNotice,
    ClientPaused,
    ClientResumed,
    CommitMade,
    ConsumerStarted,
    ProducerRateSet,
    ProducerStarted,
    RecordDelivered,
    RecordFailed,
    RecordProcessed,
    RecordProduced,
)
from mqviz.model.observed.events import (
    BrokerBack,
    BrokerLost,
    ClusterSeen,
    ConnectionBack,
    ConnectionLost,
    GroupHidden,
    GroupSeen,
    GroupsListed,
    Seen,
    TopicsSeen,
    WatchBegan,
)
from mqviz.model.observed.state import SeenMember, Unknown
from mqviz.model.state import State

MOST_NAMES = 4
"""Names that a headline lists; more are counted."""


def _names(names: list[str]) -> str:
    shown = ", ".join(escape(name) for name in names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"


def _since(event: Seen) -> str:
    """Between which two looks it happened."""
    return f"in the {lasting(event.at_us - event.since_us)} since the look before" if event.since_us else ""


# -- the cluster ---------------------------------------------------------------------------------------------


@explains(WatchBegan)
def _began(_: State, event: WatchBegan) -> Why:
    return told(
        event,
        f"watching {escape(event.bootstrap)}",
        "the last picture stays if it goes away",
        rules.READ_ONLY,
    )


@explains(ConnectionLost)
def _lost(_: State, event: ConnectionLost) -> Why:
    reason = f"{escape(event.reason)}; what is shown is the last that was seen"
    return told(event, "no broker answers", reason, change=_since(event))


@explains(ConnectionBack)
def _back(_: State, event: ConnectionBack) -> Why:
    return told(event, "the cluster answers again", "everything is asked for anew")


@explains(BrokerLost)
def _broker_lost(state: State, event: BrokerLost) -> Why:
    led = _led_by(state, event.broker)
    change = f"{several(led, 'partition')} that it leads: end unknown" if led else ""
    return told(
        event, f"broker {event.broker} does not answer", escape(event.reason), rules.LEADERS, change, 19
    )


@explains(BrokerBack)
def _broker_back(state: State, event: BrokerBack) -> Why:
    led = _led_by(state, event.broker)
    reason = f"it leads {several(led, 'partition')}" if led else "it leads nothing yet"
    return told(event, f"broker {event.broker} answers again", reason, rules.LEADERS, lesson=19)


def _led_by(state: State, broker: int) -> int:
    topics = state.observed.topics.values()
    return sum(partition.leader == broker for topic in topics for partition in topic.partitions)


@explains(ClusterSeen)
def _cluster(_: State, event: ClusterSeen) -> Why:
    brokers = ", ".join(f"{b} at {escape(seen.host)}:{seen.port}" for b, seen in event.brokers.items())
    return told(event, f"the cluster has {several(len(event.brokers), 'broker')}", brokers)


@explains(TopicsSeen)
def _topics(_: State, event: TopicsSeen) -> Why:
    parts = [f"{several(len(event.topics), 'topic')} new or changed"] if event.topics else []
    parts += [f"{several(len(event.gone), 'topic')} gone"] if event.gone else []
    names = _names([*event.topics, *(name for name in event.gone if name not in event.topics)])
    return told(event, ", ".join(parts), names, change=_since(event))


# -- groups --------------------------------------------------------------------------------------------------


@explains(GroupsListed)
def _listed(_: State, event: GroupsListed) -> Why:
    if event.gone and not event.groups:
        return told(event, f"{_names(list(event.gone))} is gone", "its coordinator no longer lists it")
    if len(event.groups) == 1:
        ((name, listed),) = event.groups.items()
        kind = f" ({listed.kind})" if listed.kind else ""
        return told(event, f"{escape(name)}{kind} is {escape(listed.state)}", _since(event))
    headline = f"{several(len(event.groups), 'group')} new or in another state"
    return told(event, headline, _names(list(event.groups)), change=_since(event))


@explains(GroupSeen)
def _group(state: State, event: GroupSeen) -> Why:
    group = state.observed.groups[event.group]
    name = escape(event.group)
    members = several(len(event.members), "member")
    note = group.rebalances[-1] if group.rebalances else None
    if note and note.at_us == event.at_us:
        reason = f"{members}, state {escape(event.state)}"
        if event.state == "Stable" and event.members:
            reason = dealt_out(_shares(event.members))
        headline = f"{name}: {rebalance_sentence(group, note, 'P')}"
        return told(event, headline, reason, rules.ONE_OWNER, _since(event), 15)
    held = len(rebalances.owners(event.members))
    holds = "holds" if len(event.members) == 1 else "hold"
    reason = f"{members} {holds} {several(held, 'partition')}" if event.members else "no members"
    return told(event, f"{name} is {escape(event.state)}", reason, rules.ONE_OWNER, lesson=15)


def _shares(members: Sequence[SeenMember]) -> list[tuple[str, Partitions]]:
    """(member's label, what it holds) of members that were seen."""
    names = rebalances.labels(tuple(members))
    return [
        (names[member.id], [(topic, p) for topic, held in member.assignment.items() for p in held])
        for member in members
    ]


@explains(GroupHidden)
def _hidden(_: State, event: GroupHidden) -> Why:
    what = "members and commits" if event.what == "both" else event.what
    headline = f"the {what} of {escape(event.group)} cannot be read"
    return told(event, headline, escape(event.reason), rules.UNKNOWN_IS_NOT_ZERO)


# -- clients that mqviz runs ---------------------------------------------------------------------------------


@explains(ProducerStarted)
def _producer(_: State, event: ProducerStarted) -> Why:
    reason = f"a process of its own: acks={event.acks}, partitioner {event.partitioner}"
    return told(
        event, f"{escape(event.name)} sends to {escape(event.topic)}", reason, rules.SAME_KEY, lesson=13
    )


@explains(ConsumerStarted)
def _consumer(_: State, event: ConsumerStarted) -> Why:
    headline = f"{escape(event.name)} wants to join {escape(event.group)}"
    return told(
        event,
        headline,
        "a process of its own; it subscribes and waits for partitions",
        rules.ONE_OWNER,
        lesson=15,
    )


@explains(ClientPaused)
def _paused(_: State, event: ClientPaused) -> Why:
    return told(
        event, f"{escape(event.name)} is frozen", "SIGSTOP: its heartbeats stop too", rules.SILENCE, lesson=15
    )


@explains(ClientResumed)
def _resumed(_: State, event: ClientResumed) -> Why:
    reason = "it goes on with what it believed before"
    return told(
        event, f"{escape(event.name)} goes on", reason, "whoever was away learns of it at the next answer"
    )


@explains(ClientEnded)
def _ended(state: State, event: ClientEnded) -> Why:
    name = escape(event.name)
    consumer = event.name in state.observed.driven.consumers
    words = {"closed": "closed", "killed": "was killed (SIGKILL)", "died": "died"}
    rule = (rules.GOODBYE if event.how == "closed" else rules.SILENCE) if consumer else ""
    return told(event, f"{name} {words.get(event.how, event.how)}", escape(event.reason), rule, lesson=15)


@explains(ClientNotice)
def _notice(_: State, event: ClientNotice) -> Why:
    return told(event, f"{escape(event.name)} reports: {escape(event.text)}")


@explains(ProducerRateSet)
def _rate(_: State, event: ProducerRateSet) -> Why:
    return told(event, f"{escape(event.name)} sends {event.rate_per_s:g} records a second", "by command")


@explains(RecordProduced)
def _produced(_: State, event: RecordProduced) -> Why:
    at_offset = f" at offset {number(event.offset)}" if event.offset >= 0 else ""
    reason = "no key: any partition" if event.key is None else f"key {escape(event.key)}"
    change = f"acknowledged after {lasting(event.at_us - event.since_us)}"
    rule = rules.SAME_KEY if event.key is not None else ""
    return told(
        event,
        f"{escape(event.producer)} wrote to {place(event.topic, event.partition)}{at_offset}",
        reason,
        rule,
        change,
        13,
    )


@explains(RecordFailed)
def _failed(_: State, event: RecordFailed) -> Why:
    headline = f"{escape(event.producer)} could not send its record {number(event.number)}"
    return told(event, headline, escape(event.reason), lesson=20)


@explains(RecordDelivered)
def _delivered(_: State, event: RecordDelivered) -> Why:
    headline = f"{escape(event.consumer)} got {_place(event)}"
    return told(event, headline, "poll returned it; now it is in hand", rules.POSITION, lesson=15)


@explains(RecordProcessed)
def _processed(state: State, event: RecordProcessed) -> Why:
    group = state.observed.driven.consumers[event.consumer].group
    committed = facts.committed(state, group, event.topic, event.partition)
    reason = "not committed yet: after a crash it would come again"
    if isinstance(committed, int) and committed > event.offset:
        reason = "it was committed before"
    return told(
        event, f"{escape(event.consumer)} is done with {_place(event)}", reason, rules.NEXT, lesson=16
    )


@explains(CommitMade)
def _committed(state: State, event: CommitMade) -> Why:
    group = state.observed.driven.consumers[event.consumer].group
    lag = facts.partition_lag(state, group, event.topic, event.partition).value
    change = f"lag of P{event.partition} is {number(lag)}" if isinstance(lag, int) else ""
    if isinstance(lag, Unknown):
        change = f"lag unknown: {escape(lag.reason)}"
    headline = (
        f"{escape(event.consumer)} committed {number(event.offset)} of {place(event.topic, event.partition)}"
    )
    return told(event, headline, f"everything before {number(event.offset)} is done", rules.NEXT, change, 16)


@explains(AssignmentReported)
def _assigned(state: State, event: AssignmentReported) -> Why:
    name = escape(event.consumer)
    if not event.settled:
        return told(event, f"{name} gave up its partitions", "the group rebalances", rules.EAGER, lesson=15)
    group = state.observed.driven.consumers[event.consumer].group
    idle = "" if event.partitions else " and sits idle"
    headline = f"{name} gets {listed(event.partitions)}{idle}"
    return told(event, headline, _dealt(state, group), rules.ONE_OWNER, lesson=15)


def _dealt(state: State, group: str) -> str:
    """Who got what, once all have heard it."""
    members = facts.members(state, group)
    if any(member.state in ("joining", "unknown") for member in members):
        return f"{escape(group)} has {several(len(members), 'member')}; not all have heard their share"
    return dealt_out([(member.name, member.partitions) for member in members])


def _place(event: RecordDelivered | RecordProcessed) -> str:
    return f"offset {number(event.offset)} of {place(event.topic, event.partition)}"
