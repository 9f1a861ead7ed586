"""The example scenarios of Kafka: they play to their end, keep every invariant, and show what they promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from mqviz import facts
from mqviz.model.kafka.clients.producer.events import RecordsAcknowledged
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.kafka.replication.events import HighWatermarkAdvanced, ReplicaAppended
from mqviz.scenario import load_scenario
from tests.sim.kafka.worlds import MS, S, times
from tests.sim.worlds import Run

FOLDER = Path(__file__).parents[3] / "assets" / "scenarios"


def opened(name: str) -> Run:
    scenario = load_scenario(FOLDER / f"{name}.yaml")
    return Run(scenario, scenario.seed)


def lag(watched: Run, group: str, topic: str, partition: int) -> int:
    value = facts.partition_lag(watched.state, group, topic, partition).value
    return value if isinstance(value, int) else 0


def test_r32_is_exact() -> None:
    start = 10_050 * MS
    watched = opened("one-record").to(12 * S)
    assert times(watched, BatchAppended, start) == [1_200]
    assert times(watched, ReplicaAppended, start) == [2_400, 2_400]
    assert times(watched, HighWatermarkAdvanced, start) == [3_400]
    assert times(watched, RecordsAcknowledged, start) == [4_400]
    assert facts.processed(watched.state, "billing") == 1


def test_consumer_groups_has_two_idle_members_motion_and_a_lag_that_breathes() -> None:
    watched = opened("consumer-groups")
    lags: dict[int, list[int]] = {0: [], 1: [], 2: []}
    moving = 0
    for step in range(16, 120):
        watched.to(step * 250 * MS)
        moving += bool(facts.flights(watched.state))
        for partition, values in lags.items():
            values.append(lag(watched, "email-consumers", "email-requests", partition))
    assert facts.key_letters(watched.state)[:3] == ("alice", "bob", "carol")
    assert facts.idle_members(watched.state, "email-consumers") == 2
    assert [facts.owner(watched.state, "email-consumers", "email-requests", p) for p in range(3)] == [
        "c1",
        "c2",
        "c3",
    ]
    assert moving > 40
    assert all(3 <= max(values) <= 7 and min(values[40:]) <= 1 for values in lags.values())


def test_one_hot_key_leaves_one_partition_behind_and_a_fourth_member_does_not_help() -> None:
    watched = opened("one-hot-key").to(29 * S)
    before = [lag(watched, "billing", "orders", partition) for partition in range(3)]
    assert before[0] > 2 * max(before[1:])
    watched.to(59 * S)
    assert lag(watched, "billing", "orders", 0) > before[0]
    assert facts.idle_members(watched.state, "billing") == 1


@pytest.mark.parametrize("name", ["one-record", "consumer-groups", "one-hot-key"])
def test_moments_lie_inside_the_run(name: str) -> None:
    scenario = load_scenario(FOLDER / f"{name}.yaml")
    assert scenario.moments
    assert all(moment.at < scenario.until for moment in scenario.moments)
    assert len(scenario.about) > 40
