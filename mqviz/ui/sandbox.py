"""The sandbox: a scenario or a saved run, the whole width for its picture, and every key of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mqviz.scenario import Scenario
from mqviz.ui.overlay import Content
from mqviz.ui.run_screen import RunScreen
from mqviz.ui.sheet import Sheet, Span


class Sandbox(RunScreen):
    """A run without a lesson."""


def scenario_list(found: Sequence[tuple[Path, Scenario]], play: Callable[[Path], None]) -> Content:
    """The scenarios to pick from, each with what it is about."""

    def sheet(columns: int, at: int) -> Sheet:
        made = Sheet(columns, margin=3)
        made.row(
            Span(0, "play", made.ink("bright", True)), Span(6, "pick a scenario, break it", made.ink("quiet"))
        )
        for number, (_, scenario) in enumerate(found):
            made.blank()
            if number == at:
                made.here()
            ink = made.item(number == at)
            text = f"{'►' if number == at else ' '} {scenario.title}"
            made.row(Span(0, f"{text:<{made.room}}", ink, ("item", number)))
            made.text(scenario.about, "quiet", indent=2)
        return made

    return Content(
        sheet,
        (("↑ ↓", "scenario"), ("enter", "play"), ("esc", "close")),
        len(found),
        lambda at: play(found[at][0]),
    )
