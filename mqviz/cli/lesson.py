"""`mqviz lesson check | list | schema`: for those who write lessons."""

from __future__ import annotations

import json
import sys
from argparse import Namespace

from mqviz.cli import BAD_INPUT, COULD_NOT, OK, CannotDo
from mqviz.cli.opening import open_simulator
from mqviz.lesson import course
from mqviz.model.state import State
from mqviz.player import Player
from mqviz.scenario import Scenario
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.view import View
from mqviz.ui.run_view import scene
from mqviz.yamlfile import FileError


def lesson(arguments: Namespace) -> int:
    """Do the verb."""
    return {"check": _check, "list": _list, "schema": _schema}[arguments.verb](arguments)


def _list(_: Namespace) -> int:
    part = ""
    for entry in course.catalogue():
        if entry.part != part:
            part = entry.part
            print(part)
        print(f"  {entry.number:>2} {entry.title}{'' if entry.path else '  (planned)'}")
    return OK


def _schema(_: Namespace) -> int:
    from mqviz.lesson.format import step_schema

    json.dump(step_schema(), sys.stdout, indent=2)
    print()
    return OK


def _check(arguments: Namespace) -> int:
    from mqviz.lesson.proof import check

    which = arguments.files or [str(entry.number) for entry in course.catalogue() if entry.path]
    failed = 0
    for name in which:
        try:
            found = course.find(name)
        except (course.NoLesson, FileError) as error:
            raise CannotDo(str(error), BAD_INPUT) from None
        report = check(found, _open_run, _draw)
        for line in report.lines:
            print(line)
        failed += not report.ok
    return COULD_NOT if failed else OK


def _open_run(scenario: Scenario) -> Player:
    return Player(open_simulator, scenario)


def _draw(name: str, state: State, now_us: int, columns: int, rows: int) -> Canvas:
    return scene(name)(state, View(now_us, columns, rows))
