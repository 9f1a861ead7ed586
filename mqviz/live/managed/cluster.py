"""A real Apache Kafka on loopback that mqviz starts itself: `mqviz kafka up`, the lessons and the tests.

It needs only pip (a Java runtime as a package, jars by coordinates) or an installed Kafka in KAFKA_HOME.
Ports are free ones, folders its own; the brokers end with the process that started them unless kept.
"""

import base64
import os
import re
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from mqviz.live.managed import runs
from mqviz.live.managed.error import ClusterError
from mqviz.live.managed.jars import Progress, Say, class_path
from mqviz.live.managed.java import find_java
from mqviz.live.managed.node import HOST, Node, Ports

DEFAULT_VERSION: Final = "4.2.1"
DEADLINE_S: Final = 90
ATTEMPTS: Final = 3
QUICK_START: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""A third less time to a listening broker; the optimising compiler pays off only in brokers that run for
long.
"""


def _quiet(_: str) -> None:
    pass


class Cluster:
    """A running managed cluster, held by the process that started it. A context manager: leaving ends it."""

    def __init__(self, folder: Path, run: runs.Run, lock: int) -> None:
        self.folder = folder
        self.run = run
        self.nodes = runs.nodes(folder, run)
        self._lock: int | None = lock

    @property
    def bootstrap(self) -> str:
        """`host:port` of every broker, comma separated."""
        return ",".join(node.address for node in self.nodes.values())

    @property
    def kafka_version(self) -> str:
        """Apache Kafka's version."""
        return self.run.kafka_version

    def node(self, number: int) -> Node:
        """The broker of that number; a ClusterError names the ones there are."""
        try:
            return self.nodes[number]
        except KeyError:
            known = ", ".join(map(str, self.nodes))
            raise ClusterError(f"there is no broker {number}; the brokers are {known}") from None

    def stop_broker(self, number: int, timeout_s: float = 30) -> None:
        """A controlled shutdown (SIGTERM), waited for; a broker that does not end in time is killed."""
        node = self.node(number)
        node.signal(signal.SIGTERM)
        deadline = time.monotonic() + timeout_s
        while node.pid is not None:
            if time.monotonic() > deadline:
                node.signal(signal.SIGKILL)
            time.sleep(0.05)

    def kill_broker(self, number: int) -> None:
        """A crash (SIGKILL)."""
        self.node(number).signal(signal.SIGKILL)

    def pause_broker(self, number: int) -> None:
        """A broker that hangs (SIGSTOP): its port still accepts connections, nothing answers."""
        self.node(number).signal(signal.SIGSTOP)

    def resume_broker(self, number: int) -> None:
        """The end of a pause (SIGCONT)."""
        self.node(number).signal(signal.SIGCONT)

    def start_broker(self, number: int) -> None:
        """Start a stopped or killed broker again, on its port and data; returns when it is ready."""
        node = self.node(number)
        if node.pid is not None:
            raise ClusterError(f"broker {number} runs already")
        node.destroy()
        start = node.log.stat().st_size
        node.start(self.run.java, self.run.keep)
        _await_ready([node], {number: start})

    def wait(self) -> None:
        """Return when every broker has ended by itself or by another's hand."""
        while not all(node.ended for node in self.nodes.values()):
            time.sleep(0.25)

    def let_go(self) -> None:
        """Give a kept cluster up: it runs on without this process."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def close(self) -> None:
        """End every broker and remove the folder; may be called twice."""
        for node in self.nodes.values():
            node.destroy()
        runs.remove(self.folder)
        self.let_go()

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def start(
    brokers: int = 1,
    version: str | None = None,
    *,
    keep: bool = False,
    requests: bool = False,
    settings: Mapping[str, str] | None = None,
    heap: str = "512m",
    say: Say = _quiet,
    progress: Progress = lambda *_: None,
    state: Path | None = None,
    jars: Path | None = None,
) -> Cluster:
    """Start a cluster and return when every broker is ready, or raise ClusterError with the brokers' last
    words.

    Without a version KAFKA_HOME is used if set, else the default one. `settings` are added to every
    broker's; `requests` writes each broker's request log; `heap` is Java's `-Xmx`; `state` and `jars` are the
    folders for runs and jars, the user's own by default.
    """
    if not 1 <= brokers <= 9:
        raise ClusterError(f"a local cluster has 1 to 9 brokers, not {brokers}")
    state = state or runs.state_folder()
    java = str(find_java())
    version, libraries = _libraries(version, say, progress, jars)
    runs.reap(state)
    say(f"starting Apache Kafka {version}, {_brokers(brokers)}")
    command = [java, *QUICK_START, f"-Xmx{heap}", "-cp", libraries]
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _start_once(state, _free_ports(brokers), version, command, keep, requests, settings or {})
        except _PortTakenError as taken:
            if attempt == ATTEMPTS:
                raise ClusterError(str(taken)) from None
            say("another program took a port meanwhile; trying others")
    raise AssertionError("unreachable")


def _brokers(number: int) -> str:
    return "1 broker" if number == 1 else f"{number} brokers"


class _PortTakenError(ClusterError):
    pass


def _start_once(
    state: Path,
    ports: dict[int, Ports],
    version: str,
    java: list[str],
    keep: bool,
    requests: bool,
    settings: Mapping[str, str],
) -> Cluster:
    folder, lock = runs.create(state)
    run = runs.Run(folder.name, version, _cluster_id(), int(time.time()), keep, java, ports)
    runs.save(folder, run)
    cluster = Cluster(folder, run, lock)
    try:
        _write(cluster, requests, settings)
        _format(cluster)
        for node in cluster.nodes.values():
            node.start(java, keep)
        _await_ready(list(cluster.nodes.values()), {})
    except BaseException:
        cluster.close()
        raise
    return cluster


def _cluster_id() -> str:
    """16 random bytes as Kafka writes them; never with a leading `-`, which its tool takes for an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def _write(cluster: Cluster, requests: bool, settings: Mapping[str, str]) -> None:
    """Three nodes or more vote among the first three; two would gain nothing from a second voter."""
    numbers = list(cluster.nodes)
    voters = numbers[:3] if len(numbers) >= 3 else numbers[:1]
    controllers = {n: cluster.nodes[n].ports.controller for n in voters}
    for node in cluster.nodes.values():
        node.write(controllers, len(numbers), settings, requests)


def _format(cluster: Cluster) -> None:
    tools = [(node, node.format(cluster.run.java, cluster.run.cluster_id)) for node in cluster.nodes.values()]
    try:
        failed = [node for node, tool in tools if tool.wait(DEADLINE_S)]
    finally:
        for _, tool in tools:
            tool.kill()
            tool.wait()
    if failed:
        raise ClusterError(f"Kafka could not format its data folder:\n{failed[0].last_lines()}")


def _await_ready(nodes: list[Node], log_starts: Mapping[int, int]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    waiting = list(nodes)
    while waiting:
        waiting = [node for node in waiting if not node.is_ready(log_starts.get(node.number, 0))]
        for node in waiting:
            if node.ended or time.monotonic() > deadline:
                _give_up(node, log_starts.get(node.number, 0))
        time.sleep(0.05)


def _give_up(node: Node, log_start: int) -> NoReturn:
    how = "ended while starting" if node.ended else f"was not ready after {DEADLINE_S} s"
    text = f"broker {node.number} on port {node.ports.client} {how}; the end of its log:\n{node.last_lines()}"
    if "Address already in use" in node.log_text(log_start):
        raise _PortTakenError(text)
    raise ClusterError(text)


def _libraries(version: str | None, say: Say, progress: Progress, jars: Path | None) -> tuple[str, str]:
    """Kafka's version and Java's class path."""
    home = os.environ.get("KAFKA_HOME")
    if version is None and home:
        return _home_version(Path(home)), str(Path(home) / "libs" / "*")
    version = version or DEFAULT_VERSION
    return version, os.pathsep.join(map(str, class_path(version, say, progress, folder=jars)))


def _home_version(home: Path) -> str:
    for jar in (home / "libs").glob("kafka_2*.jar"):
        match = re.fullmatch(r"kafka_2\.\d+-(\d+\.\d+\.\d+\S*)\.jar", jar.name)
        if match:
            return match[1]
    raise ClusterError(
        f"KAFKA_HOME is {home}, but there is no Kafka in {home / 'libs'}; unset it or correct it"
    )


def _free_ports(brokers: int) -> dict[int, Ports]:
    sockets = [socket.create_server((HOST, 0)) for _ in range(2 * brokers)]
    numbers = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return {n + 1: Ports(numbers[2 * n], numbers[2 * n + 1]) for n in range(brokers)}


def up(
    brokers: int = 1,
    *,
    keep: bool = False,
    version: str | None = None,
    requests: bool = False,
    out: Say = print,
    progress: Progress = lambda *_: None,
) -> int:
    """`mqviz kafka up`: start, say where, and stay until Ctrl-C, or with `keep` return when ready.

    The last line given to `out` while it runs is `bootstrap HOST:PORT`. Returns the exit code: 0, 1 when
    the brokers ended by themselves, 130 after Ctrl-C. Raises ClusterError when it could not start.
    """
    with _terminate_as_interrupt():
        try:
            cluster = start(brokers, version, keep=keep, requests=requests, say=out, progress=progress)
            return _stay(cluster, out)
        except KeyboardInterrupt:
            out("Kafka is ended")
            return 130


def _stay(cluster: Cluster, out: Say) -> int:
    if cluster.run.keep:
        _say_where(cluster, out, "`mqviz kafka down` ends it")
        cluster.let_go()
        return 0
    with cluster:
        _say_where(cluster, out, "Ctrl-C ends it")
        cluster.wait()
        if runs.load(cluster.folder) is None:
            out("Kafka was ended by `mqviz kafka down`")
            return 0
        out("every broker has ended; the end of the logs:")
        for node in cluster.nodes.values():
            out(node.last_lines())
    return 1


def _say_where(cluster: Cluster, out: Say, how: str) -> None:
    many = _brokers(len(cluster.nodes))
    out(f"Apache Kafka {cluster.kafka_version}, {many} on this machine only; {how}")
    out(f"bootstrap {cluster.bootstrap}")


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """SIGTERM and a closed window end the cluster as Ctrl-C does; only the main thread may have handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def down(out: Say = print, *, state: Path | None = None) -> int:
    """`mqviz kafka down`: end every managed cluster of this user. Returns the exit code."""
    state = state or runs.state_folder()
    found = 0
    for folder in runs.folders(state):
        run = runs.load(folder)
        if run is not None:
            found += 1
            runs.remove(folder)
            out(f"ended Apache Kafka {run.kafka_version} with {_brokers(len(run.ports))}")
    if not found:
        out("no managed Kafka runs")
    return 0


def status(out: Say = print, *, state: Path | None = None) -> int:
    """`mqviz kafka status`: every managed cluster with its brokers. Returns 0, or 1 when none runs."""
    live = _live(state or runs.state_folder())
    for folder, run in live:
        kept = "kept" if run.keep else "ends with the mqviz that started it"
        minutes = max(0, int(time.time()) - run.started_at_s) // 60
        out(f"Apache Kafka {run.kafka_version}, up {minutes} min, {kept}")
        nodes = runs.nodes(folder, run).values()
        for node in nodes:
            out(f"  broker {node.number}  {node.address}  {node.state}")
        out(f"bootstrap {','.join(node.address for node in nodes)}")
    if not live:
        out("no managed Kafka runs; `mqviz kafka up` starts one")
    return 0 if live else 1


def managed_bootstrap(state: Path | None = None) -> str | None:
    """Where the newest managed cluster listens; None when none runs. For commands without an address."""
    live = _live(state or runs.state_folder())
    if not live:
        return None
    folder, run = live[-1]
    return ",".join(node.address for node in runs.nodes(folder, run).values())


def managed_cluster_ids(state: Path | None = None) -> list[str]:
    """Cluster ids of the managed clusters that run: those on which mqviz may do as it likes."""
    return [run.cluster_id for _, run in _live(state or runs.state_folder())]


def _live(state: Path) -> list[tuple[Path, runs.Run]]:
    pairs = [(folder, runs.load(folder)) for folder in runs.folders(state)]
    return [
        (folder, run)
        for folder, run in pairs
        if run is not None and any(node.pid for node in runs.nodes(folder, run).values())
    ]
