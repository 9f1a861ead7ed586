"""Which cluster is meant, and a player that watches it."""

from __future__ import annotations

DEFAULT = "localhost:9092"


def bootstrap_of(given: str | None, last: str = "") -> str:
    """What was typed, else the managed cluster, else the last one used, else localhost:9092; raises CannotDo."""
    from mqviz.cli import BAD_INPUT, CannotDo
    from mqviz.live.cluster import managed_bootstrap
    from mqviz.wire.address import parse_bootstrap
    from mqviz.wire.errors import BadAddress

    bootstrap = given or managed_bootstrap() or last or DEFAULT
    try:
        parse_bootstrap(bootstrap)
    except BadAddress as error:
        raise CannotDo(str(error), BAD_INPUT) from None
    return bootstrap
