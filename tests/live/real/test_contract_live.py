"""The contract of every backend, held to a real cluster: watched, and driven."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mqviz.commands import parse
from mqviz.live.drive.backend import DrivenKafkaBackend, open_driven
from mqviz.live.managed.cluster import Cluster
from mqviz.live.observe.backend import KafkaBackend
from mqviz.scenario import read_scenario
from tests.contract import Clause, Subject, clauses

pytestmark = pytest.mark.kafka

SCENARIO = """
title: a group that changes
until: 4s
scene: partition-log
topics:
  - {name: orders, partitions: 3}
producers:
  - {name: p1, topic: orders, rate: 20/s, keys: [A, B, C, D]}
consumers:
  - {name: c1, group: g, processing: 20ms, auto_offset_reset: earliest}
timetable:
  - {at: 1s, do: add consumer group=g}
  - {at: 1s, do: close consumer nobody}
"""
GIVEN = {1_500_000: "pause producer p1", 2_000_000: "resume producer p1", 2_500_000: "kill consumer c1"}
REFUSED = (
    "add consumer c1 group=g",
    "create topic orders",
    "add producer p1 topic=orders",
    "add producer p topic=nowhere",
    "kill consumer nobody",
    "resume consumer c1",
    "set producer nobody rate=2/s",
    "send record nobody",
    "fail service mail-server",
)


def breathe() -> None:
    time.sleep(0.005)


@pytest.fixture
def driven(kafka: Cluster, tmp_path: Path) -> Subject:
    scenario = read_scenario(SCENARIO, "contract.yaml")
    opened = open_driven(kafka.bootstrap, consent=True, notes=tmp_path)
    return Subject(
        lambda checkpoint: opened(scenario, 7, checkpoint),
        int(scenario.until),
        tuple((at_us, parse(text)) for at_us, text in GIVEN.items()),
        tuple(map(parse, REFUSED)),
        breathe,
    )


@pytest.fixture
def watched(kafka: Cluster) -> Subject:
    return Subject(
        lambda checkpoint: KafkaBackend(kafka.bootstrap),
        2_000_000,
        refused=(parse("create topic orders"), parse("add consumer group=g topic=t")),
        breathe=breathe,
    )


@pytest.mark.parametrize("clause", clauses(DrivenKafkaBackend.can), ids=lambda clause: clause.__name__)
def test_a_driven_cluster_keeps(clause: Clause, driven: Subject) -> None:
    clause(driven)


@pytest.mark.parametrize("clause", clauses(()), ids=lambda clause: clause.__name__)
def test_a_watched_cluster_keeps(clause: Callable[[Subject], None], watched: Subject) -> None:
    clause(watched)
