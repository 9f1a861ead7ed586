import asyncio
from contextlib import AsyncExitStack

import pytest

from mqviz.wire import asks
from mqviz.wire.address import Address
from mqviz.wire.brokers import Brokers
from mqviz.wire.errors import Unreachable, WireError, WrongProtocol
from tests.wire.fake import FakeBroker, Request, listening


async def listening_to(stack: AsyncExitStack, *brokers: FakeBroker) -> list[Address]:
    return [await stack.enter_async_context(listening(broker.serve)) for broker in brokers]


def broker(number: int, address: Address) -> asks.Broker:
    return asks.Broker(number, address.host, address.port, None)


async def test_a_broker_is_asked_by_its_id_over_one_connection() -> None:
    fakes = [FakeBroker(), FakeBroker()]
    async with AsyncExitStack() as stack:
        one, two = await listening_to(stack, *fakes)
        brokers = Brokers([one])
        await brokers.any(asks.list_groups(), 20)
        await brokers.learn([broker(1, one), broker(2, two)])
        for _ in range(3):
            await brokers.of(1, asks.list_groups(), 20)
            await brokers.of(2, asks.list_groups(), 20)
        assert brokers.ids == (1, 2)
        assert brokers.requests == 2 + 7
        await brokers.close()
        assert brokers.requests == 2 + 7
    assert [fake.connections for fake in fakes] == [1, 1]


async def test_any_passes_over_what_does_not_answer_and_comes_back_to_what_did() -> None:
    async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
        pass

    frozen, alive = FakeBroker(silent), FakeBroker()
    async with AsyncExitStack() as stack:
        one, two = await listening_to(stack, frozen, alive)
        brokers = Brokers([one, two])
        await brokers.any(asks.list_groups(), 0.1)
        asked = len(frozen.seen)
        await brokers.any(asks.list_groups(), 0.1)
        assert len(frozen.seen) == asked
        await brokers.close()


async def test_the_typed_address_is_tried_again_when_no_advertised_one_answers() -> None:
    fake = FakeBroker()
    async with AsyncExitStack() as stack:
        (typed,) = await listening_to(stack, fake)
        async with listening(fake.serve) as gone:
            pass
        brokers = Brokers([typed])
        await brokers.learn([broker(7, gone)])
        assert await brokers.any(asks.list_groups(), 20)
        with pytest.raises(Unreachable, match=f":{gone.port}: connection refused"):
            await brokers.of(7, asks.list_groups(), 20)
        await brokers.close()


async def test_a_broker_that_left_is_forgotten_and_its_connection_closed() -> None:
    fakes = [FakeBroker(), FakeBroker()]
    async with AsyncExitStack() as stack:
        one, two = await listening_to(stack, *fakes)
        brokers = Brokers([one])
        await brokers.learn([broker(1, one), broker(2, two)])
        await brokers.of(2, asks.list_groups(), 20)
        await brokers.learn([broker(1, one)])
        with pytest.raises(Unreachable, match="broker 2: not in the cluster"):
            await brokers.of(2, asks.list_groups(), 20)
        assert brokers.requests == 2
        await brokers.close()


async def test_the_first_error_is_told_when_nobody_answers() -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(64)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with listening(web) as address:
        brokers = Brokers([address, Address("127.0.0.1", 1)])
        with pytest.raises(WrongProtocol):
            await brokers.any(asks.list_groups(), 20)
        await brokers.close()
    with pytest.raises(WireError):
        await Brokers([]).any(asks.list_groups(), 20)
