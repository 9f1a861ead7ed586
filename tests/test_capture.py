"""Captures: what was saved plays again byte for byte, and whatever is wrong with the file has a place."""

from pathlib import Path

import pytest

from mqviz import capture
from mqviz.player import Player
from mqviz.sim.backend import open_sim
from mqviz.yamlfile import FileError
from tests.worlds import player

END_US = 20_000_000


@pytest.fixture
def run() -> Player:
    made = player()
    made.seek(1_000_000)
    made.submit("fail service mail-server")
    made.seek(END_US)
    return made


def header(run: Player, live: bool = False) -> capture.Capture:
    events = [e for e in run.branch.events if e.at_us < END_US]
    return capture.capture_of(run.scenario, run.seed, events, END_US, run.branch.commands, live)


def test_a_simulated_run_comes_back_the_same(run: Player, tmp_path: Path) -> None:
    path = tmp_path / "run.mqviz"
    capture.write(path, header(run))
    found, events = capture.read(path)
    assert found == header(run)
    assert events == []
    assert len(path.read_text("utf-8").splitlines()) < 60
    again = Player(open_sim, found.scenario, found.seed, found.script())
    again.seek(END_US)
    assert capture.differs(found, again.branch.events) == ""


def test_a_live_run_carries_its_events(run: Player, tmp_path: Path) -> None:
    path = tmp_path / "run.mqviz"
    events = [e for e in run.branch.events if e.at_us < END_US]
    capture.write(path, header(run, live=True), events)
    found, back = capture.read(path)
    assert back == events
    assert found.kind == "live"


def test_a_replay_that_differs_says_so(run: Player) -> None:
    made = header(run)
    sentence = capture.differs(made, run.branch.events[:-3])
    assert "differs" in sentence
    assert str(made.events) in sentence


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("mqviz_capture: 1", "mqviz_capture: 2", "1"),
        ("seed: 7", "sed: 7", "did you mean `seed`?"),
        ("fail service", "fial service", "did you mean `fail`?"),
        ("until: 20s", "until: soon", "is no duration"),
        ("title: sign up", "title: [", ""),
    ],
)
def test_a_damaged_header_is_refused_with_its_place(
    run: Player, tmp_path: Path, old: str, new: str, words: str
) -> None:
    path = tmp_path / "run.mqviz"
    capture.write(path, header(run))
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(FileError, match=r"run\.mqviz:\d+:\d+: ") as caught:
        capture.read(path)
    assert words in str(caught.value)


def test_damaged_events_are_refused_with_their_line(run: Player, tmp_path: Path) -> None:
    path = tmp_path / "run.mqviz"
    events = [e for e in run.branch.events if e.at_us < END_US]
    capture.write(path, header(run, live=True), events)
    whole = path.read_text("utf-8")
    lines = whole.splitlines()
    begin = lines.index("---")
    lines[begin + 3] = lines[begin + 3][:-5]
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(FileError) as caught:
        capture.read(path)
    assert caught.value.line == begin + 4
    path.write_text(whole.rsplit("\n", 3)[0] + "\n", "utf-8")
    with pytest.raises(FileError, match="damaged"):
        capture.read(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(FileError, match="UTF-8"):
        capture.read(path)
    with pytest.raises(FileError, match="cannot be read"):
        capture.read(tmp_path / "absent")


def test_a_capture_that_cannot_be_written_says_so_and_leaves_nothing(run: Player, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        capture.write(tmp_path / "no folder" / "run.mqviz", header(run))
    (tmp_path / "run").mkdir()
    with pytest.raises(FileError, match="cannot be written"):
        capture.write(tmp_path / "run", header(run))
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
