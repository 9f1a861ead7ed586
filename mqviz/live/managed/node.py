"""One broker of the managed cluster: its files, its process, and nobody else's.

A process is ours when its number is in the node's pid file *and* its command line names the node's own
folder, whose name is random; nothing else is ever signalled.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from mqviz.live import supervise
from mqviz.live.managed.error import ClusterError

HOST: Final = "127.0.0.1"
GONE_S: Final = 2
"""How long a killed process is waited for: it is a zombie until its last thread has closed its sockets."""
STARTED: Final = "Kafka Server started"

LOG4J2: Final = """\
rootLogger.level=WARN
rootLogger.appenderRef.c.ref=C
appender.c.type=Console
appender.c.name=C
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=[%d] %p %m (%c)%n
logger.up.name=kafka.server.KafkaRaftServer
logger.up.level=INFO
"""
REQUEST_LOG: Final = """\
appender.r.type=File
appender.r.name=R
appender.r.fileName=${sys:mqviz.requests}
appender.r.append=false
appender.r.layout.type=PatternLayout
appender.r.layout.pattern=%d{ISO8601} %m%n
logger.rq.name=kafka.request.logger
logger.rq.level=DEBUG
logger.rq.additivity=false
logger.rq.appenderRef.r.ref=R
"""
LOG4J1: Final = """\
log4j.rootLogger=WARN, C
log4j.logger.kafka.server.KafkaRaftServer=INFO
log4j.appender.C=org.apache.log4j.ConsoleAppender
log4j.appender.C.layout=org.apache.log4j.PatternLayout
log4j.appender.C.layout.ConversionPattern=[%d] %p %m (%c)%n
"""


class Ports(msgspec.Struct, frozen=True):
    """Where one node listens: `client` for everybody, `controller` for the nodes among themselves."""

    client: int
    controller: int


class Node:
    """A broker by its number, in its own folder."""

    def __init__(self, folder: Path, number: int, ports: Ports) -> None:
        self.folder = folder
        self.number = number
        self.ports = ports
        self.log = folder / "broker.log"
        self.request_log = folder / "requests.log"
        self.properties = folder / "server.properties"
        self._pid_file = folder / "pid"
        self._supervisor: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """`host:port` for clients."""
        return f"{HOST}:{self.ports.client}"

    def write(
        self, voters: Mapping[int, int], brokers: int, settings: Mapping[str, str], requests: bool
    ) -> None:
        """Write the files that the broker starts from; `voters` maps node number to controller port."""
        self.folder.mkdir()
        values = {**_settings(self, voters, brokers), **settings}
        self.properties.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
        (self.folder / "log4j2.properties").write_text(LOG4J2 + (REQUEST_LOG if requests else ""))
        (self.folder / "log4j.properties").write_text(LOG4J1)

    def format(self, java: Sequence[str], cluster_id: str) -> "subprocess.Popen[bytes]":
        """Start Kafka's own formatting of the data folder."""
        tool = [*self._logging(), "kafka.tools.StorageTool", "format"]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*java, *tool, "-t", cluster_id, "-c", str(self.properties)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start(self, java: Sequence[str], keep: bool) -> None:
        """Start the broker under a supervisor; does not wait for it."""
        self._pid_file.unlink(missing_ok=True)
        self._supervisor = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", supervise.__file__),
                *("keep" if keep else "watch", str(self._pid_file), str(self.log)),
                *(*java, *self._logging(), "kafka.Kafka", str(self.properties)),
            ],
            stdin=subprocess.DEVNULL if keep else subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _logging(self) -> list[str]:
        return [
            f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}",
            f"-Dlog4j.configuration=file:{self.folder / 'log4j.properties'}",
            f"-Dmqviz.requests={self.request_log}",
        ]

    @property
    def pid(self) -> int | None:
        """The number of the running (or paused) broker process; None when it does not run."""
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return None
        process = _process(pid)
        return pid if process and str(self.folder) in process[1] and process[0] != "Z" else None

    @property
    def state(self) -> str:
        """`running`, `paused` or `stopped`."""
        pid = self.pid
        process = pid and _process(pid)
        if not process:
            return "stopped"
        return "paused" if process[0] == "T" else "running"

    @property
    def ended(self) -> bool:
        """Whether the broker that this object started has ended."""
        return self._supervisor is not None and self._supervisor.poll() is not None

    def is_ready(self, log_start: int) -> bool:
        """Whether it has said so in its log (from that byte on) and accepts connections."""
        with suppress(OSError):
            if STARTED in self.log_text(log_start):
                with socket.create_connection((HOST, self.ports.client), timeout=1):
                    return True
        return False

    def log_text(self, start: int = 0) -> str:
        """What the broker wrote, from that byte on."""
        try:
            return self.log.read_bytes()[start:].decode(errors="replace")
        except OSError:
            return ""

    def last_lines(self, count: int = 5) -> str:
        """The end of its log, for an error."""
        lines = [
            line for line in self.log_text().splitlines() if line.strip() and not line.startswith("\tat ")
        ]
        return "\n".join(f"  broker {self.number}: {line[:300]}" for line in lines[-count:])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this broker; a ClusterError if it does not run."""
        pid = self.pid
        if pid is None:
            raise ClusterError(f"broker {self.number} does not run")
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    def destroy(self) -> None:
        """End the process, if any, at once, and wait until it and its sockets are gone."""
        pid = self.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + GONE_S
            while _process(pid) and time.monotonic() < deadline:
                time.sleep(0.01)
        if self._supervisor is not None:
            if self._supervisor.stdin:
                self._supervisor.stdin.close()
            self._supervisor.wait()


def _settings(node: Node, voters: Mapping[int, int], brokers: int) -> dict[str, str]:
    """A broker's settings for that many brokers; small, on loopback, and quick to form groups."""
    votes = node.number in voters
    client = f"PLAINTEXT://{node.address}"
    factor = str(min(3, brokers))
    min_isr = "2" if brokers > 2 else "1"
    return {
        "process.roles": "broker,controller" if votes else "broker",
        "node.id": str(node.number),
        "controller.quorum.voters": ",".join(f"{n}@{HOST}:{port}" for n, port in voters.items()),
        "listeners": f"{client},CONTROLLER://{HOST}:{node.ports.controller}" if votes else client,
        "advertised.listeners": client,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": str(node.folder / "data"),
        "auto.create.topics.enable": "false",
        "default.replication.factor": factor,
        "offsets.topic.replication.factor": factor,
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": factor,
        "transaction.state.log.min.isr": min_isr,
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": factor,
        "share.coordinator.state.topic.min.isr": min_isr,
        "share.coordinator.state.topic.num.partitions": "4",
        "group.initial.rebalance.delay.ms": "0",
    }


def _process(pid: int) -> tuple[str, str] | None:
    """State letter and command line of a process; None when there is none."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return None
        return stat.rpartition(")")[2].split()[0], command
    answer = subprocess.run(
        ["ps", "-ww", "-o", "state=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return (answer[0], answer) if answer else None
