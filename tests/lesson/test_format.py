"""A lesson is read whole, or refused with file, line, what was expected and the nearest word."""

import json

import pytest

from mqviz.lesson.format import read_lesson, step_schema
from mqviz.yamlfile import FileError
from tests.lesson.worlds import SMALL, small


def test_a_lesson_is_read_with_prose_blocks_and_asides() -> None:
    lesson = small()
    assert (lesson.number, lesson.title, lesson.intro) == (1, "Small", ("Before everything.",))
    assert [step.title for step in lesson.steps] == ["First", "Second"]
    assert lesson.steps[0].before == ("Text before, with code.",)
    assert lesson.steps[0].after == ("It took 3.1 s.", "· a point", "· another")
    assert lesson.real_life == ("Slower.",)
    assert lesson.simplified == ("All of it.",)
    assert lesson.scenario.sign_ups[0].name == "shop"


@pytest.mark.parametrize(
    ("text", "to", "said"),
    [
        ("title: Small\nguide", "titel: Small\nguide", "did you mean `title`?"),
        ("clients: 2,", "client: 2,", "did you mean `clients`?"),
        ("question:", "qestion:", "did you mean `question`?"),
        ("answer_ms(shop, 1)\n", "anser_ms(shop, 1)\n", "did you mean `answer_ms`?"),
        ("check: answered(shop) == 2", "check: answered(shop) = 2", "stands where a comparison should be"),
        ("name=mail-server)", "nam=mail-server)", "did you mean `name`?"),
        ("happened(ServiceFailed", "happened(ServiceFaild", "did you mean `ServiceFailed`?"),
        ("{answer_ms(shop, 1)}", "{answer_ms()}", "answer_ms needs its service"),
        ("suggest: fail service", "suggest: fial service", "did you mean `fail`?"),
        ("solution: [wait 1s]", "solution: [wait 1 hour]", "write it like 400ms, 5s or 2min"),
        ('hint: [one, "two", "3"]\nsolution: [wait', "hint: [one]\nsolution: [wait", "of length 3, got 1"),
        ("first answer: answered(shop)", "first answer: answered()", "answered needs its service"),
        ("3.1 s: mean_answer_ms(shop)", "3.1 s: mean(shop)", "is no fact"),
        ("- route: [wait 10s]", "- route: [wait 10]", "is no duration"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, to: str, said: str) -> None:
    pairs = enumerate(zip(SMALL, SMALL.replace(text, to), strict=False))
    same = next(at for at, (old, new) in pairs if old != new)
    line = SMALL[:same].count("\n") + 1
    with pytest.raises(FileError) as error:
        small(text, to)
    assert error.value.line == line
    assert said in str(error.value)
    assert str(error.value).startswith(f"small.md:{line}:")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no front matter", "begins with its front matter"),
        (SMALL.replace("```yaml step\ndo", "```yaml\ndo"), "needs one fenced block"),
        (SMALL.replace("## Second", "## First"), "two headings"),
        (SMALL.replace("## Second", ""), "has two blocks"),
        (SMALL[: SMALL.index("## First")], "needs a step"),
        ("---\n" + SMALL[SMALL.index("## Second") :], "begins with its front matter"),
        (
            SMALL.replace("scenario:\n  title: Small", "scenario: nowhere\nx:\n  title: Small"),
            "`x` is not known",
        ),
        (SMALL.replace("minutes: 1", "minutes: 1\nplays_on: [kafak]"), "kafak"),
        (
            SMALL.replace("minutes: 1", "minutes: 1\nplays_on: [kafka]").replace("run: 4s", "rewind: true"),
            "no way back",
        ),
    ],
)
def test_a_file_that_is_no_lesson_is_refused(text: str, said: str) -> None:
    with pytest.raises(FileError, match=said):
        read_lesson(text, "small.md")


def test_a_scenario_may_be_a_file_and_its_absence_is_told() -> None:
    begin, end = SMALL.index("scenario:"), SMALL.index("---\n\n# Small")
    with pytest.raises(FileError, match=r"small\.md:7:1: there is no scenario file `nowhere\.yaml`"):
        read_lesson(f"{SMALL[:begin]}scenario: nowhere\n{SMALL[end:]}", "small.md")


def test_a_lesson_without_a_prediction_is_refused() -> None:
    begin, end = SMALL.index("predict:"), SMALL.index("run: 4s")
    with pytest.raises(FileError, match="at least one `predict`"):
        read_lesson(SMALL[:begin] + SMALL[end:], "small.md")


def test_the_schema_of_a_block_names_its_keys() -> None:
    schema = json.dumps(step_schema())
    for key in ("predict", "do", "run", "goal", "hint", "solution", "moment", "wrong", "rewind", "numbers"):
        assert f'"{key}"' in schema
