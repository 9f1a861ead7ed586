"""Jars: checked against the lock file, fetched whole or not at all, every fault one sentence."""

import hashlib
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mqviz.live.managed import jars
from mqviz.live.managed.error import ClusterError
from mqviz.live.managed.jars import Jar, class_path, read_lock

FILES = {f"part{n}": bytes([n]) * (50_000 + n) for n in range(1, 6)}


class Repository(ThreadingHTTPServer):
    """Serves the five jars; `broken` ones end in the middle, `wrong` ones have other bytes."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[str] = []
        self.broken: set[str] = set()
        self.wrong: set[str] = set()


class Answer(BaseHTTPRequestHandler):
    server: Repository

    def do_GET(self) -> None:
        name = self.path.split("/")[-3]
        self.server.asked.append(name)
        body = FILES[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if name in self.server.broken:
            body = body[:1000]
        if name in self.server.wrong:
            body = body[::-1].replace(body[:1], b"x")
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    from maven_artifact import Downloader

    server = Repository()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(jars._Fetch, "_source", lambda self: Downloader(base))
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "kafka.lock"
    lines = ["# comment"]
    for name, body in FILES.items():
        lines.append(f"{hashlib.sha256(body).hexdigest()} {len(body)} org.example:{name}:1.0 4.2.1")
    path.write_text("\n".join(lines))
    return path


def test_lock_file_has_both_versions_with_broker_tools_and_logging() -> None:
    locked = read_lock()
    assert jars.versions() == ["4.2.1", "4.3.1"]
    for version in jars.versions():
        names = {jar.file_name for jar in locked if version in jar.versions}
        assert {f"kafka_2.13-{version}.jar", f"kafka-tools-{version}.jar", "log4j-core-2.25.4.jar"} <= names
        assert len(names) == 92
    assert len({jar.file_name for jar in locked}) == len(locked)


def test_fetches_once_and_tells_how_far(repository: Repository, lock: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    folder = tmp_path / "cache"
    found = class_path("4.2.1", progress=lambda *step: seen.append(step), lock=lock, folder=folder)
    assert [path.read_bytes() for path in found] == list(FILES.values())
    total = sum(map(len, FILES.values()))
    assert seen[-1][:2] == (total, total)
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert class_path("4.2.1", lock=lock, folder=folder) == found
    assert sorted(repository.asked) == sorted(FILES)
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in found)


def test_damaged_jar_is_fetched_again_with_a_notice(
    repository: Repository, lock: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    found = class_path("4.2.1", lock=lock, folder=folder)
    found[1].write_bytes(found[1].read_bytes()[:-1] + b"!")
    found[3].write_bytes(b"short")
    repository.asked.clear()
    said: list[str] = []
    class_path("4.2.1", said.append, lock=lock, folder=folder)
    assert sorted(repository.asked) == ["part2", "part4"]
    assert [line.split()[0] for line in said] == ["part2-1.0.jar", "part4-1.0.jar"]
    assert all("is damaged and is fetched again" in line for line in said)
    assert [path.read_bytes() for path in found] == list(FILES.values())


def test_interrupted_fetch_keeps_what_is_whole_and_goes_on_there(
    repository: Repository, lock: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    repository.broken = {"part5"}
    with pytest.raises(ClusterError, match="could not be fetched"):
        class_path("4.2.1", lock=lock, folder=folder)
    locked = {jar.file_name: jar for jar in read_lock(lock)}
    assert all(locked[path.name].is_whole(path) for path in folder.iterdir()), "never half installed"
    kept = {path.name for path in folder.iterdir()}
    repository.broken = set()
    repository.asked.clear()
    class_path("4.2.1", lock=lock, folder=folder)
    assert {f"{name}-1.0.jar" for name in repository.asked} == set(locked) - kept
    assert "part5" in repository.asked


def test_wrong_bytes_are_never_installed(repository: Repository, lock: Path, tmp_path: Path) -> None:
    repository.wrong = {"part2"}
    with pytest.raises(ClusterError, match=r"part2-1\.0\.jar as fetched is not the file"):
        class_path("4.2.1", lock=lock, folder=tmp_path / "cache")
    assert "part2-1.0.jar" not in {path.name for path in (tmp_path / "cache").iterdir()}


def test_without_network_says_what_is_missing_and_how_large(
    repository: Repository, lock: Path, tmp_path: Path
) -> None:
    repository.shutdown()
    repository.server_close()
    with pytest.raises(ClusterError, match=r"5 of 5 jars \(0\.3 MB\)") as caught:
        class_path("4.2.1", lock=lock, folder=tmp_path / "cache")
    assert "connect to the network" in str(caught.value)
    assert "http" not in str(caught.value)


def test_without_the_fetching_package_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, lock: Path, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "maven_artifact", None)
    with pytest.raises(ClusterError, match=r"pip install 'mqviz\[kafka\]'"):
        class_path("4.2.1", lock=lock, folder=tmp_path / "cache")


def test_cache_folder_that_cannot_be_written(repository: Repository, lock: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ClusterError, match=r"cannot be written .*XDG_CACHE_HOME"):
        class_path("4.2.1", lock=lock, folder=blocked / "cache")
    assert repository.asked == []


def test_fetching_prints_nothing(
    repository: Repository, lock: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    class_path("4.2.1", lock=lock, folder=tmp_path / "cache")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "line",
    [
        "not a lock line",
        f"{'g' * 64} 10 a:b:1 4.2.1",
        f"{'0' * 63} 10 a:b:1 4.2.1",
        f"{'0' * 64} ten a:b:1 4.2.1",
        f"{'0' * 64} 10 a:b 4.2.1",
        f"{'0' * 64} 10 a:../../b:1 4.2.1",
        "",
    ],
)
def test_damaged_lock_file_names_the_line(lock: Path, line: str) -> None:
    lines = lock.read_text().splitlines()
    lines[2] = line
    lock.write_text("\n".join(lines))
    with pytest.raises(ClusterError, match="is damaged at line 3; install mqviz again"):
        class_path("4.2.1", lock=lock)


@pytest.mark.parametrize("content", [b"", b"# only this\n", b"\xff\xfe\x00"])
def test_lock_file_that_is_no_text_or_empty(lock: Path, content: bytes) -> None:
    lock.write_bytes(content)
    with pytest.raises(ClusterError, match="install mqviz again"):
        read_lock(lock)


def test_unknown_version_names_the_known_ones(lock: Path) -> None:
    with pytest.raises(ClusterError, match=r"no jars for Kafka 3\.0\.0; it can provide 4\.2\.1"):
        class_path("3.0.0", lock=lock)


def test_a_jar_is_whole_only_with_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.jar"
    jar = Jar(hashlib.sha256(b"abc").hexdigest(), 3, "g:a:1", ("4.2.1",))
    assert not jar.is_whole(path)
    path.write_bytes(b"abd")
    assert not jar.is_whole(path)
    path.write_bytes(b"abc")
    assert jar.is_whole(path)
