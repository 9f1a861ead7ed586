"""State: everything that is true at one moment, as a tree of plain mutable structs; `apply` alone changes it.

Three parts. `cluster` is a simulated Kafka, complete, with plain values. `observed` is a real Kafka as far
as it was seen: each value or `Unknown(reason, since_us)`. `systems` are the other systems of the guide
(services, queues). No struct is shared between two places: ids instead; sealed chunks of a log are
immutable and may be shared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mqviz.model.command.state import CommandLog
from mqviz.model.kafka.cluster import Cluster
from mqviz.model.observed.state import Observed
from mqviz.model.systems.state import Systems


@dataclass(slots=True)
class State:
    """The world after the event with id `last_event`, at `now_us`.

    A dataclass, because a store into a msgspec struct costs four times as much, and each event makes two.
    """

    now_us: int = 0
    last_event: int = 0
    commands: CommandLog = field(default_factory=CommandLog)
    cluster: Cluster = field(default_factory=Cluster)
    observed: Observed = field(default_factory=Observed)
    systems: Systems = field(default_factory=Systems)
