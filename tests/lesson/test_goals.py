"""Checks are data in a tiny language; they are strict, three-valued and tell what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqviz.facts import NAMED
from mqviz.lesson import goals
from mqviz.lesson.goals import ExpressionError, parse_check, parse_reading
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State
from mqviz.model.systems.events import MailSent, ServiceFailed

STATE = State()


@pytest.fixture
def _facts(monkeypatch: pytest.MonkeyPatch) -> None:
    def count(state: State, group: str) -> int | Unknown:
        return {"five": 5}.get(group, Unknown("not seen"))

    def who(state: State, group: str, number: int = 0) -> str | None | Unknown:
        return None if number else group

    def wait_ms(state: State, name: str) -> float | None:
        return {"long": 4812.4}.get(name)

    def broken(state: State) -> int:
        raise KeyError("none")

    for fact in (count, who, wait_ms, broken):
        monkeypatch.setitem(NAMED, fact.__name__, fact)
    goals.returns_text.cache_clear()


@pytest.mark.usefixtures("_facts")
@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("count(five) == 5", True),
        ("count(five)!=5", False),
        ("count(group=five) > 4", True),
        ("count( five )<=4", False),
        ('who("c1") == c1', True),
        ("who(c1) != c2", True),
        ("who(c1, 1) == nobody", True),
        ("who(c1, number=1) == c1", False),
        ("wait_ms(long) < 5 s", True),
        ("wait_ms(long) > 4812 ms", True),
        ("wait_ms(long) >= 4.9s", False),
        ("wait_ms(never) >= 0", False),
        ("wait_ms(never) == none", True),
        ("broken() == 0", False),
        ("count(five) == 5 and who(c1) == c1", True),
        ("count(five) == 5 and who(c1) == c2", False),
        ("count(six) == 6 and who(c1) == c2", False),
    ],
)
def test_a_check_compares_a_fact(text: str, truth: bool) -> None:
    assert parse_check(text).holds(STATE, ()) is truth


@pytest.mark.usefixtures("_facts")
def test_what_is_unknown_is_neither_true_nor_false() -> None:
    for text in ("count(six) == 5", "count(six) != 5", "who(c1) == c1 and count(six) == 6"):
        assert parse_check(text).holds(STATE, ()) == Unknown("not seen")


def test_happened_looks_at_fields_of_events() -> None:
    events = (ServiceFailed(1, 0, 0, "mail-server"), MailSent(2, 0, 1, "shop", 3))
    for text, truth in {
        "happened(ServiceFailed)": True,
        "happened(ServiceFailed, name=mail-server)": True,
        "happened(ServiceFailed, name=shop)": False,
        "happened(MailSent, service=shop, client=3)": True,
        "happened(MailSent, client=4)": False,
        "happened(CommandGiven)": False,
    }.items():
        assert parse_check(text).holds(STATE, events) is truth, text


@pytest.mark.usefixtures("_facts")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "column 1: a fact's name or `happened` is missing here"),
        ("cuont(five) == 5", "column 1: `cuont` is no fact: did you mean `count`?"),
        ("count == 5", "column 7: `==` stands where a bracket should be"),
        ("count(five", "a comma or the closing bracket is missing here"),
        ("count(five)", "column 12: a comparison is missing here"),
        ("count(five) is 5", "column 13: `is` stands where a comparison should be"),
        ("count(five) == many", "column 16: count is a number, `many` is none"),
        ("count(five) == 5 s", "column 16: count is a number, `5` is none"),
        ("count(five) == 5 6", "column 18: `6` is too much"),
        ("count() == 5", "count needs its group"),
        ("count(five, six) == 5", "column 13: count has only 1 arguments: group"),
        ("count(grup=five) == 5", "count has no argument `grup`: group"),
        ("who(c1, one) == c1", "column 9: number is a whole number, not `one`"),
        ("who(c1) > c2", "column 11: who is a name: compare it with == or !="),
        ("wait_ms(long) < 5 parsecs", "column 19: `parsecs` is too much"),
        ("happened()", "needs the kind of event first"),
        ("happened(MailSend)", "column 10: `MailSend` is no event: did you mean `MailSent`?"),
        ("happened(MailSent, clint=1)", "MailSent has no field `clint`: did you mean `client`?"),
        ("count(five) == 5 and", "column 21: a fact's name or `happened` is missing here"),
    ],
)
def test_what_is_wrong_is_told(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as error:
        parse_check(text)
    assert said in str(error.value)


@given(st.text(alphabet="ab(),=<>! \"'05._{}\n", max_size=30) | st.text(max_size=20))
def test_no_text_breaks_the_parser(text: str) -> None:
    for parse in (parse_check, parse_reading):
        with pytest.raises(ExpressionError):
            parse("?" + text)


@pytest.mark.usefixtures("_facts")
def test_facts_in_braces_are_filled_in() -> None:
    assert goals.fill("{count(five)} − 2, {wait_ms(long)}, {who(c1, 1)}", STATE) == "5 − 2, 4.8 s, nobody"
    assert goals.fill("{count(six)} of {wait_ms(never)}", STATE) == "? of none"
