"""Addresses of brokers, as people type them: `host`, `host:port`, `[::1]:9092`, several with commas."""

from typing import NamedTuple

from mqviz.wire.errors import BadAddress

DEFAULT_PORT = 9092


class Address(NamedTuple):
    """Where a broker listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_bootstrap(text: str) -> tuple[Address, ...]:
    """Read a comma-separated list of brokers; the port is 9092 where none is given.

    Raises BadAddress, naming the part that is wrong.
    """
    parts = [part.strip() for part in text.split(",")]
    if not any(parts):
        raise BadAddress(repr(text), "no broker address; write it like localhost:9092")
    return tuple(dict.fromkeys(_parse_one(part) for part in parts if part))


def _parse_one(text: str) -> Address:
    if "://" in text:
        raise BadAddress(text, f"leave out {text.split('://')[0]}://; a broker's address is host:port")
    host, port = _split(text)
    if not host or any(c.isspace() or c in "/[]" for c in host):
        raise BadAddress(text, "not a host name; write the address like localhost:9092")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise BadAddress(text, f"the port is a number from 1 to 65535, not {port!r}")
    return Address(host, int(port))


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest[1:] if rest.startswith(":") else rest or str(DEFAULT_PORT)
    if text.count(":") > 1:
        return text, str(DEFAULT_PORT)
    host, colon, port = text.partition(":")
    return host, port if colon else str(DEFAULT_PORT)
