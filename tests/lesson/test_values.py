"""An answer is right to the precision in which it is written."""

import pytest

from mqviz.lesson import values


@pytest.mark.parametrize(
    ("text", "fact", "value", "right"),
    [
        ("4.8 s", "x_ms", 4812.0, True),
        ("4.8 s", "x_ms", 4850.0, False),
        ("4.9 s", "x_ms", 4850.0, True),
        ("5 s", "x_ms", 4812.0, True),
        ("101 ms", "x_ms", 101.0, True),
        ("0.1 s", "x_ms", 101, True),
        ("4.8", "x_ms", 4812.0, False),
        ("2", "count", 2, True),
        ("1,204", "count", 1204, True),
        ("2 s", "count", 2, False),
        ("c2", "owner", "c2", True),
        ("c1", "owner", "c2", False),
        ("nobody", "owner", None, True),
        ("c1", "owner", None, False),
        ("many", "count", 2, False),
    ],
)
def test_is_answer(text: str, fact: str, value: object, right: bool) -> None:
    assert values.is_answer(text, fact, value) is right  # type: ignore[arg-type]


def test_a_value_is_shown_as_people_write_it() -> None:
    assert values.shown("x_ms", 4312.4) == "4.3 s"
    assert values.shown("x_ms", 101.0) == "101 ms"
    assert values.shown("count", 1204) == "1,204"
    assert values.shown("owner", None) == "nobody"
