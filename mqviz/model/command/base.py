"""What all commands have in common."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from mqviz.model.units import Value

ms = 1_000

Spread = Literal["even", "exponential"]
"""How times between things are spread: evenly (as the command says), or exponentially with the same mean."""


Config = dict[str, Value]
"""Kafka's settings by Kafka's names; the ones that are absent have Kafka's defaults
(mqviz/kafka/settings.py).
"""


class Command(msgspec.Struct, frozen=True, tag_field="command", forbid_unknown_fields=True):
    """Base of all commands. `verb` and `kind` begin its text; a field `name` follows them bare."""

    verb: ClassVar[str]
    kind: ClassVar[str]


class Named(Command, frozen=True):
    """A command that needs nothing but the name of what it is done to."""

    name: str
