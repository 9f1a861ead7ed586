"""The contract suite on the backends that need no cluster: the simulator and a replayed capture."""

from __future__ import annotations

import pytest

from mqviz.capture import open_events
from mqviz.commands import parse
from mqviz.scenario import Scenario, read_scenario
from mqviz.sim.backend import SimBackend, open_sim
from tests.contract import Clause, Script, Subject, clauses, run

SIGN_UPS = """
title: sign-ups, with faults on the timetable
until: 20s
scene: request-timing
sign_ups:
  - {name: sync, clients: 40, arrivals: exponential, rate: 4/s, threads: 6}
  - {name: async, design: asynchronous, clients: 40, arrivals: exponential, rate: 4/s, workers: 3}
timetable:
  - {at: 3s, do: fail service mail-server}
  - {at: 3s, do: fail service mail-server}
  - {at: 5s, do: repair service mail-server}
"""

CLUSTER = """
title: two brokers, a group that changes
until: 20s
scene: partition-log
cluster: {brokers: 2}
topics:
  - {name: orders, partitions: 3, replication_factor: 2}
producers:
  - {name: keyed, topic: orders, rate: 10/s, keys: [A, B, C, D], arrivals: exponential}
  - {name: sticky, topic: orders, rate: 5/s, acks: "1", key_choice: random}
consumers:
  - {name: c1, group: g, processing: 80ms}
  - {name: c2, group: g, processing: 120ms, service_times: exponential}
timetable:
  - {at: 6s, do: add consumer group=g processing=50ms}
  - {at: 6s, do: close consumer nobody}
"""

CLUSTER_GIVEN = {
    7_500_000: "add consumer c9 group=other topic=orders auto_offset_reset=earliest",
    9_000_000: "close consumer c1",
    9_000_001: "pause producer keyed",
    11_000_000: "resume producer keyed",
    11_500_000: "kill consumer c2",
    12_000_000: "send record sticky key=Z count=3",
}

CLUSTER_REFUSED = (
    "add consumer c3 group=g",
    "create topic orders",
    "create topic wide replication_factor=3",
    "add producer keyed topic=orders",
    "add producer p topic=nowhere",
    "kill consumer nobody",
    "resume consumer c1",
    "set producer nobody rate=2/s",
    "send record nobody",
    "fail service mail-server",
)

GIVEN = {
    2_500_000: "add sign-up third design=asynchronous clients=9 workers=1",
    5_000_000: "fail service async",
    5_000_001: "fail service mail-server",
    8_123_456: "repair service mail-server",
    9_000_000: "repair service async",
}

REFUSED = (
    "fail service nobody",
    "repair service sync",
    "add sign-up sync",
    "add sign-up mail-server",
    "add sign-up new rate=0/s",
    "add sign-up new at=2s,1s",
    "add sign-up new rate=0/s",
    "add sign-up new mail_min=5s mail_max=3s",
    "add sign-up new mail_server=sync",
    "add sign-up new threads=-1",
    "kill consumer c99",
    "add consumer group=g topic=none",
)


def script(given: dict[int, str]) -> Script:
    return tuple((at_us, parse(text)) for at_us, text in given.items())


def simulated(scenario: Scenario, given: dict[int, str], refused: tuple[str, ...], seed: int = 7) -> Subject:
    return Subject(
        open=lambda checkpoint: open_sim(scenario, seed, checkpoint),
        until_us=int(scenario.until),
        script=script(given),
        refused=tuple(parse(text) for text in refused),
    )


def sign_ups() -> Subject:
    return simulated(read_scenario(SIGN_UPS, "sign-ups.yaml"), GIVEN, REFUSED)


def replayed() -> Subject:
    scenario = read_scenario(SIGN_UPS, "sign-ups.yaml")
    opened = open_events(run(sign_ups()))
    return Subject(
        open=lambda checkpoint: opened(scenario, 7, checkpoint),
        until_us=int(scenario.until),
        refused=(parse("fail service mail-server"),),
    )


def cluster() -> Subject:
    return simulated(read_scenario(CLUSTER, "cluster.yaml"), CLUSTER_GIVEN, CLUSTER_REFUSED)


WORLDS = {"sign-ups": sign_ups, "cluster": cluster}
"""The simulated worlds that are held to the contract."""


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("clause", clauses(SimBackend.can), ids=lambda clause: clause.__name__)
def test_simulator(clause: Clause, world: str) -> None:
    clause(WORLDS[world]())


@pytest.mark.parametrize("clause", clauses(replayed().open(None).can), ids=lambda clause: clause.__name__)
def test_replay(clause: Clause) -> None:
    clause(replayed())
