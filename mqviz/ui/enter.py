"""Going through a door: what is opened for it, and the screen that shows it."""

from __future__ import annotations

from pathlib import Path

from textual.screen import Screen

from mqviz.lesson.course import find
from mqviz.lesson.tutor import Tutor
from mqviz.player import Player
from mqviz.scenario import load_scenario
from mqviz.ui.attach import Attach
from mqviz.ui.home import Home
from mqviz.ui.lesson_screen import LessonScreen
from mqviz.ui.options import Doors, Enter, Options, Start
from mqviz.ui.run_screen import RunScreen


def screen_for(start: Start, doors: Doors, options: Options, enter: Enter) -> Screen[None]:
    """The screen for a start, which opens others with `enter`; raises whatever the opening raises."""
    match start.door:
        case "lesson":
            return _lesson(start, doors, options)
        case "play":
            return _play(Path(start.what), doors, options)
        case "replay":
            player, notice = doors.replay(Path(start.what))
            screen = RunScreen(player, f"{player.scenario.title} (replay)", options)
            screen.notice = notice
            return screen
        case "attach":
            bootstrap = start.what or options.bootstrap
            return Attach(doors.watch(bootstrap), bootstrap, options, enter, doors.progress.attached)
        case "home":
            return Home(doors, options, enter)


def _lesson(start: Start, doors: Doors, options: Options) -> LessonScreen:
    """The lesson on the simulator; on a real cluster the simulator runs beside it and foresees."""
    lesson, progress = find(start.what), doors.progress
    player, shadow = Player(doors.simulate, lesson.scenario, options.seed), None
    if start.on:
        player, shadow = Player(doors.drive(start.on), lesson.scenario, options.seed), player
        player.play()
    tutor = Tutor(lesson, player, progress, progress.peek(lesson.number).step - 1, shadow)
    return LessonScreen(tutor, player, options, start.on)


def _play(path: Path, doors: Doors, options: Options) -> RunScreen:
    scenario = load_scenario(path)
    doors.progress.played(str(path))
    return RunScreen(Player(doors.simulate, scenario, options.seed), scenario.title, options)
