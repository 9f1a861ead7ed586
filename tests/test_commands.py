"""The one notation: everything that can be meant can be written, and what is wrong is told with its place."""

import string
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqviz.commands import COMPONENT, TABLE, GrammarError, complete, format, parse
from mqviz.kafka import settings
from mqviz.model.command.base import Command
from mqviz.model.command.consumer import AddConsumer, CloseConsumer
from mqviz.model.command.producer import AddProducer
from mqviz.model.units import Duration, Rate, Size, Value

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(0, 10**9),
    bool: st.booleans(),
    int | None: st.none() | st.integers(-(10**9), 10**9),
    bool | None: st.none() | st.booleans(),
    Duration | None: st.none() | st.integers(0, 10**13).map(Duration),
    Duration: st.integers(0, 10**13).map(Duration),
    Size: st.integers(0, 1 << 40).map(Size),
    Rate: st.floats(0, 1e9, allow_nan=False).map(Rate),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    if get_origin(kind) is tuple:
        return st.lists(values(get_args(kind)[0]), max_size=4).map(tuple)
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    return VALUES[kind]


def commands_of(kind: type[Command]) -> st.SearchStrategy[Command]:
    fields = {f.name: values(f.type) for f in msgspec.structs.fields(kind) if f.name != "config"}
    if kind.kind in COMPONENT and "config" in kind.__struct_fields__:
        names = st.sampled_from(
            sorted(set(settings.COMPONENTS[COMPONENT[kind.kind]]) - set(kind.__struct_fields__))
        )
        fields["config"] = st.dictionaries(names, TEXT.map(Value), max_size=3)
    return st.builds(kind, **fields)


@given(st.one_of([commands_of(kind) for kind in TABLE.values()]))
def test_whatever_is_written_is_read_back(command: Command) -> None:
    assert parse(format(command)) == command


@given(st.text(string.printable, max_size=60))
def test_any_text_is_a_command_or_a_sentence(text: str) -> None:
    try:
        assert parse(format(parse(text))) == parse(text)
    except GrammarError as error:
        assert 1 <= error.column <= len(text) + 1
        assert str(error).startswith("column ")


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "a command begins with a verb"),
        ("clse consumer c1", 1, "did you mean `close`?"),
        ("add consumr", 5, "did you mean `consumer`?"),
        ("close consumer", 15, "needs a consumer's name"),
        ("add producer u topic=t rte=2/s", 24, "did you mean `rate`?"),
        ("set consumer c1 processing=5", 17, "write it like 400ms"),
        ("add consumer c1 c2", 17, "given twice"),
        ("add consumer group=", 20, "a value is missing"),
        ('create topic "x', 14, "no end"),
        ("create topic t partitions=many", 16, "no whole number"),
        ("create topic t partitions=1,2", 16, "takes one value"),
        ('create topic "t"x', 17, "a space is missing"),
        ("add producer u topic=t arrivals=evne", 24, "did you mean `even`?"),
    ],
)
def test_what_is_wrong_is_told_with_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(GrammarError) as caught:
        parse(text)
    assert caught.value.column == column
    assert words in str(caught.value)


def test_defaults_are_left_out_and_units_are_kept() -> None:
    assert format(AddConsumer(name="c4", group="billing", processing=Duration(400_000))) == (
        "add consumer c4 group=billing processing=400ms"
    )
    assert format(AddProducer("u", "t", Rate(2.5), keys=("a b", "c"))) == (
        'add producer u topic=t rate=2.5/s keys="a b",c'
    )
    assert parse("close consumer c1") == CloseConsumer("c1")


def test_completion_offers_verbs_kinds_names_and_keys() -> None:
    assert complete("cl") == ["close"]
    assert complete("close consumer ", {"consumer": ["c1", "c2"]}) == [
        "close consumer c1",
        "close consumer c2",
    ]
    assert "add consumer group=" in complete("add consumer gr")
    assert "add consumer group=billing" in complete("add consumer group=b", {"group": ["billing"]})
    assert "add consumer c1 group=" not in complete("add consumer c1 group=x gr")
    assert complete("nonsense x ") == []
    assert "add consumer commit=after" in complete("add consumer commit=")
