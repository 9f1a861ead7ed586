"""Goals: the tiny language in which lessons check facts and events; data, never code.

`fact(arguments) op value` asks a fact of the model by its name; `happened(Kind, field=value)` asks whether
such an event happened since the step began; `and` joins checks. A check is three-valued: what is Unknown (a
real cluster does not show everything) is neither reached nor failed. A mistake is told with its column, what
was expected and the nearest word.
"""

from __future__ import annotations

import inspect
import operator
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple, get_type_hints

import msgspec

import mqviz.model.apply  # noqa: F401  (registers every kind of event)
from mqviz.commands import format as command_text
from mqviz.commands import nearest
from mqviz.facts import NAMED
from mqviz.lesson import values
from mqviz.model.command.base import Command
from mqviz.model.event import APPLY, Event
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State

Value = int | float | str | None | Unknown

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}

AND = "and"
_TOKEN = re.compile(r'\s*(?:("[^"]*")|(==|!=|<=|>=|[<>=(),])|([^\s"()<>=!,]+))')
_PLACE = re.compile(r"\{([^{}]*)\}")


class ExpressionError(ValueError):
    """A text that is no check. `column` counts from 1; the argument is one sentence."""

    def __init__(self, sentence: str, column: int) -> None:
        super().__init__(f"column {column}: {sentence}")
        self.column = column


class Reading(NamedTuple):
    """A fact with its arguments: what a prediction's outcome and a placeholder are."""

    fact: str
    arguments: tuple[tuple[str, int | str], ...]

    def read(self, state: State) -> Value:
        """The fact's value; None also where what it asks about does not exist (yet)."""
        try:
            value: Value = NAMED[self.fact](state, **dict(self.arguments))
        except (KeyError, IndexError):
            return None
        return value


class Compare(NamedTuple):
    """`reading op value`."""

    reading: Reading
    sign: str
    value: int | float | str | None

    def holds(self, state: State, _events: Sequence[Event]) -> bool | Unknown:
        """Whether it is true of `state`; Unknown if the fact is."""
        found = self.reading.read(state)
        if isinstance(found, Unknown):
            return found
        if found is None or self.value is None or isinstance(found, str):
            return OPERATORS[self.sign](found, self.value) if self.sign in ("==", "!=") else False
        return OPERATORS[self.sign](found, self.value)


class Happened(NamedTuple):
    """`happened(Kind, field=value)`: at least one such event since the step began."""

    kind: str
    fields: tuple[tuple[str, str], ...]

    def holds(self, _state: State, events: Sequence[Event]) -> bool | Unknown:
        """Whether one of `events` is such an event."""
        return any(self.matches(event) for event in events)

    def matches(self, event: Event) -> bool:
        """Whether `event` is such an event."""
        return type(event).__name__ == self.kind and all(
            _as_text(getattr(event, name)) == value for name, value in self.fields
        )


class Both(NamedTuple):
    """`check and check …`: all of them at the same time."""

    checks: tuple[Compare | Happened, ...]

    def holds(self, state: State, events: Sequence[Event]) -> bool | Unknown:
        """False if one is false, else Unknown if one is."""
        found = [check.holds(state, events) for check in self.checks]
        if any(truth is False for truth in found):
            return False
        return next((truth for truth in found if isinstance(truth, Unknown)), True)


Check = Compare | Happened | Both


def parse_check(text: str) -> Check:
    """The check that `text` says; raises ExpressionError."""
    tokens = _Tokens(text)
    found = [_check(tokens)]
    while tokens.peek() == AND:
        tokens.take(AND)
        found.append(_check(tokens))
    tokens.end()
    return found[0] if len(found) == 1 else Both(tuple(found))


def parse_reading(text: str) -> Reading:
    """The fact that `text` asks for, as in `idle_members(email-consumers)`; raises ExpressionError."""
    tokens = _Tokens(text)
    reading = _reading(tokens, tokens.word("a fact's name"))
    tokens.end()
    return reading


def placeholders(text: str) -> list[Reading]:
    """The facts that `text` names in braces; raises ExpressionError."""
    return [parse_reading(found[1]) for found in _PLACE.finditer(text)]


def fill(text: str, state: State) -> str:
    """`text` with each fact in braces replaced by its value in `state`."""

    def shown(found: re.Match[str]) -> str:
        reading = parse_reading(found[1])
        return values.shown(reading.fact, reading.read(state))

    return _PLACE.sub(shown, text)


@cache
def returns_text(fact: str) -> bool:
    """True if the fact is a name and not a number."""
    hint = get_type_hints(NAMED[fact]).get("return")
    return str in (hint, *getattr(hint, "__args__", ()))


# -- parsing ---------------------------------------------------------------------------------------------


class _Token(NamedTuple):
    text: str
    column: int
    quoted: bool = False


class _Tokens:
    """The words and signs of an expression, taken one by one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        found = _TOKEN.match(self.text, self.at)
        return found[0].strip() if found else ""

    def take(self, expected: str, among: Any = None) -> _Token:
        found = _TOKEN.match(self.text, self.at)
        if not found:
            raise ExpressionError(f"{expected} is missing here", len(self.text) + 1)
        quoted, text = found[1] is not None, found[1] or found[2] or found[3]
        column = found.end() - len(text) + 1
        if among is not None and text not in among:
            raise ExpressionError(f"`{text}` stands where {expected} should be ({' '.join(among)})", column)
        self.at = found.end()
        return _Token(text[1:-1] if quoted else text, column, quoted)

    def word(self, expected: str) -> _Token:
        token = self.take(expected)
        if not token.quoted and (token.text in OPERATORS or token.text in "=(),"):
            raise ExpressionError(f"`{token.text}` stands where {expected} should be", token.column)
        return token

    def end(self) -> None:
        rest = self.text[self.at :].strip()
        if rest:
            raise ExpressionError(f"`{rest}` is too much", len(self.text.rstrip()) - len(rest) + 1)


class _Argument(NamedTuple):
    name: str
    value: _Token


def _arguments(tokens: _Tokens) -> list[_Argument]:
    tokens.take("a bracket", ("(",))
    found: list[_Argument] = []
    if tokens.peek() == ")":
        tokens.take("a bracket", (")",))
        return found
    while True:
        value = tokens.word("an argument")
        if tokens.peek() == "=":
            tokens.take("a sign", ("=",))
            found.append(_Argument(value.text, tokens.word("a value")))
        else:
            found.append(_Argument("", value))
        if tokens.take("a comma or the closing bracket", (",", ")")).text == ")":
            return found


def _check(tokens: _Tokens) -> Compare | Happened:
    name = tokens.word("a fact's name or `happened`")
    if name.text == "happened":
        return _happened(tokens)
    reading = _reading(tokens, name)
    sign = tokens.take("a comparison", OPERATORS)
    return Compare(reading, sign.text, _compared(tokens, reading, sign.text))


def _reading(tokens: _Tokens, name: _Token) -> Reading:
    if name.text not in NAMED:
        raise ExpressionError(
            f"`{name.text}` is no fact{nearest(name.text, [*NAMED, 'happened'])}", name.column
        )
    given = _arguments(tokens)
    parameters = [p for p in inspect.signature(NAMED[name.text]).parameters.values() if p.name != "state"]
    names = [p.name for p in parameters]
    taken: dict[str, int | str] = {}
    for place, argument in enumerate(given):
        parameter = argument.name or (names[place] if place < len(names) else "")
        if parameter not in names:
            what = f"no argument `{parameter}`" if parameter else f"only {len(names)} arguments"
            raise ExpressionError(f"{name.text} has {what}: {', '.join(names)}", argument.value.column)
        taken[parameter] = _typed(name.text, parameter, argument.value)
    for p in parameters:
        if p.default is p.empty and p.name not in taken:
            raise ExpressionError(f"{name.text} needs its {p.name}: {', '.join(names)}", tokens.at)
    return Reading(name.text, tuple((n, taken[n]) for n in names if n in taken))


def _typed(fact: str, parameter: str, token: _Token) -> int | str:
    if get_type_hints(NAMED[fact])[parameter] is not int:
        return token.text
    try:
        return int(token.text)
    except ValueError:
        raise ExpressionError(f"{parameter} is a whole number, not `{token.text}`", token.column) from None


def _compared(tokens: _Tokens, reading: Reading, sign: str) -> int | float | str | None:
    token = tokens.word("a value")
    if token.text in values.NOBODY:
        return None
    if returns_text(reading.fact):
        if sign not in ("==", "!="):
            raise ExpressionError(f"{reading.fact} is a name: compare it with == or !=", token.column)
        return token.text
    unit = tokens.take("a unit").text if tokens.peek() in values.UNITS else ""
    number = values.number(f"{token.text} {unit}".strip(), reading.fact)
    if number is None:
        raise ExpressionError(f"{reading.fact} is a number, `{token.text}` is none", token.column)
    return number


def _happened(tokens: _Tokens) -> Happened:
    kinds = {kind.__name__: kind for kind in APPLY}
    arguments = _arguments(tokens)
    if not arguments or arguments[0].name:
        raise ExpressionError(
            "happened needs the kind of event first, as in happened(CommandGiven)", tokens.at
        )
    kind = arguments[0].value
    if kind.text not in kinds:
        raise ExpressionError(f"`{kind.text}` is no event{nearest(kind.text, list(kinds))}", kind.column)
    names = [field.name for field in msgspec.structs.fields(kinds[kind.text])]
    for argument in arguments[1:]:
        if argument.name not in names:
            word = argument.name or argument.value.text
            sentence = f"{kind.text} has no field `{word}`{nearest(word, names)}"
            raise ExpressionError(sentence, argument.value.column)
    return Happened(kind.text, tuple((a.name, a.value.text) for a in arguments[1:]))


def _as_text(value: Any) -> str:
    if isinstance(value, Command):
        return command_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
