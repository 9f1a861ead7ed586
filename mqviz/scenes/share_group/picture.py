"""What the share group scene shows, gathered from facts: one partition, its records, its members."""

from __future__ import annotations

from typing import NamedTuple

from mqviz import facts
from mqviz.facts import share_group
from mqviz.model.kafka.coordinator.share.window import SharePartition
from mqviz.model.state import State
from mqviz.scenes.letters import letters_of
from mqviz.scenes.view import View


class Spot(NamedTuple):
    """A record: its letter, its state as the leader keeps it, and its lock. `begun`: it is in the window."""

    offset: int
    letter: str
    state: str
    deliveries: int
    member: str = ""
    left_us: int = 0
    begun: bool = True


class Picture(NamedTuple):
    """All that one frame says. `start`, `persisted`, `end`: the window; `high`: the high watermark; `order`:
    (later, earlier) finished in this order.
    """

    group: str
    topic: str
    partition: int
    partitions: int
    members: tuple[str, ...]
    idle: tuple[str, ...]
    spots: tuple[Spot, ...]
    start: int
    persisted: int
    end: int
    high: int
    lock_us: int
    limit: int
    counts: dict[str, int]
    order: tuple[int, int] | None


def picture(state: State, view: View, cells: int) -> Picture | None:
    """The partition that `view.scroll` or the focus chooses, with the `cells` records around its window."""
    names = share_group.groups(state)
    group = view.group if view.group in names else next(iter(names), "")
    windows = share_group.windows(state, group)
    if not windows:
        return None
    window = windows[_chosen(view, windows)]
    found = share_group.counts(state, window)
    counts = {
        "done": found.acknowledged,
        "acquired": found.acquired,
        "available": found.available,
        "waiting": found.waiting,
        "archived": found.archived,
    }
    return Picture(
        group,
        window.topic,
        window.partition,
        len(share_group.assigned(state, group)),
        tuple(member.client for member in share_group.members(state, group)),
        tuple(share_group.idle(state, group)),
        _spots(state, view, window, cells),
        window.start,
        window.persisted,
        window.end,
        share_group.readable_end(state, window),
        window.lock_us,
        window.limit,
        counts,
        window.overtaken,
    )


def _chosen(view: View, windows: list[SharePartition]) -> int:
    if view.focus is not None and view.focus[0] in ("partition", "record"):
        for number, window in enumerate(windows):
            if (window.topic, window.partition) == (view.focus[1], view.focus[2]):
                return number
    return min(max(0, view.scroll), len(windows) - 1)


def _spots(state: State, view: View, window: SharePartition, cells: int) -> tuple[Spot, ...]:
    """Records from just before the start on, or further back where there are not that many behind it."""
    high = share_group.readable_end(state, window)
    first = max(0, min(window.start - 1, high - cells), high - max(cells, high - window.start + 1))
    letter_of = letters_of(facts.key_letters(state))
    found: list[Spot] = []
    for offset in range(first, min(high, first + cells)):
        run = share_group.record(state, window, offset)
        key = share_group.key(state, window, offset)
        letter = letter_of.of(key)
        if run is None:
            found.append(Spot(offset, letter, "before", 0))
        else:
            left_us = max(0, run.until_us - view.now_us) if run.state == "Acquired" else 0
            begun = offset < window.end
            found.append(Spot(offset, letter, run.state, run.deliveries, run.client, left_us, begun))
    return tuple(found)
