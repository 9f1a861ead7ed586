"""The tables of what the runner knows: verbs, facts, raw requests, weaker comparisons."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from tests.golden.world import World

Args = dict[str, Any]
Function = TypeVar("Function", bound=Callable[..., Any])

VERBS: dict[str, Callable[[World, Args], Any]] = {}
FACTS: dict[str, Callable[[World, Args], Any]] = {}
RPC: dict[str, Callable[[World, Args, Args], Any]] = {}
SHARE_VERBS: dict[str, Callable[[World, Args], Any]] = {}
SHAPES: dict[str, Callable[[Any, Any], bool]] = {}
MOMENTS: dict[str, Callable[..., int | None]] = {}
BEGINS: list[Callable[[World], None]] = []


class Until(NamedTuple):
    """What an act waits for, and for how long at most."""

    holds: Callable[[], bool]
    most_us: int = 60_000_000


Waiting = Generator[Until, None, Any]
"""An act that takes time: yields what it waits for, for a while at most, and returns its outcome."""


def pause(us: int) -> Until:
    """Just wait."""
    return Until(lambda: False, us)


class NotRun(Exception):
    """The runner does not know this verb, fact or request."""


def verb(name: str) -> Callable[[Function], Function]:
    """Register function(world, act) -> the outcome; a generator (see Waiting) returns it if it takes time.

    Others go on meanwhile if the act says `wait_for_answer: false`; every act has a label here (`as`).
    """
    return _register(VERBS, name)


def fact(name: str) -> Callable[[Function], Function]:
    """Register function(world, read) -> the value in the form that `expect` has."""
    return _register(FACTS, name)


def rpc(api: str) -> Callable[[Function], Function]:
    """Register function(world, request, act) -> (broker, request value, function(answer) -> dict of named fields)."""
    return _register(RPC, api)


def shape(name: str) -> Callable[[Function], Function]:
    """Register function(expected, found) -> bool: the weaker comparison of a fact."""
    return _register(SHAPES, name)


def check(name: str) -> Callable[[Function], Function]:
    """Register function(world, read) -> the value of the fact `check` of that name."""
    return _register(FACTS, f"check {name}")


def begins(function: Callable[[World], None]) -> Callable[[World], None]:
    """Register function(world): what it needs to remember of the state in which a step begins."""
    BEGINS.append(function)
    return function


def moment(name: str) -> Callable[[Function], Function]:
    """Register function(world, since_us) -> when that happened first after `since_us`, None: not yet.

    What stands behind a colon (`fenced:3`) is a third argument.
    """
    return _register(MOMENTS, name)


def _register(table: dict[str, Any], name: str) -> Callable[[Function], Function]:
    def register(function: Function) -> Function:
        if name in table:
            raise TypeError(f"{name} is registered twice")
        table[name] = function
        return function

    return register
