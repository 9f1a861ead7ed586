"""Going through a door: what is opened for it, and the screen that shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.screen import Screen

from mqviz.player import Player
from mqviz.ui.options import Doors, Options, Start


def screen_for(start: Start, doors: Doors, options: Options) -> Screen[None]:
    """The screen for a start; raises whatever sentence the opening raises."""
    return _ENTER[start.door](start, doors, options)


def _home(start: Start, doors: Doors, options: Options) -> Screen[None]:
    from mqviz.ui.home import Home

    return Home()


def _lesson(start: Start, doors: Doors, options: Options) -> Screen[None]:
    from mqviz.lesson.course import find
    from mqviz.ui.lesson_screen import LessonScreen

    lesson = find(start.what)
    simulated = Player(doors.simulate, lesson.scenario, options.seed)
    if not start.on:
        return LessonScreen(lesson, simulated)
    driven = Player(doors.drive(start.on), lesson.scenario, options.seed)
    driven.play()
    return LessonScreen(lesson, driven, start.on, shadow=simulated)


def _play(start: Start, doors: Doors, options: Options) -> Screen[None]:
    from mqviz.scenario import load_scenario
    from mqviz.ui.sandbox import Sandbox

    path = Path(start.what)
    scenario = load_scenario(path)
    doors.progress.played(str(path))
    return Sandbox(Player(doors.simulate, scenario, options.seed), scenario.title)


def _replay(start: Start, doors: Doors, options: Options) -> Screen[None]:
    from mqviz.ui.sandbox import Sandbox

    player, notice = doors.replay(Path(start.what))
    screen = Sandbox(player, f"{player.scenario.title} (replay)")
    screen.notice = notice
    return screen


def _attach(start: Start, doors: Doors, options: Options) -> Screen[None]:
    from mqviz.ui.attach import Attach

    bootstrap = start.what or options.bootstrap
    return Attach(doors.watch(bootstrap), bootstrap)


_ENTER: dict[str, Callable[[Start, Doors, Options], Screen[None]]] = {
    "home": _home,
    "lesson": _lesson,
    "play": _play,
    "replay": _replay,
    "attach": _attach,
}
