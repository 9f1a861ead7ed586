"""ListOffsets: where a log begins and ends, and which offset belongs to a time (R81, R88).

Like a real broker: a new leader that does not know yet how far its followers are answers OFFSET_NOT_AVAILABLE
(R25); readers of committed records see the last stable offset as the end (R63).
Left out: EARLIEST_LOCAL and the other timestamps of tiered storage.
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
