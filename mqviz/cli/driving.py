"""`mqviz learn N --on BOOTSTRAP`: what would be made on the cluster is listed and agreed to before a screen opens."""

from __future__ import annotations

import sys

from mqviz.backend import Open, Refused
from mqviz.cli import COULD_NOT, CannotDo
from mqviz.scenario import Scenario


def agree(bootstrap: str, scenario: Scenario, yes: bool) -> None:
    """Ask, unless mqviz started the cluster or `yes`; raises CannotDo when it is not wanted or not possible."""
    from mqviz.live import cluster, drive_plan

    try:
        drive_plan.check(scenario)
    except Refused as error:
        raise CannotDo(str(error), COULD_NOT) from None
    if yes or _same(cluster.managed_bootstrap(), bootstrap):
        return
    print(f"mqviz did not start the cluster at {bootstrap}. The lesson makes there, and removes again:")
    for line in drive_plan.listing(scenario):
        print(f"  {line}")
    print("Go on? [y/N] ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CannotDo("nothing was made", COULD_NOT)


def _same(managed: str | None, bootstrap: str) -> bool:
    """Whether both name the cluster that mqviz started, which listens on the loopback address only."""
    return managed is not None and set(bootstrap.replace("localhost", "127.0.0.1").split(",")) <= set(
        managed.split(",")
    )


def open_driven(bootstrap: str) -> Open:
    """How a scenario is played on that cluster; `agree` was asked before."""
    from mqviz.live.drive_backend import open_driven as opened

    return opened(bootstrap, consent=True)
