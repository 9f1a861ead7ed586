"""What the command line hands to the screens: doors that open backends, and how to draw.

The screens import neither the simulator nor the real half; they get functions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from mqviz.backend import Open
from mqviz.lesson.progress import Progress
from mqviz.player import Player
from mqviz.scenes.palette import Theme


class Start(NamedTuple):
    """A screen to open. `what`: lesson number, scenario or capture file, bootstrap; `on`: a bootstrap."""

    door: Literal["home", "lesson", "play", "replay", "attach"] = "home"
    what: str = ""
    on: str = ""


Enter = Callable[[Start], str | Callable[[], object] | None]
"""How to go through a door, or the sentence why not."""


class Watched(NamedTuple):
    """A cluster that is watched. `look(group, visible)`: what is on screen, so that it is asked for first."""

    player: Player
    look: Callable[[str | None, Collection[str] | None], None]


@dataclass(frozen=True)
class Doors:
    """Functions that open what a screen shows; each may raise Refused, ValueError or OSError: one sentence.

    `simulate` opens the simulator. `watch(bootstrap)` watches a cluster, read-only, and never waits for it.
    `drive(bootstrap)` says how to open a real cluster for a lesson. `replay(path)` is a captured run,
    and "" or the sentence that says how it differs from what was captured.
    `scenarios()` lists what can be played. `log_error` writes an unexpected error to the log file and returns
    its path, or None where it cannot be written.
    """

    simulate: Open
    watch: Callable[[str], Watched]
    drive: Callable[[str], Open]
    replay: Callable[[Path], tuple[Player, str]]
    scenarios: Callable[[], Sequence[Path]]
    progress: Progress
    log_error: Callable[[BaseException], Path | None]


@dataclass(frozen=True)
class Options:
    """How to draw. `clock` None: time stands still unless `frame` is called (tests).

    `shapes_only`: colours cannot carry the levels of light, so that shapes do; the app finds out.
    """

    styles: Path
    start: Start = field(default_factory=Start)
    theme: Theme = "dark"
    ascii: bool = False
    no_color: bool = False
    shapes_only: bool = False
    motion: bool = True
    seed: int | None = None
    bootstrap: str = "localhost:9092"
    clock: Callable[[], float] | None = time.monotonic
