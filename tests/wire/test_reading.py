"""Answers are read as kio's definitions say; nothing that is not an answer gets further than an error."""

import contextlib
import struct
import tracemalloc
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kio.schema.consumer_protocol_assignment.v3.data import ConsumerProtocolAssignment, TopicPartition
from kio.schema.errors import ErrorCode

from mqviz.wire import apis, asks, codec
from mqviz.wire.connection import Connection
from mqviz.wire.errors import WireError
from tests.wire.fake import FakeBroker, Request, body, frame, groups, listening
from tests.wire.schemas import ANSWERS, entities, plain

ANY_ANSWER = st.sampled_from(ANSWERS)


def bare(number: int, value: object) -> bytes:
    return frame(number, value)[4:]


@given(st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_what_kio_writes_is_read_back(data: st.DataObject) -> None:
    api, version, answer = data.draw(ANY_ANSWER)
    value = data.draw(entities(answer))
    assert plain(codec.decode(api, version, bare(7, value))) == plain(value)


@given(st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_an_answer_cut_anywhere_is_not_an_answer(data: st.DataObject) -> None:
    api, version, answer = data.draw(ANY_ANSWER)
    whole = bare(7, data.draw(entities(answer)))
    for end in range(len(whole)):
        with pytest.raises(codec.NotDecodable):
            codec.decode(api, version, whole[:end])


@given(ANY_ANSWER, st.binary(max_size=80))
@settings(max_examples=1000)
def test_any_bytes_are_a_value_or_not_decodable(answer: tuple, data: bytes) -> None:
    with contextlib.suppress(codec.NotDecodable):
        codec.decode(*answer[:2], b"\0\0\0\7" + data)


@given(st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_any_damage_is_a_value_or_not_decodable(data: st.DataObject) -> None:
    api, version, answer = data.draw(ANY_ANSWER)
    damaged = bytearray(bare(7, data.draw(entities(answer))))
    for at in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=3)):
        damaged[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(codec.NotDecodable):
        codec.decode(api, version, bytes(damaged))


@pytest.mark.parametrize("claim", [b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\x07", b"\xff\xff\xff\xff\x0f"])
@pytest.mark.parametrize(("api", "version", "answer"), ANSWERS)
def test_a_claimed_length_reserves_no_memory(api: apis.Api, version: int, answer: type, claim: bytes) -> None:
    """kio's own reader would reserve eight bytes for each claimed element and end the process."""
    tracemalloc.start()
    try:
        for before in range(30):
            with pytest.raises(codec.NotDecodable):
                codec.decode(api, version, b"\0" * before + claim + b"\xff" * 40)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_an_error_code_that_nobody_knows_yet_stays_a_number() -> None:
    whole = bare(7, groups("a"))
    newer = whole[:9] + struct.pack(">h", 999) + whole[11:]
    assert codec.decode(apis.LIST_GROUPS, 5, newer).error_code == 999
    assert codec.error_name(999) == "error 999"
    assert codec.error_name(16) == "NOT_COORDINATOR"


@given(st.data(), st.integers(0, 40), st.booleans())
@settings(max_examples=60)
def test_many_offsets_are_read_the_same_with_and_without_metadata(
    data: st.DataObject, count: int, alike: bool
) -> None:
    """Commits without metadata have one size and are taken over as they are; others one by one."""
    m = codec.schema(apis.OFFSET_FETCH, 9, "response")
    metadata = st.just("") if alike else st.sampled_from(["", "m", None])
    parts = tuple(
        m.OffsetFetchResponsePartitions(
            partition_index=n,
            committed_offset=data.draw(st.integers(-1, 1 << 62)),
            metadata=data.draw(metadata),
            error_code=data.draw(st.sampled_from([ErrorCode.none, ErrorCode.topic_authorization_failed])),
        )
        for n in range(count)
    )
    topic = m.OffsetFetchResponseTopics(name="t", partitions=parts)
    group = m.OffsetFetchResponseGroup(group_id="g", topics=(topic,))
    value = m.OffsetFetchResponse(throttle_time=timedelta(), groups=(group,))
    read = asks.offset_fetch(["g"]).read(codec.decode(apis.OFFSET_FETCH, 9, bare(7, value)))
    assert read["g"].topics[0][1].rows() == [
        (p.partition_index, p.committed_offset, int(p.error_code)) for p in parts
    ]


def committed(*offsets: int, group: str = "g", topic: str = "t") -> object:
    m = codec.schema(apis.OFFSET_FETCH, 9, "response")
    parts = tuple(
        m.OffsetFetchResponsePartitions(
            partition_index=n, committed_offset=offset, metadata="", error_code=ErrorCode.none
        )
        for n, offset in enumerate(offsets)
    )
    found = m.OffsetFetchResponseGroup(
        group_id=group, topics=(m.OffsetFetchResponseTopics(name=topic, partitions=parts),)
    )
    return m.OffsetFetchResponse(throttle_time=timedelta(), groups=(found,))


def test_an_answer_like_an_earlier_one_of_the_same_group_is_taken_from_memory_and_only_that() -> None:
    ask = asks.offset_fetch(["g"])

    def read(value: object) -> list[tuple[int, int, int]]:
        (topics,) = [
            found.topics for found in ask.read(codec.decode(apis.OFFSET_FETCH, 9, bare(7, value))).values()
        ]
        return topics[0][1].rows()

    for _ in range(2):
        assert read(committed(1, 2)) == [(0, 1, 0), (1, 2, 0)]
        assert read(committed(1, 3)) == [(0, 1, 0), (1, 3, 0)]
        assert read(committed(1)) == [(0, 1, 0)]
        assert read(committed(1, 2, group="h")) == [(0, 1, 0), (1, 2, 0)]
    first, second = [ask.read(codec.decode(apis.OFFSET_FETCH, 9, bare(n, committed(5)))) for n in (1, 2)]
    assert first["g"].topics is second["g"].topics


def test_unknown_tagged_fields_are_passed_over() -> None:
    whole = bare(7, groups("a"))
    assert whole.endswith(b"\0")
    tagged = whole[:-1] + b"\1\x63\2hi"
    assert codec.decode(apis.LIST_GROUPS, 5, tagged) == codec.decode(apis.LIST_GROUPS, 5, whole)


@given(st.binary(max_size=60))
@settings(max_examples=300)
def test_a_members_own_bytes_are_partitions_or_not_decodable(data: bytes) -> None:
    with contextlib.suppress(codec.NotDecodable):
        codec.decode_assignment(data)


def test_an_assignment_is_read_in_any_version() -> None:
    held = (TopicPartition(topic="orders", partitions=(0, 2)),)
    value = ConsumerProtocolAssignment(assigned_partitions=held, user_data=b"mine")
    for version in range(4):
        assert codec.decode_assignment(struct.pack(">h", version) + body(value)) == [("orders", (0, 2))]
    assert codec.decode_assignment(b"") == []


@given(st.lists(st.binary(max_size=40), max_size=4), st.booleans())
@settings(max_examples=150)
def test_whatever_comes_through_a_connection_only_wire_errors_leave_it(
    parts: list[bytes], framed: bool
) -> None:
    import asyncio

    async def hostile(request: Request, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            head = struct.pack(">ii", len(part) + 4, request.number) if framed else b""
            writer.write(head + part)
        writer.close()

    async def scenario() -> None:
        async with listening(FakeBroker(hostile).serve) as address:
            connection = Connection(address)
            for ask in (asks.list_groups(), asks.metadata(), asks.offset_fetch(["a"])):
                with contextlib.suppress(WireError):
                    await connection.ask(ask, 20)
            await connection.close()

    asyncio.run(scenario())
