"""`mqviz learn N --on BOOTSTRAP`: what would be made there is listed and agreed to before a screen opens."""

from __future__ import annotations

import sys

import msgspec

from mqviz.backend import Open, Refused
from mqviz.cli import COULD_NOT, CannotDo
from mqviz.commands import parse
from mqviz.lesson.format import Lesson
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.producer import AddProducer
from mqviz.model.command.topic import CreateTopic
from mqviz.scenario import Scenario


def agree(bootstrap: str, lesson: Lesson, yes: bool) -> None:
    """Ask, unless mqviz started the cluster or `yes`; raises CannotDo if it is not wanted or not possible."""
    from mqviz.live.drive import plan as drive_plan
    from mqviz.live.managed import cluster

    try:
        drive_plan.check(lesson.scenario)
    except Refused as error:
        raise CannotDo(str(error), COULD_NOT) from None
    if yes or _same(cluster.managed_bootstrap(), bootstrap):
        return
    print(f"mqviz did not start the cluster at {bootstrap}. The lesson makes there:")
    for line in drive_plan.listing(with_steps(lesson)):
        print(f"  {line}")
    print("  what you add yourself; the same becomes of it")
    print("Go on? [y/N] ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CannotDo("nothing was made", COULD_NOT)


def with_steps(lesson: Lesson) -> Scenario:
    """The lesson's scenario, and all that its steps add by themselves."""
    scenario = lesson.scenario
    given = [parse(text) for step in lesson.steps for text in step.do]
    return msgspec.structs.replace(
        scenario,
        topics=(*scenario.topics, *(each for each in given if isinstance(each, CreateTopic))),
        producers=(*scenario.producers, *(each for each in given if isinstance(each, AddProducer))),
        consumers=(*scenario.consumers, *(each for each in given if isinstance(each, AddConsumer))),
    )


def _same(managed: str | None, bootstrap: str) -> bool:
    """Whether both name the cluster that mqviz started, which listens on the loopback address only."""
    return managed is not None and set(bootstrap.replace("localhost", "127.0.0.1").split(",")) <= set(
        managed.split(",")
    )


def open_driven(bootstrap: str) -> Open:
    """How a scenario is played on that cluster; `agree` was asked before."""
    from mqviz.live.drive.backend import open_driven as opened

    return opened(bootstrap, consent=True)
