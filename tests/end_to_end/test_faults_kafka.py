"""Faults with a real Kafka: brokers that freeze and die, interrupts while clients and brokers run, damaged jars."""

import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from mqviz.live.managed import cluster
from tests.conftest import JARS
from tests.terminal import Terminal
from tests.waiting import soon

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
QUIET = {"log_level": 0}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.Cluster]:
    """A broker to freeze and kill, with the group `billing` 3 records behind."""
    with cluster.start(1, state=tmp_path_factory.mktemp("broken"), jars=JARS) as running:
        lag_of_three(running.bootstrap)
        yield running


def lag_of_three(bootstrap: str) -> None:
    """The topic `orders` with 5 records, of which the group `billing` has committed 2."""
    basis = {"bootstrap.servers": bootstrap, **QUIET}
    admin = AdminClient(basis)
    for made in admin.create_topics([NewTopic("orders", 1, 1)]).values():
        made.result()
    producer = Producer(basis)
    for _ in range(5):
        producer.produce("orders", b"x")
    assert producer.flush(10) == 0
    group = {"group.id": "billing", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer({**basis, **group})
    consumer.subscribe(["orders"])
    seen: list[object] = []
    while len(seen) < 2:
        record = consumer.poll(0.2)
        if record is not None and record.error() is None:
            seen.append(record)
            consumer.commit(record, asynchronous=False)
    consumer.close()


# -- a broker that freezes and dies ------------------------------------------------------------------------


def test_a_frozen_broker_leaves_the_last_picture_with_its_age(
    broken: cluster.Cluster, home: dict[str, str]
) -> None:
    lag = Terminal("lag", broken.bootstrap, "--watch", "--every", "1s", **home)
    with Terminal("attach", broken.bootstrap, **home) as terminal, lag:
        terminal.wait_for("billing", "STOPPED", "● live")
        lag.wait_for("billing", "STOPPED")
        broken.pause_broker(1)
        try:
            terminal.wait_for("✗ lost, seen", "answer", "billing")
            lag.wait_for("no answer to", "billing")
            terminal.press("?")
            terminal.wait_for("end at once")
            terminal.press("escape")
        finally:
            broken.resume_broker(1)
        terminal.wait_for("● live", "billing", "STOPPED")
        lag.wait_until(lambda shown: "billing" in shown and "no answer" not in shown, "the answer")
        terminal.press("q")
        lag.press("ctrl+c")
        assert (terminal.end(), lag.end()) == (0, 130)
        assert terminal.left_on == lag.left_on == []
        assert "Traceback" not in lag.text()


def test_a_broker_that_dies_and_comes_again_is_watched_again(
    broken: cluster.Cluster, home: dict[str, str]
) -> None:
    with Terminal("attach", broken.bootstrap, **home) as terminal:
        terminal.wait_for("billing", "STOPPED", "3 unread", "● live")
        terminal.press("enter")
        terminal.wait_for("keys not read")
        broken.kill_broker(1)
        terminal.wait_for("lost", "connection refused; no broker listens there")
        terminal.press("escape")
        terminal.wait_for("✗ lost, seen", "billing", "3 unread")
        terminal.resize(80, 24)
        terminal.wait_for("✗ lost, seen", "billing")
        broken.start_broker(1)
        terminal.wait_for("● live", "billing", "STOPPED")
        terminal.press("ctrl+c")
        assert terminal.end() == 130
        assert terminal.left_on == []


# -- interrupts while real clients run ---------------------------------------------------------------------


def are_soon(bootstrap: str, names: set[str]) -> bool:
    """Whether these become its topics: a broker learns of a removal a moment after it is done."""
    return soon(lambda: topics(bootstrap) == names)


def topics(bootstrap: str) -> set[str]:
    found = AdminClient({"bootstrap.servers": bootstrap, **QUIET}).list_topics(timeout=10).topics
    return {name for name in found if name.startswith("mqviz.")}


@pytest.mark.parametrize("how", ["ctrl+c", "kill", "closed window"])
def test_a_lesson_on_a_real_cluster_leaves_no_client_and_no_topic(
    how: str, kafka: cluster.Cluster, home: dict[str, str]
) -> None:
    before = topics(kafka.bootstrap)
    with Terminal("learn", "15", "--on", kafka.bootstrap, "--yes", **home) as terminal:
        terminal.wait_for("PREDICT")
        terminal.press("enter")
        terminal.wait_for("c1 gets")
        assert soon(lambda: topics(kafka.bootstrap) > before)
        terminal.wait_until(lambda _: terminal.has_family(4), "two consumers and a producer")
        if how == "ctrl+c":
            terminal.press("ctrl+c")
        elif how == "kill":
            terminal.send(signal.SIGTERM)
        else:
            terminal.hang_up()
        assert terminal.end() == 130
        if how != "closed window":
            assert terminal.left_on == []
        assert terminal.left_alive() == set()
    assert are_soon(kafka.bootstrap, before)


def test_a_lesson_that_is_killed_leaves_no_client_and_the_next_one_removes_its_topics(
    kafka: cluster.Cluster, home: dict[str, str]
) -> None:
    before = topics(kafka.bootstrap)
    for number in (signal.SIGKILL, signal.SIGINT):
        with Terminal("learn", "15", "--on", kafka.bootstrap, "--yes", **home) as terminal:
            terminal.wait_for("PREDICT")
            terminal.press("enter")
            terminal.wait_for("c1 gets")
            assert soon(lambda: len(topics(kafka.bootstrap) - before) == 1)
            terminal.see_family()
            terminal.send(number)
            terminal.end()
            assert terminal.left_alive() == set()
    assert are_soon(kafka.bootstrap, before)


def test_a_lesson_that_is_not_agreed_to_makes_nothing(kafka: cluster.Cluster, home: dict[str, str]) -> None:
    before = topics(kafka.bootstrap)
    for key, code in (("\r", 1), ("ctrl+c", 130), ("\x04", 1)):
        with Terminal("learn", "15", "--on", kafka.bootstrap, **home) as terminal:
            terminal.wait_for("mqviz did not start the cluster", "Go on? [y/N]")
            terminal.press(key)
            assert terminal.end() == code
            assert "Traceback" not in terminal.text()
    assert are_soon(kafka.bootstrap, before)


def test_a_lesson_on_a_cluster_that_is_not_there_is_told(home: dict[str, str]) -> None:
    with Terminal("learn", "15", "--on", "127.0.0.1:1", "--yes", **home) as terminal:
        assert terminal.end() == 1
        assert terminal.left_on == []
        assert terminal.left_alive() == set()
        sentence = b"mqviz: the cluster cannot be reached (127.0.0.1:1: connection refused)"
        assert sentence in terminal.raw


def test_a_lesson_makes_nothing_where_it_cannot_note_what_it_makes(
    kafka: cluster.Cluster, blocked: dict[str, str]
) -> None:
    before = topics(kafka.bootstrap)
    with Terminal("learn", "15", "--on", kafka.bootstrap, "--yes", **blocked) as terminal:
        assert terminal.end() == 1
        assert terminal.left_on == []
        assert terminal.left_alive() == set()
        assert b"cannot be written (Not a directory); set XDG_STATE_HOME" in terminal.raw
    assert are_soon(kafka.bootstrap, before)


# -- kafka up ----------------------------------------------------------------------------------------------

FROM = """
import sys
from maven_artifact import Downloader
from mqviz.live.managed import jars
address = sys.argv.pop(1)
jars._Fetch._source = lambda self: Downloader(address)
from mqviz.__main__ import main
sys.exit(main())
"""


class Repository(ThreadingHTTPServer):
    """Serves the jars that are in the tests' cache; a slow one never comes to the end of a jar."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.slow = False
        self.asked: list[str] = []
        self.ended = threading.Event()


class Answer(BaseHTTPRequestHandler):
    server: Repository

    def do_GET(self) -> None:
        with suppress(ConnectionError):
            self._send()

    def _send(self) -> None:
        name = self.path.rpartition("/")[2]
        self.server.asked.append(name)
        body = (JARS / name).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        while self.server.slow and not self.server.ended.wait(0.1):
            self.wfile.write(b"x" * 100)
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def repository() -> Iterator[Repository]:
    server = Repository()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.ended.set()
    server.shutdown()
    server.server_close()


def up(repository: Repository, home: dict[str, str]) -> Terminal:
    address = f"http://127.0.0.1:{repository.server_port}"
    return Terminal("kafka", "up", program=(sys.executable, "-c", FROM, address), KAFKA_HOME="", **home)


def cached(home: dict[str, str]) -> Path:
    """The cache of that home, with all jars in it (links: they are not written to)."""
    folder = Path(home["XDG_CACHE_HOME"]) / "mqviz" / "jars"
    shutil.copytree(JARS, folder, copy_function=os.link, ignore=shutil.ignore_patterns("*.part"))
    return folder


def test_a_damaged_jar_is_fetched_again_and_the_broker_ends_with_ctrl_c(
    repository: Repository, home: dict[str, str], kafka: cluster.Cluster
) -> None:
    jar = next(cached(home).glob("slf4j-api-*.jar"))
    jar.unlink()
    jar.write_bytes(b"damaged")
    with up(repository, home) as terminal:
        terminal.wait_for(f"{jar.name} in", "is damaged and is fetched again", "bootstrap 127.0.0.1:")
        assert repository.asked == [jar.name]
        terminal.see_family()
        terminal.press("ctrl+c")
        assert terminal.end() == 130
        assert terminal.left_on == []
        assert terminal.left_alive() == set()
        terminal.wait_for("Kafka is ended")
    assert jar.read_bytes() == (JARS / jar.name).read_bytes()


def test_ctrl_c_while_jars_are_fetched_leaves_nothing_half(
    repository: Repository, home: dict[str, str], kafka: cluster.Cluster
) -> None:
    repository.slow = True
    with up(repository, home) as terminal:
        terminal.wait_until(lambda _: len(repository.asked) >= 4, "the repository's turn")
        terminal.wait_for("MB")
        terminal.press("ctrl+c")
        assert terminal.end() == 130
        assert terminal.left_on == []
        assert "Traceback" not in terminal.text()
    assert list((Path(home["XDG_CACHE_HOME"]) / "mqviz" / "jars").iterdir()) == []


@pytest.mark.parametrize("how", ["kill", "closed window"])
def test_an_end_while_a_broker_starts_leaves_none(
    how: str, home: dict[str, str], kafka: cluster.Cluster
) -> None:
    cached(home)
    with Terminal("kafka", "up", KAFKA_HOME="", **home) as terminal:
        terminal.wait_for("starting Apache Kafka")
        terminal.wait_until(lambda _: terminal.has_family(3), "its watcher and its Java")
        if how == "kill":
            terminal.send(signal.SIGTERM)
        else:
            terminal.hang_up()
        assert terminal.end() == 130
        assert terminal.left_alive() == set()
        assert "Traceback" not in terminal.text()
    runs = Path(home["XDG_STATE_HOME"]) / "mqviz" / "kafka"
    assert [path for path in runs.iterdir() if path.is_dir()] == []


def test_a_state_folder_that_cannot_be_written_is_told(
    home: dict[str, str], tmp_path: Path, kafka: cluster.Cluster
) -> None:
    cached(home)
    (tmp_path / "state").write_text("a file where the folder should be", "utf-8")
    with Terminal("kafka", "up", KAFKA_HOME="", **home) as terminal:
        terminal.wait_for("the state folder", "cannot be written (Not a directory)")
        assert terminal.end() == 1
