"""Opening: which backend a scenario gets. Nobody above this floor imports sim or live."""

from __future__ import annotations

from pathlib import Path

from mqviz import folders
from mqviz.backend import Backend
from mqviz.cli import BAD_INPUT, CannotDo
from mqviz.commands import nearest
from mqviz.scenario import Scenario, load_scenario
from mqviz.yamlfile import FileError


def open_simulator(scenario: Scenario, seed: int, checkpoint: bytes | None = None) -> Backend:
    """The simulator at the start of `scenario`, or where `checkpoint` was made."""
    from mqviz.sim.backend import open_sim

    return open_sim(scenario, seed, checkpoint)


def examples() -> dict[str, Path]:
    """The example scenarios that come with mqviz, by name."""
    return {path.stem: path for path in sorted((folders.data("assets") / "scenarios").glob("*.yaml"))}


def scenario_path(file: Path) -> Path:
    """The scenario file that is meant: this one, or the example of that name; raises CannotDo."""
    known = examples()
    if not file.exists() and str(file) in known:
        file = known[str(file)]
    if not file.exists():
        raise CannotDo(
            f"there is no file {file}, and no example of that name{nearest(str(file), list(known))}",
            BAD_INPUT,
        )
    return file


def scenario_of(path: Path) -> Scenario:
    """The scenario in a file; raises CannotDo with the place of what is wrong."""
    try:
        return load_scenario(path)
    except FileError as error:
        raise CannotDo(str(error), BAD_INPUT) from None
