"""`mqviz play` and `mqviz replay`: a scenario or a capture, headless or on the screen."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from mqviz import capture
from mqviz.cli import BAD_INPUT, COULD_NOT, OK, CannotDo, screens
from mqviz.cli.headless import difference, events_of
from mqviz.cli.opening import open_simulator, scenario_of, scenario_path
from mqviz.cli.report import report
from mqviz.model.apply import apply
from mqviz.model.codec import encode_event
from mqviz.model.event import Event
from mqviz.model.state import State
from mqviz.yamlfile import FileError


def play(arguments: Namespace) -> int:
    """`mqviz play FILE`."""
    path = scenario_path(arguments.file)
    scenario = scenario_of(path)
    headless = arguments.headless or arguments.json or arguments.report or arguments.save
    if not headless:
        return screens.sandbox(arguments, path)
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
    sys.stdout.write(report(scenario, seed, state, events, until_us))
    return OK


def replay(arguments: Namespace) -> int:
    """`mqviz replay FILE`."""
    try:
        header, events = capture.read(arguments.file)
    except FileError as error:
        raise CannotDo(str(error), BAD_INPUT) from None
    if not arguments.headless:
        return screens.replayed(arguments)
    if how := difference(header, events):
        raise CannotDo(how, COULD_NOT)
    print(f"{arguments.file}: {header.events} events, the same byte for byte ({header.log_hash})")
    return OK


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
