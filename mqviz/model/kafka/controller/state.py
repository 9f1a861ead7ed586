"""The voters among which the active controller is elected (R9)."""

from __future__ import annotations

import msgspec


class Quorum(msgspec.Struct):
    """Voters 1 … `voters`; `down`: those that do not run; `active`: who decides, 0: nobody, because no
    majority agrees.
    """

    voters: int = 3
    down: list[int] = msgspec.field(default_factory=list)
    active: int = 1

    @property
    def majority(self) -> bool:
        """Whether enough voters run for a decision."""
        return self.voters - len(self.down) > self.voters // 2
