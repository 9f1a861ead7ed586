"""Apps for the tests: the real simulator, progress in memory, a watched cluster made of events, no clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from mqviz import folders
from mqviz.backend import Backend, Can, Open
from mqviz.lesson.progress import Progress
from mqviz.model.command.base import Command
from mqviz.model.event import Event
from mqviz.model.units import Duration
from mqviz.player import FAR_US, Player
from mqviz.scenario import Scenario
from mqviz.sim.backend import open_sim
from mqviz.ui.app import MqvizApp
from mqviz.ui.options import Doors, Options, Start, Watched
from tests.model.observed.watch import Watch, flow, member

FRAME_US = 33_333


class WatchedBackend:
    """Hands out the events of a Watch; time comes from it too."""

    can: frozenset[Can] = frozenset()

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.now_us = 0
        self.closed = False
        self._given = 0

    def submit(self, command: Command) -> None:
        """Read-only."""

    def advance(self, until_us: int, limit: int = 0) -> Sequence[Event]:
        """What is new."""
        self.now_us = self.watch.now_us + 1
        fresh = self.watch.events[self._given :]
        self._given = len(self.watch.events)
        return fresh

    def next_at_us(self) -> int | None:
        """Nobody knows."""
        return None

    def checkpoint(self) -> bytes | None:
        """No way back."""
        return None

    def close(self) -> None:
        """Over."""
        self.closed = True


def opening(backend: Backend) -> Open:
    def opened(scenario: Scenario, seed: int, checkpoint: bytes | None = None) -> Backend:
        return backend

    return opened


def watched_player(backend: WatchedBackend) -> Player:
    scenario = Scenario("watched", Duration(FAR_US), "partition-log", kafka_version="")
    player = Player(opening(backend), scenario)
    player.play()
    return player


class World:
    """What an app was given, for a test to look at."""

    def __init__(self, watch: Watch | None = None, scenarios: Sequence[Path] = ()) -> None:
        self.progress = Progress(None)
        self.watch = watch or a_watch()
        self.backend = WatchedBackend(self.watch)
        self.looked: list[tuple[str | None, Collection[str] | None]] = []
        self.logged: list[BaseException] = []
        self.scenarios = list(scenarios)

    def doors(self) -> Doors:
        return Doors(
            simulate=open_sim,
            watch=lambda _: Watched(watched_player(self.backend), lambda *seen: self.looked.append(seen)),
            drive=lambda _: opening(self.backend),
            replay=lambda _: (_ for _ in ()).throw(OSError("no file")),
            scenarios=lambda: self.scenarios,
            progress=self.progress,
            log_error=self.log,
        )

    def log(self, error: BaseException) -> Path:
        self.logged.append(error)
        return Path("mqviz.log")

    def app(self, door: str = "home", what: str = "", on: str = "", **options: Any) -> MqvizApp:
        start = Start(door, what, on)  # type: ignore[arg-type]
        styles = folders.data("assets") / "mqviz.tcss"
        return MqvizApp(self.doors(), Options(styles, start, **({"clock": None} | options)))


@asynccontextmanager
async def running(app: MqvizApp, columns: int = 100, rows: int = 30) -> AsyncIterator[Pilot[None]]:
    """The app on a terminal of this size, its first frame drawn."""
    async with app.run_test(size=(columns, rows)) as pilot:
        await pilot.pause()
        yield pilot


async def play(pilot: Pilot[None], seconds: float) -> None:
    """Let time pass on the run that shows, frame by frame."""
    screen: Any = pilot.app.screen
    for _ in range(int(seconds * 1_000_000 / FRAME_US) + 1):
        screen.frame(FRAME_US)
        await asyncio.sleep(0)
    await pilot.pause()


def text(pilot: Pilot[None]) -> str:
    """The whole screen as text."""
    screen = pilot.app.screen
    _width, height = pilot.app.size
    strips = screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips[:height])


def until(found: Callable[[], bool], step: Callable[[], Any], most: int = 10_000) -> None:
    """Repeat `step` until `found`."""
    for _ in range(most):
        if found():
            return
        step()
    raise AssertionError("it never came")


def a_watch() -> Watch:
    """Four groups of one cluster: one behind at a hot partition, one stopped, one that may not be read, one well."""
    from mqviz.model.observed.events import GroupHidden

    watch = Watch()
    watch.topic("orders", 6)
    watch.topic("audit", 1)
    held = {1: (0, 1), 2: (2, 3), 3: (4, 5)}
    watch.group(
        "email-consumers", *(member(f"c-{n}", orders=p) for n, p in held.items()), kind="consumer", epoch=5
    )
    watch.group("audit", kind="classic")
    watch.group("billing", member("b-1", orders=range(6)), kind="consumer", epoch=2)
    watch.post(GroupHidden, 0, "fraud-check", 1, "no right to DESCRIBE this group")
    watch.commits("audit", audit={0: 3_000})
    watch.commits("billing", orders=dict.fromkeys(range(6), 20000))
    watch.ends(audit={0: 91_120})
    start = {p: (20_000 + 200 + p, 20_000) for p in range(6)}
    rate = dict.fromkeys(range(6), (20.0, 20.0)) | {3: (310.0, 112.0)}
    flow(watch, "email-consumers", "orders", start, rate)
    return watch
