"""`mqviz play` and `mqviz replay`: a scenario or a capture, headless or on the screen."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path

from mqviz import capture
from mqviz.backend import Backend, Open, Refused
from mqviz.cli import BAD_INPUT, COULD_NOT, OK, CannotDo
from mqviz.cli.opening import open_simulator, scenario_of, scenario_path
from mqviz.model.event import Event, encode_event
from mqviz.model.state import State, apply
from mqviz.scenario import Scenario
from mqviz.yamlfile import FileError

STRETCH_US = 1_000_000


def play(arguments: Namespace) -> int:
    """`mqviz play FILE`."""
    path = scenario_path(arguments.file)
    scenario = scenario_of(path)
    headless = arguments.headless or arguments.json or arguments.report or arguments.save
    if not headless:
        from mqviz.cli.screens import sandbox

        return sandbox(arguments, path)
    seed = scenario.seed if arguments.seed is None else arguments.seed
    until_us = int(arguments.until or scenario.until)
    if arguments.json:
        return _print_events(events_of(open_simulator, scenario, seed, until_us))
    state, events = State(), []
    for event in events_of(open_simulator, scenario, seed, until_us):
        apply(state, event)
        events.append(event)
    if arguments.save:
        header = capture.capture_of(scenario, seed, events, until_us, [])
        _write(arguments.save, header)
    from mqviz.cli.report import report

    sys.stdout.write(report(scenario, seed, state, events, until_us))
    return OK


def replay(arguments: Namespace) -> int:
    """`mqviz replay FILE`."""
    try:
        header, events = capture.read(arguments.file)
    except FileError as error:
        raise CannotDo(str(error), BAD_INPUT) from None
    if not arguments.headless:
        from mqviz.cli.screens import replayed

        return replayed(arguments)
    if how := difference(header, events):
        raise CannotDo(how, COULD_NOT)
    print(f"{arguments.file}: {header.events} events, the same byte for byte ({header.log_hash})")
    return OK


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


def _print_events(events: Iterable[Event]) -> int:
    write = sys.stdout.buffer.write
    for event in events:
        write(encode_event(event) + b"\n")
    sys.stdout.flush()
    return OK


def _write(path: Path, header: capture.Capture) -> None:
    try:
        capture.write(path, header)
    except FileError as error:
        raise CannotDo(str(error), COULD_NOT) from None
