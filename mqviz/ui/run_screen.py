"""A run on the screen, put together from its parts: stage, why, time, commands, history, records.

The parts do what keys and mouse ask of them and post what came of it; the screen draws the next picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from mqviz.lesson.tutor import Tutor
from mqviz.model.event import Event
from mqviz.player import Player
from mqviz.scenes.canvas import Canvas
from mqviz.ui import keys, panels
from mqviz.ui.options import Options
from mqviz.ui.parts.playback import Moved, Playback
from mqviz.ui.parts.records import Records
from mqviz.ui.parts.run_commands import RunCommands
from mqviz.ui.parts.run_history import RunHistory
from mqviz.ui.parts.scene_stage import SceneStage
from mqviz.ui.run_view import RunView
from mqviz.ui.screen import Base
from mqviz.ui.stage import Stage


class RunScreen(Base):
    """A run: a scenario or a capture, the whole width for its picture. It ends the run when it is left."""

    PLACES: Sequence[str] = ("run",)
    BINDINGS = keys.bindings("run", "all")

    def __init__(
        self, player: Player, name: str, options: Options, tutor: Tutor | None = None, on: str = ""
    ) -> None:
        """`on`: the address of a real cluster, if it runs on one."""
        super().__init__(options)
        self.player = player
        self.run_name = name
        self._tutor = tutor
        self._on = on
        self.view = RunView(player, options.ascii, options.shapes_only, options.motion)
        self.scene = SceneStage(self.view)
        self.right = Vertical(self.scene, Stage(self._draw_why, id="why"), id="right")
        self.time = Playback(self, self.view, tutor)
        self.commands = RunCommands(self, self.view, tutor)
        self.history = RunHistory(self, self.time)
        self.records = Records(self, self.view)

    def compose(self) -> ComposeResult:
        """Header, stage, why, time."""
        yield from Base.compose(self)
        yield Stage(self.draw_header, id="header")
        yield Horizontal(self.right, id="body")
        yield self.time

    def on_mount(self) -> None:
        """The keys go to the stage."""
        self.scene.focus()

    def on_unmount(self) -> None:
        """The backend goes with the screen."""
        self.player.close()

    # -- what the parts say --------------------------------------------------------------------------------

    def on_playback_frame_due(self) -> None:
        """Wall time has passed."""
        self.frame(self.time.elapsed_us())

    def frame(self, elapsed_us: int) -> None:
        """Let `elapsed_us` pass and draw what changed."""
        if self.time.advance(elapsed_us):
            self.moved(elapsed_us=elapsed_us)

    def on_moved(self, event: Moved) -> None:
        """A part moved the run."""
        self.moved(event.stepped)

    def moved(self, stepped: Event | None = None, elapsed_us: int = 0) -> None:
        """The run is elsewhere, by time or by a key; `stepped` is the event to explain."""
        self.view.stepped = stepped
        if self._tutor:
            self._tutor.check(elapsed_us)
        self.time.wind()
        self.redraw()

    def on_scene_stage_opened(self, event: SceneStage.Opened) -> None:
        """A second click on what is selected."""
        self.records.open(event.target)

    def on_mouse_scroll_down(self) -> None:
        """Partitions below."""
        self.scene.scroll_by(1)

    def on_mouse_scroll_up(self) -> None:
        """Partitions above."""
        self.scene.scroll_by(-1)

    # -- keys that several parts could take ----------------------------------------------------------------

    def action_command(self) -> None:
        """Type a command."""
        self.commands.type()

    def action_side(self) -> None:
        """The only side is the stage."""
        self.action_move(1)

    def action_move(self, by: int) -> None:
        """Select the next thing on the stage."""
        self.scene.move(by)

    async def action_choose(self) -> None:
        """Open what is selected."""
        self.records.choose()

    def action_onward(self, by: int) -> None:
        """Along the tape while a record is selected, else along time."""
        if self.view.move_along(by, self.scene.canvas):
            self.redraw()
        elif by > 0:
            self.time.step()
        else:
            self.time.step_back()

    async def action_back(self) -> None:
        """Out of the selection first, then out of the run."""
        if self.view.focus is not None:
            self.view.focus = None
            self.redraw()
        else:
            await super().action_back()

    # -- pictures ------------------------------------------------------------------------------------------

    def origin(self) -> list[str]:
        """Where the picture comes from, for the header."""
        scenario = self.player.scenario
        if self.player.live:
            return [f"real cluster {self._on}"]
        kafka = [f"Kafka {scenario.kafka_version}"] if scenario.topics else []
        return ["simulated", f"seed {self.player.seed}", *kafka]

    def draw_header(self, columns: int, rows: int) -> Canvas:
        """What is open, and where it comes from."""
        return panels.draw_header(self.canvas(columns, rows), self.run_name, self.origin())

    def _draw_why(self, columns: int, rows: int) -> Canvas:
        return panels.draw_why(self.canvas(columns, rows), self.view.why())
