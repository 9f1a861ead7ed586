"""The one text notation of commands: `verb kind [name] key=value …` (being written)."""

from __future__ import annotations

from mqviz.model.command import Command

__all__ = ["Command"]
