"""A plain TCP stream to a broker, opened so that nothing keeps the program from ending.

asyncio asks for a host name in a pool of threads that Python joins when it exits; a name server that does
not answer would hold the program up for as long. A thread of our own need not be waited for.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

ROOM = 1 << 20
"""Bytes that are read ahead: answers are large."""


async def open_plain(host: str, port: int) -> Streams:
    """Connect to the first address of `host` that accepts; raises OSError or UnicodeError."""
    failure: OSError = socket.gaierror("no address")
    for address in await _addresses(host, port):
        try:
            return await asyncio.open_connection(address, port, limit=ROOM)
        except OSError as error:
            failure = error
    raise failure


async def _addresses(host: str, port: int) -> list[str]:
    """The numeric addresses of a host, in the order that the system prefers."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(how: Callable[[Any], None], value: Any) -> None:
        if not answer.done():
            how(value)

    def ask() -> None:
        with contextlib.suppress(RuntimeError):  # the loop ended meanwhile: nobody waits for it any more
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                loop.call_soon_threadsafe(settle, answer.set_exception, error)
            else:
                addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
                loop.call_soon_threadsafe(settle, answer.set_result, addresses)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    return await answer
