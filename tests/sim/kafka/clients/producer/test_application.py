"""Batches, requests, partitions without a key, rates, and what becomes of a producer's process."""

from __future__ import annotations

from itertools import groupby

import pytest

from mqviz import facts
from mqviz.backend import Refused
from mqviz.model.kafka.clients.producer.events import (
    BatchesDrained,
    ProducerChanged,
    RecordsAcknowledged,
    SendCalled,
    SendFailed,
)
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.kafka.network.events import RequestSent
from mqviz.model.kafka.protocol.requests import ProduceRequest
from tests.sim.kafka.worlds import MS, S, of, run, times
from tests.sim.worlds import Run

ONE = "create topic t partitions=1"
THREE = "create topic t partitions=3"


def sizes(watched: Run) -> list[tuple[int, int]]:
    """(records, bytes) of the batches in the log."""
    return [(event.batch.count, event.batch.bytes) for event in of(watched, BatchAppended)]


def runs(watched: Run) -> list[int]:
    """How many records in a row went to one partition; the last run is still going on."""
    partitions = [event.partition for event in of(watched, SendCalled)]
    return [len(list(group)) for _, group in groupby(partitions)][:-1]


def test_r40_r41_batches_are_filled_to_the_byte() -> None:
    watched = run(ONE, "add producer p topic=t rate=0/s linger=500ms").do("send record p count=300").to(S)
    assert sizes(watched) == [(148, 16277), (148, 16277), (4, 497)]
    watched = run(ONE, "add producer p topic=t rate=0/s linger=500ms")
    watched.do("send record p key=abcdef count=300").to(S)
    assert sizes(watched) == [(141, 16353), (141, 16353), (18, 2131)]


def test_r41_a_record_larger_than_batch_size_has_its_own_batch() -> None:
    watched = run(ONE, "add producer p topic=t rate=0/s value_size=20000B").do("send record p count=2").to(S)
    assert sizes(watched) == [(1, 20072), (1, 20072)]


def test_r41_batch_size_0_is_no_batching() -> None:
    watched = run(ONE, "add producer p topic=t rate=0/s batch_size=0B").do("send record p count=5").to(S)
    assert sizes(watched) == [(1, 170)] * 5


def test_r42_a_batch_leaves_when_linger_is_over_or_when_it_is_full() -> None:
    watched = run(ONE, "add producer p topic=t rate=0/s linger=300ms").do("send record p").to(S)
    assert times(watched, BatchesDrained) == [300 * MS]
    watched.do("send record p count=149").to(2 * S)
    assert times(watched, BatchesDrained, S) == [0, 300 * MS]


def test_r42_one_request_takes_the_first_batch_of_every_partition_of_its_broker() -> None:
    watched = run(THREE, "add producer p topic=t rate=0/s linger=100ms", brokers=1)
    watched.do("send record p key=alice").to(50 * MS)
    watched.do("send record p key=dave", "send record p key=carol").to(S)
    requests = [e.request for e in of(watched, RequestSent, client="producer")]
    assert len(requests) == 1
    assert isinstance(requests[0], ProduceRequest)
    assert [partition for _, partition, _ in requests[0].batches] == [0, 1, 2]


def test_r43_at_most_max_in_flight_requests_to_a_broker() -> None:
    watched = run(ONE, "add producer p topic=t rate=0/s batch_size=0B max_in_flight=2", latency_us=10 * MS)
    watched.do("send record p count=5").to(5 * MS)
    assert len(of(watched, RequestSent, client="producer")) == 2
    watched.to(S)
    assert len(of(watched, RequestSent, client="producer")) == 5
    assert times(watched, RecordsAcknowledged) == sorted(times(watched, RecordsAcknowledged))


def test_records_of_a_producer_are_in_send_order() -> None:
    watched = run(THREE, "add producer p topic=t rate=400/s keys=alice,dave,carol arrivals=exponential")
    watched.to(5 * S)
    for partition in watched.state.cluster.topics["t"].partitions:
        log = partition.led.log
        batches = [*(b for chunk in log.sealed for b in chunk.batches), *log.tail]
        following = [batch.first_sequence + batch.count for batch in batches]
        assert [batch.first_sequence for batch in batches] == [0, *following[:-1]]


def test_r48_r49_the_key_chooses_for_java_and_librdkafka() -> None:
    for client, expected in (("java", 0), ("librdkafka", 2), ("murmur2_random", 0)):
        watched = run(THREE, f"add producer p topic=t rate=0/s partitioner={client}")
        watched.do("send record p key=alice").to(S)
        assert [(e.partition, e.keyed) for e in of(watched, SendCalled)] == [(expected, True)]


@pytest.mark.parametrize(("gap_us", "shortest", "longest"), [(10_000, 97, 97), (1_000, 125, 146)])
def test_r51_runs_without_a_key_at_a_rate(gap_us: int, shortest: int, longest: int) -> None:
    watched = run(THREE, f"add producer p topic=t rate={1_000_000 // gap_us}/s", brokers=1)
    watched.to(2000 * gap_us)
    singles = [length for length in runs(watched) if length < 2 * shortest]
    assert len(singles) >= 3
    assert all(shortest <= length <= longest for length in singles)


def test_r51_runs_without_a_key_in_a_tight_loop() -> None:
    watched = run(THREE, "add producer p topic=t rate=0/s").do("send record p count=6000").to(S)
    assert runs(watched)
    assert all(length % 296 == 0 for length in runs(watched))


def test_r51_thirty_records_land_in_one_partition() -> None:
    watched = run(THREE, "add producer p topic=t rate=0/s").do("send record p count=30").to(S)
    assert len({event.partition for event in of(watched, SendCalled)}) == 1


def test_r52_an_adaptive_producer_turns_to_partitions_with_short_queues() -> None:
    """The leader of partition 0 is cut off, so its queue grows; with the setting on, others are drawn more often."""

    def share_of_the_slow_one(adaptive: str) -> float:
        watched = run(
            "create topic t partitions=3",
            "add producer p topic=t rate=1000/s batch_size=500B linger=0s max_in_flight=1 "
            f"partitioner.adaptive.partitioning.enable={adaptive}",
        )
        slow = watched.to(S).state.cluster.partition("t", 0).leader
        watched.do(f"isolate broker {slow}").to(4 * S)
        sends = of(watched, SendCalled, since_us=2 * S)
        return sum(event.partition == 0 for event in sends) / len(sends)

    assert share_of_the_slow_one("true") < 0.5 * share_of_the_slow_one("false")


def test_r53_round_robin_is_a_fixed_cycle_that_ignores_keys() -> None:
    watched = run(THREE, "add producer p topic=t rate=0/s partitioner.class=RoundRobinPartitioner")
    watched.do(*(f"send record p key={key}" for key in "aabbccabc")).to(S)
    partitions = [event.partition for event in of(watched, SendCalled)]
    assert sorted(partitions[:3]) == [0, 1, 2]
    assert partitions == partitions[:3] * 3


def test_r55_compression_makes_batches_smaller_and_lets_more_records_in() -> None:
    def first(kind: str) -> Batch:
        producer = f"add producer p topic=t rate=0/s compression.type={kind} value_size=1000B"
        watched = run("create topic t", producer, brokers=1).do("send record p count=200").to(S)
        return of(watched, BatchAppended)[0].batch

    plain, packed = first("none"), first("zstd")
    assert packed.count > plain.count
    assert packed.bytes / packed.count < plain.bytes / plain.count
    assert packed.bytes <= 16384


def test_r54_librdkafka_changes_its_partition_every_10_ms() -> None:
    watched = run(THREE, "add producer p topic=t rate=1000/s partitioner=librdkafka").to(3 * S)
    assert all(length % 10 == 0 for length in runs(watched))
    assert len(runs(watched)) > 100


def test_r57_only_idempotent_producers_have_an_id() -> None:
    watched = run(
        ONE,
        "add producer a topic=t rate=0/s",
        "add producer b topic=t rate=0/s acks=1",
        "add producer c topic=t rate=0/s partitioner=librdkafka",
        "add producer d topic=t rate=0/s",
    ).to(1)
    ids = [producer.producer_id for producer in watched.state.cluster.producers.values()]
    assert ids == [0, -1, -1, 1]


def test_r56_values_that_kafka_refuses() -> None:
    watched = run(ONE)
    for settings, sentence in (
        ("acks=2", "Invalid value 2 for configuration acks"),
        ("max_in_flight=0", "Invalid value 0 for configuration max.in.flight.requests.per.connection"),
        ("max_in_flight=6", "must be set to at most 5. Current value is 6"),
        ("value_size=2MiB", "larger than 1048576"),
    ):
        with pytest.raises(Refused, match=sentence):
            watched.do(f"add producer p topic=t {settings}")
    with pytest.raises(Refused, match="there is no topic x: there are t"):
        watched.do("add producer p topic=x")
    watched.do("add producer p topic=t partitioner=librdkafka max_in_flight=1000")


def test_even_and_exponential_arrivals_and_counts() -> None:
    watched = run(ONE, "add producer p topic=t rate=4/s start=1s count=5").to(10 * S)
    assert times(watched, SendCalled) == [S, 1_250_000, 1_500_000, 1_750_000, 2 * S]
    watched = run(ONE, "add producer p topic=t rate=50/s arrivals=exponential").to(100 * S)
    assert 4_700 < len(of(watched, SendCalled)) < 5_300


def test_keys_in_turn_and_drawn() -> None:
    watched = run(ONE, "add producer p topic=t rate=10/s keys=a,b,c").to(S)
    assert [event.key for event in of(watched, SendCalled)] == list("abcabcabca")
    watched = run(ONE, "add producer p topic=t rate=100/s keys=a,b,c key_choice=random").to(20 * S)
    drawn = [event.key for event in of(watched, SendCalled)]
    assert all(abs(drawn.count(key) - len(drawn) / 3) < 100 for key in "abc")


def test_another_rate_from_now_on() -> None:
    watched = (
        run(ONE, "add producer p topic=t rate=1/s").to(2_500 * MS).do("set producer p rate=10/s").to(3 * S)
    )
    assert times(watched, SendCalled) == [0, S, 2 * S, *range(2_500 * MS, 3 * S, 100 * MS)]
    watched.do("set producer p rate=0/s").to(9 * S)
    assert not times(watched, SendCalled, 3 * S)
    watched.do("set producer p rate=1/s").to(10 * S)
    assert times(watched, SendCalled, 9 * S) == [0]


def test_a_paused_producer_sends_nothing_and_goes_on_later() -> None:
    watched = run(ONE, "add producer p topic=t rate=10/s", latency_us=50 * MS).to(1_030 * MS)
    watched.do("pause producer p").to(5 * S)
    before = facts.producers(watched.state)[0]
    assert (before.state, before.sent) == ("paused", 11)
    assert before.acknowledged < 11
    watched.do("resume producer p").to(5_001 * MS)
    assert facts.producers(watched.state)[0].acknowledged == 11
    watched.to(6 * S)
    assert times(watched, SendCalled, 5 * S) == list(range(0, S, 100 * MS))


def test_close_sends_what_waits_and_kill_loses_it() -> None:
    for verb, appended, dropped, state in (("close", 3, 0, "closed"), ("kill", 0, 3, "dead")):
        watched = run(ONE, "add producer p topic=t rate=0/s linger=10s").do("send record p count=3").to(S)
        watched.do(f"{verb} producer p").to(20 * S)
        partition = watched.state.cluster.topics["t"].partitions[0]
        assert (partition.appended, partition.dropped) == (appended, dropped)
        assert of(watched, ProducerChanged)[-1].state == state


def test_commands_to_producers_that_are_not_there() -> None:
    watched = run(ONE, "add producer p topic=t rate=0/s")
    with pytest.raises(Refused, match="there is no producer q"):
        watched.do("pause producer q")
    with pytest.raises(Refused, match="producer p runs already"):
        watched.do("add producer p topic=t")
    with pytest.raises(Refused, match="is not paused"):
        watched.do("resume producer p")
    watched.do("kill producer p")
    with pytest.raises(Refused, match="producer p has ended"):
        watched.do("send record p")
    watched.do("add producer p topic=t rate=0/s", "send record p").to(S)
    assert facts.producers(watched.state)[0].acknowledged == 1


def test_letters_follow_the_order_in_which_keys_appear() -> None:
    watched = run(ONE, "add producer p topic=t rate=0/s keys=zoe,adam").do("send record p key=bob").to(S)
    assert facts.key_letters(watched.state) == ("zoe", "adam", "bob")


def test_r39_a_burst_is_sent_in_a_row_and_the_rate_stays_the_mean() -> None:
    """Like records in a row come in one event, and fill batches just as single ones would (R40, R41)."""
    last_us = {}
    for burst in (1, 40):
        watched = run(
            THREE, f"add producer p topic=t rate=400/s burst={burst} count=1000 batch_size=600B linger=100ms"
        )
        watched.to(4 * S)
        sent = of(watched, SendCalled)
        assert sum(event.count for event in sent) == watched.state.cluster.producers["p"].acknowledged == 1000
        assert sum(count for count, _ in sizes(watched)) == 1000
        assert max(taken for _, taken in sizes(watched)) <= 600
        assert burst == 1 or len(sent) < 300
        last_us[burst] = sent[-1].at_us
    assert last_us == {1: 999 * 2500, 40: 24 * S // 10}


def test_r40_a_run_ends_where_a_records_size_changes() -> None:
    """The 65th record of a batch has an offset delta of two bytes: a run of 200 makes the batches of 200 calls."""
    one_by_one = run(ONE, "add producer p topic=t rate=0/s linger=500ms").do("send record p count=200").to(S)
    in_a_row = run(ONE, "add producer p topic=t rate=200/s burst=200 count=200 linger=500ms").to(S)
    assert [event.count for event in of(in_a_row, SendCalled)] == [64, 84, 52]
    assert sizes(in_a_row) == sizes(one_by_one)


def test_r54_librdkafka_has_larger_batches_and_more_requests_in_flight() -> None:
    add = "add producer p topic=t rate=0/s linger=300ms partitioner=librdkafka"
    watched = run(ONE, add).do("send record p count=3000").to(S)
    assert [count for count, _ in sizes(watched)] == [3000]
    assert watched.state.cluster.producers["p"].settings.max_in_flight == 1_000_000
    watched = run(ONE, f"{add} batch.num.messages=10 enable.idempotence=true").do("send record p count=25")
    assert times(watched.to(S), BatchesDrained) == [0, 0, 300 * MS]
    assert watched.state.cluster.producers["p"].settings.max_in_flight == 5
    watched = run(ONE, f"{add} batch.size=16384").do("send record p count=300").to(S)
    assert [count for count, _ in sizes(watched)] == [148, 148, 4]


def test_r42_flush_lets_everything_leave_at_once() -> None:
    watched = run(THREE, "add producer p topic=t rate=0/s linger=10s", brokers=1)
    watched.do("send record p key=alice").do("send record p key=bob").to(50 * MS)
    assert times(watched, BatchesDrained) == []
    watched.do("flush producer p").to(S)
    assert times(watched, BatchesDrained) == [50 * MS]
    assert len(of(watched, RecordsAcknowledged)) > 0
    assert times(watched.do("send record p").to(5 * S), BatchesDrained) == [50 * MS]
    watched.do("close producer p").to(6 * S)
    with pytest.raises(Refused, match="ended"):
        watched.do("flush producer p")


def test_r54_librdkafka_is_full_by_bytes_too() -> None:
    add = "add producer p topic=t rate=0/s linger=1s partitioner=librdkafka queue.buffering.max.kbytes=1"
    watched = run(ONE, add).do("send record p count=9 size=300").to(500 * MS)
    assert [event.thrown for event in of(watched, SendFailed)] == ["BufferError"] * 7
    watched.to(2 * S).do("send record p size=300").to(4 * S)
    assert len(of(watched, SendFailed)) == 7
    assert watched.state.cluster.producers["p"].buffered == 0
