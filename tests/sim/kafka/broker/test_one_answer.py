"""One answer says everything that applies at once, a partition at a time (R80)."""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import RecordTaken
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.network.events import RequestSent, ResponseSent
from mqviz.model.kafka.protocol.requests import FetchRequest, ProduceRequest, ReplicaFetchRequest
from mqviz.model.kafka.protocol.responses import FetchResponse, PartitionProduceResponse, ProduceResponse
from mqviz.model.kafka.replication.events import ReplicaAppended, ReplicaTruncated
from tests.sim.kafka.broker.test_replica_selector import racked
from tests.sim.kafka.coordinator.transaction.test_coordinator import Owner
from tests.sim.kafka.worlds import MS, Outside, S, of, run
from tests.sim.worlds import Run

TWO = "create topic t partitions=2 replication_factor={}"


def batch(value: str) -> Batch:
    return Batch(0, 1, 70, "", -1, -1, -1, 0, -1, 0, 0, (None,), (value,))


def moved() -> Run:
    """Broker 1 is back and leads t-0 again in a moment; until then broker 2 leads both partitions."""
    watched = run(TWO.format(2), brokers=2).to(S).do("stop broker 1").to(10 * S)
    return watched.do("restart broker 1").to(20 * S)


def abort_one(watched: Run, partition: int) -> Owner:
    """A transaction with one record, aborted."""
    owner = Owner(watched)
    assert owner.init() == Error.NONE
    assert owner.send("aborted", partition=partition)[0] == Error.NONE
    assert owner.end(commit=False, within_us=500 * MS) == Error.NONE
    return owner


def test_r80_a_fetch_tells_of_a_moved_leader_and_of_aborted_transactions() -> None:
    watched = moved()
    owner = abort_one(watched, 1)
    watched.do("elect leader topic=t partition=0").to(watched.backend.now_us + S)
    assert [p.leader for p in watched.state.cluster.topics["t"].partitions] == [1, 2]
    offsets = ("t", 0, 0), ("t", 1, 0)
    reply = Outside(watched, "reader").ask(FetchRequest(offsets, committed=True, epochs=(1, 0)), 2)
    assert isinstance(reply, FetchResponse)
    gone, aborted = reply.partitions
    assert (gone.error, gone.current_leader) == (Error.FENCED_LEADER_EPOCH, (1, 2))
    assert (aborted.error, aborted.end, aborted.current_leader) == (0, 2, None)
    assert aborted.aborted_transactions == ((owner.producer_id, 0),)


def test_r80_a_read_committed_consumer_sees_nothing_aborted_when_another_partition_moves() -> None:
    """Its fetch waits for more bytes while a transaction on t-1 is aborted; then t-0 gets another leader, and it is answered."""
    reader = "isolation.level=read_committed auto_offset_reset=earliest fetch.min.bytes=100000 fetch.max.wait.ms=60000"
    watched = moved().do(f"add consumer c assign=t-0,t-1 {reader} request.timeout.ms=90000")
    watched.to(watched.backend.now_us + S)
    abort_one(watched, 1)
    watched.do("elect leader topic=t partition=0").to(watched.backend.now_us + 5 * S)
    consumer = watched.state.cluster.consumers["c"]
    assert [partition_state.position for partition_state in consumer.partition_states.values()] == [0, 2]
    assert of(watched, RecordTaken) == []


def test_r80_a_follower_is_told_at_once_what_to_cut_and_what_is_new() -> None:
    before = "create topic before replication_factor=3"  # its fetch is on its way when the others join in
    watched = run(before, TWO.format(3)).to(5 * S).do("pause broker 2", "pause broker 3").to(5_100 * MS)
    assert [p.leader for p in watched.state.cluster.topics["t"].partitions] == [1, 2]
    raw = Outside(watched)
    raw.send(ProduceRequest(1, (("t", 0, batch("lonely")),)), 1)
    watched.to(5_200 * MS).do("kill broker 1", "resume broker 2", "resume broker 3").to(25 * S)
    raw.send(ProduceRequest(1, (("t", 0, batch("new")), ("t", 1, batch("new")))), 2)
    watched.to(26 * S).do("restart broker 1").to(40 * S)
    asked = {
        event.number
        for event in of(watched, RequestSent, 26 * S, client="broker", name="1", broker=2)
        if isinstance(event.request, ReplicaFetchRequest)
    }
    replies = [event.response for event in of(watched, ResponseSent, 26 * S) if event.number in asked]
    told = [reply.partitions for reply in replies if isinstance(reply, FetchResponse)]
    first = next(parts for parts in told if any(part.topic == "t" for part in parts))
    assert [(p.partition, p.diverging_epoch, p.first, p.end) for p in first] == [
        (0, (0, 0), 1, 1),
        (1, None, 0, 1),
    ]
    (cut,) = of(watched, ReplicaTruncated)
    assert (cut.broker, cut.partition, cut.end) == (1, 0, 0)
    copied = of(watched, ReplicaAppended, 26 * S, broker=1)
    assert [(event.partition, event.first, event.end) for event in copied] == [(1, 0, 1), (0, 0, 1)]


def test_r80_a_fetch_brings_records_beside_the_name_of_a_closer_replica() -> None:
    watched = racked("create topic t replication_factor=3", "create topic u replication_factor=1").to(S)
    (leader,) = (topic.partitions[0].leader for topic in [watched.state.cluster.topics["u"]])
    raw = Outside(watched)
    for name, broker in (("t", watched.state.cluster.partition("t", 0).leader), ("u", leader)):
        raw.ask(ProduceRequest(-1, ((name, 0, batch("a")),)), broker, S)
    assert watched.state.cluster.partition("t", 0).leader == leader
    reply = raw.ask(FetchRequest((("t", 0, 0), ("u", 0, 0)), rack="r3"), leader)
    assert isinstance(reply, FetchResponse)
    told = [(p.topic, p.first, p.end, p.high_watermark, p.preferred_read_replica) for p in reply.partitions]
    assert told == [("t", 0, 0, 1, 3), ("u", 0, 1, 1, -1)]


def test_r80_a_produce_tells_of_a_moved_leader_and_of_records_that_are_refused() -> None:
    watched = run("create topic t partitions=2 replication_factor=2 cleanup.policy=compact", brokers=2).to(S)
    assert [p.leader for p in watched.state.cluster.topics["t"].partitions] == [1, 2]
    reply = Outside(watched).ask(ProduceRequest(-1, (("t", 0, batch("a")), ("t", 1, batch("b")))), 1)
    assert isinstance(reply, ProduceResponse)
    assert reply.partitions == (
        PartitionProduceResponse("t", 0, Error.INVALID_RECORD, -1, (0,)),
        PartitionProduceResponse("t", 1, Error.NOT_LEADER_OR_FOLLOWER, -1, (), (2, 0)),
    )
