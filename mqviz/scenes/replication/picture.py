"""What the replication scene shows, gathered from facts: one partition, its copies in order,
what fell off.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz import facts
from mqviz.facts import replication
from mqviz.facts.fates import RecordLedger
from mqviz.facts.replication import CopyCell, CopyView, Replication
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State
from mqviz.scenes.letters import Letters, letters_of
from mqviz.scenes.view import View


class Picture(NamedTuple):
    """All that one frame says: `copies` in the order of their rows, offsets from `first` on in `cells`
    columns.

    `fallen`: the copy whose last cut shows. `acks`: what the producers of the topic ask for.
    """

    facts: Replication
    copies: tuple[CopyView, ...]
    first: int
    cells: int
    letters: Letters
    acks: tuple[str, ...]
    ledger: RecordLedger
    fallen: CopyView | None

    @property
    def led(self) -> CopyView:
        """The copy whose log counts."""
        return next(copy for copy in self.copies if copy.broker == self.facts.led_by)

    def only_there(self) -> list[CopyCell]:
        """Records of a copy that nobody serves, which no other copy has: of the leader's, if it does not
        answer.
        """
        led = self.led
        others = [copy for copy in self.copies if copy.broker != led.broker and copy.up]
        if led.up and not led.cut_off:
            return []
        reach = max((copy.end for copy in others), default=0)
        return [cell for cell in led.cells if cell.offset >= max(reach, led.high_watermark)]

    def apart(self) -> list[tuple[CopyView, CopyCell]]:
        """Records in copies that left the log that counts, oldest first, each offset once."""
        found: dict[int, tuple[CopyView, CopyCell]] = {}
        for copy in self.copies:
            for cell in copy.cells:
                if cell.offset >= copy.agrees_to and cell.offset not in found:
                    found[cell.offset] = (copy, cell)
        return [found[offset] for offset in sorted(found)]


def picture(state: State, view: View, cells: int) -> Picture | None:
    """The partition that the focus or `view.scroll` chooses, its newest `cells` offsets."""
    places = [] if facts.is_observed(state) else _partitions(state)
    if not places:
        return None
    topic, number = places[_chosen(view, places)]
    start, end = replication.span(state, topic, number)
    first = max(min(start, end), end - cells, 0)
    found = replication.replication(state, topic, number, first, first + cells)
    ledger = facts.record_ledger(state, topic, number)
    fallen = _fallen(found, first)
    return Picture(
        found,
        tuple(sorted(found.copies, key=lambda copy: _order(found, copy, fallen))),
        first,
        cells,
        letters_of(facts.key_letters(state)),
        _acks(state, topic),
        RecordLedger() if isinstance(ledger, Unknown) else ledger,
        fallen,
    )


def _partitions(state: State) -> list[tuple[str, int]]:
    return [(topic.name, number) for topic in facts.topics(state) for number in range(topic.partitions)]


def _chosen(view: View, places: list[tuple[str, int]]) -> int:
    if view.focus is not None and view.focus[0] in ("partition", "record"):
        wanted = (str(view.focus[1]), int(view.focus[2]))
        if wanted in places:
            return places.index(wanted)
    begin = next((n for n, (topic, _) in enumerate(places) if topic == view.topic), 0)
    return min(max(0, begin + view.scroll), len(places) - 1)


def _fallen(found: Replication, first: int) -> CopyView | None:
    """The copy that was cut last, while any of what it lost is in sight."""
    cut = [copy for copy in found.copies if copy.cut is not None and copy.cut.before > first]
    return max(cut, key=lambda copy: copy.cut.at_us if copy.cut else 0, default=None)


def _order(found: Replication, copy: CopyView, fallen: CopyView | None) -> tuple[int, int]:
    """The log that counts on top, what lost records below all others, next to where they fall."""
    if copy.broker == found.led_by:
        return 0, 0
    if fallen is not None and copy.broker == fallen.broker:
        return 3, 0
    return (1 if copy.role == "isr" and copy.up else 2), copy.broker


def _acks(state: State, topic: str) -> tuple[str, ...]:
    acks = {str(each.acks): None for each in facts.producers(state) if each.topic == topic}
    return tuple("all" if each == "-1" else each for each in acks)
