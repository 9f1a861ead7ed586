"""The one table of keys: it feeds the bindings of every screen, the `?` help and the manual's page.

A row says where a key works and what does it: a part of the screen (`time.step`), the app (`app.quit`), or
the screen itself. A key of a feature that does not exist yet is not in the table, so that the help never
promises more than there is.
"""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding, BindingType


class Key(NamedTuple):
    """`keys`: Textual's names, by comma; `shown`: how a person reads them; `where`: places it works in."""

    keys: str
    shown: str
    action: str
    says: str
    where: tuple[str, ...]

    @property
    def binding(self) -> str:
        """The action as Textual takes it: the screen hands what belongs to a part to that part."""
        part, _, call = self.action.rpartition(".")
        if part in ("", "app"):
            return self.action
        name, _, arguments = call.rstrip(")").partition("(")
        return f"part({', '.join([repr(part), repr(name), *filter(None, [arguments])])})"


RUN = ("run",)
LESSON = ("lesson",)
STAGE = ("stage",)
ATTACH = ("attach",)
HOME = ("home",)
LISTS = ("home", "attach", "picker")
OVERLAY = ("overlay",)
ALL = ("all",)

PLACES = {
    "run": "the run: lesson, sandbox, replay",
    "lesson": "in a lesson",
    "stage": "the picture of a watched cluster",
    "attach": "attached to a cluster",
    "home": "home",
    "picker": "picking a scenario",
    "overlay": "what lies on top: biography, ledger, help",
    "all": "everywhere",
}

TABLE: tuple[Key, ...] = (
    Key("space", "space", "time.play_pause", "play, pause", RUN),
    Key("right", "→", "onward(1)", "next step; from a selected record to the next", RUN),
    Key("left", "←", "onward(-1)", "step back; from a selected record to the one before", RUN),
    Key("shift+right", "shift-→", "time.second(1)", "one second on", RUN),
    Key("shift+left", "shift-←", "time.second(-1)", "one second back", RUN),
    Key("n", "n", "time.next_moment", "next moment", RUN),
    Key("N", "N", "time.previous_moment", "previous moment", RUN),
    Key(
        "plus,equals_sign",
        "+",
        "time.faster(1)",
        "faster, up to 100×; without a lesson as fast as it goes",
        RUN,
    ),
    Key("minus", "-", "time.faster(-1)", "slower, down to 0.1×", RUN),
    Key("u", "u", "history.undo", "undo the last command", RUN),
    Key("f", "f", "history.fork", "fork: a new branch from here", RUN),
    Key("b", "b", "history.branches", "branches: list them, go to one", RUN),
    Key("full_stop", ".", "history.name_moment", "name this moment", RUN),
    Key("R", "R", "history.capture", "keep this run as a file that replays", RUN),
    Key("tab", "tab", "side", "lesson, stage", RUN),
    Key("up", "↑", "move(-1)", "answer or thing above", RUN),
    Key("down", "↓", "move(1)", "answer or thing below", RUN),
    Key("enter", "enter", "choose", "bet, next step; biography of the record", RUN),
    Key("up,k", "↑ k", "move(-1)", "partition or member above", STAGE),
    Key("down,j", "↓ j", "move(1)", "partition or member below", STAGE),
    Key("1", "1", "turn(True)", "the lesson", LESSON),
    Key("2", "2", "turn(False)", "the stage", LESSON),
    Key("h", "h", "lesson.hint", "hint", LESSON),
    Key("s", "s", "lesson.solution", "solution", LESSON),
    Key("r", "r", "lesson.reset", "reset the step", LESSON),
    Key("z", "z", "wide", "wide: the picture alone", LESSON),
    Key("G", "G", "records.ledger", "ledger: once, twice, lost", RUN),
    Key("c", "c", "commands.add_consumer", "add a consumer", RUN),
    Key("k", "k", "commands.act_on('kill')", "kill what is selected", RUN),
    Key("x", "x", "commands.act_on('close')", "close what is selected", RUN),
    Key("up,k", "↑ k", "move(-1)", "up", LISTS),
    Key("down,j", "↓ j", "move(1)", "down", LISTS),
    Key("enter", "enter", "choose", "open", LISTS),
    Key("left", "←", "door(-1)", "door to the left", HOME),
    Key("right", "→", "door(1)", "door to the right", HOME),
    Key("p", "p", "play", "play: pick a scenario", HOME),
    Key("a", "a", "attach", "attach to a cluster", HOME),
    Key("slash", "/", "filter", "filter groups by name", ATTACH),
    Key("L", "L", "sort('lag')", "sort by lag", ATTACH),
    Key("N", "N", "sort('name')", "sort by name", ATTACH),
    Key("S", "S", "sort('state')", "sort by state", ATTACH),
    Key("V", "V", "sort('verdict')", "sort by verdict, worst first", ATTACH),
    Key("I", "I", "sort('in')", "sort by records in", ATTACH),
    Key("O", "O", "sort('out')", "sort by records out", ATTACH),
    Key("l", "l", "lesson", "the lesson of the verdict", ATTACH),
    Key("left", "←", "beside(-1)", "record before", OVERLAY),
    Key("right", "→", "beside(1)", "record after", OVERLAY),
    Key("up,k", "↑ k", "move(-1)", "up", OVERLAY),
    Key("down,j", "↓ j", "move(1)", "down", OVERLAY),
    Key("enter", "enter", "choose", "go there", OVERLAY),
    Key("colon", ":", "command", "command", ALL),
    Key("question_mark", "?", "help", "keys", ALL),
    Key("escape", "esc", "back", "back", ALL),
    Key("t", "t", "app.theme", "dark, light", ALL),
    Key("q", "q", "app.quit", "quit", ALL),
    Key("ctrl+z", "ctrl-Z", "app.suspend_process", "to the shell; `fg` comes back", ALL),
    Key("ctrl+c", "ctrl-C", "app.interrupt", "end at once", ALL),
)


def of(*places: str) -> list[Key]:
    """The keys that work in any of `places`, in the order of the table."""
    return [key for key in TABLE if set(key.where) & set(places)]


def bindings(*places: str) -> list[BindingType]:
    """Textual's bindings of those keys; the first place that claims a key has it."""
    return [
        Binding(key.keys, key.binding, key.says, show=False, priority=key.action == "app.interrupt")
        for key in of(*places)
    ]


def markdown() -> str:
    """The table as the manual's page of keys."""
    parts = ["# Keys"]
    for place, title in PLACES.items():
        rows = "\n".join(f"| `{key.shown}` | {key.says} |" for key in of(place))
        if rows:
            parts.append(f"## {title[0].upper()}{title[1:]}\n\n| key | does |\n|---|---|\n{rows}")
    return "\n\n".join(parts) + "\n"
