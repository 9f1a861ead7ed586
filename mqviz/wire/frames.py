"""Whole frames off a stream, and a name for what answers when it is not Kafka."""

from asyncio import IncompleteReadError, StreamReader

from mqviz.wire.errors import Disconnected, FrameTooLarge, WireError, WrongProtocol

FRAME_CAP = 100 * 1024 * 1024
"""The largest answer that is read, in bytes. Kafka's brokers refuse requests above the same size."""

_WEB = (b"HTTP", b"<!DO", b"<!do", b"<htm", b"<HTM")


async def read_frame(reader: StreamReader, where: str, cap: int = FRAME_CAP) -> bytes:
    """The next frame, without its length. Raises Disconnected, WrongProtocol or FrameTooLarge."""
    try:
        head = await reader.readexactly(4)
        size = int.from_bytes(head, "big", signed=True)
        if not 4 <= size <= cap:
            raise _foreign(head, size, where, cap)
        return await reader.readexactly(size)
    except IncompleteReadError as error:
        raise _cut_short(len(error.partial), where) from error
    except OSError as error:
        raise Disconnected(where, f"the connection broke ({error.strerror or error})") from error


def _cut_short(received: int, where: str) -> Disconnected:
    if not received:
        return Disconnected(where, "the broker closed the connection")
    return Disconnected(where, f"the connection ended {received} bytes into an answer")


def _foreign(head: bytes, size: int, where: str, cap: int) -> WireError:
    """The error for four bytes that cannot be the length of an answer."""
    if head in _WEB:
        return WrongProtocol(where, "this port speaks HTTP, not Kafka; give the address of a broker")
    if head[0] == 0x15 and head[1] == 0x03:
        return WrongProtocol(where, "this port expects TLS and mqviz spoke plain text; give a PLAINTEXT port")
    if all(32 <= byte < 127 for byte in head):
        return WrongProtocol(
            where,
            f"this port answers with text ({head.decode()!r} …), not Kafka; give the address of a broker",
        )
    if size < 4:
        return WrongProtocol(where, f"this port does not speak Kafka (an answer of {size} bytes)")
    return FrameTooLarge(where, f"an answer of {size:,} bytes was announced; mqviz reads up to {cap:,}")
