"""A broker that does as a test says: answers, answers wrongly, late, in pieces, or not at all."""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from io import BytesIO
from typing import Any, NamedTuple

from kio.serial import entity_writer

from mqviz.wire.address import Address
from mqviz.wire.apis import READ_ONLY


class Request(NamedTuple):
    key: int
    version: int
    number: int


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def body(value: Any) -> bytes:
    buffer = BytesIO()
    entity_writer(type(value))(buffer, value)
    return buffer.getvalue()


def frame(number: int, value: Any) -> bytes:
    """The frame that answers request `number` with `value`, in the header version of its kind."""
    header = value.__header_schema__(correlation_id=number)
    whole = body(header) + body(value)
    return struct.pack(">i", len(whole)) + whole


def versions(version: int = 4, error: int = 0, apis: dict[int, tuple[int, int]] | None = None) -> Any:
    m = import_module(f"kio.schema.api_versions.v{version}.response")
    from kio.schema.errors import ErrorCode

    known = {api.key: (0, api.newest) for api in READ_ONLY} if apis is None else apis
    keys = tuple(m.ApiVersion(api_key=k, min_version=a, max_version=b) for k, (a, b) in known.items())
    throttle = {} if version == 0 else {"throttle_time": _no_time()}
    return m.ApiVersionsResponse(error_code=ErrorCode(error), api_keys=keys, **throttle)


def _no_time() -> Any:
    from datetime import timedelta

    return timedelta()


def groups(*names: str, version: int = 5, error: int = 0) -> Any:
    m = import_module(f"kio.schema.list_groups.v{version}.response")
    from kio.schema.errors import ErrorCode

    listed = tuple(
        m.ListedGroup(group_id=name, protocol_type="consumer", group_state="Stable", group_type="classic")
        for name in names
    )
    return m.ListGroupsResponse(throttle_time=_no_time(), error_code=ErrorCode(error), groups=listed)


class FakeBroker:
    """Answers ApiVersions rightly and hands every other request to `answer`."""

    def __init__(self, answer: Answer | None = None, apis: dict[int, tuple[int, int]] | None = None) -> None:
        self.answer = answer or self._groups
        self.apis = apis
        self.seen: list[Request] = []
        self.connections = 0
        self.address = Address("127.0.0.1", 0)

    async def _groups(self, request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(request.number, groups("a", "b")))

    async def versions(self, request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(request.number, versions(request.version, apis=self.apis)))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                data = await reader.readexactly(size)
                request = Request(*struct.unpack_from(">hhi", data))
                self.seen.append(request)
                await (self.versions if request.key == 18 else self.answer)(request, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], port: int = 0
):
    """The address of a server that hands each connection to `serve`, until the block ends."""
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(run, "127.0.0.1", port)
    try:
        yield Address(*server.sockets[0].getsockname()[:2])
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
