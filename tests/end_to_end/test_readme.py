"""Every command of the README is run as it stands there, but the test command itself."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
MAKE = ("make run", "make test")
ON_SCREEN = {
    "mqviz learn 1": "PREDICT",
    "mqviz learn 15": "PREDICT",
    "mqviz play consumer-groups": "email-requests",
    "mqviz play replication": "epoch 0",
    "mqviz attach": "read-only",
    "mqviz learn 15 --on": "15 Consumer groups",
}


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.partition("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One empty folder for all of them, in order, as a reader would."""
    folder = tmp_path_factory.mktemp("reader")
    yield folder
    subprocess.run([sys.executable, "-m", "mqviz", "kafka", "down"], env=env(folder), capture_output=True)


def env(folder: Path) -> dict[str, str]:
    return {**os.environ, "XDG_STATE_HOME": str(folder / "state")}


@pytest.mark.kafka
@pytest.mark.parametrize("command", [line for line in commands() if line not in MAKE])
def test_a_command_of_the_readme_does_what_it_says(command: str, place: Path) -> None:
    words = shlex.split(command)
    assert words[0] == "mqviz"
    if command in ON_SCREEN:
        with Terminal(*words[1:], cwd=place, XDG_STATE_HOME=str(place / "state")) as terminal:
            terminal.wait_for(ON_SCREEN[command])
            terminal.press("ctrl+c")
            assert terminal.end() == 130
        return
    done = subprocess.run(
        [sys.executable, "-m", "mqviz", *words[1:]], cwd=place, env=env(place), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_commands_shown_on_a_screen_are_in_the_readme() -> None:
    assert set(ON_SCREEN) | set(MAKE) <= set(commands())


@pytest.mark.slow
def test_make_run_works_in_a_fresh_clone_without_a_terminal(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    clean = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(
        ["make", "run"], cwd=clone, env=clean, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    assert "1 The five-second sign-up, the first minute" in done.stdout


def test_an_old_python_or_a_missing_venv_module_is_one_sentence(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.1" && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "run", f"PYTHON={old}", f"VENV={tmp_path}/venv"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "mqviz needs Python 3.11 or newer and found Python 3.9.1" in done.stderr
    bare = tmp_path / "bare"
    bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexit 0\n')
    bare.chmod(0o755)
    done = subprocess.run(
        ["make", "run", f"PYTHON={bare}", f"VENV={tmp_path}/venv"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "venv module" in done.stderr


@pytest.mark.parametrize("name", re.findall(r"\]\((assets/pictures/[^)]+)\)", README))
def test_pictures_are_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 10_000
