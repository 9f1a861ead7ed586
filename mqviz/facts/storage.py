"""Facts of what a log keeps: its rules, the records in its files, what was deleted and compacted, what may go
next.
"""

from __future__ import annotations

import msgspec

from mqviz.facts.log_files import SegmentView, segments
from mqviz.model.kafka.log.segment import Gone, Pass
from mqviz.model.kafka.log.state import Log
from mqviz.model.state import State


class Keeping(msgspec.Struct, frozen=True):
    """The rules of a topic; -1 ms or bytes: without limit."""

    policy: str
    retention_ms: int
    retention_bytes: int
    segment_bytes: int
    dirty_ratio: float
    delete_retention_ms: int

    @property
    def compacts(self) -> bool:
        """Whether the cleaner looks after it."""
        return "compact" in self.policy

    @property
    def deletes(self) -> bool:
        """Whether retention deletes old segments."""
        return "delete" in self.policy


class Stored(msgspec.Struct, frozen=True):
    """A record in a file. `newest`: no later record of the log has its key. `marker`: a transaction's end,
    which nobody reads.

    `goes_us`: from then on a pass of the cleaner may drop this tombstone; None: no pass has dated it (R75).
    """

    offset: int
    key: str | None
    value: str | None
    newest: bool
    marker: bool = False
    goes_us: int | None = None

    @property
    def tombstone(self) -> bool:
        """Whether it deletes its key."""
        return self.value is None


class Dirt(msgspec.Struct, frozen=True):
    """Bytes of closed segments: those that no pass has seen, of all; the active one does not count (R73)."""

    dirty: int
    total: int

    @property
    def ratio(self) -> float:
        """0 to 1; 0 where there is nothing."""
        return self.dirty / self.total if self.total else 0.0


def keeping(state: State, topic: str) -> Keeping:
    """The rules by which a topic keeps records; raises KeyError if there is no such topic."""
    setting = state.cluster.topic(topic).setting
    return Keeping(
        setting("cleanup.policy"),
        setting("retention.ms"),
        setting("retention.bytes"),
        setting("segment.bytes"),
        setting("min.cleanable.dirty.ratio"),
        setting("delete.retention.ms"),
    )


def _log(state: State, topic: str, partition: int) -> Log:
    """The log that counts: the leader's, or that of who led last."""
    return state.cluster.partition(topic, partition).led.log


def bounds(state: State, topic: str, partition: int) -> tuple[int, int]:
    """Log start and log end of the log that counts."""
    log = _log(state, topic, partition)
    return log.start, log.end


def gone(state: State, topic: str, partition: int) -> tuple[Gone, ...]:
    """What was deleted last, oldest first."""
    return tuple(_log(state, topic, partition).gone)


def last_pass(state: State, topic: str, partition: int) -> Pass | None:
    """What the cleaner did last; None: nothing yet."""
    return _log(state, topic, partition).last_pass


def clean_up_to(state: State, topic: str, partition: int) -> tuple[tuple[int, int], ...]:
    """(broker, offset) up to which each broker's own cleaner went over its copy."""
    found = state.cluster.partition(topic, partition)
    return tuple((broker, found.replicas[broker].log.clean_to) for broker in found.replica_ids)


def stored(state: State, topic: str, partition: int, most: int) -> tuple[Stored, ...]:
    """The last `most` records in the files of a log, oldest first, those below the log start too."""
    log = _log(state, topic, partition)
    found: list[Stored] = []
    seen: set[str] = set()
    for batch in log.backwards(log.end):
        for index in range(batch.count - 1, -1, -1):
            key = batch.keys[index]
            newest = not batch.control and (key is None or key not in seen)
            if key is not None and not batch.control:
                seen.add(key)
            found.append(
                Stored(
                    batch.base_offset + index,
                    key,
                    batch.value(index),
                    newest,
                    batch.control,
                    batch.delete_horizon_us,
                )
            )
        if len(found) >= most:
            break
    return tuple(found[: max(0, most)][::-1])


def dirt(state: State, topic: str, partition: int) -> Dirt:
    """How much of the closed part of a log is dirty."""
    closed = [each for each in segments(state, topic, partition) if not each.active]
    return Dirt(sum(each.bytes for each in closed if not each.clean), sum(each.bytes for each in closed))


def doomed(parts: tuple[SegmentView, ...], rules: Keeping, start: int, now_us: int) -> dict[int, str]:
    """Which of the oldest segments the next check would delete, by base offset, and why (R70)."""
    found: dict[int, str] = {}
    closed = [each for each in parts if not each.active]
    over = sum(each.bytes for each in parts) - rules.retention_bytes
    for each in closed:
        over -= each.bytes
        if each.end <= start:
            found[each.first] = "log start"
        elif rules.deletes and rules.retention_bytes >= 0 and over >= 0:
            found[each.first] = "size"
        elif rules.deletes and _is_old(each, rules, now_us):
            found[each.first] = "time"
        else:
            break
    return found


def _is_old(segment: SegmentView, rules: Keeping, now_us: int) -> bool:
    latest_us = segment.latest_us
    return latest_us is not None and 0 <= rules.retention_ms * 1_000 < now_us - latest_us
