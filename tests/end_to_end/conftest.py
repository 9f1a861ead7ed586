"""A home of the test's own: nobody's progress, jars or clusters are read or written."""

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who never ran mqviz."""
    return {
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


@pytest.fixture
def blocked(tmp_path: Path) -> dict[str, str]:
    """A home where no folder can be made, for root too: a file stands where it should be."""
    file = tmp_path / "file"
    file.write_text("not a folder", "utf-8")
    names = ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    return dict.fromkeys(names, str(file))
