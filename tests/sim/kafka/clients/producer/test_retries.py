"""Retries, timeouts, order, split batches, buffer.memory: what becomes of a record that does not get in at once."""

from __future__ import annotations

import pytest

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.producer.events import (
    BatchRetried,
    BatchSplit,
    ProducerEpochBumped,
    RecordsAcknowledged,
    RecordsFailed,
    SendBlocked,
    SendCalled,
    SendFailed,
    SendWentOn,
)
from mqviz.model.kafka.log.events import BatchAppended, BatchRefused
from mqviz.model.kafka.network.events import RequestSent
from mqviz.model.kafka.protocol.requests import ProduceRequest
from mqviz.sim.kafka.clients.producer.sender import backoff_us
from tests.sim.kafka.worlds import MS, S, of, run, times
from tests.sim.worlds import Run

SAFE = "create topic t partitions=1 replication_factor=3 min_insync_replicas=2"
ONE = "create topic t partitions=1"


def in_sync(watched: Run, *brokers: int) -> None:
    """Set the in-sync replicas by hand, as the leader believes them."""
    for state in (watched.backend.state, watched.state):
        partition = state.cluster.topics["t"].partitions[0]
        partition.isr = list(brokers)
        for copy in partition.replicas.values():
            copy.isr = list(brokers)


def firsts(watched: Run) -> list[int]:
    """The log of partition 0 as the first sequences of its batches."""
    return [event.batch.first_sequence for event in of(watched, BatchAppended)]


def test_r46_backoff_grows_from_100_to_1000_ms_with_jitter() -> None:
    assert [backoff_us(k, 100, 1000, 0.5) // 1000 for k in (1, 2, 3, 4, 5, 40)] == [
        100,
        200,
        400,
        800,
        1000,
        1000,
    ]
    assert (backoff_us(1, 100, 1000, 0.0), backoff_us(1, 100, 1000, 0.999)) == (80_000, 119_960)
    assert backoff_us(9, 100, 1000, 0.0) == 800_000
    assert backoff_us(1, 0, 1000, 0.5) == 0


def test_r45_r46_a_refused_batch_is_sent_again_after_each_backoff() -> None:
    watched = run(SAFE, "add producer p topic=t rate=0/s linger=0s").to(S)
    in_sync(watched, 1)
    watched.do("send record p").to(5 * S)
    retried = of(watched, BatchRetried)
    waits = [event.retry_at_us - event.at_us for event in retried]
    assert [event.attempt for event in retried] == list(range(1, len(retried) + 1))
    for wait_us, expected_ms in zip(waits, (100, 200, 400, 800, 1000), strict=False):
        assert 0.8 * expected_ms * MS <= wait_us <= min(1.2 * expected_ms * MS, S)
    in_sync(watched, 1, 2, 3)
    watched.to(8 * S)
    assert [event.count for event in of(watched, RecordsAcknowledged)] == [1]
    assert watched.state.cluster.producers["p"].dropped == 0


def test_r45_delivery_timeout_counts_from_the_creation_of_the_batch() -> None:
    watched = run(
        SAFE, "add producer p topic=t rate=0/s linger=100ms delivery.timeout.ms=3000 request.timeout.ms=1000"
    ).to(S)
    in_sync(watched, 1)
    watched.do("send record p count=2").to(10 * S)
    failed = of(watched, RecordsFailed)
    assert [(e.at_us, e.first_number, e.count, e.thrown) for e in failed] == [
        (4 * S, 0, 2, "TimeoutException")
    ]
    assert watched.state.cluster.producers["p"].dropped == 2
    assert watched.state.cluster.producers["p"].buffered == 0


def test_r45_retries_0_gives_up_at_once_with_the_errors_class() -> None:
    watched = run(SAFE, "add producer p topic=t rate=0/s retries=0").to(S)
    in_sync(watched, 1)
    watched.do("send record p").to(2 * S)
    assert [event.thrown for event in of(watched, RecordsFailed)] == ["NotEnoughReplicasException"]
    assert watched.state.cluster.producers["p"].producer_id == -1


@pytest.mark.parametrize(
    ("idempotence", "order"), [("true", [0, 1, 2]), ("false", [0, 2, 1])], ids=["idempotent", "plain"]
)
def test_r34_a_retry_keeps_its_place_only_with_idempotence(idempotence: str, order: list[int]) -> None:
    watched = run(
        SAFE,
        f"add producer p topic=t rate=0/s linger=0s enable.idempotence={idempotence}",
        latency_us=10 * MS,
    )
    watched.do("send record p").to(S)
    in_sync(watched, 1)
    watched.do("send record p").to(S + 5 * MS)
    watched.do("send record p").to(S + 12 * MS)
    assert len(of(watched, BatchRefused)) == 1
    in_sync(watched, 1, 2, 3)
    watched.to(3 * S)
    assert firsts(watched) == order
    refused = [event.error for event in of(watched, BatchRefused)]
    gap = Error.OUT_OF_ORDER_SEQUENCE_NUMBER
    assert refused == [Error.NOT_ENOUGH_REPLICAS, *([gap] if idempotence == "true" else [])]
    assert watched.state.cluster.producers["p"].acknowledged == 3


def test_r43_one_request_in_flight_keeps_the_order_without_idempotence() -> None:
    watched = run(
        SAFE,
        "add producer p topic=t rate=0/s linger=0s enable.idempotence=false max_in_flight=1",
        latency_us=10 * MS,
    ).to(S)
    in_sync(watched, 1)
    watched.do("send record p").to(S + 5 * MS)
    watched.do("send record p").to(S + 12 * MS)
    in_sync(watched, 1, 2, 3)
    watched.to(3 * S)
    assert firsts(watched) == [0, 1]


def test_r60_a_failed_batch_of_an_idempotent_producer_begins_a_new_epoch() -> None:
    watched = run("create topic t partitions=1 cleanup.policy=compact", "add producer p topic=t rate=0/s")
    watched.do("send record p key=a").to(S).do("send record p").to(2 * S).do("send record p key=b").to(3 * S)
    assert [event.thrown for event in of(watched, RecordsFailed)] == ["InvalidRecordException"]
    assert [event.epoch for event in of(watched, ProducerEpochBumped)] == [1]
    batches = [event.batch for event in of(watched, BatchAppended)]
    assert [(b.producer_epoch, b.first_sequence, b.first_number) for b in batches] == [(0, 0, 0), (1, 0, 2)]
    assert watched.state.cluster.producers["p"].acknowledged == 2


def test_r47_a_batch_that_is_too_large_is_split_and_sent_again_in_order() -> None:
    watched = run("create topic t max.message.bytes=2000", "add producer p topic=t rate=0/s linger=300ms")
    watched.do("send record p count=5 size=700").to(5 * S)
    assert [event.parts[0][0] for event in of(watched, BatchSplit)] == [5, 2]
    batches = [event.batch for event in of(watched, BatchAppended)]
    assert [(b.base_offset, b.first_sequence, b.count) for b in batches] == [(0, 0, 2), (2, 2, 2), (4, 4, 1)]
    assert watched.state.cluster.producers["p"].acknowledged == 5
    watched.do("send record p size=3000").to(8 * S)
    assert [event.thrown for event in of(watched, RecordsFailed)] == ["RecordTooLargeException"]


def test_r41_r44_buffer_memory_is_charged_by_the_batch_and_blocks_send() -> None:
    watched = run(
        SAFE,
        "add producer p topic=t rate=0/s linger=0s buffer.memory=65536 max.block.ms=1500",
    ).to(S)
    in_sync(watched, 1)
    watched.do("send record p count=8 size=10000").to(8 * S)
    assert len(of(watched, SendCalled)) == 4
    assert watched.state.cluster.producers["p"].buffered == 65536
    failed = of(watched, SendFailed)
    assert [(event.at_us, event.thrown) for event in failed] == [
        (S + k * 1_500 * MS, "BufferExhaustedException") for k in (1, 2, 3, 4)
    ]


def test_r44_a_blocked_send_goes_on_when_memory_is_free_in_the_order_of_the_calls() -> None:
    watched = run(SAFE, "add producer p topic=t rate=0/s linger=0s buffer.memory=16384 batch_size=16384B").to(
        S
    )
    in_sync(watched, 1)
    for key in "abc":
        watched.do(f"send record p key={key} size=10000")
    watched.to(2 * S)
    assert [event.why for event in of(watched, SendBlocked)] == ["buffer.memory"]
    in_sync(watched, 1, 2, 3)
    watched.to(10 * S)
    assert [event.key for event in of(watched, SendCalled)] == ["a", "b", "c"]
    assert len(of(watched, SendWentOn)) == 2
    assert watched.state.cluster.producers["p"].acknowledged == 3


def test_r44_a_paced_producer_stops_while_send_blocks_and_catches_up() -> None:
    watched = run(
        SAFE, "add producer p topic=t rate=10/s linger=0s value_size=15000B buffer.memory=32768 count=40"
    ).to(S)
    in_sync(watched, 1)
    watched.to(3 * S)
    before = len(of(watched, SendCalled))
    assert before == 12
    in_sync(watched, 1, 2, 3)
    watched.to(8 * S)
    assert len(of(watched, SendCalled)) == 40
    assert watched.state.cluster.producers["p"].acknowledged == 40


def test_r42_a_short_buffer_makes_every_batch_sendable() -> None:
    watched = run(ONE, "add producer p topic=t rate=0/s linger=10s buffer.memory=16384").to(S)
    watched.do("send record p size=9000 count=2").to(2 * S)
    assert len(of(watched, RequestSent, client="producer")) == 1
    assert [event.count for event in of(watched, RecordsAcknowledged)] == [1]


def test_r48_an_explicit_partition_and_one_that_does_not_exist() -> None:
    watched = run("create topic t partitions=3", "add producer p topic=t rate=0/s max.block.ms=8000")
    watched.do("send record p partition=2 key=alice", "send record p partition=7").to(20 * S)
    assert [event.partition for event in of(watched, SendCalled)] == [2]
    assert times(watched, SendFailed) == [8 * S]
    failed = of(watched, SendFailed)[0]
    assert failed.thrown == "TimeoutException"
    assert (
        failed.reason
        == "Partition 7 of topic t with partition count 3 is not present in metadata after 8000 ms."
    )


def test_r39_a_record_larger_than_max_request_size_fails_at_once() -> None:
    watched = run(ONE, "add producer p topic=t rate=0/s").do("send record p size=2000000").to(S)
    assert [(event.at_us, event.thrown) for event in of(watched, SendFailed)] == [
        (0, "RecordTooLargeException")
    ]


def test_r54_librdkafka_does_not_block_but_says_that_its_queue_is_full() -> None:
    watched = (
        run(ONE, "add producer p topic=t rate=0/s partitioner=librdkafka queue.buffering.max.messages=3")
        .do("send record p count=5")
        .to(S)
    )
    assert [event.thrown for event in of(watched, SendFailed)] == ["BufferError", "BufferError"]
    assert watched.state.cluster.producers["p"].acknowledged == 3


def test_sequences_have_no_gap_under_trouble() -> None:
    watched = run(SAFE, "add producer p topic=t rate=200/s", latency_us=20 * MS).to(S)
    for second in range(1, 9, 2):
        watched.do("set producer p rate=0/s").to(second * S + 500 * MS)
        in_sync(watched, 1)
        watched.do("set producer p rate=200/s").to((second + 1) * S)
        in_sync(watched, 1, 2, 3)
        watched.to((second + 2) * S)
    watched.do("set producer p rate=0/s").to(20 * S)
    batches = [event.batch for event in of(watched, BatchAppended)]
    following = [batch.first_sequence + batch.count for batch in batches]
    assert [batch.first_sequence for batch in batches] == [0, *following[:-1]]
    producer = watched.state.cluster.producers["p"]
    assert (producer.acknowledged, producer.dropped, producer.duplicates) == (producer.sent, 0, 0)
    assert all(isinstance(e.request, ProduceRequest) for e in of(watched, RequestSent, client="producer"))


def test_r68_r74_of_a_refused_batch_the_application_hears_which_records_were_to_blame() -> None:
    watched = run("create topic t cleanup.policy=compact", "add producer p topic=t rate=0/s linger=100ms")
    watched.do("send record p key=a", "send record p", "send record p key=b").to(S)
    watched.do("send record p", "send record p key=a", "send record p").to(2 * S)
    one, two = of(watched, RecordsFailed)
    assert [one.exception(k)[0] for k in range(3)] == [
        "KafkaException",
        "InvalidRecordException",
        "KafkaException",
    ]
    assert (two.invalid, two.exception(0), two.exception(1)) == (
        (0, 2),
        ("InvalidRecordException", Error.INVALID_RECORD),
        ("KafkaException", Error.NONE),
    )


def test_r54_librdkafka_says_errors_with_its_own_names() -> None:
    add = "add producer p topic=t rate=0/s linger=0s partitioner=librdkafka message.timeout.ms=2000"
    watched = run(f"{ONE} max.message.bytes=200", add).do(
        "send record p size=300", "send record p partition=7"
    )
    watched.to(S).do("kill broker 1", "send record p size=10").to(10 * S)
    assert [event.thrown for event in of(watched, SendFailed)] == ["KafkaError UNKNOWN_TOPIC_OR_PART"]
    assert [event.thrown for event in of(watched, RecordsFailed)] == [
        "KafkaError MSG_SIZE_TOO_LARGE",
        "KafkaError _MSG_TIMED_OUT",
    ]
