"""One table of keys: what it lists works, and what works is listed."""

from typing import Any

from textual.binding import Binding
from textual.screen import Screen

from mqviz.ui import keys, panels
from mqviz.ui.app import MqvizApp
from mqviz.ui.attach import Attach
from mqviz.ui.home import Home
from mqviz.ui.lesson_screen import LessonScreen
from mqviz.ui.overlay import Overlay
from mqviz.ui.parts.lesson_stage import LessonStage
from mqviz.ui.parts.playback import Playback
from mqviz.ui.parts.records import Records
from mqviz.ui.parts.run_commands import RunCommands
from mqviz.ui.parts.run_history import RunHistory
from mqviz.ui.run_screen import RunScreen
from mqviz.ui.watched_log import WatchedLog

SCREENS: dict[type[Screen[Any]], tuple[str, ...]] = {
    Home: ("home", "all"),
    RunScreen: ("run", "all"),
    LessonScreen: ("run", "lesson", "all"),
    Attach: ("attach", "all"),
    WatchedLog: ("stage", "all"),
    Overlay: ("overlay", "all"),
}

PARTS = {
    "time": Playback,
    "commands": RunCommands,
    "history": RunHistory,
    "records": Records,
    "lesson": LessonStage,
}


def test_every_key_of_the_table_has_its_action_on_every_screen_where_it_works() -> None:
    for screen, places in SCREENS.items():
        for key in keys.of(*places):
            part, _, name = key.action.partition("(")[0].rpartition(".")
            if part in PARTS:
                assert hasattr(PARTS[part], name), (screen, key)
            else:
                holder = MqvizApp if part == "app" else screen
                assert hasattr(holder, f"action_{name}"), (screen, key)


def test_no_screen_binds_a_key_that_the_table_does_not_list() -> None:
    for screen, places in SCREENS.items():
        bound = {binding.key for binding in screen.BINDINGS if isinstance(binding, Binding)}
        assert bound == {key.keys for key in keys.of(*places)}


def test_no_key_means_two_things_in_one_place() -> None:
    for places in SCREENS.values():
        found = [name for key in keys.of(*places) for name in key.keys.split(",")]
        assert sorted(found) == sorted(set(found)), places


def test_every_place_has_a_title_and_a_key() -> None:
    assert {place for key in keys.TABLE for place in key.where} == set(keys.PLACES)


def test_help_shows_every_key_of_a_screen() -> None:
    for places in SCREENS.values():
        sheet = panels.keys_sheet(72, places)
        words = " ".join(span.text for row in sheet.rows for span in row)
        for key in keys.of(*places):
            assert key.shown in words


def test_the_manual_is_the_same_table() -> None:
    page = keys.markdown()
    assert page.startswith("# Keys\n")
    for key in keys.TABLE:
        assert f"| `{key.shown}` | {key.says} |" in page
