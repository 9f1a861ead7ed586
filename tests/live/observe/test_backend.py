"""A live backend never waits, never ends the program and ends itself in time, whatever is at the address."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mqviz.backend import Backend, Refused
from mqviz.live.observe.backend import KafkaBackend
from mqviz.live.observe.refresh import DEADLINE_S, FIRST_CONTACT
from mqviz.model.apply import apply
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.event import Event
from mqviz.model.observed.events import ConnectionBack, ConnectionLost, RefreshEnded, WatchBegan
from mqviz.model.state import State
from mqviz.wire.errors import BadAddress
from tests.live.observe.fake_cluster import FakeCluster, Group
from tests.waiting import soon


@contextmanager
def served(cluster: FakeCluster) -> Iterator[FakeCluster]:
    """The fake cluster in a thread of its own, as a real one is elsewhere."""
    ready, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with cluster.running(1):
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield cluster
    finally:
        stop.set()
        thread.join()


@contextmanager
def opened(bootstrap: str) -> Iterator[KafkaBackend]:
    """A backend that must come to its end sooner than any question to a broker is given up."""
    backend = KafkaBackend(bootstrap, period_us=50_000)
    try:
        yield backend
    finally:
        began = time.monotonic()
        backend.close()
        backend.close()
        assert time.monotonic() - began < DEADLINE_S * FIRST_CONTACT
        assert soon(lambda: not backend._thread.is_alive())


def until(backend: KafkaBackend, holds: Callable[[list[Event]], object]) -> list[Event]:
    """Every event so far, once `holds` of them."""
    events: list[Event] = []

    def come() -> object:
        events.extend(backend.advance(backend.journal.now_us()))
        return holds(events)

    assert soon(come), events[-10:]
    return events


def some(kind: type[Event]) -> Callable[[list[Event]], object]:
    return lambda events: any(isinstance(event, kind) for event in events)


def cluster() -> FakeCluster:
    return FakeCluster(
        topics={"orders": [1]},
        groups={"g": Group(1, commits={"orders": {0: 1}})},
        ends={("orders", 0): 3},
    )


def lost(bootstrap: str) -> str:
    with opened(bootstrap) as backend:
        events = until(backend, some(ConnectionLost))
        assert isinstance(events[0], WatchBegan)
        return next(event.reason for event in events if isinstance(event, ConnectionLost))


def test_a_refused_port_is_an_event_with_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert lost(f"127.0.0.1:{port}") == f"127.0.0.1:{port}: connection refused; no broker listens there"


def test_an_unknown_host_is_an_event_with_a_sentence() -> None:
    assert "host name is not known" in lost("no-such-host.invalid:9092")


def test_a_port_that_speaks_http_is_named() -> None:
    class Quiet(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        assert "this port speaks HTTP" in lost(f"127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_a_port_that_accepts_and_never_answers_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "answers nothing" in lost(f"127.0.0.1:{silent.getsockname()[1]}")


def test_what_is_no_address_is_refused_before_anything_starts() -> None:
    with pytest.raises(BadAddress, match="'nine'"):
        KafkaBackend("localhost:nine")


def test_a_cluster_that_comes_later_is_found() -> None:
    fake = cluster()
    with served(fake):
        address = fake.addresses[1]
    with opened(str(address)) as backend:
        until(backend, some(ConnectionLost))
        fake.listening_at = address
        with served(fake):
            until(backend, some(ConnectionBack))


def test_closing_does_not_wait_for_a_broker_that_does_not_answer() -> None:
    fake = cluster()
    fake.frozen.add(1)
    with served(fake), opened(fake.bootstrap) as backend:
        assert soon(lambda: fake.silenced)
        assert backend.advance(backend.journal.now_us())


def test_a_name_server_that_does_not_answer_holds_up_neither_closing_nor_exit() -> None:
    code = """
import socket, threading, time
asked = threading.Event()
def resolve(*_, **__):
    asked.set()
    time.sleep(600)
socket.getaddrinfo = resolve
from mqviz.live.observe.backend import KafkaBackend
backend = KafkaBackend("somewhere:9092")
asked.wait()
backend.close()
backend._thread.join(60)
assert not backend._thread.is_alive()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_time_is_handed_out_in_order_and_never_again() -> None:
    with served(cluster()) as fake, opened(fake.bootstrap) as backend:
        seen: list[Event] = []
        deadline = time.monotonic() + 60
        while not some(RefreshEnded)(seen) and time.monotonic() < deadline:
            until_us = backend.journal.now_us()
            events = backend.advance(until_us, limit=1)
            assert all(event.at_us < backend.now_us for event in events)
            seen += events
            time.sleep(0.01)
        backend.now_us, later = backend.now_us, backend.advance(backend.now_us)
        assert later == []
    ids = [event.id for event in seen]
    assert ids == list(range(1, len(ids) + 1))
    assert [event.at_us for event in seen] == sorted(event.at_us for event in seen)
    state = State()
    for event in seen:
        apply(state, event)
    assert state.observed.groups["g"].samples[-1].lag == 2


def test_what_is_on_screen_is_read_more_often() -> None:
    fake = cluster()
    fake.groups |= {f"other {n}": Group(1, commits={"orders": {0: n}}) for n in range(5)}
    with served(fake), opened(fake.bootstrap) as backend:
        backend.look("g", ["g"], ["orders"])
        until(backend, lambda events: len([e for e in events if getattr(e, "groups", ()) == ("g",)]) > 5)


def test_an_error_of_our_own_is_told_and_watching_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    with served(cluster()) as fake, opened(fake.bootstrap) as backend:
        until(backend, lambda events: some(WatchBegan)(events))
        see, backend._observer._refresh.see_commits = backend._observer._refresh.see_commits, None
        backend.hurry()
        events = until(backend, some(ConnectionLost))
        assert "mqviz failed to read the cluster (TypeError" in events[-1].reason
        backend._observer._refresh.see_commits = see
        until(backend, some(ConnectionBack))
    assert "a refresh failed" in caplog.text


def test_watching_alone_refuses_every_command_and_can_do_nothing() -> None:
    with served(cluster()) as fake, opened(fake.bootstrap) as backend:
        as_protocol: Backend = backend
        assert as_protocol.can == frozenset()
        assert as_protocol.next_at_us() is None
        assert as_protocol.checkpoint() is None
        with pytest.raises(Refused, match="only reads"):
            backend.submit(AddConsumer(group="g"))
