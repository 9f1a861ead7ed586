"""`mqviz kafka up | down | status`, played in real processes against real brokers."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mqviz.live.managed import cluster, jars
from mqviz.live.managed import runs as cluster_runs
from mqviz.live.managed.cluster import Cluster
from mqviz.live.managed.error import ClusterError
from mqviz.live.managed.node import Ports
from tests.waiting import DEADLINE_S, is_alive, soon

pytestmark = pytest.mark.kafka
JARS = jars.cache_folder()

UP = "import sys; from mqviz.live.managed.cluster import up; sys.exit(up(keep='--keep' in sys.argv, version='4.2.1'))"
DOWN = "import sys; from mqviz.live.managed.cluster import down; sys.exit(down())"
STATUS = "import sys; from mqviz.live.managed.cluster import status; sys.exit(status())"

Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def run(home: Path) -> Iterator[Run]:
    """Runs Python text as a user would run mqviz, with a state folder of its own."""
    started: list[subprocess.Popen[str]] = []
    environment = {**os.environ, "XDG_STATE_HOME": str(home), "PYTHONUNBUFFERED": "1"}

    def start(code: str, *arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
    for folder in cluster_runs.folders(home / "mqviz" / "kafka"):
        cluster_runs.remove(folder)


def bootstrap_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    seen = []
    for line in process.stdout:
        seen.append(line)
        if line.startswith("bootstrap "):
            return line.split()[1]
    raise AssertionError("".join(seen))


def broker_pids(home: Path) -> list[int]:
    pids = []
    for folder in cluster_runs.folders(home / "mqviz" / "kafka"):
        run = cluster_runs.load(folder)
        assert run
        pids += [node.pid for node in cluster_runs.nodes(folder, run).values() if node.pid]
    return pids


def answers(bootstrap: str) -> bool:
    host, port = bootstrap.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def test_up_stays_until_ctrl_c_and_leaves_nothing(run: Run, home: Path) -> None:
    process = run(UP)
    bootstrap = bootstrap_of(process)
    (pid,) = broker_pids(home)
    status = run(STATUS)
    text = status.communicate()[0]
    assert status.returncode == 0
    assert f"broker 1  {bootstrap}  running" in text
    assert text.splitlines()[-1] == f"bootstrap {bootstrap}"
    process.send_signal(signal.SIGINT)
    assert "Kafka is ended" in process.communicate(timeout=DEADLINE_S)[0]
    assert process.returncode == 130
    assert not is_alive(pid)
    assert cluster_runs.folders(home / "mqviz" / "kafka") == []


def test_sigterm_ends_the_brokers_too(run: Run, home: Path) -> None:
    process = run(UP)
    bootstrap_of(process)
    (pid,) = broker_pids(home)
    process.terminate()
    process.communicate(timeout=DEADLINE_S)
    assert not is_alive(pid)


def test_no_java_outlives_a_sigkill_of_its_parent(run: Run, home: Path) -> None:
    process = run(UP)
    bootstrap_of(process)
    (pid,) = broker_pids(home)
    process.kill()
    process.communicate()
    assert soon(lambda: not is_alive(pid))
    leftover = cluster_runs.folders(home / "mqviz" / "kafka")
    assert len(leftover) == 1
    assert cluster_runs.reap(home / "mqviz" / "kafka") == 1
    assert not leftover[0].exists()


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux ends a child with its parent; macOS reaps at the next start"
)
def test_no_java_outlives_its_supervisor(kafka_cluster: Callable[..., Cluster]) -> None:
    node = kafka_cluster().node(1)
    pid = node.pid
    assert pid
    assert node._supervisor
    node._supervisor.kill()
    assert soon(lambda: not is_alive(pid))


def test_kept_cluster_outlives_its_parent_until_down(run: Run, home: Path) -> None:
    process = run(UP, "--keep")
    lines = process.communicate(timeout=DEADLINE_S)[0].splitlines()
    assert process.returncode == 0
    word, bootstrap = lines[-1].split()
    assert word == "bootstrap"
    assert answers(bootstrap)
    assert cluster_runs.reap(home / "mqviz" / "kafka") == 0, "a kept cluster is no leftover"
    assert cluster.managed_bootstrap(home / "mqviz" / "kafka") == bootstrap
    down = run(DOWN)
    assert "ended Apache Kafka 4.2.1" in down.communicate(timeout=DEADLINE_S)[0]
    assert not answers(bootstrap)
    assert cluster.managed_bootstrap(home / "mqviz" / "kafka") is None
    status = run(STATUS)
    assert "no managed Kafka runs" in status.communicate()[0]
    assert status.returncode == 1


def test_down_ends_a_cluster_in_the_foreground_of_another_terminal(run: Run) -> None:
    process = run(UP)
    bootstrap_of(process)
    run(DOWN).communicate(timeout=DEADLINE_S)
    assert "ended by `mqviz kafka down`" in process.communicate(timeout=DEADLINE_S)[0]
    assert process.returncode == 0


def test_up_says_so_when_its_broker_dies(run: Run, home: Path) -> None:
    process = run(UP)
    bootstrap_of(process)
    (pid,) = broker_pids(home)
    os.kill(pid, signal.SIGKILL)
    assert "every broker has ended" in process.communicate(timeout=DEADLINE_S)[0]
    assert process.returncode == 1


def test_stop_kill_pause_resume_and_start_by_number(kafka_cluster: Callable[..., Cluster]) -> None:
    running = kafka_cluster()
    node = running.node(1)
    running.pause_broker(1)
    assert soon(lambda: node.state == "paused")
    running.resume_broker(1)
    assert soon(lambda: node.state == "running")
    running.stop_broker(1)
    assert node.state == "stopped"
    running.start_broker(1)
    assert node.state == "running"
    assert answers(node.address)
    with pytest.raises(ClusterError, match="runs already"):
        running.start_broker(1)
    running.kill_broker(1)
    assert soon(lambda: node.state == "stopped")
    with pytest.raises(ClusterError, match="broker 1 does not run"):
        running.pause_broker(1)
    with pytest.raises(ClusterError, match="no broker 7; the brokers are 1"):
        running.kill_broker(7)


def test_a_foreign_process_is_never_signalled(tmp_path: Path, kafka_cluster: Callable[..., Cluster]) -> None:
    running = kafka_cluster()
    node = running.node(1)
    running.stop_broker(1)
    with subprocess.Popen(["sleep", "60"]) as foreign:
        (node.folder / "pid").write_text(str(foreign.pid))
        assert node.pid is None
        running.close()
        assert foreign.poll() is None
        foreign.kill()


def test_port_taken_meanwhile_means_other_ports(
    monkeypatch: pytest.MonkeyPatch, kafka_cluster: Callable[..., Cluster]
) -> None:
    chosen = cluster._free_ports
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        first = iter([{1: Ports(taken, chosen(1)[1].controller)}])
        monkeypatch.setattr(cluster, "_free_ports", lambda brokers: next(first, None) or chosen(brokers))
        running = kafka_cluster(say=said.append)
    assert running.node(1).ports.client != taken
    assert said == [
        "starting Apache Kafka 4.2.1, 1 broker",
        "another program took a port meanwhile; trying others",
    ]


def test_a_broker_that_cannot_start_shows_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"log\.retention\.ms") as caught:
        cluster.start(state=tmp_path, jars=JARS, settings={"log.retention.ms": "soon"})
    assert "broker 1:" in str(caught.value)
    assert cluster_runs.folders(tmp_path) == []


def test_an_installed_kafka_is_used_with_its_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kafka_cluster: Callable[..., Cluster]
) -> None:
    libs = tmp_path / "home" / "libs"
    libs.mkdir(parents=True)
    for path in jars.class_path("4.3.1", folder=JARS):
        (libs / path.name).symlink_to(path)
    monkeypatch.setenv("KAFKA_HOME", str(tmp_path / "home"))
    running = kafka_cluster(version=None)
    assert running.kafka_version == "4.3.1"
    assert answers(running.bootstrap)
