"""Leading: what a broker does when it learns that it leads a partition, or leads it no more.

Like a real broker: a new leader's high watermark rises as its followers fetch (R25); whoever waits at one that leads no more is told so at once (R31); a
follower begins to fetch from the new leader, which tells it where to cut (R26). Left out: time to load a log.
"""

from __future__ import annotations

from mqviz.model.cluster import Partition
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka import isr, parked, replica


def took_effect(sim: Simulation, partition: Partition, broker: int, led: bool, moved: bool) -> None:
    """`broker` just learned of a new record. `led`: it led until now; `moved`: the leadership is another one."""
    leads = partition.replicas[broker].leader == broker
    if led and moved:
        parked.leader_moved(sim, partition, broker)
    if leads:
        replica.advance_high_watermark(sim, partition, broker)
        isr.look_again(sim, partition, broker)
    elif moved:
        replica.start(sim, broker)
