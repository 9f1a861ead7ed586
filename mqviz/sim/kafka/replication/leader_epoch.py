"""Epochs: what a broker says of leaderships, to whoever names one.

Like a real broker: a request that names an older leader epoch than the broker's is fenced, one that names a
newer one is told that it is unknown (R27); OffsetForLeaderEpoch says where a leadership ended in the leader's
log (R26).
Left out: consumers that check their positions by it after each change of the leader.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.log.state import Replica
from mqviz.model.kafka.protocol.requests import OffsetForLeaderEpochRequest
from mqviz.model.kafka.protocol.responses import OffsetForLeaderEpochResponse
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.network.connection import connection_of, respond, serves


def checked(copy: Replica | None, broker: int, current: int) -> Error:
    """Whether `broker` may answer a request that takes `current` (-1: not told) for the current leader epoch
    (R27).
    """
    if copy is None:
        return Error.NOT_LEADER_OR_FOLLOWER
    if 0 <= current < copy.leader_epoch:
        return Error.FENCED_LEADER_EPOCH
    if current > copy.leader_epoch:
        return Error.UNKNOWN_LEADER_EPOCH
    return Error.NONE if copy.leader == broker else Error.NOT_LEADER_OR_FOLLOWER


@serves(OffsetForLeaderEpochRequest)
def _serve(sim: Simulation, number: int, request: OffsetForLeaderEpochRequest) -> None:
    broker = connection_of(sim, number).broker
    respond(
        sim,
        number,
        OffsetForLeaderEpochResponse(0, tuple(_end(sim, broker, *part) for part in request.partitions)),
    )


def _end(
    sim: Simulation, broker: int, topic: str, number: int, current: int, epoch: int
) -> tuple[str, int, int, int, int]:
    found = sim.state.cluster.topics.get(topic)
    if found is None or not 0 <= number < len(found.partitions):
        return topic, number, Error.UNKNOWN_TOPIC_OR_PARTITION, -1, -1
    copy = found.partitions[number].replicas.get(broker)
    error = checked(copy, broker, current)
    if error or copy is None:
        return topic, number, error, -1, -1
    if not 0 <= epoch <= copy.log.last_epoch:  # that leadership left nothing that this log knows of
        return topic, number, Error.NONE, -1, -1
    return topic, number, Error.NONE, *copy.log.end_of_epoch(epoch)
