"""The wheel is the product: built, installed into an empty environment outside the checkout, and run."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return next(out.glob("mqviz-*.whl"))


def test_lessons_and_assets_are_inside(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for folder in ("lessons", "assets"):
        ours = [
            p.relative_to(ROOT)
            for p in (ROOT / folder).rglob("*")
            if p.is_file() and "__pycache__" not in p.parts
        ]
        assert ours
        assert {f"mqviz/{path.as_posix()}" for path in ours} <= set(names)
    assert "mqviz/py.typed" in names
    assert "mqviz/live/managed/kafka.lock" in names
    assert not [name for name in names if name.startswith("tests/")]


@pytest.mark.slow
def test_it_runs_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    pip = [
        str(home / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        str(wheel),
    ]
    subprocess.run(pip, check=True, cwd=tmp_path)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}

    def mqviz(*words: str) -> str:
        command = [str(home / "bin" / "mqviz"), *words]
        done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=True)
        return done.stdout

    assert mqviz("--version").startswith("mqviz ")
    assert "The five-second sign-up" in mqviz("lesson", "list")
    assert "email-consumers" in mqviz("play", "consumer-groups", "--headless", "--report")
    assert "1 The five-second sign-up" in mqviz()
