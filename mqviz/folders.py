"""Where things are: the data that comes with mqviz, and the user's own folders.

`lessons/` and `assets/` lie inside the package in a wheel and beside it in a checkout (an editable install
does not carry files that the wheel adds).
"""

from __future__ import annotations

import fcntl
import os
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

_PACKAGE = Path(__file__).resolve().parent


def data(name: str) -> Path:
    """The folder `name` (`lessons` or `assets`) that comes with mqviz; raises FileNotFoundError."""
    for place in (_PACKAGE / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"the folder {name} is missing beside {_PACKAGE}: install mqviz again")


def state() -> Path:
    """Where progress and logs are kept (XDG state); it may not exist yet."""
    from platformdirs import user_state_path

    return user_state_path("mqviz")


def cache() -> Path:
    """Where what can be fetched again is kept (XDG cache); it may not exist yet."""
    from platformdirs import user_cache_path

    return user_cache_path("mqviz")


def replace_text(path: Path, text: str) -> None:
    """Give a file this text in one move: after a crash it is the old one or the new one. Raises OSError."""
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False, prefix=".mqviz-") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        Path(file.name).replace(path)
    except OSError:
        Path(file.name).unlink()
        raise


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold this lock file alone, having waited for whoever holds it; its holder's end lets go of it, too.

    Where no lock can be had (a folder that is absent or cannot be written, a file system without locks), it
    goes on without.
    """
    with ExitStack() as stack:
        with suppress(OSError):
            fcntl.flock(stack.enter_context(path.open("a")), fcntl.LOCK_EX)
        yield


def log_error(error: BaseException) -> Path | None:
    """Append an unexpected error to the log; returns the file, or None where it cannot be written."""
    path = state() / "errors.log"
    lines = "".join(traceback.format_exception(error))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"--- {datetime.now(UTC).isoformat(timespec='seconds')} pid {os.getpid()}\n{lines}\n")
    except OSError:
        return None
    return path
