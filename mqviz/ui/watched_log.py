"""One watched group as a partition log: the scene of the lessons, fed by a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from mqviz.model.escape import escape
from mqviz.model.lag_detail import group_detail
from mqviz.model.readings import Why
from mqviz.model.words import clock
from mqviz.scenes.canvas import Canvas
from mqviz.ui import keys, panels
from mqviz.ui.live_bars import draw_live_bar, draw_watch_header
from mqviz.ui.picture import Picture
from mqviz.ui.screen import Base
from mqviz.ui.stage import Stage

if TYPE_CHECKING:
    from mqviz.ui.attach import Attach

HINTS = (("↑ ↓", "partition"), ("esc", "groups"), ("?", "keys"))


class WatchedLog(Base):
    """Partitions, members and lag of one group, as often as the watch sees them."""

    PLACES = ("stage",)
    BINDINGS = keys.bindings("stage", "all")

    def __init__(self, attach: Attach, group: str) -> None:
        super().__init__()
        self.attach = attach
        self.group = group
        self.picture: Picture

    def stages(self) -> ComposeResult:
        """Header, stage, why, bar."""
        yield Stage(self.draw_header, id="header")
        yield Stage(self.draw_stage, id="stage")
        yield Stage(self.draw_why, id="why")
        yield Stage(self.draw_bar, id="bar")

    def on_mount(self) -> None:
        """The partition with the largest lag is in focus."""
        options = self.mqviz.options
        self.picture = Picture(
            self.attach.player, options.ascii, self.mqviz.shapes_only, options.motion, self.group
        )
        worst = group_detail(self.attach.player.state, self.group).row.worst
        if worst is not None:
            self.picture.focus = ("partition", worst.topic, worst.partition)
        if options.clock is not None:
            self.set_interval(1 / 5, self.redraw)

    def redraw(self) -> None:
        """What was seen by now; faded while nothing answers. A group that is gone closes its log."""
        if self._is_gone():
            self._leave()
        elif self.is_mounted:
            self.stage("stage").sunk = self.attach.reading().lost is not None
            super().redraw()

    def _is_gone(self) -> bool:
        return self.group not in self.attach.player.state.observed.groups

    def _leave(self) -> None:
        """Back to the groups, once nothing lies on top."""
        if self.is_current:
            self.app.pop_screen()
            self.attach.say(f"{escape(self.group)}: the group is gone", self._is_gone)

    def action_move(self, by: int) -> None:
        """The next partition or member."""
        self.picture.move(by, self.stage("stage").canvas)
        self.redraw()

    def on_stage_selected(self, event: Stage.Selected) -> None:
        """A click puts it in focus."""
        if event.target[0] == "key":
            self.press(str(event.target[1]))
        else:
            self.picture.focus = event.target
            self.redraw()

    def draw_header(self, columns: int, rows: int) -> Canvas:
        """The cluster and its age."""
        attach = self.attach
        return draw_watch_header(
            Canvas(columns, rows, self.ascii), self.group, attach.bootstrap, attach.reading()
        )

    def draw_stage(self, columns: int, rows: int) -> Canvas:
        """The scene."""
        return self.picture.draw(columns, rows)

    def draw_why(self, columns: int, rows: int) -> Canvas:
        """The group's verdict, with its evidence and rule."""
        state = self.attach.player.state
        verdict = group_detail(state, self.group).row.verdict
        found = Why(state.now_us, 0, f"{verdict.word}: {verdict.reason}", verdict.evidence, verdict.rule)
        when = clock(self.attach.reading().wall_us, state.now_us)
        return panels.draw_why(Canvas(columns, rows, self.ascii), found, when=when)

    def draw_bar(self, columns: int, rows: int) -> Canvas:
        """How the watch goes."""
        attach = self.attach
        return draw_live_bar(
            Canvas(columns, rows, self.ascii),
            attach.reading(),
            attach.player.now_us,
            self.hints or HINTS,
            (),
            self.notice,
        )
