"""Protocols: what a consumer needs of the protocol by which it is a member of its group, as one small table.

Like a real broker: as in the Java client, the same poll(), fetches and commits serve every group.protocol;
what differs is how a member joins, stays, gives up partitions and says who it is. A protocol registers its
functions; the consumer looks them up by its settings, `assign` where partitions are taken by hand (R95).
Left out: nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mqviz.kafka.settings import of
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.kafka.network.state import InFlight
from mqviz.sim.engine import Simulation


class Protocol(NamedTuple):
    """The functions of one group protocol; each takes the simulation and the consumer first.

    `poll`: inside poll(), before records: joins, reconciles; True if records may be returned now.
    `identity`: (member id, generation or member epoch) that a commit names; None: no member, a commit throws
    CommitFailedException. `commit_refused(flight, error)`: a commit was refused, which tells about the
    membership too. `committed(purpose)`: a commit that the protocol started by `consumer.commit(…, purpose)`
    is done or was refused; the purposes of the consumer itself (application, timer, close, …) do not come
    here.
    `resumed`: the frozen process goes on: its timers begin anew.
    `too_late`: poll() did not come within max.poll.interval.ms: the member leaves by itself (R93).
    `leave`: revoke what is owned, say goodbye, and end as `leaving`, then `closed` (R94); close() has
    committed already.
    """

    poll: Callable[[Simulation, Consumer], bool]
    identity: Callable[[Simulation, Consumer], tuple[str, int] | None]
    commit_refused: Callable[[Simulation, Consumer, InFlight, int], None]
    committed: Callable[[Simulation, Consumer, str], None]
    resumed: Callable[[Simulation, Consumer], None]
    too_late: Callable[[Simulation, Consumer], None]
    leave: Callable[[Simulation, Consumer], None]


PROTOCOLS: dict[str, Protocol] = {}
"""By group.protocol: `classic`, `consumer`; `assign` for consumers without group management."""


def register(name: str, protocol: Protocol) -> None:
    """Enter the functions of a protocol."""
    if name in PROTOCOLS:
        raise TypeError(f"the protocol {name} is registered twice")
    PROTOCOLS[name] = protocol


def protocol_of(consumer: Consumer) -> Protocol:
    """The protocol of this consumer's membership."""
    return PROTOCOLS[name_of(consumer)]


def name_of(consumer: Consumer) -> str:
    """Its group.protocol, or `assign`."""
    settings = consumer.settings
    name: str = "assign" if settings.assign else of(settings.config, "consumer", "group.protocol")
    return name
