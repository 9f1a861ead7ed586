"""One watched group as a partition log: the scene of the lessons, fed by a real cluster."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult

from mqviz.facts.views import Why
from mqviz.facts.watched.detail import group_detail
from mqviz.facts.watched.views import WatchView
from mqviz.facts.words import clock
from mqviz.player import Player
from mqviz.scenes.canvas import Canvas
from mqviz.ui import keys, panels
from mqviz.ui.live_bars import draw_live_bar, draw_watch_header
from mqviz.ui.options import Options
from mqviz.ui.parts.scene_stage import SceneStage
from mqviz.ui.run_view import RunView
from mqviz.ui.screen import Base
from mqviz.ui.stage import KeyBar, Stage

HINTS = (("↑ ↓", "partition"), ("esc", "groups"), ("?", "keys"))


class WatchedLog(Base):
    """Partitions, members and lag of one group as the watch sees them.

    `reading` says how the watch goes; `gone` is called when the log closes because there is no such group any
    more.
    """

    PLACES = ("stage",)
    BINDINGS = keys.bindings("stage", "all")

    def __init__(
        self,
        player: Player,
        reading: Callable[[], WatchView],
        bootstrap: str,
        group: str,
        options: Options,
        gone: Callable[[], object],
    ) -> None:
        super().__init__(options)
        self.player = player
        self.reading = reading
        self.bootstrap = bootstrap
        self.group = group
        self.gone = gone
        self.view = RunView(player, options.ascii, options.shapes_only, options.motion, group)
        self.scene = SceneStage(self.view)
        worst = group_detail(player.state, group).row.worst
        if worst is not None:
            self.view.focus = ("partition", worst.topic, worst.partition)

    def compose(self) -> ComposeResult:
        """Header, stage, why, bar."""
        yield from super().compose()
        yield Stage(self.draw_header, id="header")
        yield self.scene
        yield Stage(self.draw_why, id="why")
        yield KeyBar(self.draw_bar, id="bar")

    def on_mount(self) -> None:
        """As often as there may be something new."""
        if self.options.clock is not None:
            self.set_interval(1 / 5, self.redraw)

    def redraw(self) -> None:
        """What was seen by now; faded while nothing answers. A group that is gone closes its log."""
        if self.group not in self.player.state.observed.groups:
            if self.is_current:  # else once nothing lies on top
                self.app.pop_screen()
                self.gone()
        elif self.is_mounted:
            self.scene.sunk = self.reading().lost is not None
            super().redraw()

    def action_move(self, by: int) -> None:
        """The next partition or member."""
        self.scene.move(by)

    def draw_header(self, columns: int, rows: int) -> Canvas:
        """The cluster and its age."""
        return draw_watch_header(self.canvas(columns, rows), self.group, self.bootstrap, self.reading())

    def draw_why(self, columns: int, rows: int) -> Canvas:
        """The group's verdict, with its evidence and rule."""
        state = self.player.state
        verdict = group_detail(state, self.group).row.verdict
        found = Why(state.now_us, 0, f"{verdict.word}: {verdict.reason}", verdict.evidence, verdict.rule)
        when = clock(self.reading().wall_us, state.now_us)
        return panels.draw_why(self.canvas(columns, rows), found, when=when)

    def draw_bar(self, columns: int, rows: int) -> Canvas:
        """How the watch goes."""
        hints = self.hints or HINTS
        canvas = self.canvas(columns, rows)
        return draw_live_bar(canvas, self.reading(), self.player.now_us, hints, (), self.notice)
