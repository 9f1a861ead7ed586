"""Why: machines that lose their power, or become slow."""

from __future__ import annotations

from mqviz.explain import rules
from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import several
from mqviz.model.kafka.broker.events import BrokerSlowed, PowerFailed, UnflushedLost
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
