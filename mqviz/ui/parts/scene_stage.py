"""The stage of a run: its scene, and the selection on it by keys and mouse."""

from __future__ import annotations

from textual.message import Message

from mqviz.scenes.canvas import Target
from mqviz.ui.run_view import RunView
from mqviz.ui.stage import Stage


class SceneStage(Stage):
    """Shows a view of a run; a click selects, a second one opens."""

    class Opened(Message):
        """What is selected was clicked again."""

        def __init__(self, target: Target) -> None:
            super().__init__()
            self.target = target

    def __init__(self, view: RunView) -> None:
        super().__init__(view.draw, id="stage", focusable=True)
        self.view = view

    def move(self, by: int) -> None:
        """Select the next thing."""
        self.view.move(by, self.canvas)
        self.redraw()

    def scroll_by(self, partitions: int) -> None:
        """Partitions below or above."""
        self.view.scroll = max(0, self.view.scroll + partitions)
        self.redraw()

    def on_stage_selected(self, event: Stage.Selected) -> None:
        """Select what was clicked."""
        if event.target == self.view.focus:
            self.post_message(self.Opened(event.target))
        else:
            self.view.focus = event.target
            self.redraw()
