"""Runs the real producers and consumers of a lesson, one child process each, and reports what became of them.

One thread starts the children, reads their reports and sees them end; it lives as long as they do, because
Linux ends a child with the *thread* that made it. A child that dies unasked (an abort of the client library,
say) is reported as such and started again, a few times.
"""

import os
import random
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import IO, Final

import msgspec

from mqviz.live.drive.child import protocol
from mqviz.live.drive.child.protocol import now_us

RESTARTS: Final = 3
"""How often a client is started again within RESTART_WINDOW_US before it is given up."""

RESTART_WINDOW_US: Final = 60_000_000
CLOSE_S: Final = 1.5
REFUSED: Final = 2

First = protocol.BeProducer | protocol.BeConsumer | protocol.BeAdmin


class Spawned(protocol.Report, frozen=True):
    """A client's process was started; `again`: in place of one that died."""

    pid: int
    again: bool


class Paused(protocol.Report, frozen=True):
    """The process was frozen (SIGSTOP)."""


class Resumed(protocol.Report, frozen=True):
    """The frozen process was let go on (SIGCONT)."""


class Ended(protocol.Report, frozen=True):
    """The process is gone. `how`: closed, killed (by command) or died; `reason`: a sentence."""

    how: str
    reason: str
    again: bool


NamedReport = tuple[str, protocol.Report]
"""(name of the client, its report)."""


class _Client:
    """One child: its process, its first order, and what is wanted of it."""

    def __init__(self, name: str, first: First) -> None:
        self.name = name
        self.first = first
        self.wanted = "running"
        self.deaths: list[int] = []
        self.produced = 0
        self.failure = ""
        self.unread = b""
        self.process: subprocess.Popen[bytes]
        self.errors: IO[bytes]

    def spawn(self) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed in release)
        self.unread = b""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mqviz.live.drive.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            process_group=0,
            bufsize=0,
        )
        self.send(self.first)

    def send(self, order: protocol.Order) -> None:
        assert self.process.stdin
        with suppress(BrokenPipeError):
            self.process.stdin.write(protocol.ENCODE(order) + b"\n")

    def note(self, order: protocol.Order) -> None:
        """Let a later start begin with what was changed meanwhile."""
        match order, self.first:
            case protocol.SetRate(rate), protocol.BeProducer():
                self.first = msgspec.structs.replace(self.first, rate_per_s=rate)
            case protocol.SetProcessing(processing_us), protocol.BeConsumer():
                self.first = msgspec.structs.replace(self.first, processing_us=processing_us)

    def read(self) -> list[protocol.Report] | None:
        """The reports that have arrived; None at the end of the pipe."""
        assert self.process.stdout
        data = os.read(self.process.stdout.fileno(), 1 << 16)
        if not data:
            return None
        *lines, self.unread = (self.unread + data).split(b"\n")
        reports: list[protocol.Report] = [protocol.REPORTS.decode(line) for line in lines]
        for report in reports:
            if isinstance(report, protocol.Produced | protocol.NotProduced):
                self.produced += 1
            elif isinstance(report, protocol.Failed) and report.fatal:
                self.failure = report.text
        return reports

    def reason(self, code: int) -> str:
        """Why the process ended, as a sentence with the last words that it wrote."""
        if self.failure:
            return self.failure
        self.errors.seek(0)
        wrote = self.errors.read()[-2_000:].decode(errors="replace").strip().splitlines()
        last = f": {wrote[-1].strip()}" if wrote else ""
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        return f"its process ended with {how}{last}"

    def release(self) -> None:
        for file in (self.process.stdin, self.process.stdout, self.errors):
            if file:
                with suppress(OSError):
                    file.close()

    def again(self, code: int) -> bool:
        """Whether to start it once more; what a producer has sent already is taken off its count."""
        now = now_us()
        self.deaths = [at for at in self.deaths if at > now - RESTART_WINDOW_US] + [now]
        if code == REFUSED or len(self.deaths) > RESTARTS:
            return False
        if isinstance(self.first, protocol.BeProducer) and self.first.count:
            left = self.first.count - self.produced
            self.produced = 0
            self.first = msgspec.structs.replace(self.first, count=left, start_us=0)
            return left > 0
        return True


class Drive:
    """The children of one run. Orders return at once; what happened is drained with `take`."""

    def __init__(self) -> None:
        self._clients: dict[str, _Client] = {}
        self._waiting: dict[str, First] = {}
        self._reports: deque[NamedReport] = deque()
        self._inbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._running = True
        self._thread = threading.Thread(target=self._run, name="drive", daemon=True)
        self._thread.start()

    # -- called from outside ---------------------------------------------------------------------------

    def start(self, name: str, first: First) -> None:
        """Start a client, if need be after the one of that name, which is to end, is gone."""
        self._post(lambda: self._start(name, first))

    def send(self, name: str, order: protocol.Order) -> None:
        """Give an order to a running client; one that has ended does not receive it."""
        self._post(lambda: self._send(name, order))

    def close(self, name: str) -> None:
        """End a client in the orderly way."""
        self._post(lambda: self._close(name))

    def kill(self, name: str) -> None:
        """SIGKILL: the process is gone without a word."""
        self._post(lambda: self._kill(name))

    def pause(self, name: str) -> None:
        """SIGSTOP: the process freezes."""
        self._post(lambda: self._signal(name, signal.SIGSTOP))

    def resume(self, name: str) -> None:
        """SIGCONT: it goes on."""
        self._post(lambda: self._signal(name, signal.SIGCONT))

    def take(self) -> list[NamedReport]:
        """The reports since the last call, in the order of arrival."""
        reports: list[NamedReport] = []
        with suppress(IndexError):
            while True:
                reports.append(self._reports.popleft())
        return reports

    def shut(self, patience_s: float = CLOSE_S) -> None:
        """Close every client, kill those that take longer than `patience_s`, and end the thread."""
        if not self._running:
            return
        done = threading.Event()
        self._post(lambda: self._close_all(done))
        done.wait(patience_s)
        self._running = False
        self._post(lambda: None)
        self._thread.join(2)
        os.close(self._wake_write)

    def _post(self, do: Callable[[], None]) -> None:
        self._inbox.put(do)
        with suppress(BlockingIOError):
            os.write(self._wake_write, b".")

    # -- in the thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        while self._running:
            for key, _ in self._selector.select():
                if key.data is None:
                    os.read(self._wake_read, 1 << 12)
                else:
                    self._read(key.data)
            with suppress(Empty):
                while True:
                    self._inbox.get_nowait()()
        for client in list(self._clients.values()):
            client.process.kill()
            client.process.wait()
            client.release()
        self._selector.close()
        os.close(self._wake_read)

    def _emit(self, name: str, report: protocol.Report) -> None:
        self._reports.append((name, report))

    def _start(self, name: str, first: First) -> None:
        """Start a client, or let it wait until the process that had its name before is gone."""
        if name in self._clients:
            self._waiting[name] = first
        else:
            self._spawn(_Client(name, first), again=False)

    def _spawn(self, client: _Client, again: bool) -> None:
        client.spawn()
        self._clients[client.name] = client
        self._selector.register(client.process.stdout or 0, selectors.EVENT_READ, client)
        self._emit(client.name, Spawned(now_us(), client.process.pid, again))

    def _send(self, name: str, order: protocol.Order) -> None:
        client = self._clients.get(name)
        if client:
            client.send(order)
            client.note(order)

    def _close(self, name: str) -> None:
        client = self._clients.get(name)
        if client:
            client.wanted = "closed"
            client.process.send_signal(signal.SIGCONT)
            client.send(protocol.Close())

    def _kill(self, name: str) -> None:
        client = self._clients.get(name)
        if client:
            client.wanted = "killed"
            client.process.kill()

    def _signal(self, name: str, number: signal.Signals) -> None:
        client = self._clients.get(name)
        if client:
            client.process.send_signal(number)
            self._emit(name, Paused(now_us()) if number == signal.SIGSTOP else Resumed(now_us()))

    def _close_all(self, done: threading.Event) -> None:
        self._all_closed = done
        for name in list(self._clients):
            self._close(name)
        if not self._clients:
            done.set()

    _all_closed: threading.Event | None = None

    def _read(self, client: _Client) -> None:
        reports = client.read()
        if reports is None:
            self._gone(client)
            return
        for report in reports:
            self._emit(client.name, report)

    def _gone(self, client: _Client) -> None:
        """A child's pipe ended: see how the child did, and start it again if nobody wanted that."""
        self._selector.unregister(client.process.stdout or 0)
        del self._clients[client.name]
        code = client.process.wait()
        how = "died" if client.wanted == "running" else client.wanted
        reason = client.reason(code) if how == "died" else ""
        client.release()
        again = how == "died" and self._all_closed is None and client.again(code)
        self._emit(client.name, Ended(now_us(), how, reason, again))
        waiting = self._waiting.pop(client.name, None)
        if waiting is not None and self._all_closed is None:
            self._start(client.name, waiting)
        elif again:
            self._spawn(client, again=True)
        if self._all_closed is not None and not self._clients:
            self._all_closed.set()


def seed_of(seed: int, name: str) -> int:
    """A client's own random stream from the run's seed."""
    return random.Random(f"{seed} {name}").getrandbits(32)
