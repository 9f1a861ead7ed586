"""The time of a run: the transport bar with its mouse, the keys of time, and the timer that lets it pass.

The timer runs only while something moves: thirty frames a second, none while nothing does. What is played and
how far is the player's; whether time may run is the tutor's, in a lesson.
"""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.timer import Timer

from mqviz.lesson.tutor import Tutor
from mqviz.model.event import Event
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import seconds
from mqviz.ui.parts.transport import bar_of, draw_bar, span_of, time_at
from mqviz.ui.run_view import RunView
from mqviz.ui.screen import Base
from mqviz.ui.stage import KeyBar, Stage

FRAMES = 30
LONGEST_FRAME_US = 250_000
"""A simulated run does not jump after the program was suspended."""

SPEEDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, float("inf"))
LESSON_SPEEDS = SPEEDS[:-1]
"""As fast as it goes would be the end of the run, with no time left for the steps to come."""

HINTS = (("n", "next moment"), ("f", "fork"), ("?", "keys"), (":", "command"))
SHORT_HINTS = (("n", "next"), ("f", "fork"), ("?", "keys"), (":", "cmd"))
NO_GOING_BACK = "a real cluster cannot go back: what happened there has happened"


class Moved(Message):
    """A key brought the run to another time, or made another one of it; `stepped` is the event to explain."""

    def __init__(self, stepped: Event | None = None) -> None:
        super().__init__()
        self.stepped = stepped


class Playback(KeyBar):
    """Lets a player's time pass, and shows it."""

    class FrameDue(Message):
        """It is time for the next picture."""

        def can_replace(self, message: Message) -> bool:
            """A screen that is late draws the newest one only."""
            return isinstance(message, Playback.FrameDue)

    def __init__(self, host: Base, view: RunView, tutor: Tutor | None = None) -> None:
        super().__init__(self._draw_bar, id="transport")
        self.host = host
        self.view = view
        self.player = view.player
        self.tutor = tutor
        self._clock = host.options.clock
        self._timer: Timer | None = None
        self._last = 0.0
        self._ticking = False
        self._held = False
        self._dragging = False

    def on_mount(self) -> None:
        """A timer, for when something moves."""
        due = self.FrameDue
        self._timer = self.set_interval(1 / FRAMES, lambda: self.post_message(due()), pause=True)
        self.wind()

    # -- time passes ---------------------------------------------------------------------------------------

    def wind(self) -> None:
        """Start or stop the timer; what passed while it stood does not count."""
        if self._clock is None or self._timer is None:
            return
        wanted = self.player.playing or self.player.live
        if wanted and not self._ticking:
            self._last = self._clock()
        (self._timer.resume if wanted else self._timer.pause)()
        self._ticking = wanted

    def elapsed_us(self) -> int:
        """Wall time since the last frame."""
        if self._clock is None or not self._ticking:
            return 0
        now = self._clock()
        elapsed_us, self._last = int((now - self._last) * 1_000_000), now
        return elapsed_us if self.player.live else min(elapsed_us, LONGEST_FRAME_US)

    def advance(self, elapsed_us: int) -> bool:
        """Let wall time pass; whether there is something new to see.

        Never beyond the outcome of a bet: what was not computed need not be taken back. A view of a real
        cluster that was held goes on in the present.
        """
        player = self.player
        was_playing, cursor = player.playing, player.cursor
        due_us = self.tutor.due_us if self.tutor and was_playing and not player.live else None
        if due_us is not None and player.now_us < due_us <= player.now_us + elapsed_us * player.speed:
            player.seek(due_us)
        else:
            player.tick(elapsed_us)
        if player.live and player.playing and not player.following:
            player.seek(player.head_us)
        return was_playing or cursor != player.cursor

    def hold(self, held: bool, sink: bool) -> None:
        """What lies on top stops the run, and it goes on afterwards."""
        if held:
            self._held = self.player.playing and not self.player.live
        if self._held:
            self.player.playing = not held
        self.wind()

    # -- keys ----------------------------------------------------------------------------------------------

    def may_go_on(self) -> bool:
        """Whether time may run now; says why not."""
        why_not = self.tutor.before_play() if self.tutor else ""
        if why_not:
            self.host.say(why_not)
        return not why_not

    def can_rewind(self) -> bool:
        """Whether going back is possible; says why not."""
        if self.player.live:
            self.host.say(NO_GOING_BACK)
        return not self.player.live

    def play_pause(self) -> None:
        """Play or pause."""
        if not self.player.playing and not self.may_go_on():
            return
        if not self.player.live and self.player.now_us >= self.player.until_us:
            end = seconds(self.player.until_us)
            self.host.say(f"the run ends here, at {end}: N goes back, r begins again")
            return
        self.player.toggle()
        self.wind()
        self.host.redraw()

    def step(self) -> None:
        """To the next thing that happens; at the end, what happened last stays explained."""
        if self.player.live:
            self.host.say("a real cluster does not wait: its next step comes when it comes")
            return
        if not self.may_go_on():
            return
        self.player.pause()
        event = self.player.step()
        if event is None:
            self.host.say(f"nothing more happens before the end, at {seconds(self.player.until_us)}")
        self.post_message(Moved(event or self.view.stepped))

    def step_back(self) -> None:
        """To the thing that happened before."""
        if self.can_rewind():
            self.player.pause()
            self.post_message(Moved(self.player.step_back()))

    def second(self, by: int) -> None:
        """One second on or back."""
        self.go_to(self.player.now_us + by * 1_000_000)

    def go_to(self, at_us: int) -> None:
        """Show another time."""
        if self.can_rewind() and (at_us <= self.player.now_us or self.may_go_on()):
            self.player.seek(at_us)
            self.post_message(Moved())

    def next_moment(self) -> None:
        """To the next named time."""
        if self.can_rewind() and self.may_go_on():
            if self.player.next_moment() is None:
                self.host.say("there is no later moment; . names this one")
            self.post_message(Moved())

    def previous_moment(self) -> None:
        """To the named time before, or the beginning."""
        if self.can_rewind():
            if self.player.previous_moment() is None:
                self.player.seek(0)
            self.post_message(Moved())

    def faster(self, by: int) -> None:
        """Next speed, or the one before."""
        if self.player.live:
            self.host.say("a real cluster runs at its own speed")
            return
        speeds, now = LESSON_SPEEDS if self.tutor else SPEEDS, self.player.speed
        at = speeds.index(now if now in speeds else min(speeds, key=lambda speed: abs(speed - now)))
        self.player.speed = speeds[min(max(0, at + by), len(speeds) - 1)]
        self.host.redraw()

    # -- the bar -------------------------------------------------------------------------------------------

    def _draw_bar(self, columns: int, rows: int) -> Canvas:
        host = self.host
        short = columns < (96 if len(self.player.family) == 1 else 112)
        hints = host.hints or (SHORT_HINTS if short else HINTS)
        return draw_bar(bar_of(self.player, hints, host.notice, host.options.ascii), columns, rows)

    def on_stage_selected(self, event: Stage.Selected) -> None:
        """A button is a key."""
        if event.target[0] == "button":
            self.call_later(getattr(self, str(event.target[1])))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to scrub where the line is."""
        if event.y == 1 and not self.sunk:
            self._dragging = True
            self.capture_mouse()
            self._scrub(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Scrub on while the button is held."""
        if self._dragging:
            self._scrub(event)

    def on_mouse_up(self) -> None:
        """Let go."""
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    def _scrub(self, event: events.MouseEvent) -> None:
        self.go_to(time_at(int(event.x), span_of(self.player), self.size.width))
