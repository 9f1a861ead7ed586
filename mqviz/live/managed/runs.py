"""The runs of managed clusters on this machine, each a folder in the user's state folder.

Who started a run holds a lock on its `lock` file; the system lets go of it when that process ends, however
it ends. A run that nobody holds and that is not kept is a leftover: its brokers are ended and its folder
is removed at the next start.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
import platformdirs

from mqviz.live.managed.error import ClusterError
from mqviz.live.managed.node import Node, Ports

FILE: Final = "run.json"


class Run(msgspec.Struct, frozen=True):
    """What `run.json` holds, enough to find the brokers again from another process."""

    name: str
    kafka_version: str
    cluster_id: str
    started_at_s: int
    keep: bool
    java: list[str]
    ports: dict[int, Ports]


def state_folder() -> Path:
    """Where the runs are."""
    return Path(platformdirs.user_state_dir("mqviz", appauthor=False)) / "kafka"


def nodes(folder: Path, run: Run) -> dict[int, Node]:
    """The nodes of a run by number."""
    return {n: Node(folder / f"broker-{n}", n, ports) for n, ports in sorted(run.ports.items())}


def save(folder: Path, run: Run) -> None:
    """Write `run.json` in one step."""
    new = folder / f"{FILE}.new"
    new.write_bytes(msgspec.json.encode(run))
    new.replace(folder / FILE)


def load(folder: Path) -> Run | None:
    """The run of that folder; None where there is none or it cannot be read."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Run)
    except (OSError, msgspec.MsgspecError):
        return None


@contextmanager
def _guard(state: Path) -> Iterator[None]:
    """Keeps two starting processes from taking each other's half-made run for a leftover."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def create(state: Path) -> tuple[Path, int]:
    """A new run's folder, with the open file that holds its lock until this process ends."""
    try:
        with _guard(state):
            folder = state / secrets.token_hex(5)
            folder.mkdir(mode=0o700)
            descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        raise ClusterError(
            f"the state folder {state} cannot be written ({error.strerror}); "
            "set XDG_STATE_HOME to a folder that can be written"
        ) from None
    return folder, descriptor


def folders(state: Path) -> list[Path]:
    """The folders of all runs, oldest first."""
    found = [path for path in state.glob("*") if (path / "lock").exists()]
    return sorted(found, key=lambda path: (path / "lock").stat().st_mtime_ns)


def is_held(folder: Path) -> bool:
    """Whether the process that started the run is still there."""
    try:
        with (folder / "lock").open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def reap(state: Path) -> int:
    """End and remove the leftovers of dead runs; gives how many there were."""
    if not state.exists():
        return 0
    with suppress(OSError), _guard(state):
        dead = [folder for folder in folders(state) if not _is_wanted(folder)]
        for folder in dead:
            remove(folder)
        return len(dead)
    return 0


def _is_wanted(folder: Path) -> bool:
    if is_held(folder):
        return True
    run = load(folder)
    return run is not None and run.keep and any(node.pid for node in nodes(folder, run).values())


def remove(folder: Path) -> None:
    """End the run's brokers and remove its folder."""
    run = load(folder)
    for node in nodes(folder, run).values() if run else ():
        node.destroy()
    shutil.rmtree(folder, ignore_errors=True)
