"""The same bytes from every Python from 3.11 on that is there, under every PYTHONHASHSEED (R2).

A Python without msgspec and ruamel.yaml gets them in a virtual environment of its own, once. One that is absent, or that
cannot get them, is reported as skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NEEDS = ("msgspec", "ruamel.yaml", "platformdirs")
MINORS = (11, 12, 13)

PROGRAM = """
import hashlib, sys
from pathlib import Path
from mqviz.model.codec import encode_event
from mqviz.simulate import open_world
for path in sorted(Path(sys.argv[1]).glob("*.yaml")):
    text = path.read_text(encoding="utf-8")
    if "brokers:" not in text:
        continue
    digest, run = hashlib.blake2b(digest_size=16), open_world(path)
    run.to("4s")
    for broker in list(run.state.cluster.brokers)[:1]:
        run.do(f"kill broker {broker}").to("6s").do(f"restart broker {broker}").to("15s")
    for event in run.log:
        digest.update(encode_event(event))
    print(path.stem, len(run.log), digest.hexdigest())
"""


def told(python: str, hash_seed: str) -> str:
    """Events and hash of each example with a fault in it, as this Python has them."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    command = [python, "-c", PROGRAM, str(ROOT / "assets" / "scenarios")]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


def python_of(minor: int) -> str | None:
    """A Python 3.`minor`: on the PATH, or among pyenv's."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [str(path) for path in sorted(root.glob(f"3.{minor}.*/bin/python"))]
    on_path = shutil.which(f"python3.{minor}")
    for python in (*found, *([on_path] if on_path else [])):
        program = "import sys; print(sys.version_info[1])"
        done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
        if done.stdout.strip() == str(minor):
            return python
    return None


def equipped(minor: int, folder: Path) -> str:
    """A Python 3.`minor` that can import the simulator; skips the test if there is none."""
    if minor == sys.version_info.minor:
        return sys.executable
    python = python_of(minor)
    if python is None:
        pytest.skip(f"there is no Python 3.{minor}")
    own = folder / f"3.{minor}" / "bin" / "python"
    imports = [str(own), "-c", "import msgspec, ruamel.yaml, platformdirs"]
    if not own.exists() or subprocess.run(imports, capture_output=True, check=False).returncode:
        install = [str(own), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *NEEDS]
        for command in ([python, "-m", "venv", str(own.parents[1])], install):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"Python 3.{minor} cannot be equipped: {done.stderr.strip()[-200:]}")
    return str(own)


@pytest.fixture(scope="module")
def ours() -> str:
    found = told(sys.executable, "0")
    assert len(found.splitlines()) >= 5
    return found


@pytest.mark.slow
def test_r2_another_hash_seed_changes_nothing(ours: str) -> None:
    assert told(sys.executable, "4242") == ours


@pytest.mark.slow
@pytest.mark.parametrize("minor", MINORS)
def test_r2_every_python_writes_the_same_log(minor: int, ours: str, pytestconfig: pytest.Config) -> None:
    folder = Path(pytestconfig.cache.mkdir("pythons")) if pytestconfig.cache else Path(".pythons")
    assert told(equipped(minor, folder), "1") == ours
