"""Hardware: a broker's machine loses its power or its speed.

Like a real broker: nothing is flushed by Kafka itself (log.flush.interval.* is never), so with the power goes
what was written since the operating system last wrote its cache to the disk, about every 30 s, and the end is
an unclean one (R37, R23); other machines are told nothing: no connection closes, until the machine is on
again and knows none of them. A slow broker needs k times as long for each append, and a slow link delays each
byte (R4, R5).
Left out: torn writes (S6), flushes when a segment is closed, speeds of disks.
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.model.command.broker import FailPower, SlowBroker
from mqviz.model.kafka.broker.events import BrokerSlowed, PowerFailed, UnflushedLost
from mqviz.model.kafka.cluster import Partition
from mqviz.sim.engine import Simulation, checks, handles
from mqviz.sim.kafka.broker.lifecycle import ended
from mqviz.sim.kafka.choices import broker_in, existing


@checks(FailPower)
def _check_power(sim: Simulation, command: FailPower) -> FailPower:
    broker_in(sim, command.name, "running", "stopping", "paused", "starting")
    if command.writeback <= 0:
        raise Refused("writeback must be longer than 0: what is written at once is never lost")
    return command


@handles(FailPower)
def _power(sim: Simulation, command: FailPower) -> None:
    """The end of a process, told to nobody, and of everything since the last whole `writeback` of the clock
    (R37).
    """
    number = int(command.name)
    sim.cause = why = sim.emit(PowerFailed(*sim.stamp(), number))
    ended(sim, number, "dead", noticed=False)
    flushed_us = sim.now_us - sim.now_us % int(command.writeback)
    for partition in sim.state.cluster.partitions():
        if number in partition.replicas:
            sim.cause = why
            _lose(sim, partition, number, flushed_us)


def _lose(sim: Simulation, partition: Partition, broker: int, flushed_us: int) -> None:
    log = partition.replicas[broker].log
    end, records = log.end, 0
    for batch in log.backwards(log.end):
        if batch.appended_at_us <= flushed_us:
            break
        end, records = batch.base_offset, records + batch.count
    if end < log.end:
        event = UnflushedLost(*sim.stamp(), partition.topic, partition.number, broker, log.end, end, records)
        sim.emit(event)


@checks(SlowBroker)
def _check_slow(sim: Simulation, command: SlowBroker) -> SlowBroker:
    existing(sim, command.name)
    if command.factor < 1:
        raise Refused(f"factor is {command.factor}: a broker is 1 time or more as slow as it was")
    return command


@handles(SlowBroker)
def _slow(sim: Simulation, command: SlowBroker) -> None:
    sim.emit(BrokerSlowed(*sim.stamp(), int(command.name), command.factor, int(command.delay)))
