"""The topics that runs make on clusters, written down before they are made, so that none is ever forgotten.

A run notes its topics in the user's state folder and removes them at its end. A run that died could not: its
note stays (nobody holds its lock any more), and the next run on the same cluster removes them. Nothing that
is not in such a note is ever deleted.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

import msgspec
import platformdirs

from mqviz.backend import Refused
from mqviz.live.drive.plan import Names


class Note(msgspec.Struct):
    """What one run made on one cluster (real names)."""

    cluster_id: str
    topics: list[str]


def notes_folder() -> Path:
    """Where the notes are."""
    return Path(platformdirs.user_state_dir("mqviz", appauthor=False)) / "driven"


class Ledger:
    """The note of one run; held until `close`. Raises Refused where it cannot be written."""

    def __init__(self, names: Names, cluster_id: str, folder: Path | None = None) -> None:
        self._names = names
        self._folder = folder or notes_folder()
        self._path = self._folder / f"{names.run}.json"
        self._note = Note(cluster_id, [])
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Refused(
                f"the topics of a run are noted in {self._folder} before they are made, and it cannot be "
                "written "
                f"({error.strerror}); set XDG_STATE_HOME to a folder that can be written"
            ) from None
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._write()

    @property
    def topics(self) -> list[str]:
        """Real names of what this run made."""
        return list(self._note.topics)

    def add(self, topic: str) -> None:
        """Note a topic that is about to be made; only names of this run can be."""
        if not self._names.is_ours(topic):
            raise ValueError(f"{topic} is not a name of run {self._names.run}")
        self._note.topics.append(topic)
        self._write()

    def left_over(self) -> dict[Path, list[str]]:
        """Topics on this cluster of runs that died, by their notes."""
        found = {}
        for path in sorted(self._folder.glob("*.json")):
            if path != self._path and not _is_held(path):
                note = _read(path)
                if note and note.cluster_id == self._note.cluster_id:
                    prefix = f"mqviz.{path.stem}."
                    found[path] = [topic for topic in note.topics if topic.startswith(prefix)]
        return found

    def forget(self) -> None:
        """The topics are gone: nothing is left to note."""
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the note; where topics stayed, the next run finds it."""
        os.close(self._lock)

    def _write(self) -> None:
        data = msgspec.json.encode(self._note)
        os.pwrite(self._lock, data, 0)
        os.ftruncate(self._lock, len(data))


def _is_held(path: Path) -> bool:
    with suppress(OSError), path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _read(path: Path) -> Note | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Note)
    except (OSError, msgspec.MsgspecError):
        return None
