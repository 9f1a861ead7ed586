"""The program in a real terminal: keys, sizes, encodings, and every way to end it."""

import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.terminal import Terminal

pytestmark = pytest.mark.slow
HOME = "watch a message queue think"
NOBODY = "127.0.0.1:1"
SHOWS = {(): HOME, ("attach",): "read-only", ("play",): "paused"}
"""By which text a screen is known; a lesson's is PREDICT."""
MQVIZ = f"{sys.executable} -m mqviz"
OF_THE_SHELL = {"?2004h", "no echo"}
"""What an interactive shell itself does to a terminal while it waits for a line."""


def test_the_first_launch_reaches_the_prediction_of_lesson_1_within_two_keys(home: dict[str, str]) -> None:
    with Terminal(**home) as terminal:
        terminal.wait_for(HOME)
        terminal.press("enter")
        terminal.wait_for("PREDICT", "1 The five-second sign-up")


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ((), ()),
        ((), ("a",)),
        (("play", "sign-up"), ("space",)),
        (("learn", "15"), ("enter", "space")),
        (("learn", "1"), (":", "fail ")),
        (("learn", "1"), ("?",)),
        (("attach", NOBODY), ("/",)),
    ],
)
def test_ctrl_c_ends_anything_with_130_and_gives_the_terminal_back(
    words: tuple[str, ...], keys: tuple[str, ...], home: dict[str, str]
) -> None:
    with Terminal(*words, **home) as terminal:
        terminal.wait_for(SHOWS.get(words[:1], "PREDICT"))
        terminal.press(*keys)
        terminal.press("ctrl+c")
        assert terminal.end() == 130
        assert terminal.left_on == []
        assert terminal.left_alive() == set()


INTERRUPT = """
import os, signal, sys
from importlib.abc import MetaPathFinder
place = sys.argv.pop(1)
class Finder(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == place:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
from mqviz.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    "place", ["mqviz.cli", "mqviz.cli.arguments", "textual.app", "mqviz.ui.lesson_screen"]
)
def test_ctrl_c_while_it_starts_is_no_traceback(place: str, home: dict[str, str]) -> None:
    """`place`: the module during whose import it is pressed."""
    with Terminal("learn", "1", program=(sys.executable, "-c", INTERRUPT, place), **home) as terminal:
        assert terminal.end() == 130
        assert terminal.left_on == []
        assert b"Traceback" not in terminal.raw


@pytest.mark.parametrize(
    ("words", "number"),
    [
        (("learn", "1"), signal.SIGINT),
        (("learn", "15"), signal.SIGHUP),
        (("attach", NOBODY), signal.SIGTERM),
    ],
)
def test_a_signal_ends_it_with_130_and_gives_the_terminal_back(
    words: tuple[str, ...], number: signal.Signals, home: dict[str, str]
) -> None:
    with Terminal(*words, **home) as terminal:
        terminal.wait_for(SHOWS.get(words[:1], "PREDICT"))
        terminal.send(number)
        assert terminal.end() == 130
        assert terminal.left_on == []


@pytest.mark.parametrize("words", [("learn", "1"), ("attach", NOBODY)])
def test_a_window_that_is_closed_ends_it(words: tuple[str, ...], home: dict[str, str]) -> None:
    with Terminal(*words, **home) as terminal:
        terminal.wait_for(SHOWS.get(words[:1], "PREDICT"))
        terminal.press("enter")
        terminal.hang_up()
        assert terminal.end() == 130
        assert terminal.left_alive() == set()


def test_q_ends_it_with_0(home: dict[str, str]) -> None:
    with Terminal("learn", "1", **home) as terminal:
        terminal.wait_for("PREDICT")
        terminal.press("q")
        assert terminal.end() == 0
        assert terminal.left_on == []


def shell(home: dict[str, str]) -> Terminal:
    """A terminal with an interactive shell, which has job control."""
    program = shutil.which("bash") or "/bin/sh"
    return Terminal(program=(program, "-i"), **{**home, "PS1": "shell$ ", "ENV": ""})


def test_ctrl_z_goes_to_the_shell_and_fg_comes_back(home: dict[str, str]) -> None:
    with shell(home) as terminal:
        terminal.press(f"{MQVIZ} learn 1\r")
        terminal.wait_for("PREDICT")
        terminal.press("enter")
        terminal.wait_for("your bet")
        terminal.press("ctrl+z")
        terminal.wait_until(lambda _: set(terminal.left_on) <= OF_THE_SHELL, "the shell's terminal")
        terminal.press("clear; echo out-$((40 + 2))\r")
        terminal.wait_for("out-42")
        terminal.press("fg\r")
        terminal.wait_for("your bet", "1 The five-second sign-up")
        terminal.press("ctrl+c")
        terminal.wait_until(lambda _: set(terminal.left_on) <= OF_THE_SHELL, "the shell's terminal")
        assert "Traceback" not in terminal.text()


def test_its_exit_code_reaches_the_shell(home: dict[str, str]) -> None:
    with shell(home) as terminal:
        terminal.press(f"{MQVIZ} learn 1; echo code-$?-\r")
        terminal.wait_for("PREDICT")
        terminal.press("ctrl+c")
        terminal.wait_for("code-130-")


def test_a_window_that_is_closed_ends_it_while_it_is_stopped(home: dict[str, str]) -> None:
    with shell(home) as terminal:
        terminal.press(f"{MQVIZ} learn 1\r")
        terminal.wait_for("PREDICT")
        terminal.press("ctrl+z")
        terminal.wait_until(lambda _: set(terminal.left_on) <= OF_THE_SHELL, "the shell's terminal")
        terminal.see_family()
        assert len(terminal.family) == 2
        terminal.hang_up()
        terminal.end()
        assert terminal.left_alive() == set()


def test_ctrl_z_without_a_shell_does_not_freeze_it(home: dict[str, str]) -> None:
    with Terminal("learn", "1", **home) as terminal:
        terminal.wait_for("PREDICT")
        terminal.press("ctrl+z", "enter")
        terminal.wait_for("your bet")


def test_a_signal_to_go_on_starts_nothing_twice(home: dict[str, str]) -> None:
    with Terminal("learn", "1", **home) as terminal:
        terminal.wait_for("PREDICT")
        terminal.send(signal.SIGCONT)
        terminal.press("enter")
        terminal.wait_for("your bet")
        terminal.press("q")
        assert terminal.end() == 0
        assert terminal.left_on == []


def test_a_window_that_is_dragged_keeps_its_place(home: dict[str, str]) -> None:
    with Terminal("learn", "15", **home) as terminal:
        terminal.wait_for("PREDICT")
        for columns, rows in ((80, 24), (160, 45), (61, 17), (100, 30)):
            terminal.resize(columns, rows)
            terminal.wait_for("15 Consumer groups")
        terminal.wait_for("PREDICT", "why")


@pytest.mark.parametrize("words", [(), ("learn", "1"), ("attach", NOBODY)])
def test_a_terminal_of_20_by_5_says_what_is_needed_grows_and_shrinks(
    words: tuple[str, ...], home: dict[str, str]
) -> None:
    with Terminal(*words, columns=20, rows=5, **home) as terminal:
        terminal.wait_for("60x16")
        for columns, rows in ((1, 1), (100, 30), (3, 40), (200, 2), (60, 16)):
            terminal.resize(columns, rows)
            terminal.press("space")
        terminal.wait_for("mqviz")
        terminal.resize(20, 5)
        terminal.wait_for("60x16")
        terminal.press("ctrl+c")
        assert terminal.end() == 130
        assert terminal.left_on == []


@pytest.mark.parametrize("words", [(), ("learn", "1"), ("learn", "15"), ("attach", NOBODY)])
def test_without_utf_8_every_sign_is_ascii(words: tuple[str, ...], home: dict[str, str]) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with Terminal(*words, **home, **plain) as terminal:
        terminal.wait_for(SHOWS.get(words[:1], "PREDICT"))
        for key in ("enter", "space", "?"):
            terminal.press(key)
            terminal.read(0.3)
            assert terminal.text().isascii()
            assert "?" * 3 not in terminal.text()
        assert terminal.raw.isascii()


def test_a_byte_that_is_no_utf_8_is_ignored(home: dict[str, str]) -> None:
    with Terminal("learn", "1", **home) as terminal:
        terminal.wait_for("PREDICT")
        terminal.type_bytes(b"\xe9\xff\xc3")
        terminal.read(0.3)
        terminal.press("enter")
        terminal.wait_for("your bet")


def test_no_color_uses_no_colour_at_all(home: dict[str, str]) -> None:
    for words in ((), ("learn", "1"), ("attach", NOBODY)):
        with Terminal(*words, **{**home, "NO_COLOR": "1"}) as terminal:
            terminal.wait_for("mqviz", "keys")
            cells = [cell for line in terminal.screen.buffer.values() for cell in line.values()]
            assert {cell.fg for cell in cells} | {cell.bg for cell in cells} <= {"default"}


def test_an_empty_no_color_means_nothing(home: dict[str, str]) -> None:
    with Terminal("learn", "1", **{**home, "NO_COLOR": ""}) as terminal:
        terminal.wait_for("PREDICT")
        assert {cell.fg for cell in terminal.screen.buffer[0].values()} - {"default"}


def test_a_home_that_cannot_be_written_is_a_notice(blocked: dict[str, str]) -> None:
    with Terminal(**blocked) as terminal:
        terminal.wait_for(HOME, "Progress lasts only until you quit: Not a directory")
        terminal.press("enter")
        terminal.wait_for("PREDICT", "Progress lasts only until you quit")
        terminal.press("enter")
        terminal.wait_for("your bet")
        terminal.press("q")
        assert terminal.end() == 0


def test_a_folder_that_is_lost_while_it_runs_is_a_notice(tmp_path: Path, home: dict[str, str]) -> None:
    with Terminal("learn", "1", **home) as terminal:
        terminal.wait_for("PREDICT")
        Path(home["XDG_STATE_HOME"]).write_text("a file where the folder should be", "utf-8")
        terminal.press("enter", "+", "+", "+")
        terminal.wait_for("Progress lasts only until you quit")


def test_a_damaged_progress_file_is_kept_aside_and_told(home: dict[str, str]) -> None:
    file = Path(home["XDG_STATE_HOME"]) / "mqviz" / "progress.json"
    file.parent.mkdir(parents=True)
    file.write_text("{ half a fi", "utf-8")
    with Terminal(**home) as terminal:
        terminal.wait_for(HOME, "Progress starts anew", "progress.damaged-1.json")
        terminal.press("q")
        assert terminal.end() == 0
    assert file.with_name("progress.damaged-1.json").read_text("utf-8") == "{ half a fi"


BREAK = """
import importlib, sys
place, what = sys.argv.pop(1).rsplit(".", 1)
module, kind = place.rsplit(".", 1)
def fail(*_):
    raise RuntimeError("nobody expected this")
setattr(getattr(importlib.import_module(module), kind), what, fail)
from mqviz.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    "place",
    [
        "mqviz.ui.lesson_screen.LessonScreen.on_mount",
        "mqviz.ui.lesson_screen.LessonScreen.draw_header",
        "mqviz.lesson.tutor.Tutor.check",
        "textual.drivers.linux_driver.LinuxDriver.run_input_thread",
    ],
)
def test_what_nobody_expected_gives_the_terminal_back_and_names_the_log(
    place: str, home: dict[str, str]
) -> None:
    with Terminal("learn", "1", program=(sys.executable, "-c", BREAK, place), **home) as terminal:
        terminal.wait_until(lambda shown: "PREDICT" in shown or "mqviz had" in shown)
        terminal.press("enter")
        assert terminal.end() == 1
        assert terminal.left_on == []
        log = Path(home["XDG_STATE_HOME"]) / "mqviz" / "errors.log"
        assert f"it is written down in {log}".encode() in terminal.raw
        assert b"Traceback" not in terminal.raw
        assert terminal.raw.count(b"unexpected error") == 1
        assert "RuntimeError: nobody expected this" in log.read_text("utf-8")


def test_an_error_that_cannot_be_written_down_is_told(blocked: dict[str, str]) -> None:
    place = "mqviz.player.Player.tick"
    with Terminal("learn", "1", program=(sys.executable, "-c", BREAK, place), **blocked) as terminal:
        terminal.wait_for("PREDICT")
        terminal.press("enter")
        assert terminal.end() == 1
        assert b"it could not be written down" in terminal.raw
        assert terminal.left_on == []
