"""Who guides a run: the tutor of a lesson, or nobody. The parts ask the guide before they act."""

from __future__ import annotations

from mqviz.lesson.tutor import Tutor


class Free:
    """Nobody guides: time and commands are free."""

    due_us: int | None = None

    def before_play(self) -> str:
        """Time may run."""
        return ""

    def before_command(self) -> str:
        """Nothing is asked first."""
        return ""

    def check(self, elapsed_us: int = 0) -> None:
        """Nobody looks."""

    def drop(self) -> None:
        """There is no bet to let go."""

    def refused(self, sentence: str) -> None:
        """Nobody counts."""

    def accepted(self) -> None:
        """Nobody counts."""


Guide = Tutor | Free
