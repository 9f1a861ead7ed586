"""Attached to a real cluster: the table of groups, worst first, with the verdict of the one in focus.

The cluster is only read. When it does not answer, the last picture stays, faded, with its age; nothing here
waits for it.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from textual.app import ComposeResult

from mqviz.facts.watched.detail import group_detail
from mqviz.facts.watched.lag import group_rows, other_groups, watch
from mqviz.facts.watched.views import GroupRow, WatchView
from mqviz.lesson.course import catalogue
from mqviz.model.escape import escape
from mqviz.model.observed.state import Unknown
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.lag_detail import paint
from mqviz.scenes.lag_table import LagView
from mqviz.scenes.view import View
from mqviz.ui import keys
from mqviz.ui.live_bars import Sign, draw_live_bar, draw_watch_header
from mqviz.ui.options import Enter, Options, Start, Watched
from mqviz.ui.screen import Base
from mqviz.ui.stage import KeyBar, Stage
from mqviz.ui.watched_log import WatchedLog

LOOKS_PER_S = 5
HINTS = (("enter", "open"), ("/", "filter"), ("L", "sort lag"), ("l", "lesson"), ("?", "keys"))
STATES = ("Dead", "Empty", "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling", "Stable")


class Attach(Base):
    """The groups of one cluster. It ends the watch when it is left."""

    PLACES = ("attach",)
    BINDINGS = keys.bindings("attach", "all")

    def __init__(
        self,
        watched: Watched,
        bootstrap: str,
        options: Options,
        enter: Enter,
        remember: Callable[[str], object],
    ) -> None:
        super().__init__(options)
        self.enter = enter
        self.player = watched.player
        self.watched = watched
        self.bootstrap = bootstrap
        self.remember = remember
        self.chosen = ""
        self._picked = False
        self._answered = False
        self.filter = ""
        self.order = "verdict"
        self.reverse = False
        self._looked: tuple[str, frozenset[str]] = ("", frozenset())
        self._titles = {entry.number: entry.title for entry in catalogue() if entry.path}
        self._last = 0.0

    def compose(self) -> ComposeResult:
        """Header, table with detail, bar."""
        yield from super().compose()
        yield Stage(self.draw_header, id="header")
        yield Stage(self.draw_table, id="table")
        yield KeyBar(self.draw_bar, id="bar")

    def on_mount(self) -> None:
        """Look a few times a second; answers come when they come."""
        clock = self.options.clock
        if clock is not None:
            self._last = clock()
            self.set_interval(1 / LOOKS_PER_S, self._tick)

    def on_unmount(self) -> None:
        """The watch ends."""
        self.player.close()

    def _tick(self) -> None:
        clock = self.options.clock
        if clock is not None:
            now = clock()
            elapsed, self._last = now - self._last, now
            self.frame(int(elapsed * 1_000_000))

    def frame(self, elapsed_us: int) -> None:
        """Take what was seen and show it; an address that answered is worth remembering."""
        self.player.tick(elapsed_us)
        if not self._answered and self.player.state.observed.brokers:
            self._answered = True
            self.remember(self.bootstrap)
        if self.is_current:
            self.redraw()

    def redraw(self) -> None:
        """The picture; faded while nothing answers."""
        if not self.is_mounted:
            return
        self.stage("table").sunk = self.reading().lost is not None
        super().redraw()
        self._look()

    def _look(self) -> None:
        """Say to the watch what is on screen, so that it asks for that first."""
        seen = frozenset(
            str(p.target[1]) for p in self.stage("table").canvas.places if p.target[0] == "group"
        )
        if seen and (self.chosen, seen) != self._looked:
            self._looked = (self.chosen, seen)
            self.watched.look(self.chosen or None, seen)

    # -- what is shown -------------------------------------------------------------------------------------

    def reading(self) -> WatchView:
        """The watch, with its age up to now."""
        found = watch(self.player.state)
        if found.age_us is None:
            return found
        late = max(0, self.player.now_us - self.player.state.now_us)
        return msgspec.structs.replace(found, age_us=found.age_us + late)

    def rows(self) -> tuple[GroupRow, ...]:
        """The groups that pass the filter, in the chosen order."""
        found = [row for row in group_rows(self.player.state) if self.filter.lower() in row.group.lower()]
        if self.order != "verdict":
            found.sort(key=lambda row: _sort_key(row, self.order))
        return tuple(reversed(found) if self.reverse else found)

    def draw_table(self, columns: int, rows: int) -> Canvas:
        """Table and detail."""
        shown = self.rows()
        names = [row.group for row in shown]
        if self.chosen not in names or not self._picked:
            self.chosen = names[0] if names else ""
        detail = group_detail(self.player.state, self.chosen) if self.chosen else None
        lesson = detail.row.verdict.lesson if detail else None
        reading = self.reading()
        view = LagView(
            shown,
            self.chosen,
            detail,
            other_groups(self.player.state),
            self._titles.get(lesson or 0, ""),
            reading.wall_us,
            reading.lost.reason if reading.lost else "",
        )
        return paint(view, View(self.player.now_us, columns, rows, ascii=self.options.ascii))

    def draw_header(self, columns: int, rows: int) -> Canvas:
        """What is watched, and how fresh it is."""
        canvas = self.canvas(columns, rows)
        return draw_watch_header(canvas, "attach", self.bootstrap, self.reading())

    def draw_bar(self, columns: int, rows: int) -> Canvas:
        """How the watch goes, and the keys."""
        signs = []
        if self.filter:
            every = len(group_rows(self.player.state))
            signs.append(Sign("filter:", f"{self.filter}, {len(self.rows())} of {every}"))
        if self.order != "verdict" or self.reverse:
            signs.append(Sign("sorted by", self.order + (", reversed" if self.reverse else "")))
        if self.player.branch.thinned:
            signs.append(Sign("thinned:", f"{self.player.branch.thinned:,} older looks"))
        away = [("esc", "all groups")] if self.filter else []
        hints = self.hints or [
            *away,
            *(hint for hint in HINTS if hint[0] != "l" or self._lesson() is not None),
        ]
        canvas = self.canvas(columns, rows)
        return draw_live_bar(canvas, self.reading(), self.player.now_us, hints, signs, self.notice)

    # -- keys ----------------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """The group above or below."""
        names = [row.group for row in self.rows()]
        if names:
            at = names.index(self.chosen) if self.chosen in names else 0
            self._pick(names[min(max(0, at + by), len(names) - 1)])

    def _pick(self, group: str) -> None:
        """The focus stays with it from now on; before, it is on whatever is on top."""
        self.chosen, self._picked = group, True
        self.redraw()

    def action_choose(self) -> None:
        """The same partition log as in the lessons, fed by the cluster."""
        chosen = self.chosen
        if not chosen:
            self.say("no group was seen yet", lambda: not self.rows())
        elif self._has_log(chosen):
            self._pick(chosen)
            self.app.push_screen(
                WatchedLog(
                    self.player,
                    self.reading,
                    self.bootstrap,
                    chosen,
                    self.options,
                    lambda: self._say_gone(chosen),
                )
            )
        else:
            self.say(self._why_no_log(chosen), lambda: not self._has_log(chosen))

    def _say_gone(self, group: str) -> None:
        gone = f"{escape(group)}: the group is gone"
        self.say(gone, lambda: group not in self.player.state.observed.groups)

    def _has_log(self, group: str) -> bool:
        observed = self.player.state.observed
        return group in observed.groups and bool(group_detail(self.player.state, group).partitions)

    def _why_no_log(self, group: str) -> str:
        lag = group_detail(self.player.state, group).row.lag
        why = lag.reason if isinstance(lag, Unknown) else "no topic that it reads is known"
        return f"{group}: {why}, so there is no log to show"

    async def action_back(self) -> None:
        """Out of the filter first, then out of the cluster."""
        if self.filter:
            self.filter = ""
            self.redraw()
        else:
            await super().action_back()

    def action_sort(self, order: str) -> None:
        """Sort by something; again: the other way round."""
        self.reverse = order == self.order and not self.reverse
        self.order = order
        self.redraw()

    def action_filter(self) -> None:
        """Show only groups whose name has this in it."""

        def accept(text: str) -> None:
            self.filter = text.strip()

        self.ask(
            "/", accept, value=self.filter, help="part of a group's name · enter filters · empty shows all"
        )

    def _lesson(self) -> int | None:
        row = next((row for row in self.rows() if row.group == self.chosen), None)
        number = row.verdict.lesson if row else None
        return number if number in self._titles else None

    def action_lesson(self) -> None:
        """The lesson about the verdict."""
        number = self._lesson()
        if number is None:
            self.say("no lesson of this version is about this verdict", lambda: self._lesson() is None)
            return
        self.follow(self.enter(Start("lesson", str(number))))

    def on_stage_selected(self, event: Stage.Selected) -> None:
        """A click on a group chooses it, on the chosen one opens it."""
        if event.target[0] == "group":
            if event.target[1] == self.chosen:
                self.action_choose()
            self._pick(str(event.target[1]))

    def on_mouse_scroll_down(self) -> None:
        """The group below."""
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        """The group above."""
        self.action_move(-1)


def _sort_key(row: GroupRow, order: str) -> tuple[float, str]:
    """Largest first, unknown last; names and states by their own order."""
    if order == "name":
        return 0, row.group
    if order == "state":
        known = isinstance(row.state, str) and row.state in STATES
        return (STATES.index(str(row.state)) if known else len(STATES)), row.group
    value = {"lag": row.lag, "in": row.in_per_s, "out": row.out_per_s}[order]
    return (float("inf") if value is None or isinstance(value, Unknown) else -value), row.group
