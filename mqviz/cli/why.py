"""`mqviz why`: what led to an event of a run, or what happened to a record, as plain sentences."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence

import msgspec

from mqviz.cli import BAD_INPUT, COULD_NOT, OK, CannotDo
from mqviz.cli.headless import events_of
from mqviz.cli.opening import open_simulator, scenario_of, scenario_path
from mqviz.commands import nearest
from mqviz.explain.biography import biographies
from mqviz.explain.causes import explained, last_of
from mqviz.facts.views import Biography, Why
from mqviz.model.event import APPLY, Event

CLOSE = 6
"""Causes that are shown without --all; the very first one always is."""

_RECORD = re.compile(r"(.+)-(\d+):(\d+)")


def why(arguments: Namespace) -> int:
    """`mqviz why FILE WHAT`."""
    scenario = scenario_of(scenario_path(arguments.file))
    seed = scenario.seed if arguments.seed is None else arguments.seed
    until_us = int(arguments.until or scenario.until)
    record = _RECORD.fullmatch(arguments.what)
    if record is None and not arguments.what.isdigit():
        _check_kind(arguments.what)
    events = list(events_of(open_simulator, scenario, seed, until_us))
    found: Sequence[Biography] | Sequence[Why]
    if record:
        found = _lives(events, record[1], int(record[2]), int(record[3]))
        lines = "\n\n".join("\n".join(_story(life)) for life in found).split("\n")
    else:
        found = explained(events, _number(events, arguments.what))
        lines = list(_walk(found, len(found) if arguments.all else CLOSE))
    if arguments.json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    else:
        sys.stdout.write("\n".join(lines) + "\n")
    return OK


def _check_kind(what: str) -> None:
    kinds = sorted(kind.__name__ for kind in APPLY)
    if what not in kinds:
        raise CannotDo(
            f"`{what}` is neither an event's number, nor a record such as orders-0:17, nor a kind of event"
            f"{nearest(what, kinds)}",
            BAD_INPUT,
        )


def _number(events: Sequence[Event], what: str) -> int:
    number = int(what) if what.isdigit() else last_of(events, what)
    if number is None:
        raise CannotDo(f"there is no {what} in this run", COULD_NOT)
    if not 1 <= number <= len(events):
        raise CannotDo(f"there is no event {number}: this run has events 1 to {len(events)}", BAD_INPUT)
    return number


def _lives(events: Sequence[Event], topic: str, partition: int, offset: int) -> Sequence[Biography]:
    """Of each record that had this offset: more than one if the first was cut off."""
    found = biographies(events, topic, partition, offset)
    if not found:
        raise CannotDo(f"no record {topic}-{partition}:{offset} was written in this run", COULD_NOT)
    return found


def _walk(found: Sequence[Why], most: int) -> Iterator[str]:
    if not found:
        yield "a detail of the protocol: nothing led to it but the clock"
    left_out = max(0, len(found) - 1 - most)
    for step, each in enumerate(found):
        if most <= step < most + left_out:
            continue
        if step:
            yield (
                f"… {left_out} causes before (--all tells them)"
                if left_out and step == len(found) - 1
                else "because"
            )
        yield f"{each.at_us / 1e6:>10.4f} s  {each.headline}  (event {each.event})"
        for line in (each.reason, each.change):
            if line:
                yield f"              {line}"


def _story(life: Biography) -> Iterator[str]:
    key = "no key" if life.key is None else f"key {life.key}"
    yield f"record {life.topic}-{life.partition}:{life.offset}, {key}"
    for station in life.stations:
        yield f"{station.at_us / 1e6:>10.4f} s  {station.what}  {station.detail}"
    yield life.verdict if life.verdict.startswith("lost") else f"delivered {life.verdict}"
