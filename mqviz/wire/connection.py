"""One connection to one broker: asked questions in order, each with a deadline, made again when it is lost.

A broker answers the requests of one connection in their order, so a frozen broker holds up nobody but
itself. A request that misses its deadline is given up while the connection stays; its late answer is
dropped by its number. A lost connection is made anew by the next question, but not before a pause that
doubles with every failure; until then questions fail at once with the same error.

TLS replaces `open_stream`; SASL is a step run after the versions are known, which talks by `exchange`.
Callers see neither.
"""

import asyncio
import errno
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from socket import gaierror
from typing import Any, TypeVar

from mqviz.wire import asks, codec
from mqviz.wire.address import Address
from mqviz.wire.apis import Api
from mqviz.wire.asks import Ask
from mqviz.wire.errors import (
    BrokerRefused,
    DamagedFrame,
    Disconnected,
    TimedOut,
    Unreachable,
    UnsupportedVersion,
    WireError,
)
from mqviz.wire.frames import FRAME_CAP, read_frame
from mqviz.wire.streams import Streams, open_plain

T = TypeVar("T")
OpenStream = Callable[[str, int], Awaitable[Streams]]

_FIRST_ID = 0x0D0A0D0A
"""The number of the first request spells two line ends, so that a server of lines (HTTP) answers at once
instead of waiting for more; Kafka returns any number as it came."""
_UNSUPPORTED_VERSION = 35
_UNANSWERED_MOST = 3
"""Deadlines missed in a row, with no answer between, after which a connection is given up."""


class Connection:
    """Ask a broker; see the module. All times are seconds on `clock`, which never goes back."""

    def __init__(
        self,
        address: Address,
        *,
        client_id: str = "mqviz",
        software_version: str = "0",
        open_stream: OpenStream = open_plain,
        steps: Sequence[Callable[["Connection"], Awaitable[None]]] = (),
        frame_cap: int = FRAME_CAP,
        backoff_s: tuple[float, float] = (0.1, 5.0),
        clock: Callable[[], float] = time.monotonic,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_lost` is called when a connection that was open ends by itself, also while nobody asks."""
        self.address = address
        self.sent = 0
        """How many requests went out on this connection, since it was made the first time."""
        self._client_id = client_id
        self._software_version = software_version
        self._open_stream = open_stream
        self._steps = steps
        self._frame_cap = frame_cap
        self._backoff_s = backoff_s
        self._clock = clock
        self._on_lost = on_lost
        self._writer: asyncio.StreamWriter | None = None
        self._ready = False
        self._reading: asyncio.Task[None] | None = None
        self._pending: dict[int, asyncio.Future[bytes]] = {}
        self._unanswered = 0
        self._ids = itertools.count(1)
        self._versions: dict[int, tuple[int, int]] = {}
        self._opening = asyncio.Lock()
        self._failures = 0
        self._failed: WireError | None = None
        self._retry_at = 0.0

    @property
    def where(self) -> str:
        """The broker's address as text."""
        return str(self.address)

    @property
    def is_open(self) -> bool:
        """Whether requests can go out now, without connecting first."""
        return self._ready

    @property
    def is_waiting(self) -> bool:
        """Whether a question would fail at once, because a retry is not due yet."""
        return not self.is_open and self._failed is not None and self._clock() < self._retry_at

    def supports(self, api: Api) -> bool:
        """Whether the broker, once connected, knows a version of this request that mqviz knows."""
        oldest, newest = self._versions.get(api.key, (1, 0))
        return max(oldest, api.oldest) <= min(newest, api.newest)

    async def ask(self, ask: Ask[T], timeout_s: float) -> T:
        """The answer, connecting first if needed; the deadline covers both.

        Raises WireError, and nothing else, whatever the broker does.
        """
        codec.load(asks.api_versions(self._software_version).api, ask.api)
        try:
            async with asyncio.timeout(timeout_s):
                if not self.is_open:
                    await self._connect()
                return await self.exchange(ask)
        except TimeoutError:
            error = self._missed(ask, timeout_s)
        raise error

    async def exchange(self, ask: Ask[T]) -> T:
        """The answer on the connection as it is, without a deadline: for steps, which run inside one."""
        version = self._version(ask.api)
        return self._read(ask, version, await self._send(ask, version, next(self._ids)))

    async def close(self) -> None:
        """End the connection; a later question opens it anew."""
        reading = self._reading
        self._lose(Disconnected(self.where, "the connection was closed"))
        if reading is not None:
            await asyncio.gather(reading, return_exceptions=True)

    # ── connecting

    async def _connect(self) -> None:
        async with self._opening:
            if self.is_open:
                return
            if self.is_waiting and self._failed is not None:
                raise self._failed.with_traceback(None)
            try:
                await self._open()
            except (WireError, TimeoutError, asyncio.CancelledError) as error:
                self._back_off(error)
                raise
            self._failures, self._failed = 0, None

    async def _open(self) -> None:
        try:
            reader, self._writer = await self._open_stream(*self.address)
        except (OSError, UnicodeError) as error:
            raise Unreachable(self.where, _why_unreachable(error)) from error
        self._unanswered = 0
        self._reading = asyncio.create_task(self._read_answers(reader))
        try:
            self._versions = await self._learn_versions()
        except Disconnected as error:
            hint = f"{error.sentence} before answering; does this port expect TLS or SASL?"
            raise Disconnected(self.where, hint) from error
        for step in self._steps:
            await step(self)
        self._ready = True

    async def _learn_versions(self) -> dict[int, tuple[int, int]]:
        """ApiVersions in mqviz's newest version, or in the one that the broker says it knows."""
        question = asks.api_versions(self._software_version)
        frame = await self._send(question, question.api.newest, _FIRST_ID)
        if self._decoded(codec.error_code, frame) != _UNSUPPORTED_VERSION:
            return self._read(question, question.api.newest, frame)
        known = self._read(question, 0, frame)
        newest = known.get(question.api.key, (0, 0))[1]
        version = max(0, min(question.api.newest, newest))
        return self._read(question, version, await self._send(question, version, next(self._ids)))

    def _back_off(self, error: BaseException) -> None:
        self._failures += 1
        first, most = self._backoff_s
        self._retry_at = self._clock() + min(most, first * 2 ** min(self._failures - 1, 30))
        self._failed = error if isinstance(error, WireError) else self._silent()
        self._lose(self._failed)

    def _silent(self) -> TimedOut:
        if self._writer is None:
            return TimedOut(self.where, "nothing answers at this address")
        return TimedOut(self.where, "accepts connections but answers nothing; is it Kafka, and is it alive?")

    # ── asking

    def _version(self, api: Api) -> int:
        oldest, newest = self._versions.get(api.key, (1, 0))
        if oldest > newest:
            raise UnsupportedVersion(self.where, f"this broker does not know the request {api.name}")
        version = min(newest, api.newest)
        if version < max(oldest, api.oldest):
            raise UnsupportedVersion(
                self.where,
                f"this broker speaks {api.name} in versions {oldest} to {newest}, "
                f"mqviz in {api.oldest} to {api.newest}",
            )
        return version

    async def _send(self, ask: Ask[T], version: int, number: int) -> bytes:
        """Write one request and wait for its frame. Written at once, so requests go out in their order."""
        if self._writer is None:
            raise self._failed or Disconnected(self.where, "the connection was lost")
        self._writer.write(codec.encode(ask.api, version, number, self._client_id, _body(ask, version)))
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        self.sent += 1
        return await answer

    def _read(self, ask: Ask[T], version: int, frame: bytes) -> T:
        try:
            return ask.read(codec.decode(ask.api, version, frame))
        except asks.Rejected as error:
            raise BrokerRefused(self.where, f"answered {ask.api.name} with {error}", error.code) from error
        except Exception as error:  # bytes from outside: whatever reading them trips over, they are damaged
            raise self._damaged(f"the answer to {ask.api.name} cannot be read ({error})") from error

    def _decoded(self, read: Callable[[bytes], int], frame: bytes) -> int:
        try:
            return read(frame)
        except codec.NotDecodable as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, sentence: str) -> DamagedFrame:
        """The error for bytes that are not Kafka's; nothing after them can be trusted."""
        error = DamagedFrame(self.where, sentence)
        self._lose(error)
        return error

    def _missed(self, ask: Ask[T], timeout_s: float) -> WireError:
        """Account for a missed deadline. The request stays pending (cancelled), so its answer is known as
        late.
        """
        if not self.is_open and self._failed is not None:
            return self._failed.with_traceback(None)
        error = TimedOut(self.where, f"no answer to {ask.api.name} within {timeout_s:g} s")
        self._unanswered += 1
        if self._unanswered >= _UNANSWERED_MOST and self.is_open:
            self._back_off(error)
        return error

    # ── answers

    async def _read_answers(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                frame = await read_frame(reader, self.where, self._frame_cap)
                self._deliver(frame)
        except WireError as error:
            was_open = self.is_open
            self._lose(error)
            if was_open:
                self._on_lost()

    def _deliver(self, frame: bytes) -> None:
        number = self._decoded(codec.correlation_id, frame)
        answer = self._pending.pop(number, None)
        if answer is None:
            raise self._damaged(f"an answer carries the number {number}, which was not asked")
        self._unanswered = 0
        if not answer.done():
            answer.set_result(frame)

    def _lose(self, error: WireError) -> None:
        """Drop the connection; whoever waits on it gets the error."""
        self._ready = False
        writer, self._writer = self._writer, None
        reading, self._reading = self._reading, None
        pending, self._pending = self._pending, {}
        for answer in pending.values():
            if not answer.done():
                answer.set_exception(error)
        if writer is not None:
            writer.transport.abort()
        if reading is not None and reading is not asyncio.current_task():
            reading.cancel()


@lru_cache(maxsize=64)
def _body(ask: Ask[Any], version: int) -> bytes:
    """The request's bytes: the same question asked again and again is written once."""
    return codec.body(ask.build(codec.schema(ask.api, version, "request")))


def _why_unreachable(error: Exception) -> str:
    if isinstance(error, gaierror | UnicodeError):
        return "this host name is not known here; check the spelling"
    if isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}]" in str(error):
        return "connection refused; no broker listens there"
    return f"cannot be reached ({getattr(error, 'strerror', None) or error})"
