"""What the commit and crash scene shows, gathered from facts: one partition, its records, and each group's
place in it.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz import facts
from mqviz.facts.crash import ONCE, Cost, Exposure, Tally
from mqviz.facts.views import Tape
from mqviz.model.kafka.coordinator.offsets.state import Crash
from mqviz.model.state import State
from mqviz.scenes.figures import seconds
from mqviz.scenes.letters import Letters, letters_of
from mqviz.scenes.view import View

STYLES = {
    "before": ("commits, then works", "commit, work"),
    "after": ("works, then commits", "work, commit"),
    "each": ("commits each record", "each record"),
    "async": ("works, commits async", "commitAsync"),
    "auto": ("auto-commit", "auto-commit"),
    "none": ("never commits", "no commits"),
    "dedupe": ("knows what is done", "knows done"),
    "transaction": ("in a transaction", "transaction"),
}
"""When an application commits, in words and in few words."""


class Lane(NamedTuple):
    """A group: where it is, what it does, what a crash costs it. `times`: how often each record that shows
    was done.
    """

    group: str
    words: tuple[str, str]
    member: str
    doing: str
    committed: int | None
    begin: int
    position: int
    working: int | None
    in_hand: tuple[tuple[int, int], ...]
    style: str
    crash: Crash | None
    now: tuple[int, int, int]
    did: tuple[int, int, int]
    times: tuple[int, ...]
    tally: Tally

    def holds(self, offset: int) -> bool:
        """Whether somebody alive still works on it."""
        return any(first <= offset < end for first, end in self.in_hand)

    @property
    def once(self) -> bool:
        """Whether work that is done again has no second effect."""
        return self.style in ONCE

    @property
    def waits(self) -> bool:
        """Whether its reader is dead and nobody has taken over."""
        return self.crash is not None and self.crash.begin is None


class Picture(NamedTuple):
    """All that one frame says: letters of the records from `first` on, and the lanes."""

    topic: str
    partition: int
    first: int
    letters: tuple[str, ...]
    high: int
    lanes: tuple[Lane, ...]


def picture(state: State, view: View, cells: int) -> Picture | None:
    """The partition that `view.scroll` or the focus chooses, with the records around its groups' places."""
    found = _chosen(state, view)
    if found is None:
        return None
    topic, partition, exposures = found
    tape = facts.tape(state, topic, partition, 0)
    high = tape.high_watermark if isinstance(tape.high_watermark, int) else 0
    first = _first(exposures, high, cells)
    letters = _letters(state, topic, partition, first, min(high, first + cells))
    lanes = tuple(_lane(state, topic, partition, each, first, len(letters)) for each in exposures)
    return Picture(topic, partition, first, letters, high, lanes)


def _chosen(state: State, view: View) -> tuple[str, int, tuple[Exposure, ...]] | None:
    places = [(topic.name, n) for topic in facts.topics(state) for n in range(_count(topic.partitions))]
    found = [(t, n, each) for t, n in places if (each := facts.exposures(state, t, n))]
    if view.focus is not None and view.focus[0] in ("partition", "record"):
        for place in found:
            if place[:2] == view.focus[1:3]:
                return place
    return found[min(max(0, view.scroll), len(found) - 1)] if found else None


def _count(partitions: object) -> int:
    return partitions if isinstance(partitions, int) else 0


def _first(exposures: tuple[Exposure, ...], high: int, cells: int) -> int:
    """The first offset that shows: one before the place furthest behind, and no empty room at the right."""
    low = min(min(each.begin, each.position, _crash_begin(each)) for each in exposures)
    return max(0, min(low - 1, max(0, high - cells)))


def _crash_begin(each: Exposure) -> int:
    """Where the last crash shows, for as long as its group has not gone far beyond it."""
    crash = each.crash
    if crash is None or each.position > crash.position + 4:
        return each.position
    return min(crash.position, each.begin if crash.begin is None else crash.begin)


def _letters(state: State, topic: str, partition: int, first: int, end: int) -> tuple[str, ...]:
    tape: Tape = facts.tape(state, topic, partition, max(0, _log_end(state, topic, partition) - first))
    keys = {cell.offset: cell for cell in tape.cells}
    letter_of = letters_of(facts.key_letters(state))
    return tuple(_letter(keys.get(offset), letter_of) for offset in range(first, end))


def _log_end(state: State, topic: str, partition: int) -> int:
    end = facts.tape(state, topic, partition, 0).log_end
    return end if isinstance(end, int) else 0


def _letter(cell: object, letter_of: Letters) -> str:
    key = getattr(cell, "key", None)
    return letter_of.of(key)


def _lane(state: State, topic: str, partition: int, each: Exposure, first: int, count: int) -> Lane:
    times = facts.times_done(state, each.group, topic, partition, first, first + count)
    member = each.member or (each.crash.member if each.crash is not None else "")
    return Lane(
        each.group,
        STYLES.get(each.style, (each.style, each.style)),
        member,
        _doing(each),
        each.committed,
        each.begin,
        each.position,
        each.working,
        each.in_hand,
        each.style,
        each.crash,
        _three(each.now),
        _three(each.did),
        times,
        each.tally,
    )


def _doing(each: Exposure) -> str:
    if not each.member:
        return "dead" if each.crash is not None else "gone"
    return {"processing": "works", "committing": "commits", "polling": "polls", "busy": "busy"}.get(
        each.activity, "idle"
    )


def _three(cost: Cost) -> tuple[int, int, int]:
    return cost.again, cost.twice, cost.lost


def sentence(lane: Lane) -> str:
    """What happened to this group, or what is at stake, in one sentence."""
    return _at_stake(lane) if lane.crash is None else _told(lane, lane.crash)


def _at_stake(lane: Lane) -> str:
    again, twice, lost = lane.now
    if lost:
        return f"{lane.begin} is committed, and {lost} below it are not done: a crash loses them"
    if not again:
        return "all that was read is committed: a crash costs nothing"
    if lane.once:
        why = "what is done is recognised" if lane.style == "dedupe" else "what was written is aborted"
        return f"{again} read and not committed: read again after a crash, {why}"
    return f"{again} read and not committed: read again after a crash, {twice} of them done twice"


def _told(lane: Lane, crash: Crash) -> str:
    again, twice, lost = lane.did
    when = f"{crash.member} died at {seconds(crash.at_us)}"
    if crash.begin is None:
        more = f"; {lost} lost" if lost else ""
        return f"{when}; the next one will begin at {lane.begin}{more}"
    return f"{when}; the next one began at {crash.begin}: {again} again, {twice} twice, {lost} lost"
