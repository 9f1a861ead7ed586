"""What mqviz shows where there is no terminal: what it needs, and the first minute of lesson 1 as text."""

from __future__ import annotations

from mqviz.cli.opening import open_simulator
from mqviz.lesson.course import find
from mqviz.player import Player
from mqviz.scenes.view import View
from mqviz.ui.run_view import scene

COLUMNS, ROWS = 78, 20
STEPS = ((0, 2_500_000), (0, 10_000_000), (1, 10_000_000), (2, 10_000_000), (2, 60_000_000))
"""Which step of the lesson, and at what time of it."""


def preview() -> str:
    """The text, with a newline at its end."""
    lesson = find("1")
    draw = scene(lesson.scenario.scene)
    parts = [
        "mqviz: watch a message queue think.\n\n"
        "It needs a terminal of 60 columns and 16 rows or more; this is none. Run `mqviz` in one.\n"
        "Without one there are `mqviz play FILE --headless`, `mqviz lag`, `mqviz lesson check`.\n\n"
        f"{lesson.number} {lesson.title}, the first minute:\n"
    ]
    for number, at_us in STEPS:
        step = lesson.steps[number]
        player = Player(open_simulator, lesson.scenario)
        for command in step.do:
            player.submit(command)
        player.until_us = max(player.until_us, at_us)
        player.seek(at_us)
        canvas = draw(player.state, View(at_us, COLUMNS, ROWS))
        parts.append(f"\n--- {step.title}: after {at_us / 1e6:g} s\n{canvas.to_text().rstrip()}\n")
        player.close()
    return "".join(parts)
