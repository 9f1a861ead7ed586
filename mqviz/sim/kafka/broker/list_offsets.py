"""Broker: what a partition leader does with Produce, Fetch and ListOffsets.

Like a real broker: appends cost time once a request (R6); acks=0 gets no answer, acks=1 one after the append,
acks=all one when the high watermark has passed the records, and is refused before the append while too few
replicas are in sync (R29, R30); consumers read below the high watermark only (R17, R80).
A batch of an idempotent producer that the log has already is answered, not written (R58).
Left out: leaders that change, timestamps that are refused (R68).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.isolation import readable_to
from mqviz.model.kafka.protocol.requests import ListOffsetsRequest
from mqviz.model.kafka.protocol.responses import ListOffsetsResponse
from mqviz.sim.engine import Simulation
from mqviz.sim.kafka.network.connection import connection_of, respond, serves


@serves(ListOffsetsRequest)
def _list_offsets(sim: Simulation, number: int, request: ListOffsetsRequest) -> None:
    broker = connection_of(sim, number).broker
    parts = tuple((topic, p, *_listed(sim, broker, topic, p, request)) for topic, p in request.partitions)
    respond(sim, number, ListOffsetsResponse(0, parts))


def _listed(
    sim: Simulation, broker: int, topic: str, number: int, request: ListOffsetsRequest
) -> tuple[int, int]:
    """(error, offset): an end of the log, or its first record of that time or later, -1 if there is none
    (R81, R88).

    A new leader whose high watermark is below the start of its epoch does not know yet how far consumers may
    read, and tells only what lies below (R25).
    """
    found = sim.state.cluster.topics.get(topic)
    if found is None or not 0 <= number < len(found.partitions):
        return Error.UNKNOWN_TOPIC_OR_PARTITION, -1
    copy = found.partitions[number].replicas.get(broker)
    if copy is None or copy.leader != broker:
        return Error.NOT_LEADER_OR_FOLLOWER, -1
    log, mark = copy.log, readable_to(copy, request.committed)
    if request.which == "earliest":
        return Error.NONE, log.start
    if request.which == "time":
        first = log.offset_for_time(request.at_us)
        if first and first[0] < mark:
            return Error.NONE, first[0]
        mark = -1
    if log.epochs and copy.high_watermark < log.epochs[-1][1]:
        return Error.OFFSET_NOT_AVAILABLE, -1
    return Error.NONE, mark
