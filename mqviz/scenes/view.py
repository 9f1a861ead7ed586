"""View: everything about the onlooker that a scene needs: the moment, the size, the focus,
the way to draw.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz.scenes.canvas import Canvas, Target


class View(NamedTuple):
    """How one frame is looked at.

    `now_us` is the moment shown; `columns` and `rows` the room; `focus` the selected target, if any. `scroll`
    counts partitions (or rows of a table) hidden above. `group` is the group whose marks come first and
    `topic` the topic shown; empty: the first one. A time axis does not begin before `start_us` nor reach
    beyond `until_us` (0: no limit). Without `motion` marks move only when something happens, to the time
    `event_us`.
    """

    now_us: int
    columns: int
    rows: int
    focus: Target | None = None
    scroll: int = 0
    group: str = ""
    topic: str = ""
    ascii: bool = False
    no_color: bool = False
    motion: bool = True
    start_us: int = 0
    until_us: int = 0
    event_us: int = 0

    def canvas(self) -> Canvas:
        """An empty canvas of this size."""
        return Canvas(self.columns, self.rows, self.ascii)

    @property
    def motion_us(self) -> int:
        """The time by which marks in flight are placed."""
        return self.now_us if self.motion else min(self.event_us, self.now_us)
