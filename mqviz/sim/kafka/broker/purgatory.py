"""Purgatory: what a broker cannot answer yet, and the moments when it can.

Like a real broker: a produce with acks=all waits until the high watermark passes its records (R29); a fetch
waits for data below the high watermark or until its time is over (R80). What waited at a leader that leads no
more is answered NOT_LEADER_OR_FOLLOWER, what waited too long REQUEST_TIMED_OUT (R31).
Left out: limits of a whole fetch (fetch.max.bytes).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.controller.events import TopicDeleted
from mqviz.model.kafka.protocol.requests import FetchRequest, ProduceRequest
from mqviz.model.kafka.replication.events import (
    HighWatermarkAdvanced,
    LeadershipLearned,
    ReplicaHighWatermarkAdvanced,
)
from mqviz.sim.engine import Simulation, reacts
from mqviz.sim.kafka.broker.fetch import respond_to_fetch
from mqviz.sim.kafka.broker.produce import replicated, respond_to_produce


@reacts(HighWatermarkAdvanced)
def _wake(sim: Simulation, event: HighWatermarkAdvanced) -> None:
    partition = sim.state.cluster.partition(event.topic, event.partition)
    for number in list(partition.purgatory_produces):
        if replicated(sim, number):
            respond_to_produce(sim, number)
    for number in list(partition.purgatory_fetches):
        respond_to_fetch(sim, number, at_once=False)


@reacts(ReplicaHighWatermarkAdvanced)
def _wake_at_a_follower(sim: Simulation, event: ReplicaHighWatermarkAdvanced) -> None:
    """Who waits there has something to read."""
    for number in list(sim.state.cluster.partition(event.topic, event.partition).purgatory_fetches):
        if sim.state.cluster.requests[number].broker == event.broker:
            respond_to_fetch(sim, number, at_once=False)


@reacts(TopicDeleted)
def _is_gone(sim: Simulation, event: TopicDeleted) -> None:
    """Whoever waits for something of a topic that is deleted is told so."""
    for number, flight in list(sim.state.cluster.requests.items()):
        request = flight.request
        if not flight.in_purgatory:
            continue
        sim.cause = event.id
        if isinstance(request, FetchRequest) and any(place[0] == event.topic for place in request.offsets):
            respond_to_fetch(sim, number, at_once=True)
        elif isinstance(request, ProduceRequest) and any(
            place[0] == event.topic for place in request.batches
        ):
            respond_to_produce(sim, number, Error.UNKNOWN_TOPIC_OR_PARTITION)


@reacts(LeadershipLearned)
def _leads_no_more(sim: Simulation, event: LeadershipLearned) -> None:
    """Whoever waits at a broker that led until now is told so."""
    if not (event.led and event.moved):
        return
    cluster, broker = sim.state.cluster, event.broker
    partition = cluster.partition(event.topic, event.partition)
    for number in list(partition.purgatory_produces):
        if cluster.requests[number].broker == broker:
            respond_to_produce(sim, number, Error.NOT_LEADER_OR_FOLLOWER)
    for number in list(partition.purgatory_fetches):
        if cluster.requests[number].broker == broker:
            respond_to_fetch(sim, number, at_once=True)
