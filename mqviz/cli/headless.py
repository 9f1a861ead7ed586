"""Runs without a screen: the events of a scenario, and whether a capture comes out again as it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mqviz import capture
from mqviz.backend import Backend, Open, Refused
from mqviz.cli import BAD_INPUT, CannotDo
from mqviz.cli.opening import open_simulator
from mqviz.model.event import Event
from mqviz.scenario import Scenario

STRETCH_US = 1_000_000


def difference(header: capture.Capture, events: Sequence[Event]) -> str:
    """ "" if the capture comes out again as it was, else the sentence that says how it differs."""
    return capture.differs(header, _rerun(header) if header.kind == "simulated" else events)


def events_of(opener: Open, scenario: Scenario, seed: int, until_us: int) -> Iterable[Event]:
    """Every event of a run before `until_us`; raises CannotDo if the scenario cannot begin."""
    backend = _opened(opener, scenario, seed)
    while backend.now_us < until_us:
        yield from backend.advance(min(until_us, backend.now_us + STRETCH_US), 10_000)
    backend.close()


def _opened(opener: Open, scenario: Scenario, seed: int) -> Backend:
    try:
        return opener(scenario, seed)
    except Refused as error:
        raise CannotDo(f"the scenario cannot begin: {error}", BAD_INPUT) from None


def _rerun(header: capture.Capture) -> list[Event]:
    backend = _opened(open_simulator, header.scenario, header.seed)
    events: list[Event] = []
    for at_us, command in header.script():
        events += backend.advance(at_us)
        backend.submit(command)
    events += backend.advance(int(header.until))
    return events
