import asyncio
import struct

import pytest

from mqviz.wire import asks
from mqviz.wire.address import Address
from mqviz.wire.connection import Connection
from mqviz.wire.errors import (
    BrokerRefused,
    DamagedFrame,
    Disconnected,
    FrameTooLarge,
    TimedOut,
    Unreachable,
    UnsupportedVersion,
    WireError,
    WrongProtocol,
)
from tests.wire.fake import Answer, FakeBroker, Request, frame, groups, listening, versions

Writer = asyncio.StreamWriter


def names(listed: tuple[asks.Listed, ...]) -> list[str]:
    return [group.group for group in listed]


async def failure(connection: Connection, timeout_s: float = 20) -> WireError:
    with pytest.raises(WireError) as caught:
        await connection.ask(asks.list_groups(), timeout_s)
    await connection.close()
    return caught.value


async def test_versions_are_learned_first_and_the_highest_common_one_is_used() -> None:
    broker = FakeBroker(apis={18: (0, 9), 16: (0, 4)})
    broker.answer = _answer(lambda request: frame(request.number, groups("a", version=request.version)))
    async with listening(broker.serve) as address:
        connection = Connection(address)
        with pytest.raises(WireError):
            await connection.ask(asks.find_coordinators(["a"]), 2)
        await connection.close()
    assert [(r.key, r.version) for r in broker.seen] == [(18, 4)]


def _answer(make) -> Answer:
    async def answer(request: Request, writer: Writer) -> None:
        writer.write(make(request))

    return answer


async def test_an_older_version_is_spoken_to_an_older_broker() -> None:
    def old(request: Request) -> bytes:
        m = __import__("kio.schema.list_groups.v4.response", fromlist=["x"])
        listed = (m.ListedGroup(group_id="a", protocol_type="consumer", group_state="Stable"),)
        good = groups()
        return frame(
            request.number,
            m.ListGroupsResponse(throttle_time=good.throttle_time, error_code=good.error_code, groups=listed),
        )

    broker = FakeBroker(_answer(old), apis={18: (0, 3), 16: (0, 4)})
    async with listening(broker.serve) as address:
        connection = Connection(address)
        assert await connection.ask(asks.list_groups(), 20) == (asks.Listed("a", "", "Stable", "consumer"),)
        await connection.close()
    assert [(r.key, r.version) for r in broker.seen] == [(18, 4), (16, 4)]


@pytest.mark.parametrize(("known", "used"), [({18: (0, 3)}, 3), ({}, 0), ({18: (0, 2)}, 2)])
async def test_a_broker_that_does_not_know_the_newest_api_versions_is_asked_again(known, used) -> None:
    """Such a broker answers in version 0 with UNSUPPORTED_VERSION and, since Kafka 2.4, its own range."""

    class Old(FakeBroker):
        async def versions(self, request: Request, writer: Writer) -> None:
            if request.version == 4:
                writer.write(frame(request.number, versions(0, error=35, apis=known)))
            else:
                writer.write(frame(request.number, versions(request.version)))

    broker = Old()
    async with listening(broker.serve) as address:
        connection = Connection(address)
        assert names(await connection.ask(asks.list_groups(), 20)) == ["a", "b"]
        await connection.close()
    assert [(r.key, r.version) for r in broker.seen] == [(18, 4), (18, used), (16, 5)]


@pytest.mark.parametrize(
    ("apis", "says"),
    [
        ({18: (0, 4)}, "does not know the request ListGroups"),
        ({18: (0, 4), 16: (0, 2)}, "in versions 0 to 2, mqviz in 4 to 5"),
        ({18: (0, 4), 16: (6, 9)}, "in versions 6 to 9, mqviz in 4 to 5"),
    ],
)
async def test_no_common_version_is_said(apis: dict[int, tuple[int, int]], says: str) -> None:
    async with listening(FakeBroker(apis=apis).serve) as address:
        error = await failure(Connection(address))
    assert isinstance(error, UnsupportedVersion)
    assert says in str(error)
    assert str(address) in str(error)


async def test_many_questions_go_out_at_once_and_in_order() -> None:
    """A broker answers a connection's requests in their order, so nothing waits to be asked."""
    gate = asyncio.Event()

    async def answer(request: Request, writer: Writer) -> None:
        await gate.wait()
        writer.write(frame(request.number, groups(str(request.number))))

    broker = FakeBroker(answer)
    async with listening(broker.serve) as address:
        connection = Connection(address)
        asked = [asyncio.create_task(connection.ask(asks.list_groups(), 20)) for _ in range(20)]
        while connection.sent < 21:
            await asyncio.sleep(0.01)
        gate.set()
        assert [names(a) for a in await asyncio.gather(*asked)] == [[str(n)] for n in range(1, 21)]
        await connection.close()
    assert broker.connections == 1


async def test_a_missed_deadline_costs_one_question_and_its_late_answer_is_dropped() -> None:
    late = asyncio.Event()

    async def answer(request: Request, writer: Writer) -> None:
        if request.number == 2:
            await late.wait()
        writer.write(frame(request.number, groups(f"answer {request.number}")))

    broker = FakeBroker(answer)
    async with listening(broker.serve) as address:
        connection = Connection(address)
        assert names(await connection.ask(asks.list_groups(), 20)) == ["answer 1"]
        with pytest.raises(TimedOut, match="no answer to ListGroups within"):
            await connection.ask(asks.list_groups(), 0.1)
        late.set()
        assert names(await connection.ask(asks.list_groups(), 20)) == ["answer 3"]
        await connection.close()
    assert broker.connections == 1


async def test_a_silent_connection_is_given_up_and_made_anew() -> None:
    class Frozen(FakeBroker):
        async def _groups(self, request: Request, writer: Writer) -> None:
            if self.connections > 1:
                await super()._groups(request, writer)

    broker = Frozen()
    async with listening(broker.serve) as address:
        connection = Connection(address, backoff_s=(0.01, 0.01))
        for _ in range(3):
            with pytest.raises(TimedOut):
                await connection.ask(asks.list_groups(), 0.05)
        await asyncio.sleep(0.02)
        assert names(await connection.ask(asks.list_groups(), 20)) == ["a", "b"]
        await connection.close()
    assert broker.connections == 2


async def test_a_port_that_never_answers_is_a_timeout_that_says_so() -> None:
    async def silent(reader: asyncio.StreamReader, writer: Writer) -> None:
        await reader.read(-1)

    async with listening(silent) as address:
        error = await failure(Connection(address), 0.2)
    assert isinstance(error, TimedOut)
    assert "accepts connections but answers nothing" in str(error)


async def test_a_refused_port_is_said_at_once() -> None:
    async with listening(FakeBroker().serve) as address:
        pass
    error = await failure(Connection(address))
    assert isinstance(error, Unreachable)
    assert "connection refused" in str(error)
    assert str(address) in str(error)


async def test_the_first_address_of_a_name_that_accepts_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(FakeBroker().serve) as address:
        found = [(0, 0, 0, "", (host, address.port)) for host in ("127.0.0.2", "127.0.0.1")]
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
        connection = Connection(Address("broker", address.port))
        assert names(await connection.ask(asks.list_groups(), 20)) == ["a", "b"]
        await connection.close()


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 80, "a..b"])
async def test_an_unknown_host_is_said(host: str) -> None:
    error = await failure(Connection(Address(host, 9092)), 5)
    assert isinstance(error, Unreachable)
    assert "host name is not known" in str(error)


async def test_failing_to_connect_waits_twice_as_long_each_time_up_to_the_most() -> None:
    now, tries = 0.0, 0

    async def refuse(host: str, port: int):
        nonlocal tries
        tries += 1
        raise ConnectionRefusedError

    connection = Connection(Address("x", 1), open_stream=refuse, backoff_s=(1, 5), clock=lambda: now)
    tried_at = []
    for now in [n / 2 for n in range(60)]:
        before = tries
        with pytest.raises(Unreachable):
            await connection.ask(asks.list_groups(), 1)
        if tries > before:
            tried_at.append(now)
    assert tried_at[:6] == [0, 1, 3, 7, 12, 17]


async def test_a_lost_connection_fails_its_questions_and_the_next_one_connects_again() -> None:
    class Dying(FakeBroker):
        async def _groups(self, request: Request, writer: Writer) -> None:
            if self.connections == 1:
                raise ConnectionResetError
            await super()._groups(request, writer)

    broker = Dying()
    async with listening(broker.serve) as address:
        connection = Connection(address)
        errors = await asyncio.gather(
            *(connection.ask(asks.list_groups(), 20) for _ in range(3)), return_exceptions=True
        )
        assert {type(error) for error in errors} == {Disconnected}
        assert names(await connection.ask(asks.list_groups(), 20)) == ["a", "b"]
        await connection.close()
    assert broker.connections == 2


async def test_a_connection_that_ends_while_nobody_asks_is_told_once() -> None:
    told = asyncio.Event()

    async def once(request: Request, writer: Writer) -> None:
        writer.write(frame(request.number, groups("a")))
        await writer.drain()
        raise ConnectionResetError

    async with listening(FakeBroker(once).serve) as address:
        connection = Connection(address, on_lost=told.set)
        await connection.ask(asks.list_groups(), 20)
        await asyncio.wait_for(told.wait(), 20)
        assert not connection.is_open
        told.clear()
        await connection.close()
        assert not told.is_set()


async def test_an_answer_cut_in_the_middle_is_a_lost_connection() -> None:
    async def cut(request: Request, writer: Writer) -> None:
        writer.write(frame(request.number, groups("a"))[:-3])
        await writer.drain()
        raise ConnectionResetError

    async def cut_cleanly(request: Request, writer: Writer) -> None:
        writer.write(frame(request.number, groups("a"))[:-3])
        writer.close()
        await writer.wait_closed()

    for answer in (cut, cut_cleanly):
        async with listening(FakeBroker(answer).serve) as address:
            assert isinstance(await failure(Connection(address)), Disconnected)


async def test_an_answer_in_single_bytes_is_put_together() -> None:
    async def drip(request: Request, writer: Writer) -> None:
        for byte in frame(request.number, groups("a")):
            writer.write(bytes([byte]))
            await asyncio.sleep(0.001)

    async with listening(FakeBroker(drip).serve) as address:
        connection = Connection(address)
        assert names(await connection.ask(asks.list_groups(), 20)) == ["a"]
        await connection.close()


@pytest.mark.parametrize(
    ("first", "kind", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", WrongProtocol, "speaks HTTP"),
        (b"<!DOCTYPE html><html>", WrongProtocol, "speaks HTTP"),
        (b"\x15\x03\x03\x00\x02\x02\x28", WrongProtocol, "expects TLS"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", WrongProtocol, "'SSH-'"),
        (b"\xff\xff\xff\xff\x00", WrongProtocol, "does not speak Kafka"),
        (b"\x00\x00\x00\x00", WrongProtocol, "does not speak Kafka"),
        (b"\x7f\xff\xff\xff", FrameTooLarge, "2,147,483,647 bytes"),
        (b"\x00\x00\x00\x04\x00\x00\x00\x63", DamagedFrame, "99, which was not asked"),
        (b"\x00\x00\x00\x04\x0d\x0a\x0d\x0a", DamagedFrame, "ends before its error code"),
        (b"\x00\x00\x00\x06\x0d\x0a\x0d\x0a\x00\x00", DamagedFrame, "ApiVersions cannot be read"),
        (b"", Disconnected, "TLS or SASL"),
    ],
)
async def test_a_foreign_port_is_recognised(first: bytes, kind: type[WireError], says: str) -> None:
    async def foreign(reader: asyncio.StreamReader, writer: Writer) -> None:
        await reader.read(64)
        writer.write(first)
        writer.close()

    async with listening(foreign) as address:
        error = await failure(Connection(address))
    assert type(error) is kind
    assert says in str(error)


async def test_a_real_http_server_is_recognised_within_a_second() -> None:
    """It waits for the end of a line before it answers; the first request's number holds two of them."""
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Quiet(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        error = await failure(Connection(Address("127.0.0.1", server.server_port)))
        server.shutdown()
        thread.join()
    assert isinstance(error, WrongProtocol)
    assert "speaks HTTP" in str(error)


async def test_a_frame_above_the_cap_is_not_read() -> None:
    async def large(request: Request, writer: Writer) -> None:
        writer.write(frame(request.number, groups(*(f"group {n}" for n in range(500)))))

    async with listening(FakeBroker(large).serve) as address:
        error = await failure(Connection(address, frame_cap=1000))
    assert isinstance(error, FrameTooLarge)


async def test_an_error_for_the_whole_request_keeps_kafkas_number_and_name() -> None:
    answer = _answer(lambda request: frame(request.number, groups(error=15)))
    async with listening(FakeBroker(answer).serve) as address:
        error = await failure(Connection(address))
    assert isinstance(error, BrokerRefused)
    assert error.code == 15
    assert "COORDINATOR_NOT_AVAILABLE" in str(error)


async def test_damage_in_one_answer_gives_the_connection_up() -> None:
    async def damaged(request: Request, writer: Writer) -> None:
        good = frame(request.number, groups("a"))
        writer.write(struct.pack(">i", len(good) - 3) + good[4:] + b"!")

    broker = FakeBroker(damaged)
    async with listening(broker.serve) as address:
        connection = Connection(address)
        with pytest.raises(DamagedFrame, match="1 bytes too many"):
            await connection.ask(asks.list_groups(), 20)
        assert not connection.is_open
        broker.answer = broker._groups
        assert names(await connection.ask(asks.list_groups(), 20)) == ["a", "b"]
        await connection.close()


async def test_a_step_runs_after_the_versions_and_before_any_question() -> None:
    """The place of SASL: a step talks on the connection before anybody else does."""
    order: list[object] = []

    async def step(connection: Connection) -> None:
        order.append(names(await connection.exchange(asks.list_groups())))
        order.append(connection.is_open)

    async with listening(FakeBroker().serve) as address:
        connection = Connection(address, steps=[step])
        asked = [connection.ask(asks.list_groups(), 20) for _ in range(2)]
        await asyncio.gather(*asked)
        await connection.close()
    assert order == [["a", "b"], False]


async def test_closing_ends_waiting_questions_and_leaves_no_task() -> None:
    async def never(request: Request, writer: Writer) -> None:
        pass

    async with listening(FakeBroker(never).serve) as address:
        connection = Connection(address)
        asked = asyncio.create_task(connection.ask(asks.list_groups(), 30))
        while connection.sent < 2:
            await asyncio.sleep(0.01)
        await connection.close()
        with pytest.raises(Disconnected):
            await asked
    assert len(asyncio.all_tasks()) == 1
