"""Capture: a run as a small text file that replays byte for byte.

A simulated run is its scenario, seed and commands: replaying runs it again, and the hash of the log says
whether it came out the same. A live run cannot be run again, so its events are in the file, one JSON line
each, and `Replay` is the backend that plays them. The file is a YAML header, then (live only) a line `---`
and the events. Reading is strict: what does not parse is refused with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import msgspec

from mqviz import __version__, commands, folders, yamlfile
from mqviz.backend import Backend, Can, Open, Refused
from mqviz.model.codec import decode_event, encode_event
from mqviz.model.command.base import Command
from mqviz.model.event import Event
from mqviz.model.units import Duration, encode_hook
from mqviz.scenario import Scenario, Timed
from mqviz.yamlfile import FileError

FORMAT: Literal[1] = 1
_SEPARATOR = "\n---\n"


class Capture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The header of a capture. `events`, `log_hash`: of the log with at_us < until."""

    mqviz_capture: Literal[1]
    mqviz: str
    kind: Literal["simulated", "live"]
    kafka_version: str
    seed: int
    until: Duration
    events: int
    log_hash: str
    scenario: Scenario
    commands: tuple[Timed, ...] = ()

    def script(self) -> list[tuple[int, Command]]:
        """The commands with the backend's time at which each was given."""
        return [(int(timed.at), commands.parse(timed.do)) for timed in self.commands]


def log_hash(events: Iterable[Event]) -> str:
    """Hash of an event log: blake2b, 16 bytes, over its JSON lines."""
    digest = blake2b(digest_size=16)
    for event in events:
        digest.update(encode_event(event))
        digest.update(b"\n")
    return digest.hexdigest()


def capture_of(
    scenario: Scenario,
    seed: int,
    events: Sequence[Event],
    until_us: int,
    given: Sequence[tuple[int, Command]],
    live: bool = False,
) -> Capture:
    """The header of a run that came as far as `until_us` with the commands `given`."""
    return Capture(
        mqviz_capture=FORMAT,
        mqviz=__version__,
        kind="live" if live else "simulated",
        kafka_version=scenario.kafka_version,
        seed=seed,
        until=Duration(until_us),
        events=len(events),
        log_hash=log_hash(events),
        scenario=scenario,
        commands=tuple(Timed(Duration(at), commands.format(command)) for at, command in given),
    )


def write(path: Path, capture: Capture, events: Sequence[Event] = ()) -> None:
    """Write the file in one move, never half; `events` for a live run. Raises FileError."""
    from ruamel.yaml import YAML

    text = StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    yaml.dump(_without_defaults(capture), text)
    if capture.kind == "live":
        text.write("---\n")
        text.writelines(encode_event(event).decode() + "\n" for event in events)
    try:
        folders.replace_text(path, text.getvalue())
    except OSError as error:
        raise FileError(str(path), 1, 1, f"cannot be written: {error.strerror}") from None


def read(path: Path) -> tuple[Capture, list[Event]]:
    """The capture in a file, and the events of a live one; raises FileError."""
    text = yamlfile.text_of(path)
    header, separator, lines = text.partition(_SEPARATOR)
    capture = yamlfile.read(header, Capture, str(path))
    _check_commands(header, capture, str(path))
    if capture.kind == "simulated":
        if separator:
            raise FileError(str(path), header.count("\n") + 2, 1, "a simulated capture ends with its header")
        return capture, []
    events = _read_events(lines, str(path), header.count("\n") + 3)
    if len(events) != capture.events or log_hash(events) != capture.log_hash:
        sentence = f"the header promises {capture.events} events with another hash: the file is damaged"
        raise FileError(str(path), 1, 1, sentence)
    return capture, events


def differs(capture: Capture, events: Sequence[Event]) -> str:
    """ "" if a replay came out as captured, else the sentence that says how it differs."""
    ours = [event for event in events if event.at_us < capture.until]
    if len(ours) == capture.events and log_hash(ours) == capture.log_hash:
        return ""
    by = "" if capture.mqviz == __version__ else f" (made by mqviz {capture.mqviz}, this is {__version__})"
    many = f"{len(ours)} events, captured were {capture.events}"
    how = many if len(ours) != capture.events else f"its {len(ours)} events are not the captured ones"
    return f"this replay differs from the capture: {how}{by}"


def _check_commands(header: str, capture: Capture, source: str) -> None:
    for number, timed in enumerate(capture.commands):
        try:
            commands.parse(timed.do)
        except commands.GrammarError as error:
            line, column = yamlfile.place(header, ["commands", str(number), "do"])
            raise FileError(source, line, column, f"{timed.do!r}: {error}") from None


def _read_events(lines: str, source: str, first_line: int) -> list[Event]:
    events: list[Event] = []
    for number, line in enumerate(lines.splitlines(), first_line):
        try:
            events.append(decode_event(line))
        except (msgspec.DecodeError, UnicodeError) as error:
            raise FileError(source, number, 1, f"this is no event: {error}") from None
    return events


def _without_defaults(value: Any) -> Any:
    """Plain data of a struct, without the fields that have their default."""
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(type(value))
        kept = [f for f in fields if f.required or getattr(value, f.name) != f.default]
        return {f.encode_name: _without_defaults(getattr(value, f.name)) for f in kept}
    if isinstance(value, tuple):
        return [_without_defaults(item) for item in value]
    return msgspec.to_builtins(value, enc_hook=encode_hook)


class Replay:
    """The backend that plays events of a capture; it can go back, and nobody can act in it."""

    can = frozenset((Can.WAIT, Can.REWIND))

    def __init__(self, events: Sequence[Event], next_index: int = 0, now_us: int = 0) -> None:
        self._events = events
        self._next = next_index
        self.now_us = now_us

    def submit(self, command: Command) -> None:
        """Always refused."""
        raise Refused(f"a capture shows what was: `{commands.format(command)}` cannot be done in it")

    def advance(self, until_us: int, limit: int = 1_000_000) -> Sequence[Event]:
        """The events with at_us < until_us that were not handed out yet."""
        begin = end = self._next
        while end < len(self._events) and self._events[end].at_us < until_us:
            if end - begin >= limit and self._events[end].at_us != self._events[end - 1].at_us:
                until_us = self._events[end - 1].at_us + 1
                break
            end += 1
        self._next = end
        self.now_us = max(self.now_us, until_us)
        return self._events[begin:end]

    def next_at_us(self) -> int | None:
        """When the next captured event happened."""
        return self._events[self._next].at_us if self._next < len(self._events) else None

    def checkpoint(self) -> bytes:
        """Where it is."""
        return f"{self._next} {self.now_us}".encode()

    def close(self) -> None:
        """Nothing to let go of."""


def open_events(events: Sequence[Event]) -> Open:
    """How a replay of `events` is opened."""

    def open_replay(scenario: Scenario, seed: int, checkpoint: bytes | None = None) -> Backend:
        index, now_us = map(int, checkpoint.split()) if checkpoint else (0, 0)
        return Replay(events, index, now_us)

    return open_replay
