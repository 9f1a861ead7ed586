"""Which cluster is meant, and a player that watches it."""

from __future__ import annotations

from mqviz.backend import Backend
from mqviz.cli import BAD_INPUT, CannotDo
from mqviz.model.units import Duration
from mqviz.player import FAR_US, Player
from mqviz.scenario import Scenario
from mqviz.ui.options import Watched

DEFAULT = "localhost:9092"


def bootstrap_of(given: str | None, last: str = "") -> str:
    """What was typed, else the managed cluster, else the last one used, else localhost:9092.

    Raises CannotDo for what is no address.
    """
    from mqviz.live.managed.cluster import managed_bootstrap
    from mqviz.wire.address import parse_bootstrap
    from mqviz.wire.errors import BadAddress

    bootstrap = given or managed_bootstrap() or last or DEFAULT
    try:
        parse_bootstrap(bootstrap)
    except BadAddress as error:
        raise CannotDo(str(error), BAD_INPUT) from None
    return bootstrap


def watched(bootstrap: str) -> Watched:
    """A player that watches a cluster, read-only, from now on; raises ValueError for a bad address."""
    from mqviz.live.observe.backend import KafkaBackend
    from mqviz.wire.errors import BadAddress

    try:
        backend = KafkaBackend(bootstrap)
    except BadAddress as error:
        raise ValueError(str(error)) from None

    def open_watch(scenario: Scenario, seed: int, checkpoint: bytes | None = None) -> Backend:
        return backend

    player = Player(open_watch, live_scenario(bootstrap))
    player.play()
    return Watched(player, backend.look)


def live_scenario(bootstrap: str) -> Scenario:
    """What stands for a scenario where a real cluster is watched: it has no end and starts nothing."""
    return Scenario(title=bootstrap, until=Duration(FAR_US), scene="partition-log", kafka_version="")
