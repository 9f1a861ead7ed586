"""The commands of a run, counted."""

from __future__ import annotations

import msgspec


class CommandLog(msgspec.Struct):
    """The commands of this run so far, in order."""

    given: int = 0
    refused: int = 0
