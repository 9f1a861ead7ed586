"""Transaction additions: clients of transaction version 1 tell the coordinator where they will write, before
they do (R62).

Like a real broker: an older epoch is refused; while the transaction before waits for its markers the client
has to ask again; what is in the transaction already needs no write. Librdkafka does so before its first batch
to a partition, and with AddOffsetsToTxn before the offsets of a group; Java's clients of Kafka 4 leave it to
the brokers (broker/verification.py).
Left out: a batch of version 1 for a partition that was not added joins as one of version 2.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.protocol.requests import AddPartitionsToTxnRequest
from mqviz.model.kafka.protocol.responses import AddPartitionsToTxnResponse
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka.broker.verification import add
from mqviz.sim.kafka.coordinator.lookup import write_us
from mqviz.sim.kafka.coordinator.transaction import coordinator as transaction_coordinator
from mqviz.sim.kafka.network import sockets
from mqviz.sim.kafka.network.connection import respond, serves


@serves(AddPartitionsToTxnRequest)
def _serve(sim: Simulation, number: int, request: AddPartitionsToTxnRequest) -> None:
    error = _error(sim, number, request)
    if error or _known(sim, request):
        respond(sim, number, AddPartitionsToTxnResponse(error))
    else:
        sim.schedule(write_us(sim), TIMER, _add, number)


@due
def _add(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is None or not isinstance(flight.request, AddPartitionsToTxnRequest):
        return
    if not sockets.awake(sim, flight.broker, _add, number):
        return
    request = flight.request
    error = _error(sim, number, request)
    if not error:
        add(sim, request.producer_id, request.partitions, request.groups)
    respond(sim, number, AddPartitionsToTxnResponse(error))


def _error(sim: Simulation, number: int, request: AddPartitionsToTxnRequest) -> Error:
    error = transaction_coordinator.misdirected(sim, number, request.transactional_id)
    if error:
        return error
    found = sim.state.cluster.transactions.ids.get(request.transactional_id)
    if found is None or found.producer_id != request.producer_id:
        return Error.INVALID_PRODUCER_ID_MAPPING
    if found.epoch != request.producer_epoch:
        return Error.PRODUCER_FENCED
    if any(sim.state.cluster.find(topic, number) is None for topic, number in request.partitions):
        return Error.UNKNOWN_TOPIC_OR_PARTITION
    return Error.CONCURRENT_TRANSACTIONS if found.state.startswith("Prepare") else Error.NONE


def _known(sim: Simulation, request: AddPartitionsToTxnRequest) -> bool:
    """Whether all of it is in the open transaction already."""
    found = sim.state.cluster.transactions.ids[request.transactional_id]
    inside = all(each in found.partitions for each in request.partitions)
    return found.state == "Ongoing" and inside and all(group in found.groups for group in request.groups)
