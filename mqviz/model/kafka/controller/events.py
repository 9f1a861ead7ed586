"""What the controller writes: brokers fenced and unfenced, topics, leaders, in-sync sets; and its own
elections.
"""

from __future__ import annotations

from mqviz.model.event import Event, Weight
from mqviz.model.kafka.topic_settings import Values


class PartitionChanged(Event, frozen=True):
    """The controller wrote a new record of a partition (R21); `why` in a few words.

    leader -1: nobody. The leader epoch grows with each change of the leader, the partition epoch with each
    record.
    """

    weight = Weight.MOMENT
    topic: str
    partition: int
    leader: int
    leader_epoch: int
    partition_epoch: int
    isr: tuple[int, ...]
    elr: tuple[int, ...]
    last_known_elr: tuple[int, ...]
    recovering: bool
    why: str


class BrokerFellSilent(Event, frozen=True):
    """The controller hears no heartbeats from now on; the last one came at `heard_at_us` (R10)."""

    broker: int
    heard_at_us: int


class BrokerHeardAgain(Event, frozen=True):
    """Heartbeats of this broker reach the controller again."""

    broker: int


class BrokerFenced(Event, frozen=True):
    """The controller gave a silent broker up: it is in no in-sync set and leads nothing any more (R10)."""

    weight = Weight.MOMENT
    broker: int
    why: str


class BrokerUnfenced(Event, frozen=True):
    """The controller counts on this broker again: it has caught up with the metadata (R10, R28)."""

    weight = Weight.STEP
    broker: int


class BrokerAdded(Event, frozen=True, omit_defaults=True):
    """A new broker's process starts on an empty disk; the controller does not know it yet (R10)."""

    weight = Weight.MOMENT
    broker: int
    rack: str = ""


class ControllerChanged(Event, frozen=True):
    """A controller's process died (`up` False) or runs again."""

    weight = Weight.MOMENT
    controller: int
    up: bool


class ControllerElected(Event, frozen=True):
    """Another controller decides from now on; 0: nobody does, so that nothing about the cluster can change
    (R9).
    """

    weight = Weight.MOMENT
    controller: int


class ClusterStarted(Event, frozen=True, omit_defaults=True):
    """Brokers 1 … brokers are up and know each other; `racks`: the rack of each in turn, if they have any;
    `controllers`: voters (R9).
    """

    brokers: int
    link_latency_us: int
    append_cost_us: int
    initial_rebalance_delay_us: int
    racks: tuple[str, ...] = ()
    controllers: int = 3


class TopicCreated(Event, frozen=True, omit_defaults=True):
    """A topic is there on all brokers; `placement`: for each partition its replicas, the leader first (R13).

    `values`: its settings that are not Kafka's own. `in_sync`: who of each list is in sync, where that is not
    everybody (R12).
    `own`: names of the settings that were given for it, not for all by the brokers.
    """

    weight = Weight.STEP
    topic: str
    min_insync_replicas: int
    placement: tuple[tuple[int, ...], ...]
    values: Values = {}
    in_sync: tuple[tuple[int, ...], ...] = ()
    own: tuple[str, ...] = ()


class TopicAltered(Event, frozen=True):
    """These settings of a topic have other values from now on."""

    weight = Weight.STEP
    topic: str
    values: Values


class PartitionsAdded(Event, frozen=True, omit_defaults=True):
    """The topic has more partitions from number `first` on; `placement` and `in_sync` as in TopicCreated."""

    weight = Weight.MOMENT
    topic: str
    first: int
    placement: tuple[tuple[int, ...], ...]
    in_sync: tuple[tuple[int, ...], ...] = ()


class TopicDeleted(Event, frozen=True):
    """The topic is gone with its records and the offsets that groups committed for it."""

    weight = Weight.MOMENT
    topic: str


class CoordinatorsMoved(Event, frozen=True):
    """Other brokers lead internal partitions: (replicas, leader), -1: nobody."""

    weight = Weight.STEP
    internal_leaders: tuple[tuple[tuple[int, ...], int], ...]

    @property
    def back(self) -> tuple[int, ...]:
        """Brokers that lead again, maybe after nobody."""
        return tuple(leader for _, leader in self.internal_leaders if leader >= 0)
