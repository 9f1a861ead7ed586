"""The biography of a record on a real cluster: only what our own clients tell."""

from __future__ import annotations

from typing import Any

from mqviz.model.biography import biography
from mqviz.model.event import Event
from mqviz.model.observed_clients import (
    AssignmentReported,
    ClientEnded,
    CommitMade,
    ConsumerStarted,
    RecordDelivered,
    RecordProcessed,
    RecordProduced,
)
from mqviz.model.readings import Biography

S = 1_000_000


class Seen:
    """A log of what was seen."""

    def __init__(self) -> None:
        self.log: list[Event] = []

    def at(self, at_us: int, kind: type[Event], *fields: Any, since_us: int = 0) -> Seen:
        self.log.append(kind(len(self.log) + 1, at_us, 0, since_us, *fields))
        return self

    def told(self, offset: int) -> Biography:
        found = biography(self.log, "t", 0, offset)
        assert found is not None
        return found


def started() -> Seen:
    seen = Seen().at(0, ConsumerStarted, "c1", "g", "t").at(0, ConsumerStarted, "c2", "g", "t")
    seen.at(2 * S, RecordProduced, "shop", 1, "t", 0, 4, "alice", since_us=S)
    return seen.at(2 * S, RecordDelivered, "c1", "t", 0, 4, "alice")


def test_once() -> None:
    seen = started().at(3 * S, RecordProcessed, "c1", "t", 0, 4).at(3 * S, CommitMade, "c1", "t", 0, 5)
    found = seen.told(4)
    assert [station.what for station in found.stations] == [
        "produced",
        "acked",
        "not seen",
        "delivered",
        "processed",
        "committed",
    ]
    assert [station.at_us // S for station in found.stations] == [1, 2, 2, 2, 3, 3]
    assert (found.key, found.delivered) == ("alice", 1)
    assert found.verdict == "once: c1 processed it and committed"


def test_twice_because_its_reader_was_killed() -> None:
    seen = started().at(S, CommitMade, "c1", "t", 0, 4).at(3 * S, RecordProcessed, "c1", "t", 0, 4)
    seen.at(4 * S, ClientEnded, "c1", "killed").at(50 * S, RecordDelivered, "c2", "t", 0, 4, "alice")
    found = seen.told(4)
    assert [(s.what, s.sign) for s in found.stations][-3:] == [
        ("c1 is killed", "bad"),
        ("46 s", "wait"),
        ("delivered", "wait"),
    ]
    assert found.verdict == (
        "twice, because c1 had processed it and was killed before it committed 5; "
        "c2 starts at the committed offset, 4"
    )


def test_a_partition_that_is_taken_away_before_the_commit() -> None:
    found = started().at(3 * S, AssignmentReported, "c1", ()).told(4)
    assert [(s.what, s.detail) for s in found.stations][-1] == ("c1 loses P0", "no commit of 5 seen")
    assert found.verdict == "once: c1 has not committed it yet, so it may come again"


def test_a_record_of_somebody_else_is_known_from_its_delivery() -> None:
    found = started().at(5 * S, RecordDelivered, "c1", "t", 0, 5, None).told(5)
    assert [station.detail for station in found.stations] == ["not by mqviz", "to c1"]
    assert found.key is None


def test_nothing_is_told_of_a_record_that_no_client_of_ours_touched() -> None:
    assert biography(started().log, "t", 0, 9) is None
    assert biography(started().log, "t", 1, 4) is None
