"""What a frame costs at 160x50 with about 60 records in flight, against a bare Textual widget drawn anew.

Both do the same loop in one process: change what is shown, let Textual draw it, next. The bare widget has as
many cells and does nothing but change; mqviz also simulates, applies events and draws the scene. A frame at
30 frames a second has 33 ms.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from mqviz import facts, folders
from mqviz.lesson.progress import Progress
from mqviz.player import Player
from mqviz.scenario import read_scenario
from mqviz.sim.backend import open_sim
from mqviz.ui.app import MqvizApp
from mqviz.ui.options import Doors, Options
from mqviz.ui.run_screen import RunScreen

COLUMNS, ROWS, FPS, FRAMES, ROUNDS = 160, 50, 30, 90, 5
WORLD = """
title: sixty in flight
until: 600s
scene: partition-log
cluster: {link_latency: 900ms}
topics: [{name: orders, partitions: 6}]
producers:
  - {name: shop1, topic: orders, rate: 6/s, keys: [a, b, c, d, e, f, g, h], linger: 0us, batch_size: 1B}
  - {name: shop2, topic: orders, rate: 6/s, keys: [a, b, c, d, e, f, g, h], linger: 0us, batch_size: 1B}
  - {name: shop3, topic: orders, rate: 6/s, keys: [a, b, c, d, e, f, g, h], linger: 0us, batch_size: 1B}
  - {name: shop4, topic: orders, rate: 6/s, keys: [a, b, c, d, e, f, g, h], linger: 0us, batch_size: 1B}
  - {name: shop5, topic: orders, rate: 6/s, keys: [a, b, c, d, e, f, g, h], linger: 0us, batch_size: 1B}
  - {name: shop6, topic: orders, rate: 6/s, keys: [a, b, c, d, e, f, g, h], linger: 0us, batch_size: 1B}
consumers:
  - {name: c1, group: mail, topic: orders, processing: 10ms}
"""


class Bare(Widget):
    """As many cells, all of them new in every frame."""

    frame = 0

    def render_line(self, y: int) -> Strip:
        text = str((self.frame + y) % 10) * (COLUMNS // 4)
        return Strip([Segment(text, Style(color=f"#{40 + part * 20:02x}8090")) for part in range(4)], COLUMNS)


class BareApp(App[None]):
    """One bare widget."""

    def compose(self) -> ComposeResult:
        yield Bare()


async def cost_ms(app: App[None], step: Callable[[], None]) -> float:
    """CPU milliseconds a frame, median of rounds."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(FRAMES):
            step()
            drawn = asyncio.Event()
            app.call_after_refresh(drawn.set)
            await drawn.wait()
        rounds.append((time.process_time() - began) * 1_000 / FRAMES)
    return statistics.median(rounds)


async def bare() -> float:
    """The bare widget's frame."""
    app = BareApp()
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause()
        widget = app.query_one(Bare)

        def step() -> None:
            widget.frame += 1
            widget.refresh()

        return await cost_ms(app, step)


def _reraise(error: BaseException) -> Path:
    raise error


def doors() -> Doors:
    """Doors that nobody goes through."""

    def closed(*_: object) -> None:
        raise OSError("this door is closed")

    return Doors(open_sim, closed, closed, closed, list, Progress(None), _reraise)  # type: ignore[arg-type]


class Flying(MqvizApp):
    """The sandbox with the world above."""

    def first_screen(self) -> RunScreen:
        player = Player(open_sim, read_scenario(WORLD, "frames"))
        player.seek(20_000_000)
        player.play()
        return RunScreen(player, player.scenario.title, self.options)


async def mqviz() -> tuple[float, float]:
    """A frame of mqviz, and how many records were in flight, on average."""
    app = Flying(doors(), Options(folders.data("assets") / "mqviz.tcss", clock=None))
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, RunScreen)
        marks: list[int] = []

        def step() -> None:
            screen.frame(1_000_000 // FPS)
            marks.append(sum(len(flight.keys) for flight in facts.flights(screen.player.state)))

        cost = await cost_ms(app, step)
        return cost, statistics.mean(marks)


def main() -> None:
    """Print the row."""
    plain = asyncio.run(bare())
    cost, marks = asyncio.run(mqviz())
    print(
        f"frames: {COLUMNS}x{ROWS}, {marks:.0f} records in flight: {cost:.1f} ms of CPU a frame "
        f"({cost * FPS / 10:.0f} % of a core at {FPS} frames a second); "
        f"a bare Textual widget drawn anew {plain:.1f} ms, ratio {cost / plain:.2f}"
    )


if __name__ == "__main__":
    main()
