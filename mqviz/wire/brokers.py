"""A cluster's brokers: one connection each, found by id, or whichever answers.

Starts from the addresses a person typed and learns the advertised ones. When no advertised broker
answers, the typed addresses are tried again, so a cluster that moved is found.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from mqviz.wire import asks
from mqviz.wire.address import Address
from mqviz.wire.apis import Api
from mqviz.wire.asks import Ask
from mqviz.wire.connection import Connection
from mqviz.wire.errors import Unreachable, WireError

T = TypeVar("T")


class Brokers:
    """Connections to a cluster's brokers. Every question raises WireError and nothing else."""

    def __init__(
        self, bootstrap: Sequence[Address], connect: Callable[[Address], Connection] = Connection
    ) -> None:
        self._bootstrap = tuple(bootstrap)
        self._connect = connect
        self._addresses: dict[int, Address] = {}
        self._connections: dict[Address, Connection] = {}
        self._preferred: Address | None = None
        self._sent_before = 0

    @property
    def requests(self) -> int:
        """How many requests were sent so far, to all brokers."""
        return self._sent_before + sum(c.sent for c in self._connections.values())

    @property
    def ids(self) -> tuple[int, ...]:
        """The brokers that the cluster advertised last, in the order of their ids."""
        return tuple(sorted(self._addresses))

    async def learn(self, brokers: Iterable[asks.Broker]) -> None:
        """Take over the advertised addresses; connections to brokers that are gone are closed."""
        self._addresses = {b.id: Address(b.host, b.port) for b in brokers}
        keep = {*self._addresses.values(), *self._bootstrap}
        for address in [a for a in self._connections if a not in keep]:
            await self._drop(address)

    async def any(self, ask: Ask[T], timeout_s: float) -> T:
        """The answer of the first broker that gives one; each has the deadline. Raises the first error if
        none.
        """
        first: WireError | None = None
        for address in self._candidates():
            try:
                answer = await self._to(address).ask(ask, timeout_s)
            except WireError as error:
                first = first or error
                continue
            self._preferred = address
            return answer
        self._preferred = None
        raise first or Unreachable("the cluster", "no broker address is known")

    async def of(self, broker: int, ask: Ask[T], timeout_s: float) -> T:
        """The answer of one broker, by its id."""
        address = self._addresses.get(broker)
        if address is None:
            raise Unreachable(f"broker {broker}", "not in the cluster at the moment")
        return await self._to(address).ask(ask, timeout_s)

    def supports(self, broker: int, api: Api) -> bool:
        """Whether a connected broker knows a version of this request that mqviz knows."""
        address = self._addresses.get(broker)
        return address in self._connections and self._connections[address].supports(api)

    async def close(self) -> None:
        """Close every connection."""
        for address in list(self._connections):
            await self._drop(address)

    def _candidates(self) -> list[Address]:
        """Every address once, the likeliest to answer first; typed addresses after advertised ones."""
        known = dict.fromkeys([*self._addresses.values(), *self._bootstrap])
        return sorted(known, key=lambda a: (a != self._preferred, self._to(a).is_waiting))

    def _to(self, address: Address) -> Connection:
        if address not in self._connections:
            self._connections[address] = self._connect(address)
        return self._connections[address]

    async def _drop(self, address: Address) -> None:
        connection = self._connections.pop(address)
        self._sent_before += connection.sent
        await connection.close()
