"""The index of the lessons is true: every lesson is in it, and every section that a lesson claims."""

import re

from mqviz import folders
from mqviz.lesson import course

INDEX = (folders.data("lessons") / "README.md").read_text(encoding="utf-8")
ROWS = {
    cells[0]: [int(number) for number in cells[1].split(", ")]
    for cells in re.findall(r"^\| ([^|]+) \| ([\d, ]+) \|$", INDEX, re.MULTILINE)
}


def test_every_lesson_explains_a_section() -> None:
    assert {number for numbers in ROWS.values() for number in numbers} == set(range(1, 37))


def test_a_written_lesson_claims_only_sections_that_name_it() -> None:
    for entry in course.catalogue():
        if entry.path:
            for section in course.find(str(entry.number)).front.guide:
                assert entry.number in ROWS[section]


def test_written_lessons_are_linked() -> None:
    for entry in course.catalogue():
        if entry.path:
            assert f"[{entry.number} {entry.title}]({entry.path.name})" in INDEX
