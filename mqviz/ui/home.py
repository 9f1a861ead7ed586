"""Home: the first screen, with the three doors; Enter leads straight to the next lesson."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual.app import ComposeResult

from mqviz import __version__
from mqviz.lesson.course import catalogue
from mqviz.scenario import Scenario, load_scenario
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.home import Course, Door, HomeView, draw_home
from mqviz.scenes.view import View
from mqviz.ui import keys, panels
from mqviz.ui.options import Doors, Enter, Options, Start
from mqviz.ui.overlay import Content, choice
from mqviz.ui.screen import Base
from mqviz.ui.sheet import Sheet, Span
from mqviz.ui.stage import PLAIN, KeyBar, Stage
from mqviz.yamlfile import FileError

LEARN, PLAY, ATTACH = 0, 1, 2
OPENS = ("open the lesson", "pick a scenario", "attach to a cluster")


def scenario_list(found: Sequence[tuple[Path, Scenario]], play: Callable[[Path], None]) -> Content:
    """The scenarios to pick from, each with what it is about."""

    def head(sheet: Sheet) -> None:
        pick = Span(6, "pick a scenario, break it", sheet.ink("quiet"))
        sheet.row(Span(0, "play", sheet.ink("bright", True)), pick)

    sheet = choice(head, [(scenario.title, scenario.about) for _, scenario in found])
    hints = (("↑ ↓", "scenario"), ("enter", "play"), ("esc", "close"))
    return Content(sheet, hints, len(found), lambda at: play(found[at][0]))


class Home(Base):
    """Three doors and the course."""

    PLACES = ("home",)
    BINDINGS = keys.bindings("home", "all")

    def __init__(self, doors: Doors, options: Options, enter: Enter) -> None:
        super().__init__(options)
        self.doors = doors
        self.progress = doors.progress
        self.enter = enter
        self.door = LEARN
        self.at = 0
        self._entries = catalogue()

    def compose(self) -> ComposeResult:
        """One picture, and its keys."""
        yield from super().compose()
        yield Stage(self.draw, id="home")
        yield KeyBar(self.draw_bar, id="bar")

    def on_mount(self) -> None:
        """The next lesson is chosen."""
        self._choose_next()

    def on_screen_resume(self) -> None:
        """A lesson may have been finished meanwhile."""
        self._choose_next()
        self.redraw()

    def _choose_next(self) -> None:
        written = self._written()
        if written:
            self.at = self.progress.next_lesson(written)

    def _written(self) -> list[int]:
        return [entry.number for entry in self._entries if entry.path is not None]

    # -- the picture ---------------------------------------------------------------------------------------

    def view(self) -> HomeView:
        """What is known now."""
        progress, options = self.progress, self.options
        book = progress.book
        lessons = tuple(
            Course(e.number, e.title, e.part, bool(progress.peek(e.number).finished), e.path is not None)
            for e in self._entries
        )
        theme = "" if self.app.theme == PLAIN else self.app.theme
        seed = "" if options.seed is None else f"seed {options.seed}"
        return HomeView(
            " · ".join(part for part in (f"v{__version__}", theme, seed) if part),
            self._doors(lessons),
            self.door,
            lessons,
            self.at,
            next=self._next(),
            bets=tuple(bet.right for number in sorted(book.lessons) for bet in book.lessons[number].bets),
        )

    def _doors(self, lessons: tuple[Course, ...]) -> tuple[Door, ...]:
        written = sum(lesson.ready for lesson in lessons)
        chosen = next((lesson for lesson in lessons if lesson.number == self.at), None)
        label = "" if chosen is None else "again" if chosen.done else "next"
        if chosen is not None and not chosen.done and chosen.number != self._next():
            label = "open"
        lesson = f"{chosen.number} {chosen.title}" if chosen else ""
        count = "One lesson" if written == 1 else f"{written} lessons"
        scenario = Path(self.progress.book.last_scenario).stem.replace("-", " ")
        return (
            Door("Learn", f"{count} of ten minutes: predict, run, see why.", label, lesson, "enter"),
            Door("Play", "Pick a scenario, break it: kill, pause, slow, flood.", "last", scenario, "p"),
            Door(
                "Attach",
                "Your cluster, read-only: lag, rebalances, verdicts.",
                "last",
                self.progress.book.last_bootstrap,
                "a",
            ),
        )

    def _next(self) -> int:
        """The lesson to do next; 0: all that are written are done."""
        progress, written = self.progress, self._written()
        return next((number for number in written if not progress.peek(number).finished), 0)

    def draw(self, columns: int, rows: int) -> Canvas:
        """The picture."""
        return draw_home(self.view(), View(0, columns, rows, ascii=self.options.ascii))

    def draw_bar(self, columns: int, rows: int) -> Canvas:
        """The keys, or what was said."""
        canvas = self.canvas(columns, rows)
        if self.hints:
            return panels.draw_keys(canvas, (), self.hints)
        other = "dark" if self.app.theme == "light" else "light"
        first = (("enter", OPENS[self.door]), ("← →", "door"), ("↑ ↓", "lesson"))
        second = (("t", other), ("?", "keys"), ("q", "quit"))
        said = self.notice or self.progress.notice
        return panels.draw_keys(canvas, first, second, said, "nothing leaves this terminal")

    # -- keys ----------------------------------------------------------------------------------------------

    def action_door(self, by: int) -> None:
        """The door beside."""
        self.door = (self.door + by) % len(OPENS)
        self.redraw()

    def action_move(self, by: int) -> None:
        """The lesson before or after, of those that exist."""
        written = self._written()
        if self.at in written:
            self.door = LEARN
            self.at = written[(written.index(self.at) + by) % len(written)]
        self.redraw()

    def action_choose(self) -> None:
        """Through the door."""
        (self._learn, self.action_play, self.action_attach)[self.door]()

    def _learn(self) -> None:
        self._enter(Start("lesson", str(self.at)))

    async def action_back(self) -> None:
        """Nowhere: this is home."""
        self.say("this is home; q quits")

    def action_play(self) -> None:
        """Pick a scenario."""
        self.door = PLAY
        try:
            found: list[tuple[Path, Scenario]] = [(p, load_scenario(p)) for p in self.doors.scenarios()]
        except FileError as error:
            self.say(f"✗ {error}")
            return
        if found:
            self.lay(scenario_list(found, lambda path: self._enter(Start("play", str(path)))))
        else:
            self.say("✗ no scenario was found; mqviz play FILE opens one of yours")

    def action_attach(self) -> None:
        """Ask where."""
        self.door = ATTACH
        self.ask(
            "attach to",
            lambda address: self.enter(Start("attach", address.strip())),
            value=self.progress.book.last_bootstrap or self.options.bootstrap,
            help="host:port of any broker, by comma if several · enter attaches · esc goes back",
        )

    def _enter(self, start: Start) -> None:
        self.follow(self.enter(start))

    def on_stage_selected(self, event: Stage.Selected) -> None:
        """A click on a door opens it, on a lesson chooses it, on a chosen lesson opens it."""
        kind, what = event.target[0], event.target[1]
        if kind == "door":
            self.door = [door.name for door in self.view().doors].index(str(what))
            self.action_choose()
        elif kind == "lesson" and what in self._written():
            self.door = LEARN
            if self.at == what:
                self.action_choose()
            self.at = int(what)
            self.redraw()
