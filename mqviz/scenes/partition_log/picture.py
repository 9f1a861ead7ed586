"""What the partition log scene shows, gathered from facts: one topic, its lanes, producers and groups."""

from __future__ import annotations

from dataclasses import dataclass

from mqviz import facts
from mqviz.facts.views import (
    Flight,
    GroupView,
    Lag,
    Ledger,
    MemberView,
    ProducerView,
    Tape,
    TopicView,
)
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State
from mqviz.scenes import letters
from mqviz.scenes.figures import thousands
from mqviz.scenes.letters import Letters
from mqviz.scenes.text import width
from mqviz.scenes.view import View

_MOST_TALL = 8


@dataclass(frozen=True, slots=True)
class Hold:
    """How far one group is in one partition; `owner` None: nobody reads it."""

    committed: int | None | Unknown
    position: int | None | Unknown
    owner: str | None | Unknown
    lag: Lag


@dataclass(frozen=True, slots=True)
class Lane:
    """A partition: its tape and, group by group, how far each is."""

    tape: Tape
    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class Crew:
    """A group that reads the topic, its members, and its lag."""

    group: GroupView
    members: tuple[MemberView, ...]
    lag: Lag


@dataclass(frozen=True, slots=True)
class Outline:
    """What the layout depends on, read before the lanes themselves."""

    topic: TopicView
    producers: tuple[ProducerView, ...]
    crews: tuple[Crew, ...]
    keys: tuple[str, ...]
    digits: int = 1

    def beside(self) -> tuple[MemberView, ...]:
        """Members that wait for their assignment, as many as there are partitions that nobody reads."""
        joining = [m for m in self._unassigned() if m.state == "joining"]
        return tuple(joining[: self.topic.partitions - self._owned()])

    def below(self) -> tuple[MemberView, ...]:
        """All other members, of any group, that own no partition of this topic."""
        beside = self.beside()
        found = [m for number in range(len(self.crews)) for m in self._unassigned(number)]
        return tuple(m for m in found if m not in beside)

    @property
    def manned(self) -> int:
        """How many groups besides the first have members; they come before those that have none."""
        return sum(1 for crew in self.crews[1:] if crew.members)

    def _unassigned(self, crew: int = 0) -> list[MemberView]:
        members = self.crews[crew].members if self.crews else ()
        return [m for m in members if not any(topic == self.topic.name for topic, _ in m.partitions)]

    def _owned(self) -> int:
        members = self.crews[0].members if self.crews else ()
        return len({place for m in members for place in m.partitions if place[0] == self.topic.name})


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything on the stage at one moment; `first` is the number of the first lane that shows."""

    outline: Outline
    first: int
    lanes: tuple[Lane, ...]
    flights: tuple[Flight, ...]
    ledger: Ledger | Unknown
    letters: Letters


def outline(state: State, view: View) -> Outline | None:
    """The topic that `view` asks for (else the first that a group reads), or None while there is none."""
    topic = _topic(state, view)
    if topic is None:
        return None
    return Outline(
        topic,
        tuple(p for p in facts.producers(state) if p.topic == topic.name),
        _crews(state, topic.name, view.group),
        facts.key_letters(state),
        _digits(state, topic),
    )


def picture(state: State, shown: Outline, first: int, count: int, cells: int) -> Picture:
    """`count` lanes from number `first` on, each with its last `cells` records."""
    topic = shown.topic
    numbers = range(first, min(topic.partitions, first + count))
    ledger: Ledger | Unknown = Unknown("no group reads this topic")
    if shown.crews:
        ledger = facts.ledger(state, shown.crews[0].group.name)
    return Picture(
        shown,
        first,
        tuple(_lane(state, shown, number, cells) for number in numbers),
        tuple(f for f in facts.flights(state) if f.topic == topic.name),
        ledger,
        letters.letters_of(shown.keys),
    )


def _topic(state: State, view: View) -> TopicView | None:
    found = facts.topics(state)
    names = [t.name for t in found]
    wanted = [view.topic, *(t for g in facts.groups(state) if g.name == view.group for t in g.topics)]
    wanted += [t for g in facts.groups(state) for t in g.topics]
    for name in wanted:
        if name in names:
            return found[names.index(name)]
    return found[0] if found else None


def _crews(state: State, topic: str, first: str) -> tuple[Crew, ...]:
    """The group that is asked for, then those with members, then those without."""
    found = [
        Crew(g, facts.members(state, g.name), facts.group_lag(state, g.name))
        for g in facts.groups(state)
        if topic in g.topics
    ]
    return tuple(sorted(found, key=lambda crew: (crew.group.name != first, not crew.members)))


def _lane(state: State, shown: Outline, number: int, cells: int) -> Lane:
    topic = shown.topic.name
    return Lane(
        facts.tape(state, topic, number, cells),
        tuple(
            Hold(
                facts.committed(state, crew.group.name, topic, number),
                facts.position(state, crew.group.name, topic, number),
                facts.owner(state, crew.group.name, topic, number),
                facts.partition_lag(state, crew.group.name, topic, number),
            )
            for crew in shown.crews
        ),
    )


def _digits(state: State, topic: TopicView) -> int:
    """Columns of the largest offset of the topic; only tall tapes ask, and those are few."""
    numbers = range(min(topic.partitions, _MOST_TALL))
    ends = (facts.tape(state, topic.name, number, 0).log_end for number in numbers)
    return width(thousands(max((end for end in ends if isinstance(end, int)), default=0)))
