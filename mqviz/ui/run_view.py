"""A run as it is seen: which scene draws it, what is in focus, what is explained. It knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import NamedTuple

from mqviz import facts
from mqviz.explain.event import is_explained, why
from mqviz.facts.views import Why
from mqviz.model.command.events import CommandGiven
from mqviz.model.event import Event, Weight
from mqviz.model.kafka.clients.consumer.events import CommitRefused
from mqviz.model.kafka.clients.consumer.state import REBALANCING
from mqviz.model.state import State
from mqviz.player import Player
from mqviz.scenes.canvas import Canvas, Target
from mqviz.scenes.view import View

Draw = Callable[[State, View], Canvas]

SCENES = (
    "batching",
    "commit_and_crash",
    "compaction",
    "group_states",
    "key_routing",
    "partition_log",
    "rebalance_race",
    "replication",
    "request_timing",
    "retention",
    "share_group",
    "timeline",
    "transactions",
)
LOOK_BACK = 5_000
"""Events that are looked through for one worth explaining."""


def scene(name: str) -> Draw:
    """The scene of that name; raises KeyError."""
    module = name.strip().replace(" ", "_").replace("-", "_")
    if module not in SCENES:
        raise KeyError(name)
    draw: Draw = import_module(f"mqviz.scenes.{module}").draw
    return draw


class Explained(NamedTuple):
    """What is explained, where in the run that was found out, and whether it is a great moment."""

    branch: int
    cursor: int
    why: Why | None
    moment: bool


class RunView:
    """One player seen through one scene."""

    def __init__(self, player: Player, ascii: bool, no_color: bool, motion: bool, group: str = "") -> None:
        self.player = player
        self.focus: Target | None = None
        self.scroll = 0
        self.stepped: Event | None = None
        """The event that the last key stepped on; it is explained rather than the last great moment."""
        self._draw = scene(player.scenario.scene)
        self._view = partial(View, group=group, ascii=ascii, no_color=no_color, motion=motion)
        self._explained = Explained(-1, -1, None, False)

    def draw(self, columns: int, rows: int) -> Canvas:
        """The stage at the player's moment."""
        player = self.player
        if self.focus is not None and _is_gone(self.focus, player.state):
            self.focus = None
        topic = str(self.focus[1]) if self.focus and self.focus[0] in ("partition", "record") else ""
        until_us = 0 if player.live else player.until_us
        view = self._view(player.now_us, columns, rows, self.focus, self.scroll, topic=topic)
        return self._draw(player.state, view._replace(until_us=until_us, event_us=player.state.now_us))

    # -- why ---------------------------------------------------------------------------------------------

    def why(self) -> Why | None:
        """The event that was stepped on in plain words, else the last moment that says something."""
        player, known = self.player, self._explained
        if self.stepped is not None:
            found = why(player.state, self.stepped)
            if found is not None:
                return found
        if (known.branch, known.cursor) != (player.branch.number, player.cursor):
            on = known.branch == player.branch.number and 0 <= known.cursor < player.cursor
            self._explained = self._look(
                known.cursor if on else player.cursor - LOOK_BACK, known if on else None
            )
        return self._explained.why

    def _look(self, first: int, known: Explained | None) -> Explained:
        """The last moment from event `first` on, else what was known, else the last step."""
        place = self.player.branch.number, self.player.cursor
        found = self._last(first, Weight.MOMENT)
        if found is None and known is not None and known.moment:
            return known._replace(cursor=self.player.cursor)
        return Explained(*place, found or self._last(first, Weight.STEP), found is not None)

    def _last(self, first: int, weight: Weight) -> Why | None:
        """The last explanation of an event of this weight, in the State just after it."""
        player = self.player
        events = player.branch.events
        for index in range(player.cursor - 1, max(0, first) - 1, -1):
            if events[index].weight >= weight and self._counts(events[index], weight):
                here = index + 1 == player.cursor
                state = player.state if here else player.history.state_after(player.branch, index + 1)
                found = why(state, events[index])
                if found is not None:
                    return found
        return None

    def _counts(self, event: Event, weight: Weight) -> bool:
        """Whether to explain it: what the scenario begins with is no great moment,
        what the learner does is.
        """
        if isinstance(event, CommandGiven) and weight >= Weight.MOMENT:
            return any(command == event.command for _, command in self.player.branch.commands)
        # One refused commit a record until the member has joined again: it is the rebalance that explains.
        refused = isinstance(event, CommitRefused) and event.named == REBALANCING
        return not refused and is_explained(event)

    # -- focus -------------------------------------------------------------------------------------------

    def move(self, by: int, canvas: Canvas) -> Target | None:
        """Focus the next thing on the stage; of a tape's records only the newest is a stop."""
        found = stops(canvas, self.focus)
        if not found:
            return None
        if self.focus not in found:
            self.focus = found[0] if by > 0 else found[-1]
        else:
            self.focus = found[(found.index(self.focus) + by) % len(found)]
        return self.focus

    def move_along(self, by: int, canvas: Canvas) -> bool:
        """From the selected record to the one beside it on its tape; False where no record is selected."""
        if self.focus is None or self.focus[0] != "record":
            return False
        beside = (*self.focus[:3], int(self.focus[3]) + by)
        if any(place.target == beside for place in canvas.places):
            self.focus = beside
        return True

    def group_in_focus(self) -> str:
        """The group that is selected, or whose member is, else the first; "" if there is none."""
        if self.focus and self.focus[0] in ("member", "group"):
            return str(self.focus[1])
        return next((group.name for group in facts.groups(self.player.state)), "")

    def names(self) -> Mapping[str, Sequence[str]]:
        """Known names by kind, for completing commands."""
        state = self.player.state
        groups = [group.name for group in facts.groups(state)]
        services = [service.name for service in facts.services(state)]
        return {
            "group": groups,
            "topic": [topic.name for topic in facts.topics(state)],
            "producer": [producer.name for producer in facts.producers(state)],
            "transaction": [producer.name for producer in facts.producers(state)],
            "consumer": [
                m.name for group in groups for m in facts.members(state, group) if m.state != "dead"
            ],
            "service": services,
        }


def _is_gone(target: Target, state: State) -> bool:
    """Whether who was selected is not there any more."""
    if target[0] == "member":
        return all(member.name != target[2] for member in facts.members(state, str(target[1])))
    return target[0] == "producer" and all(producer.name != target[1] for producer in facts.producers(state))


def stops(canvas: Canvas, focus: Target | None) -> list[Target]:
    """What the keyboard can focus, in reading order."""
    newest: dict[Target, Target] = {}
    order: list[tuple[int, int, Target]] = []
    for place in canvas.places:
        target = place.target
        if target[0] == "record":
            tape = target[:3]
            if target == focus or newest.get(tape) != focus:
                newest[tape] = target
        elif target[0] != "group":
            order.append((place.row, place.column, target))
    order += [(p.row, p.column, p.target) for p in canvas.places if p.target in newest.values()]
    return list(dict.fromkeys(target for _, _, target in sorted(order, key=lambda stop: stop[:2])))


def command_on(target: Target | None, verb: str) -> str | None:
    """The command that does `verb` (kill or close) to what is selected; None where it means nothing."""
    kind = target[0] if target else ""
    if target and kind in ("member", "producer"):
        return f"{verb} {'consumer' if kind == 'member' else 'producer'} {target[-1]}"
    if target and kind == "broker":
        return f"{'kill' if verb == 'kill' else 'stop'} broker {target[1]}"
    if target and kind == "service" and verb == "kill":
        return f"fail service {target[1]}"
    return None
