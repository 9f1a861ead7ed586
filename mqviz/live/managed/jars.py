"""The jars of Apache Kafka, so that a machine with only Python can run a broker.

The lock file beside this module lists every jar by its coordinates with size and SHA-256; it names no
host, because `maven-artifact` knows where coordinates are served. A jar is in the cache whole or not at
all: it is fetched under another name, checked, and then moved into place, so an interrupted fetch goes on
where it stopped.
"""

import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import platformdirs

from mqviz.live.managed.error import ClusterError

LOCK: Final = Path(__file__).with_name("kafka.lock")
INSTALL: Final = "pip install 'mqviz[kafka]'"
FETCHERS: Final = 4
TIMEOUT_S: Final = 15
STOP_S: Final = 0.2
"""How long a thread that waits for the network is waited for when the fetch ends early."""

Progress = Callable[[int, int, str], None]
"""Called as (bytes done, bytes in all, name of the jar), from one thread at a time."""

Say = Callable[[str], None]
"""Takes one line for the user."""


class Jar(msgspec.Struct, frozen=True):
    """One line of the lock file."""

    sha256: str
    size: int
    coordinates: str
    versions: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """Artifact and version, unique in the lock file."""
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"

    def is_whole(self, path: Path) -> bool:
        """Whether the file is there and has the size and the hash of the lock file."""
        try:
            if path.stat().st_size != self.size:
                return False
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except (FileNotFoundError, NotADirectoryError):
            return False


def read_lock(path: Path = LOCK) -> list[Jar]:
    """Every jar of the lock file; a damaged one is a ClusterError that names the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise ClusterError(f"the jar lock file {path} cannot be read ({why}); install mqviz again") from None
    jars = [_jar(path, number, line) for number, line in enumerate(lines, 1) if not line.startswith("#")]
    if not jars:
        raise ClusterError(f"the jar lock file {path} is damaged: it lists no jar; install mqviz again")
    return jars


def _jar(path: Path, number: int, line: str) -> Jar:
    match line.split():
        case [sha256, size, coordinates, versions] if (
            len(sha256) == 64
            and not sha256.strip("0123456789abcdef")
            and size.isdecimal()
            and coordinates.count(":") == 2
            and "/" not in coordinates
        ):
            return Jar(sha256, int(size), coordinates, tuple(versions.split(",")))
    raise ClusterError(f"the jar lock file {path} is damaged at line {number}; install mqviz again")


def versions(lock: Path = LOCK) -> list[str]:
    """The Kafka versions that the lock file can provide, oldest first."""
    return sorted({version for jar in read_lock(lock) for version in jar.versions})


def cache_folder() -> Path:
    """Where jars are kept for the user, shared by all versions."""
    return Path(platformdirs.user_cache_dir("mqviz", appauthor=False)) / "jars"


def class_path(
    version: str,
    say: Say = lambda _: None,
    progress: Progress = lambda *_: None,
    *,
    lock: Path = LOCK,
    folder: Path | None = None,
) -> list[Path]:
    """The jars of that Kafka version, checked, fetched first where they are missing or damaged."""
    folder = folder or cache_folder()
    jars = [jar for jar in read_lock(lock) if version in jar.versions]
    if not jars:
        known = ", ".join(versions(lock))
        raise ClusterError(f"mqviz has no jars for Kafka {version}; it can provide {known}")
    missing = _missing(jars, folder, say)
    if missing:
        _Fetch(version, jars, missing, folder, progress).run()
    return [folder / jar.file_name for jar in jars]


def _missing(jars: Sequence[Jar], folder: Path, say: Say) -> list[Jar]:
    missing = []
    for jar in jars:
        path = folder / jar.file_name
        try:
            if jar.is_whole(path):
                continue
            if path.exists():
                say(f"{jar.file_name} in {folder} is damaged and is fetched again")
        except OSError as error:
            raise ClusterError(f"the jar {path} cannot be read: {error.strerror}") from None
        missing.append(jar)
    return missing


def megabytes(size: int) -> str:
    """A size in bytes as text for people."""
    return f"{size / 1_000_000:.1f} MB"


class _Fetch:
    """One fetch of what is missing, a few jars at a time; the first failure ends it."""

    def __init__(
        self, version: str, jars: Sequence[Jar], missing: Sequence[Jar], folder: Path, progress: Progress
    ) -> None:
        self.version = version
        self.jars = jars
        self.missing = missing
        self.folder = folder
        self.progress = progress
        self.waiting = deque(missing)
        self.total = sum(jar.size for jar in missing)
        self.done = 0
        self.failure: Exception | None = None
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    def run(self) -> None:
        self._make_folder()
        self.source = self._source()
        self.progress(0, self.total, self.missing[0].file_name)
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(FETCHERS)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        finally:
            self.stopped.set()
            for thread in threads:
                thread.join(STOP_S)
            for jar in self.missing:
                self._part(jar).unlink(missing_ok=True)
        if self.failure is not None:
            raise self.failure

    def _work(self) -> None:
        """Fetch what is still waiting; the threads are daemons, because one may hang in a dead network."""
        try:
            while not self.stopped.is_set():
                self._fetch(self.waiting.popleft())
        except IndexError:
            return
        except Exception as error:
            self.failure = self.failure or error
            self.stopped.set()

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._cannot_write(error) from None

    def _cannot_write(self, error: OSError) -> ClusterError:
        return ClusterError(
            f"the cache folder {self.folder} cannot be written ({error.strerror}); "
            f"Kafka needs {megabytes(self.total)} there: set XDG_CACHE_HOME to a folder that can be written"
        )

    def _source(self) -> Any:
        try:
            from maven_artifact import Downloader
        except ImportError:
            raise ClusterError(
                f"Kafka {self.version} needs {self._missing_text()} and the package that fetches them is "
                f"not installed: {INSTALL}, or set KAFKA_HOME to an installed Kafka"
            ) from None
        return Downloader()

    def _missing_text(self) -> str:
        return f"{len(self.missing)} of {len(self.jars)} jars ({megabytes(self.total)})"

    def _part(self, jar: Jar) -> Path:
        return self.folder / f"{jar.file_name}.{os.getpid()}.part"

    def _fetch(self, jar: Jar) -> None:
        part = self._part(jar)
        try:
            self._write(jar, part)
            if not jar.is_whole(part):
                raise ClusterError(
                    f"{jar.file_name} as fetched is not the file that the lock file {LOCK.name} names; "
                    "try again, and if it stays so, do not use it"
                )
            part.replace(self.folder / jar.file_name)
        except ClusterError:
            raise
        except OSError as error:
            raise self._cannot_write(error) from None
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    def _write(self, jar: Jar, part: Path) -> None:
        with part.open("wb") as file:
            for piece in self._pieces(jar):
                if self.stopped.is_set():
                    return
                file.write(piece)
                with self.lock:
                    self.done += len(piece)
                    self.progress(self.done, self.total, jar.file_name)

    def _pieces(self, jar: Jar) -> Iterator[bytes]:
        """The bytes of one jar, asked for through maven-artifact (its own `download` prints and
        cannot stop).
        """
        from maven_artifact import Artifact

        try:
            address = self.source.resolver.uri_for_artifact(Artifact.parse(jar.coordinates))
            answer = self.source.requestor.request(address, None, stream=True, timeout=TIMEOUT_S)
            with answer:
                yield from answer.iter_content(chunk_size=8_192)
        except Exception as error:  # requests and urllib3 raise dozens of kinds; each means "not fetched"
            raise ClusterError(
                f"Kafka {self.version} needs {self._missing_text()} in {self.folder} and they could not be "
                f"fetched ({type(error).__name__}); connect to the network and try again, "
                "or set KAFKA_HOME to an installed Kafka"
            ) from None
