"""Whatever happens to a simulated Kafka of any shape: the invariants hold after every event, and what was promised is kept.

Hypothesis draws the world and what is done to it, the same ones in every run; `make soak` sweeps many more by their seeds. A failure names a scenario file that
repeats it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from mqviz.commands import TABLE
from mqviz.model.state import State
from tests.soak import orders, topology, trial
from tests.soak.choose import Drawn, Seeded
from tests.soak.trial import Enough, Trial, World, drawn, from_file, minimised, text_of

MOST_EVENTS = 3_000


class Kafka(RuleBasedStateMachine):
    """A world that Hypothesis makes and does things to."""

    world: World

    @initialize(data=st.data())
    def begin(self, data: Any) -> None:
        self.world = World(topology.scenario(Drawn(data)), most=MOST_EVENTS)

    @rule(data=st.data())
    def time_passes(self, data: Any) -> None:
        self.held(lambda: self.world.to(self.world.backend.now_us + orders.wait_us(Drawn(data))))

    @rule(data=st.data())
    def somebody_does_something(self, data: Any) -> None:
        self.held(lambda: self.world.do(orders.order(Drawn(data), self.world.backend.state)))

    @rule(data=st.data())
    def something_breaks(self, data: Any) -> None:
        self.held(lambda: self.world.do(orders.fault(Drawn(data), self.world.backend.state)))

    def held(self, act: Callable[[], object]) -> None:
        """Do it; a failure is written down as a scenario."""
        if self.world.over:
            return
        try:
            act()
        except Enough:
            self.world.over = True
        except Exception as failure:
            self.world.over = True
            path = Path(gettempdir()) / "mqviz-soak.yaml"
            found = Trial(self.world.scenario, self.world.script, f"{type(failure).__name__}: {failure}")
            path.write_text(text_of(found), encoding="utf-8")
            failure.add_note(f"again: python -m tests.soak {path}")
            raise

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.held(self.world.end)


TestKafka = Kafka.TestCase
TestKafka.settings = settings(
    max_examples=8,
    stateful_step_count=14,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def test_every_command_to_a_kafka_is_drawn() -> None:
    assert set(TABLE) - set(orders.NEVER) == set(orders.table())


def test_a_seed_is_the_same_trial_again() -> None:
    first, second = drawn(7), drawn(7)
    assert (first.script, first.events, first.error) == (second.script, second.events, second.error)


def test_a_failure_is_made_short_and_its_file_repeats_it(monkeypatch: Any, tmp_path: Path) -> None:
    """Planted: a world with a dead broker is broken."""

    def planted(state: State) -> list[str]:
        return [f"planted: {b.id} is dead" for b in state.cluster.brokers.values() if b.process == "dead"]

    monkeypatch.setattr(trial, "broken", planted)
    found = next(found for seed in range(40) if (found := drawn(seed, 30)).error)
    short = minimised(found)
    assert [text[:11] for _, text in short.script] == ["kill broker"]
    path = tmp_path / "failure.yaml"
    path.write_text(text_of(short), encoding="utf-8")
    assert from_file(path).error == short.error


def test_worlds_of_all_kinds_are_drawn() -> None:
    worlds = [topology.scenario(Seeded(seed)) for seed in range(60)]
    protocols = {c.config.get("group.protocol", "classic") for w in worlds for c in w.consumers}
    assert protocols == {"classic", "consumer"}
    assert any(world.share_consumers for world in worlds)
    assert {world.kafka_version for world in worlds} == {"4.0", "4.1", "4.2", "4.3", "4.4"}
