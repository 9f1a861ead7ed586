"""The command line as a person meets it: one sentence, the right exit code, never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mqviz import __version__

SCENARIO = """\
title: sign up
until: 8s
scene: request-timing
sign_ups:
  - {name: sync, design: synchronous}
"""


def mqviz(*words: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mqviz", *words]
    whole = {**os.environ, **env}
    return subprocess.run(
        command, cwd=cwd, env=whole, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "sign-up.yaml"
    path.write_text(SCENARIO, "utf-8")
    return path


def test_the_version_is_told_before_anything_is_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "mqviz", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"mqviz {__version__}\n"
    bare = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import runpy"], capture_output=True, text=True, check=True
    )

    def names(text: str) -> set[str]:
        return {line.rpartition("|")[2].strip() for line in text.splitlines() if "|" in line}

    assert {n for n in names(done.stderr) - names(bare.stderr) if not n.startswith("encodings")} <= {
        "mqviz",
        "mqviz.__main__",
        "runpy",
        "pkgutil",
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["plya"], "did you mean `play`?"),
        (["play"], "FILE"),
        (["play", "nowhere.yaml", "--headless"], "no file nowhere.yaml"),
        (["play", "x", "--until", "soon"], "is no duration"),
        (["learn", "99"], "no lesson 99"),
        (["replay", "nowhere"], "cannot be read"),
        (["lag", "not an address"], "not an address"),
        (["kafka", "up", "--kafka-version", "0.1"], "0.1"),
        (["kafka"], "up|down|status"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words: list[str], sentence: str, tmp_path: Path) -> None:
    done = mqviz(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert done.stderr.startswith("mqviz: ")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_damaged_scenario_is_told_with_its_place(scenario: Path) -> None:
    scenario.write_text(SCENARIO.replace("until", "untl"), "utf-8")
    done = mqviz("play", str(scenario), "--headless")
    assert done.returncode == 2
    assert f"{scenario}:2:1: `untl` is not known here: did you mean `until`?" in done.stderr


def test_headless_json_is_the_event_log_line_by_line(scenario: Path) -> None:
    done = mqviz("play", str(scenario), "--headless", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["event"] == "CommandGiven"
    assert mqviz("play", str(scenario), "--json", "--seed", "8").stdout != done.stdout


def test_the_report_is_made_of_facts_and_a_saved_run_replays(scenario: Path, tmp_path: Path) -> None:
    kept = tmp_path / "run.mqviz"
    done = mqviz("play", str(scenario), "--headless", "--report", "--save", str(kept))
    assert "service sync (synchronous)" in done.stdout
    assert "arrived 5  answered 5" in done.stdout
    again = mqviz("replay", str(kept), "--headless")
    assert again.returncode == 0, again.stderr
    assert "the same byte for byte" in again.stdout
    kept.write_text(kept.read_text("utf-8").replace("log_hash: ", "log_hash: 0"), "utf-8")
    assert mqviz("replay", str(kept), "--headless").returncode == 1


def test_a_screen_without_a_terminal_says_what_to_do_instead(scenario: Path) -> None:
    done = mqviz("play", str(scenario))
    assert done.returncode == 1
    assert "needs a terminal; add --headless" in done.stderr


def test_home_without_a_terminal_shows_lesson_1_as_text() -> None:
    done = mqviz()
    assert done.returncode == 0, done.stderr
    assert "60 columns and 16 rows" in done.stdout
    assert "The mail server breaks: after 60 s" in done.stdout
    assert "client 1" in done.stdout


def test_what_nobody_expected_goes_to_a_log_that_is_named(tmp_path: Path) -> None:
    code = "import mqviz.cli, sys; mqviz.cli._DO['home'] = 'mqviz.nowhere:x'; sys.exit(mqviz.cli.run([]))"
    env = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    log = next(tmp_path.rglob("errors.log"))
    assert str(log) in done.stderr
    assert "ModuleNotFoundError" in log.read_text("utf-8")


def test_a_closed_pipe_ends_quietly(scenario: Path) -> None:
    command = f"{sys.executable} -m mqviz play {scenario} --json | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_standard_stream_that_is_closed_is_no_error(closed: str, scenario: Path) -> None:
    for words in ("", f"play {scenario} --json", "lag 127.0.0.1:1"):
        command = f"{sys.executable} -m mqviz {words} {closed}"
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        assert done.returncode == ("lag" in words), command
        assert "unexpected" not in done.stderr
        assert "Traceback" not in done.stderr


def test_why_walks_up_the_causes_in_plain_sentences() -> None:
    done = mqviz("why", "consumer-groups", "PartitionsAssigned", "--until", "9s")
    lines = done.stdout.splitlines()
    assert "gets P" in lines[0], done.stderr
    assert lines.count("because") == 5
    assert "c1: add consumer" not in done.stdout
    assert "the scenario: add consumer" in lines[-2]
    whole = mqviz(
        "why", "consumer-groups", "PartitionsAssigned", "--until", "9s", "--all"
    ).stdout.splitlines()
    assert whole.count("because") > 20
    assert "more" not in whole[-2]


def test_why_tells_a_record_s_life_as_text_and_json() -> None:
    done = mqviz("why", "consumer-groups", "email-requests-0:3")
    assert "delivered once" in done.stdout, done.stderr
    (told,) = json.loads(mqviz("why", "consumer-groups", "email-requests-0:3", "--json").stdout)
    assert (told["offset"], told["delivered"]) == (3, 1)


def test_why_tells_of_an_acknowledged_record_that_was_lost_and_of_the_next_with_its_offset() -> None:
    lost, after = mqviz("why", "replication", "orders-0:9").stdout.split("\n\n")
    assert "key gil" in lost
    assert "acked  shop knows it is safe" in lost
    assert "cut off  broker 1 goes back to 9" in lost
    assert lost.endswith("lost: it was acknowledged, and no replica has it any more")
    assert "epoch 1" in after
    assert "cut off" not in after


@pytest.mark.parametrize(
    ("what", "code", "sentence"),
    [
        ("RecordsRetured", 2, "did you mean `RecordsReturned`?"),
        ("99999999", 2, "there is no event 99999999"),
        ("MemberRemoved", 1, "there is no MemberRemoved in this run"),
        ("email-requests-0:99999", 1, "no record email-requests-0:99999"),
    ],
)
def test_why_says_what_is_not_there(what: str, code: int, sentence: str) -> None:
    done = mqviz("why", "consumer-groups", what)
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in done.stderr
