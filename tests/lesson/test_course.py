"""The course knows its thirty-six lessons, and says what is not written yet."""

from pathlib import Path

import pytest

from mqviz.lesson import course


def test_the_catalogue_has_every_lesson_in_its_part() -> None:
    entries = course.catalogue()
    assert [entry.number for entry in entries] == list(range(1, 37))
    assert len({entry.title for entry in entries}) == 36
    parts = [(entry.part, entry.number) for entry in entries]
    assert [min(n for p, n in parts if p == part) for part, _ in course.PARTS] == [1, 9, 13, 25]


def test_each_written_lesson_is_the_one_that_the_course_lists() -> None:
    written = [entry for entry in course.catalogue() if entry.path]
    assert {1, 15} <= {entry.number for entry in written}
    for entry in written:
        lesson = course.find(str(entry.number))
        assert (lesson.number, lesson.title) == (entry.number, entry.title)


def test_a_lesson_is_found_by_its_file(tmp_path: Path) -> None:
    path = course.catalogue()[0].path
    assert path is not None
    (tmp_path / "mine.md").write_text(path.read_text())
    assert course.find(str(tmp_path / "mine.md")).number == 1


@pytest.mark.parametrize(("which", "said"), [("99", "there is no lesson 99"), ("36", "is not written yet")])
def test_what_is_not_there_is_told(which: str, said: str) -> None:
    with pytest.raises(course.NoLesson, match=said):
        course.find(which)
