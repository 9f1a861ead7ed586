"""The contract of every backend, one function a clause; `clauses(can)` are those that a backend is able to keep.

A `Subject` says how to open the backend, what is done to it and for how long. `Can.REWIND` marks a backend
whose runs can be repeated: clauses that compare two runs need it. A live one only `listens`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from mqviz.backend import Backend, Can, Refused
from mqviz.model.codec import decode_event, encode_event
from mqviz.model.command.base import Command
from mqviz.model.command.events import CommandGiven
from mqviz.model.event import Event

Script = tuple[tuple[int, Command], ...]


@dataclass(frozen=True)
class Subject:
    """A backend under test. `script`: commands it accepts, by time; `refused`: some that it must not accept.

    `breathe` is called between two calls of `advance`, for a backend whose time passes by itself.
    """

    open: Callable[[bytes | None], Backend]
    until_us: int
    script: Script = ()
    refused: tuple[Command, ...] = ()
    breathe: Callable[[], None] = field(default=lambda: None)


Clause = Callable[[Subject], None]
CLAUSES: list[tuple[Clause, frozenset[Can]]] = []


def clause(*needs: Can) -> Callable[[Clause], Clause]:
    """Register a clause and what a backend must be able to do to be held to it."""

    def register(function: Clause) -> Clause:
        CLAUSES.append((function, frozenset(needs)))
        return function

    return register


def clauses(can: Iterable[Can]) -> list[Clause]:
    """The clauses for a backend that can do all this."""
    able = frozenset(can)
    return [function for function, needs in CLAUSES if needs <= able]


def run(
    subject: Subject,
    chunk_us: int | None = None,
    limit: int = 1_000_000,
    script: Script | None = None,
) -> list[Event]:
    """The log of one run, asked for in chunks."""
    backend = subject.open(None)
    try:
        return go_on(subject, backend, chunk_us, limit, subject.script if script is None else script)
    finally:
        backend.close()


def go_on(
    subject: Subject,
    backend: Backend,
    chunk_us: int | None = None,
    limit: int = 1_000_000,
    script: Script = (),
    until_us: int | None = None,
) -> list[Event]:
    """What `backend` says up to `until_us`, while it is given the commands of `script`."""
    end_us = subject.until_us if until_us is None else until_us
    log: list[Event] = []
    waiting = list(script)
    while backend.now_us < end_us or waiting:
        while waiting and waiting[0][0] <= backend.now_us:
            backend.submit(waiting.pop(0)[1])
        stop_us = min(end_us, waiting[0][0]) if waiting else end_us
        if chunk_us is not None:
            stop_us = min(stop_us, backend.now_us + chunk_us)
        log += checked(backend, stop_us, limit)
        subject.breathe()
    return log


def checked(backend: Backend, until_us: int, limit: int) -> list[Event]:
    """One `advance`, held to what it promises about times."""
    before_us = backend.now_us
    events = list(backend.advance(until_us, limit))
    times = [event.at_us for event in events]
    assert times == sorted(times), "times never decrease"
    assert all(before_us <= at_us < until_us for at_us in times), "only what was not handed out yet"
    assert backend.now_us >= before_us, "now_us never decreases"
    assert not times or times[-1] < backend.now_us, "it stops between instants"
    return events


def bytes_of(log: Iterable[Event]) -> bytes:
    """A log as its lines."""
    return b"".join(encode_event(event) + b"\n" for event in log)


# -- every backend ---------------------------------------------------------------------------------------


@clause()
def ids_run_times_never_decrease_and_causes_exist(subject: Subject) -> None:
    log = run(subject)
    assert log, "the subject must say something"
    assert [event.id for event in log] == list(range(1, len(log) + 1))
    assert [event.at_us for event in log] == sorted(event.at_us for event in log)
    assert all(0 <= event.cause < event.id for event in log)


@clause()
def every_event_survives_its_line(subject: Subject) -> None:
    for event in run(subject):
        assert decode_event(encode_event(event)) == event
        assert type(event.at_us) is int


@clause()
def nothing_is_handed_out_twice(subject: Subject) -> None:
    backend = subject.open(None)
    try:
        log = go_on(subject, backend, script=subject.script)
        assert list(backend.advance(min(subject.until_us, backend.now_us))) == []
        assert len({event.id for event in log}) == len(log)
    finally:
        backend.close()


@clause()
def closing_twice_is_closing_once(subject: Subject) -> None:
    backend = subject.open(None)
    checked(backend, subject.until_us // 2, 10)
    backend.close()
    backend.close()


@clause()
def a_refused_command_gives_one_sentence_and_no_event(subject: Subject) -> None:
    backend = subject.open(None)
    try:
        go_on(subject, backend, until_us=subject.until_us // 2)
        for command in subject.refused:
            try:
                backend.submit(command)
            except Refused as refusal:
                assert str(refusal).strip(), command
                assert "\n" not in str(refusal)
            else:
                raise AssertionError(f"{command} was not refused")
        rest = go_on(subject, backend)
        given = [event.command for event in rest if isinstance(event, CommandGiven)]
        assert not [command for command in given if command in subject.refused]
    finally:
        backend.close()


# -- backends whose future is known ------------------------------------------------------------------------


@clause(Can.WAIT)
def the_next_thing_happens_when_it_was_announced(subject: Subject) -> None:
    backend = subject.open(None)
    try:
        for _ in range(200):
            at_us = backend.next_at_us()
            if at_us is None:
                assert not checked(backend, backend.now_us + subject.until_us, 1_000)
                break
            assert at_us >= backend.now_us
            assert not checked(backend, at_us, 1_000_000), "nothing happens before"
            checked(backend, at_us + 1, 1_000_000)
            assert backend.now_us == at_us + 1
    finally:
        backend.close()


@clause(Can.WAIT)
def a_limit_stops_between_instants(subject: Subject) -> None:
    backend = subject.open(None)
    try:
        while backend.now_us < subject.until_us:
            events = checked(backend, subject.until_us, 1)
            assert len({event.at_us for event in events}) <= 1
    finally:
        backend.close()


# -- backends whose runs can be repeated -------------------------------------------------------------------


@clause(Can.REWIND)
def any_chunking_gives_the_same_log(subject: Subject) -> None:
    whole = bytes_of(run(subject))
    for chunk_us, limit in ((None, 1), (None, 7), (subject.until_us // 13 or 1, 3), (99_991, 1_000)):
        assert bytes_of(run(subject, chunk_us, limit)) == whole, (chunk_us, limit)


@clause(Can.REWIND)
def commands_given_again_at_their_times_give_the_same_bytes(subject: Subject) -> None:
    log = run(subject)
    at = {
        at_us: [e for e in log if isinstance(e, CommandGiven) and e.at_us == at_us]
        for at_us, _ in subject.script
    }
    again = tuple((at_us, at[at_us].pop(0).command) for at_us, _ in subject.script)
    assert bytes_of(run(subject, script=again)) == bytes_of(log)


@clause(Can.REWIND)
def a_restored_backend_goes_on_identically(subject: Subject) -> None:
    whole = run(subject)
    for part in (0, 1, 5, 9, 12):
        at_us = subject.until_us * part // 13
        before = tuple(given for given in subject.script if given[0] < at_us)
        after = subject.script[len(before) :]
        backend = subject.open(None)
        begun = go_on(subject, backend, script=before, until_us=at_us)
        saved = backend.checkpoint()
        assert saved is not None
        rest = go_on(subject, backend, script=after)
        backend.close()
        for _ in range(2):
            restored = subject.open(saved)
            assert restored.now_us == at_us
            assert bytes_of(go_on(subject, restored, chunk_us=50_021, script=after)) == bytes_of(rest)
            restored.close()
        assert begun + rest == whole


@clause(Can.REWIND)
def a_checkpoint_keeps_what_was_not_handed_out_yet(subject: Subject) -> None:
    for at_us, command in subject.script:
        before = tuple(given for given in subject.script if given[0] < at_us)
        backend = subject.open(None)
        go_on(subject, backend, script=before, until_us=at_us)
        backend.submit(command)
        saved = backend.checkpoint()
        restored = subject.open(saved)
        assert bytes_of(go_on(subject, restored)) == bytes_of(go_on(subject, backend)) != b""
        backend.close()
        restored.close()


@clause(Can.REWIND)
def a_refused_command_leaves_no_trace(subject: Subject) -> None:
    backend = subject.open(None)
    try:
        begun = go_on(subject, backend, script=subject.script)
        for command in subject.refused:
            _refuse(backend, command)
        rest = go_on(subject, backend, until_us=2 * subject.until_us)
    finally:
        backend.close()
    undisturbed = subject.open(None)
    try:
        log = go_on(subject, undisturbed, script=subject.script, until_us=2 * subject.until_us)
        assert bytes_of(begun + rest) == bytes_of(log)
    finally:
        undisturbed.close()


def _refuse(backend: Backend, command: Command) -> None:
    try:
        backend.submit(command)
    except Refused:
        return
    raise AssertionError(f"{command} was not refused")
