"""Clients as processes: killed, frozen, aborted, orphaned. No broker is needed: a refused port will do."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from mqviz.live.drive.child import protocol
from mqviz.live.drive.processes import CLOSE_S, RESTARTS, Drive, Ended, Paused, Resumed, Spawned
from tests.waiting import is_alive, soon

Until = Callable[[type[protocol.Report]], protocol.Report]


def refused() -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return {"bootstrap.servers": f"127.0.0.1:{server.getsockname()[1]}", "client.id": "c1"}


def producer(**config: str) -> protocol.BeProducer:
    return protocol.BeProducer({**refused(), **config}, "orders", 0.0, 0, 0, (), "turn", "even", 10, 1)


class Watched:
    """A Drive, and everything that it said."""

    def __init__(self) -> None:
        self.drive = Drive()
        self.said: list[protocol.Report] = []

    def until(self, kind: type[protocol.Report], count: int = 1) -> protocol.Report:
        """The `count`-th report of a kind."""
        assert soon(lambda: len(self.of(kind)) >= count), f"no {kind.__name__} among {self.said}"
        return self.of(kind)[count - 1]

    def of(self, kind: type[protocol.Report]) -> list[protocol.Report]:
        self.said += [report for _, report in self.drive.take()]
        return [report for report in self.said if isinstance(report, kind)]

    def pid(self, count: int = 1) -> int:
        spawned = self.until(Spawned, count)
        assert isinstance(spawned, Spawned)
        return spawned.pid


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    yield made
    made.drive.shut()


def ended(report: protocol.Report) -> tuple[str, str, bool]:
    assert isinstance(report, Ended)
    return report.how, report.reason, report.again


def test_an_unreachable_cluster_is_a_report_and_nothing_reaches_the_terminal(
    watched: Watched, capfd: pytest.CaptureFixture[str]
) -> None:
    watched.drive.start("p1", producer())
    failed = watched.until(protocol.Failed)
    assert isinstance(failed, protocol.Failed)
    assert "refused" in failed.text.lower()
    watched.until(protocol.LogLine)
    assert capfd.readouterr() == ("", "")


def test_a_kill_is_a_kill(watched: Watched) -> None:
    watched.drive.start("p1", producer())
    watched.until(protocol.Ready)
    watched.drive.kill("p1")
    assert ended(watched.until(Ended)) == ("killed", "", False)
    assert not is_alive(watched.pid())


def test_a_paused_process_is_frozen_and_goes_on(watched: Watched) -> None:
    watched.drive.start("p1", producer())
    watched.until(protocol.Ready)
    watched.drive.pause("p1")
    watched.until(Paused)
    watched.drive.send("p1", protocol.Send("a"))
    time.sleep(0.3)
    assert not watched.of(protocol.Sent)
    watched.drive.resume("p1")
    watched.until(Resumed)
    watched.until(protocol.Sent)


def test_an_abort_is_told_and_the_client_started_again_but_not_for_ever(watched: Watched) -> None:
    watched.drive.start("p1", producer())
    for n in range(1, RESTARTS + 2):
        watched.until(protocol.Ready, n)
        os.kill(watched.pid(n), signal.SIGABRT)
        how, reason, again = ended(watched.until(Ended, n))
        assert (how, reason) == ("died", "its process ended with signal SIGABRT")
        assert again == (n <= RESTARTS)


def test_a_client_starts_again_with_what_was_set_meanwhile(watched: Watched) -> None:
    watched.drive.start("p1", producer())
    watched.until(protocol.Ready)
    watched.drive.send("p1", protocol.SetRate(20.0))
    watched.until(protocol.Sent)
    os.kill(watched.pid(), signal.SIGABRT)
    watched.until(protocol.Ready, 2)
    watched.said.clear()
    watched.until(protocol.Sent)


def test_a_name_is_used_again_only_when_its_process_is_gone(watched: Watched) -> None:
    watched.drive.start("p1", producer())
    watched.until(protocol.Ready)
    watched.drive.close("p1")
    watched.drive.start("p1", producer())
    watched.until(protocol.Ready, 2)
    order = [type(report).__name__ for report in watched.said if isinstance(report, Spawned | Ended)]
    assert order == ["Spawned", "Ended", "Spawned"]
    assert is_alive(watched.pid(2))


def test_settings_that_the_library_refuses_end_the_client_with_the_reason(watched: Watched) -> None:
    watched.drive.start("p1", producer(acks="perhaps"))
    how, reason, again = ended(watched.until(Ended))
    assert (how, again) == ("died", False)
    assert "acks" in reason


def test_shut_ends_every_client_within_its_time(watched: Watched) -> None:
    for name in ("p1", "p2", "p3"):
        watched.drive.start(name, producer())
    watched.until(protocol.Ready, 3)
    pids = [watched.pid(n) for n in (1, 2, 3)]
    os.kill(pids[1], signal.SIGSTOP)
    began = time.monotonic()
    watched.drive.shut()
    assert time.monotonic() - began < CLOSE_S + 10
    assert not any(map(is_alive, pids))


PARENT = """
import sys, time
from mqviz.live.drive.child import protocol
from mqviz.live.drive.processes import Drive, Paused, Spawned
drive = Drive()
for name in ("p1", "p2"):
    drive.start(name, protocol.BeProducer({config}, "orders", 0.0, 0, 0, (), "turn", "even", 10, 1))
ready = 0
while ready < 2:
    for name, report in drive.take():
        if isinstance(report, Spawned):
            print(report.pid, flush=True)
        ready += isinstance(report, protocol.Ready)
    time.sleep(0.01)
drive.pause("p2")
while not any(isinstance(report, Paused) for _, report in drive.take()):
    time.sleep(0.01)
print("ready", flush=True)
time.sleep(60)
"""


def test_no_client_outlives_a_sigkill_of_its_parent_not_even_a_frozen_one() -> None:
    code = PARENT.replace("{config}", repr(refused()))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        lines = [parent.stdout.readline().strip() for _ in range(3)]
        assert lines[2] == "ready"
        pids = [int(line) for line in lines[:2]]
        assert all(map(is_alive, pids))
        parent.kill()
    assert soon(lambda: not any(map(is_alive, pids)))
