"""The engine's order of things, its clock, its tickets and its command table, with a toy event of its own."""

from typing import Any

import pytest

from mqviz.backend import Refused
from mqviz.model import packing
from mqviz.model.command.events import CommandGiven
from mqviz.model.command.systems import FailService
from mqviz.model.command.topic import CreateTopic
from mqviz.model.event import APPLY, Event
from mqviz.scenario import Scenario
from mqviz.sim import checkpoint, engine
from mqviz.sim.engine import ARRIVAL, FAULT, STEP, TIMER, Simulation


class Ticked(Event, frozen=True):
    word: str


class Memory:
    def __init__(self) -> None:
        self.words: list[str] = []


@pytest.fixture(autouse=True)
def toy(monkeypatch: Any) -> None:
    monkeypatch.setitem(APPLY, Ticked, lambda state, event: None)
    for handler in (tick, only_if):
        monkeypatch.setitem(engine.DUES, handler.__name__, handler)
        monkeypatch.setitem(engine.NAMES, handler, handler.__name__)


def tick(sim: Simulation, word: str) -> None:
    sim.part(Memory).words.append(word)
    sim.emit(Ticked(*sim.stamp(), word))


def only_if(sim: Simulation, word: str) -> None:
    if sim.ticket == sim.part(Memory).words[-1]:  # type: ignore[comparison-overlap]
        sim.emit(Ticked(*sim.stamp(), word))


def new() -> Simulation:
    return Simulation(Scenario(title="toy", until=10, scene="none"), 7)  # type: ignore[arg-type]


def words(sim: Simulation) -> list[str]:
    return [event.word for event in sim.log if isinstance(event, Ticked)]


def test_r1_r3_one_instant_is_ordered_by_priority_then_by_insertion() -> None:
    sim = new()
    for priority, word in (
        (STEP, "f"),
        (TIMER, "d"),
        (ARRIVAL, "b"),
        (FAULT, "a"),
        (ARRIVAL, "c"),
        (TIMER, "e"),
    ):
        sim.schedule(5, priority, tick, word)
    assert sim.run(6, 100)
    assert "".join(words(sim)) == "abcdef"


def test_a_limit_stops_only_between_instants() -> None:
    sim = new()
    for at, word in ((1, "a"), (1, "b"), (1, "c"), (2, "d")):
        sim.schedule(at, STEP, tick, word)
    assert not sim.run(10, 2)
    assert words(sim) == ["a", "b", "c"]


def test_ids_run_and_causes_are_inherited_or_named() -> None:
    sim = new()
    sim.schedule(1, STEP, tick, "a")
    sim.run(2, 9)
    first = sim.log[-1].id
    sim.schedule(1, STEP, tick, "b", cause=first)
    sim.run(9, 9)
    assert [(e.id, e.at_us, e.cause) for e in sim.log] == [(1, 1, 0), (2, 2, 1)]


def test_r1_nothing_is_scheduled_in_the_past() -> None:
    with pytest.raises(ValueError, match="3 us in the past"):
        new().schedule(-3, STEP, tick, "a")


def test_a_ticket_voids_a_due() -> None:
    sim = new()
    stale = sim.schedule(1, STEP, only_if, "stale")
    valid = sim.schedule(2, STEP, only_if, "valid")
    sim.part(Memory).words.append(valid)  # type: ignore[arg-type]
    sim.run(9, 9)
    assert stale != valid
    assert words(sim) == ["valid"]


def test_a_checkpoint_goes_on_as_if_nothing_had_happened() -> None:
    sim = new()
    for at in range(1, 40):
        sim.schedule(at, STEP, tick, f"{sim.stream('letters').choice('abc')}{at}")
    sim.run(20, 99)
    saved = checkpoint.save(sim)
    again = new()
    checkpoint.restore(again, saved)
    for each in (sim, again):
        each.schedule(0, FAULT, tick, str(each.stream("letters").random()))
        each.run(99, 99)
    assert again.log == sim.log
    assert again.state == sim.state
    assert again.part(Memory).words == sim.part(Memory).words
    assert again.part(Memory) is not sim.part(Memory)


def test_a_checkpoint_shares_what_is_immutable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "SHARED", {CreateTopic})
    sim = new()
    sealed = CreateTopic(name="x" * 10_000)
    sim.parts[list] = [sealed, sealed]
    saved = checkpoint.save(sim)
    again = new()
    checkpoint.restore(again, saved)
    assert all(thing is sealed for thing in again.parts[list])
    assert len(saved) < 2_000


def test_bytes_from_elsewhere_are_no_checkpoint() -> None:
    with pytest.raises(ValueError, match="in the process that made them"):
        checkpoint.restore(new(), bytes(checkpoint.save(new())))


def test_a_refused_command_leaves_no_trace(monkeypatch: Any) -> None:
    def refuse(sim: Simulation, command: FailService) -> FailService:
        raise Refused(f"there is no service {command.name}")

    monkeypatch.setitem(engine.CHECKS, FailService, refuse)
    monkeypatch.setitem(engine.DOES, FailService, lambda sim, command: None)
    sim = new()
    before = bytes(checkpoint.save(sim))
    with pytest.raises(Refused, match="no service smtp"):
        sim.submit(FailService("smtp"))
    assert bytes(checkpoint.save(sim)) == before


def test_an_accepted_command_is_the_root_of_causes(monkeypatch: Any) -> None:
    monkeypatch.setitem(engine.CHECKS, FailService, lambda sim, command: command)
    monkeypatch.setitem(engine.DOES, FailService, lambda sim, command: tick(sim, command.name))
    sim = new()
    sim.cause = 99
    sim.submit(FailService("smtp"))
    assert sim.log == [CommandGiven(1, 0, 0, 1, FailService("smtp")), Ticked(2, 0, 1, "smtp")]


def test_reactions_run_inside_emit_in_their_order_with_the_event_as_their_cause(monkeypatch: Any) -> None:
    def echo(sim: Simulation, event: Ticked) -> None:
        if not event.word.endswith("!"):
            sim.emit(Ticked(*sim.stamp(), f"{event.word}!"))

    def count(sim: Simulation, event: Ticked) -> None:
        sim.part(Memory).words.append(event.word)

    monkeypatch.setitem(engine.REACTIONS, Ticked, [])
    engine.reacts(Ticked)(echo)
    engine.reacts(Ticked)(count)
    sim = new()
    sim.cause = 40
    assert sim.emit(Ticked(*sim.stamp(), "a")) == 1
    assert [(event.id, event.cause) for event in sim.log] == [(1, 40), (2, 1)]
    assert words(sim) == ["a", "a!"]
    assert sim.part(Memory).words == ["a!", "a"], "echo comes first, and its own event is reacted to at once"
    assert sim.cause == 40
