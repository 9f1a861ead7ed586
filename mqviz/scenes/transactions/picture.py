"""What the transactions scene shows, gathered from facts: one partition, its transactions, its readers, the
coordinators.
"""

from __future__ import annotations

from typing import NamedTuple

from mqviz import facts
from mqviz.facts import transactions
from mqviz.facts.transactions import Counts, Owner, Reader, Spot
from mqviz.model.kafka.cluster import Partition
from mqviz.model.state import State
from mqviz.scenes.letters import Letters, letters_of
from mqviz.scenes.view import View


class Picture(NamedTuple):
    """All that one frame says. `stable`, `high`: last stable offset and high watermark; `blocks`: whose
    transaction holds `stable` back.
    """

    topic: str
    partition: int
    partitions: int
    spots: tuple[Spot, ...]
    letters: Letters
    first: int
    end: int
    stable: int
    high: int
    blocks: str
    owners: tuple[Owner, ...]
    chosen: Owner | None
    committed: Reader | None
    uncommitted: Reader | None
    counts: Counts


def picture(state: State, view: View, cells: int) -> Picture | None:
    """The partition that `view.scroll` or the focus chooses, with the last `cells` offsets of its log."""
    found = transactions.partitions(state)
    if view.topic:
        found = [partition for partition in found if partition.topic == view.topic] or found
    if not found:
        return None
    partition = found[_chosen(view, found)]
    copy = transactions.leading(partition)
    spots = tuple(transactions.spots(state, partition, cells))
    end = copy.log.end if copy is not None else 0
    owners = tuple(transactions.owners(state))
    stable = copy.last_stable_offset if copy is not None else 0
    readers = transactions.readers(state, partition)
    return Picture(
        partition.topic,
        partition.number,
        len(found),
        spots,
        letters_of(facts.key_letters(state)),
        max(0, end - cells, copy.log.start if copy is not None else 0),
        end,
        stable,
        copy.high_watermark if copy is not None else 0,
        _blocks(state, partition, stable),
        owners,
        _coordinated(view, owners),
        next((reader for reader in readers if reader.committed), None),
        next((reader for reader in readers if not reader.committed), None),
        transactions.counts(partition),
    )


def _chosen(view: View, found: list[Partition]) -> int:
    if view.focus is not None and view.focus[0] in ("partition", "record"):
        for number, partition in enumerate(found):
            if (partition.topic, partition.number) == (view.focus[1], view.focus[2]):
                return number
    return min(max(0, view.scroll), len(found) - 1)


def _coordinated(view: View, owners: tuple[Owner, ...]) -> Owner | None:
    """The transactional.id in focus, else the one about which its coordinator wrote last."""
    if view.focus is not None and view.focus[0] == "transaction":
        for owner in owners:
            if owner.transactional_id == view.focus[1]:
                return owner
    return max(owners, key=lambda owner: owner.changed_us, default=None)


def _blocks(state: State, partition: Partition, stable: int) -> str:
    """Whose record stands at the last stable offset, if that is below the high watermark."""
    copy = transactions.leading(partition)
    if copy is None or stable >= copy.high_watermark:
        return ""
    batch = next(copy.log.forwards(stable), None)
    if batch is None:
        return ""
    return state.cluster.transactions.owners.get(batch.producer_id, batch.producer)
