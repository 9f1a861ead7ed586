"""A run on the screen: stage, why, transport and the keys of time, for the sandbox and for lessons.

The screen owns the timer: thirty frames a second while something moves, none while nothing does. All it
decides is what to draw again; time, forks and commands are the player's.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer

from mqviz.model.event import Event
from mqviz.player import Player
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import seconds
from mqviz.ui import keys, panels
from mqviz.ui.acting import Acting
from mqviz.ui.picture import Picture
from mqviz.ui.stage import Stage
from mqviz.ui.transport import Transport, bar_of, draw_bar, span_of, time_at

FRAMES = 30
LONGEST_FRAME_US = 250_000
"""A simulated run does not jump after the program was suspended."""

SPEEDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, float("inf"))
HINTS = (("n", "next moment"), ("f", "fork"), ("?", "keys"), (":", "command"))
SHORT_HINTS = (("n", "next"), ("f", "fork"), ("?", "keys"), (":", "cmd"))


class RunScreen(Acting):
    """Stage, why and transport over a player."""

    PLACES: Sequence[str] = ("run",)
    BINDINGS = keys.bindings("run", "all")
    SPEEDS: Sequence[float] = SPEEDS

    def __init__(self, player: Player, title: str) -> None:
        super().__init__()
        self.player = player
        self.title_text = title
        self._timer: Timer | None = None
        self._last = 0.0
        self._ticking = False
        self._held = False

    def stages(self) -> ComposeResult:
        """Header, stage, why, transport."""
        yield Stage(self.draw_header, id="header")
        yield from self.above()
        with Horizontal(id="body"):
            yield from self.left()
            with Vertical(id="right"):
                yield Stage(self.draw_stage, id="stage", focusable=True)
                yield Stage(self.draw_why, id="why")
        yield Transport(self.draw_transport, id="transport")

    def above(self) -> ComposeResult:
        """What stands between header and stage."""
        yield from ()

    def left(self) -> ComposeResult:
        """What stands left of the stage."""
        yield from ()

    def on_mount(self) -> None:
        """Ready: the first frame, and a timer that runs only while something moves."""
        options = self.mqviz.options
        self.picture = Picture(self.player, options.ascii, self.mqviz.shapes_only, options.motion)
        if options.clock is not None:
            self._timer = self.set_interval(1 / FRAMES, self._beat, pause=True)
        self.stage("stage").focus()
        self._wind()

    def on_unmount(self) -> None:
        """The backend goes with the screen."""
        self.player.close()

    # -- time ----------------------------------------------------------------------------------------------

    def _wind(self) -> None:
        """Start or stop the timer; what passed while it stood does not count."""
        clock = self.mqviz.options.clock
        if self._timer is None or clock is None:
            return
        wanted = self.player.playing or self.player.live
        if wanted and not self._ticking:
            self._last = clock()
            self._timer.resume()
        elif not wanted:
            self._timer.pause()
        self._ticking = wanted

    def _beat(self) -> None:
        clock = self.mqviz.options.clock
        if clock is None:
            return
        now = clock()
        elapsed_us, self._last = int((now - self._last) * 1_000_000), now
        self.frame(elapsed_us if self.player.live else min(elapsed_us, LONGEST_FRAME_US))

    def frame(self, elapsed_us: int) -> None:
        """Let `elapsed_us` pass and draw what changed."""
        was_playing, cursor = self.player.playing, self.player.cursor
        self.pass_time(elapsed_us)
        if was_playing or cursor != self.player.cursor:
            self.picture.stepped = None
            self.happened(elapsed_us)
            self.redraw()
        if was_playing and not self.player.playing:
            self._wind()

    def pass_time(self, elapsed_us: int) -> None:
        """Let the player's clock run; a view of a real cluster that was held goes on in the present."""
        self.player.tick(elapsed_us)
        if self.player.live and self.player.playing and not self.player.following:
            self.player.seek(self.player.head_us)

    def happened(self, elapsed_us: int = 0) -> None:
        """Something may be different: a lesson looks at it."""

    def moved(self, stepped: Event | None = None) -> None:
        """The cursor went somewhere else by a key."""
        self.picture.stepped = stepped
        self.happened()
        self._wind()
        self.redraw()

    def hold(self, held: bool, hints: Sequence[tuple[str, str]], sink: bool = True) -> None:
        """What lies on top stops the run, and it goes on afterwards."""
        if held:
            self._held = self.player.playing and not self.player.live
        if self._held:
            self.player.playing = not held
        super().hold(held, hints, sink)
        self._wind()

    def may_go_on(self) -> bool:
        """Whether time may run now; says why not."""
        return True

    def action_back(self) -> None:
        """Out of the selection first, then out of the run."""
        if self.picture.focus is not None:
            self.picture.focus = None
            self.redraw()
        else:
            super().action_back()

    def action_play_pause(self) -> None:
        """Play or pause."""
        if not self.player.playing and not self.may_go_on():
            return
        if not self.player.live and self.player.now_us >= self.player.until_us:
            self.say(f"the run ends here, at {seconds(self.player.until_us)}: N goes back, r begins again")
            return
        self.player.toggle()
        self._wind()
        self.redraw()

    def action_onward(self, by: int) -> None:
        """Along the tape while a record is selected, else along time."""
        if self.picture.move_along(by, self.stage("stage").canvas):
            self.redraw()
        elif by > 0:
            self.action_step()
        else:
            self.action_step_back()

    def action_step(self) -> None:
        """To the next thing that happens."""
        if self.player.live:
            self.say("a real cluster does not wait: its next step comes when it comes")
            return
        if not self.may_go_on():
            return
        self.player.pause()
        event = self.player.step()
        if event is None:
            self.say(f"nothing more happens before the end, at {seconds(self.player.until_us)}")
        self.moved(event or self.picture.stepped)

    def action_step_back(self) -> None:
        """To the thing that happened before."""
        if self.can_rewind():
            self.player.pause()
            self.moved(self.player.step_back())

    def action_second(self, by: int) -> None:
        """One second on or back."""
        self.go_to(self.player.now_us + by * 1_000_000)

    def go_to(self, at_us: int) -> None:
        """Show another time."""
        if self.can_rewind() and (at_us <= self.player.now_us or self.may_go_on()):
            self.player.seek(at_us)
            self.moved()

    def action_next_moment(self) -> None:
        """To the next named time."""
        if self.can_rewind() and self.may_go_on():
            if self.player.next_moment() is None:
                self.say("there is no later moment; . names this one")
            self.moved()

    def action_previous_moment(self) -> None:
        """To the named time before, or the beginning."""
        if self.can_rewind():
            if self.player.previous_moment() is None:
                self.player.seek(0)
            self.moved()

    def action_faster(self) -> None:
        """Next speed."""
        self._speed(1)

    def action_slower(self) -> None:
        """Speed before."""
        self._speed(-1)

    def _speed(self, by: int) -> None:
        if self.player.live:
            self.say("a real cluster runs at its own speed")
            return
        speeds, now = self.SPEEDS, self.player.speed
        at = speeds.index(now if now in speeds else min(speeds, key=lambda speed: abs(speed - now)))
        self.player.speed = speeds[min(max(0, at + by), len(speeds) - 1)]
        self.redraw()

    def on_transport_scrubbed(self, event: Transport.Scrubbed) -> None:
        """The mouse on the line of time."""
        self.go_to(time_at(event.column, span_of(self.player), self.size.width))

    # -- pictures ------------------------------------------------------------------------------------------

    def origin(self) -> list[str]:
        """Where the picture comes from, for the header."""
        scenario = self.player.scenario
        if self.player.live:
            return ["real cluster"]
        kafka = [f"Kafka {scenario.kafka_version}"] if scenario.topics else []
        return ["simulated", f"seed {self.player.seed}", *kafka]

    def draw_header(self, columns: int, rows: int) -> Canvas:
        """What is open, and where it comes from."""
        return panels.draw_header(Canvas(columns, rows, self.ascii), self.title_text, self.origin())

    def draw_stage(self, columns: int, rows: int) -> Canvas:
        """The scene."""
        return self.picture.draw(columns, rows)

    def draw_why(self, columns: int, rows: int) -> Canvas:
        """The explanation."""
        return panels.draw_why(Canvas(columns, rows, self.ascii), self.picture.why())

    def draw_transport(self, columns: int, rows: int) -> Canvas:
        """The bar."""
        short = columns < (96 if len(self.player.family) == 1 else 112)
        hints = self.hints or (SHORT_HINTS if short else HINTS)
        return draw_bar(bar_of(self.player, hints, self.notice, self.ascii), columns, rows)
