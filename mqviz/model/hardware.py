"""Hardware: machines that lose their power, or become slow (R5, R37)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model import ledger
from mqviz.model.event import Event, Weight, applies

if TYPE_CHECKING:
    from mqviz.model.state import State


class PowerFailed(Event, frozen=True):
    """A broker's machine is off: its process is gone, and so is what only its memory held; nobody is told (R37)."""

    weight = Weight.MOMENT
    broker: int


class UnflushedLost(Event, frozen=True):
    """What a broker had written since its operating system last wrote to the disk is gone: its log ended at `before`, now at `end` (R37)."""

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    before: int
    end: int
    records: int


class BrokerSlowed(Event, frozen=True):
    """A broker needs `factor` times as long for an append, and every byte to and from it `delay_us` more (R4, R5)."""

    weight = Weight.MOMENT
    broker: int
    factor: int
    delay_us: int


@applies(PowerFailed)
def _dark(state: State, event: PowerFailed) -> None:
    state.cluster.brokers[event.broker].dark = True


@applies(UnflushedLost)
def _lost(state: State, event: UnflushedLost) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    copy = partition.replicas[event.broker]
    copy.log.truncate(event.end)
    copy.high_watermark = min(copy.high_watermark, event.end)
    ledger.damaged(state.cluster, partition, event.broker, "power")


@applies(BrokerSlowed)
def _slowed(state: State, event: BrokerSlowed) -> None:
    broker = state.cluster.brokers[event.broker]
    broker.slow, broker.delay_us = event.factor, event.delay_us
