"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/broker."""

from __future__ import annotations

from mqviz.explain import rules
from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import several
from mqviz.model.kafka.broker.events import (
    BrokerProcessChanged,
    BrokerSlowed,
    ClusterAltered,
    ControlledShutdownBegan,
    PowerFailed,
    ReplicaLost,
    UnflushedLost,
)
from mqviz.model.state import State


@explains(PowerFailed)
def _power(_: State, event: PowerFailed) -> Why:
    return told(
        event, f"broker {event.broker} has no power", "no connection closes, nobody is told", rules.POWER
    )


@explains(UnflushedLost)
def _lost(_: State, event: UnflushedLost) -> Why:
    return told(
        event,
        f"broker {event.broker} loses {several(event.records, 'record')} of {event.topic} P{event.partition}",
        "they were in the cache of its operating system only",
        rules.POWER,
        f"log end {event.before} → {event.end}",
    )


@explains(BrokerSlowed)
def _slowed(_: State, event: BrokerSlowed) -> Why:
    if event.factor == 1 and not event.delay_us:
        return told(event, f"broker {event.broker} is as fast as it was")
    more = f", each byte {event.delay_us / 1000:g} ms later" if event.delay_us else ""
    return told(
        event, f"broker {event.broker} becomes slow", f"an append takes {event.factor} times as long{more}"
    )


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


@explains(ControlledShutdownBegan)
def _leaving(_: State, event: ControlledShutdownBegan) -> Why:
    return told(
        event,
        f"the controller lets others lead what broker {event.broker} leads",
        "it wants to stop, and may once every other broker has heard of this",
        rules.ELECTION,
    )


@explains(ReplicaLost)
def _replica_lost(_: State, event: ReplicaLost) -> Why:
    return told(
        event, f"the disk of broker {event.broker} is lost", f"{event.topic} P{event.partition} begins empty"
    )


@explains(ClusterAltered)
def _altered(_: State, event: ClusterAltered) -> Why:
    news = ", ".join(f"{name}={value}" for name, value in event.values.items())
    return told(event, f"all brokers: {news}", "topics without a value of their own follow")
