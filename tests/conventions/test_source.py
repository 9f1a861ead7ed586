"""Habits of the house, checked on the source itself."""

import ast
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mqviz"
SOURCES = sorted(PACKAGE.rglob("*.py"))
DETERMINISTIC = ("model", "facts", "explain", "invariants", "kafka", "sim", "lesson", "scenes")
DETERMINISTIC_FILES = ("history.py", "player.py")
CLOCKS = {
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
    ("time", "monotonic_ns"),
    ("time", "perf_counter"),
    ("time", "sleep"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
}
LONG_FUNCTION, MOST_MODULES = 40, 20


def deterministic() -> Iterator[Path]:
    for path in SOURCES:
        inside = path.relative_to(PACKAGE)
        if inside.parts[0] in DETERMINISTIC or str(inside) in DETERMINISTIC_FILES:
            yield path


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def offences(tree: ast.AST, reseeded: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Import)
            and any(alias.name == "random" for alias in node.names)
            and not reseeded
        ):
            yield f"line {node.lineno}: import random"
        if isinstance(node, ast.ImportFrom) and node.module == "random" and not reseeded:
            yield f"line {node.lineno}: from random import"
        if isinstance(node, ast.Call):
            yield from _call(node)
        if isinstance(node, ast.For | ast.comprehension) and _is_set(node.iter):
            yield f"line {node.iter.lineno}: iterates over a set"


def _call(node: ast.Call) -> Iterator[str]:
    called = node.func
    if isinstance(called, ast.Name) and called.id == "hash":
        yield f"line {node.lineno}: hash()"
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        if (called.value.id, called.attr) in CLOCKS:
            yield f"line {node.lineno}: {called.value.id}.{called.attr}() is a clock"
        if called.value.id == "random" and called.attr != "Random":
            yield f"line {node.lineno}: random.{called.attr}() is the module's own stream"


def _is_set(node: ast.expr) -> bool:
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("set", "frozenset")
    )


def test_nothing_that_must_be_repeatable_reads_a_clock_or_an_unnamed_stream() -> None:
    found = {
        str(path.relative_to(ROOT)): wrong
        for path in deterministic()
        if (wrong := list(offences(ast.parse(path.read_text("utf-8")), path.name == "streams.py")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.time()",
        "hash('x')",
        "import random",
        "for x in {1, 2}: pass",
        "[x for x in set(y)]",
    ],
)
def test_the_check_itself_finds_what_it_looks_for(source: str) -> None:
    assert list(offences(ast.parse(source), reseeded=False))


def test_no_folder_is_crowded() -> None:
    """A folder with more than 20 modules hides the plan: group them by meaning."""
    folders = Counter(str(path.parent.relative_to(ROOT)) for path in SOURCES if path.name != "__init__.py")
    assert {folder: count for folder, count in folders.items() if count > MOST_MODULES} == {}


def test_long_functions_say_why() -> None:
    """A function over 40 lines carries the comment `# long: reason` in its first line."""
    long = []
    for path in SOURCES:
        lines = path.read_text("utf-8").splitlines()
        for function in functions(path):
            size = (function.end_lineno or 0) - function.body[0].lineno + 1
            if size > LONG_FUNCTION and not any(
                "# long: " in line for line in lines[function.lineno - 1 : function.body[0].lineno]
            ):
                long.append(f"{path.relative_to(ROOT)}:{function.lineno} {function.name}: {size} lines")
    assert long == []


def test_every_module_says_why_it_exists() -> None:
    silent = [
        str(p.relative_to(ROOT)) for p in SOURCES if not ast.get_docstring(ast.parse(p.read_text("utf-8")))
    ]
    assert silent == []


def test_simulator_files_say_what_is_like_a_real_broker_and_what_is_left_out() -> None:
    silent = []
    for path in sorted((PACKAGE / "sim" / "kafka").rglob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        if path.name != "__init__.py" and not ("Like a real broker:" in text and "Left out:" in text):
            silent.append(path.name)
    assert silent == []


def test_nothing_looks_unfinished() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError\(\))\b")
    found = [f"{p.relative_to(ROOT)}: {m[0]}" for p in SOURCES for m in words.finditer(p.read_text("utf-8"))]
    assert found == []


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def test_the_project_names_no_package_registry_and_no_private_path() -> None:
    hosts = re.compile(
        "|".join(["pypi" + r"\.org", "files" + r"\.pythonhosted", "repo1?" + r"\.maven", "maven" + r"\.org"])
    )
    private = re.compile(r"(?<![\w.])/(?:root|farm|work)/")
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        found += [
            f"{path.relative_to(ROOT)}: {m[0]}"
            for pattern in (hosts, private)
            for m in pattern.finditer(text)
        ]
    assert found == []


def test_every_extra_is_real_and_the_version_is_told_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    from mqviz import __version__

    assert project["version"] == __version__
    assert set(project["optional-dependencies"]) == {"kafka", "dev"}
