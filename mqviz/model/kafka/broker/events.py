"""A broker's process stops, dies, freezes, goes on; its disk is lost, its machine fails, settings change."""

from __future__ import annotations

from mqviz.model.event import Event, Weight
from mqviz.model.kafka.topic_settings import Values


class ReplicaLost(Event, frozen=True):
    """A broker's copy of a partition is gone with its disk; it begins again empty (R5)."""

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int


class BrokerProcessChanged(Event, frozen=True):
    """A broker's process stopped, died, froze, went on or started; nobody else needs to know yet."""

    weight = Weight.MOMENT
    broker: int
    process: str


class ControlledShutdownBegan(Event, frozen=True):
    """The controller knows that a broker wants to stop: others lead what it led from now on (R11)."""

    weight = Weight.STEP
    broker: int


class PowerFailed(Event, frozen=True):
    """A broker's machine is off: its process is gone, and so is what only its memory held; nobody is told
    (R37).
    """

    weight = Weight.MOMENT
    broker: int


class UnflushedLost(Event, frozen=True):
    """What a broker had written since its operating system last wrote to the disk is gone: its log ended at
    `before`, now at `end` (R37).
    """

    weight = Weight.MOMENT
    topic: str
    partition: int
    broker: int
    before: int
    end: int
    records: int


class BrokerSlowed(Event, frozen=True):
    """A broker needs `factor` times as long for an append, and every byte to and from it `delay_us` more (R4,
    R5).
    """

    weight = Weight.MOMENT
    broker: int
    factor: int
    delay_us: int


class ClusterAltered(Event, frozen=True):
    """These settings of all brokers have other values from now on; `topics`: the same by the names that
    topics have for them.
    """

    weight = Weight.STEP
    values: Values
    topics: Values
