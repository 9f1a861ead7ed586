"""What both sides have in common: steps, and what is told of an answer."""

from __future__ import annotations

from collections.abc import Callable, Generator
from random import Random
from typing import Any, NamedTuple

from msgspec import NODEFAULT

from mqviz.kafka.errors import Error
from mqviz.model.kafka.protocol.requests import AnyRequest, ProduceRequest


class Op(NamedTuple):
    """A request, and on which connection it goes; an order to the cluster is a text instead of a request."""

    line: str
    request: AnyRequest | str


class Step(NamedTuple):
    """What was asked, and which answers came until everything was quiet: {number of the op: what is told of it}."""

    op: Op
    answers: dict[int, Any]


def brief(op: Op) -> str:
    """The op in one line."""
    if isinstance(op.request, str):
        return op.request
    if isinstance(op.request, ProduceRequest):
        batches = [
            f"{t}-{n} id {b.producer_id} epoch {b.producer_epoch} from {b.first_sequence} count {b.count}"
            for t, n, b in op.request.batches
        ]
        return f"{op.line}: Produce {batches}"
    request = op.request
    told = [
        f"{name}={getattr(request, name)!r}"
        for name, default in zip(request.__struct_fields__[::-1], _defaults(request), strict=True)
        if getattr(request, name) != default
    ]
    return f"{op.line}: {type(request).__name__}({', '.join(told[::-1])})"


def _defaults(request: AnyRequest) -> list[Any]:
    """Of its fields, the last first."""
    known = request.__struct_defaults__[::-1]
    return [*known, *(NODEFAULT for _ in range(len(request.__struct_fields__) - len(known)))]


Told = dict[int, Any]
Part = Callable[[Random], Generator[Op, Told, None]]
"""A part of the protocol: from a seed, requests one after the other, each chosen after the last one's answers."""


def error_name(code: int) -> str:
    """Kafka's name of an error; "" for none."""
    try:
        return Error(int(code)).name if code else ""
    except ValueError:
        return f"error {int(code)}"


def by_topic(parts: Any) -> dict[str, list[tuple[Any, ...]]]:
    """(topic, …) by topic, in their order."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for topic, *rest in parts:
        found.setdefault(topic, []).append(tuple(rest))
    return found


def joined(ranges: Any) -> list[tuple[Any, ...]]:
    """(topic, partition, first, last, delivery count): those that go on where another ends become one."""
    found: list[tuple[Any, ...]] = []
    for topic, number, first, last, count in sorted(ranges):
        before = found[-1] if found else None
        if before and (before[:2], before[3] + 1, before[4]) == ((topic, number), first, count):
            found[-1] = (*before[:3], last, count)
        else:
            found.append((topic, number, first, last, count))
    return found
