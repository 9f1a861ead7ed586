"""Moves of state machines: a table says which states may follow each state."""

from __future__ import annotations


class IllegalMove(ValueError):
    """A state machine was asked for a move that its table does not have."""


def move(table: dict[str, tuple[str, ...]], now: str, then: str, who: str) -> str:
    """`then`, if the table lets it follow `now`; raises IllegalMove."""
    if then not in table[now]:
        raise IllegalMove(f"{who} cannot go from {now} to {then}")
    return then
