"""A handful of random sequences of raw requests a part: the simulator and a real broker give the same answers."""

import pytest

from mqviz.live.managed.cluster import Cluster
from tests.fuzz.play import PARTS, compare
from tests.fuzz.real import Differs, Real
from tests.fuzz.simulated import simulate

SEEDS = 6


@pytest.mark.kafka
@pytest.mark.parametrize("part", PARTS)
def test_the_simulator_and_kafka_answer_alike(part: str, kafka: Cluster) -> None:
    for seed in range(SEEDS):
        told = compare(part, seed, kafka.bootstrap)
        assert not told, told


@pytest.mark.kafka
def test_what_differs_is_told(kafka: Cluster) -> None:
    steps = simulate(PARTS["transactions"], 0)
    steps[1] = steps[1]._replace(answers={1: "something else"})
    real = Real(kafka.bootstrap)
    with pytest.raises(Differs, match="simulated something else"):
        real.play(steps)
    real.close()


@pytest.mark.parametrize("part", PARTS)
def test_a_seed_gives_the_same_requests_again(part: str) -> None:
    assert simulate(PARTS[part], 3) == simulate(PARTS[part], 3)
    assert simulate(PARTS[part], 3) != simulate(PARTS[part], 4)
