"""Events and who applies them: the tables refuse what would be ambiguous."""

from __future__ import annotations

from typing import Any

import pytest

from mqviz.model import event as events
from mqviz.model.event import APPLY, Event, applies
from mqviz.model.registry import Registry


def test_several_components_apply_one_event_in_the_order_in_which_they_are_registered(
    monkeypatch: Any,
) -> None:
    class Rang(Event, frozen=True):
        pass

    monkeypatch.setattr(events, "_KINDS", Registry("two kinds of event are called"))
    state: list[str] = []
    for word in ("log", "ledger", "requests"):
        applies(Rang)(lambda state, event, word=word: state.append(word))  # type: ignore[misc]
    try:
        APPLY[Rang](state, Rang(1, 0, 0))  # type: ignore[arg-type]
    finally:
        del APPLY[Rang]
    assert state == ["log", "ledger", "requests"]


def test_two_kinds_of_event_never_have_one_name(monkeypatch: Any) -> None:
    first, second = type("Twin", (Event,), {}, frozen=True), type("Twin", (Event,), {}, frozen=True)
    monkeypatch.setattr(events, "_KINDS", Registry("two kinds of event are called"))
    applies(first)(lambda state, event: None)
    try:
        with pytest.raises(TypeError, match="two kinds of event are called Twin"):
            applies(second)(lambda state, event: None)
    finally:
        del APPLY[first]


def test_a_registry_refuses_a_second_entry() -> None:
    table: Registry[str, int] = Registry("two functions count")
    table.register("a")(1)
    with pytest.raises(TypeError, match="two functions count a"):
        table.add("a", 2)
    assert table == {"a": 1}
