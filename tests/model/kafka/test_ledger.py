"""The ledger against a slow and simple one that keeps everything about every record."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mqviz.facts.fates import _counted, fate_of
from mqviz.model.kafka.ledger.state import ACKNOWLEDGE, FAIL, PAGE, PartitionLedger, Track, removal
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.state import Log
from mqviz.model.packing import pack, unpack


class Simple:
    """One dict a record: copies by where they are, what the producer knows, why the last copy went."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int], dict[str, Any]] = {}

    def of(self, producer: str, number: int) -> dict[str, Any]:
        fresh = {"acked": False, "failed": False, "copies": 0, "reason": ""}
        return self.records.setdefault((producer, number), fresh)

    def each(self, batch: Batch, first: int = 0) -> list[dict[str, Any]]:
        return [self.of(batch.producer, batch.first_number + n) for n in range(first, batch.count)]

    def add(self, batch: Batch) -> None:
        for record in self.each(batch):
            record["copies"] = min(7, record["copies"] + 1)
            record["reason"] = ""

    def remove(self, record: dict[str, Any], reason: str) -> None:
        if record["copies"] > 1:
            record["copies"] -= 1
        elif record["copies"] or not record["reason"]:
            record["copies"], record["reason"] = 0, reason


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from("pq"), st.integers(1, 5)),
        st.tuples(st.just("again"), st.integers(0, 50), st.just(0)),
        st.tuples(st.just("ack"), st.integers(0, 50), st.just(0)),
        st.tuples(st.just("fail"), st.integers(0, 50), st.just(0)),
        st.tuples(st.just("lead"), st.integers(0, 60), st.sampled_from(["truncated", "unclean", "disk"])),
        st.tuples(st.just("delete"), st.integers(0, 60), st.just(0)),
    ),
    max_size=60,
)


@settings(max_examples=200)
@given(STEPS)
def test_counters_and_fates_agree_with_brute_force(steps: list[tuple[str, Any, Any]]) -> None:
    ledger, simple, leader = PartitionLedger(), Simple(), Log()
    numbers: dict[str, int] = {}
    sent: list[Batch] = []
    epoch = 0
    for what, one, two in steps:
        if what in ("append", "again"):
            if what == "append":
                first = numbers.get(one, 0)
                numbers[one] = first + two
                batch = Batch(
                    leader.end, two, 100, one, 1, 0, first, 0, epoch, 0, 0, ("k",) * two, first_number=first
                )
            elif sent:
                old = sent[one % len(sent)]
                batch = _copy(old, leader.end, epoch)
            else:
                continue
            leader.append(batch)
            sent.append(batch)
            ledger.appended(batch)
            simple.add(batch)
        elif what in ("ack", "fail") and sent:
            batch = sent[one % len(sent)]
            ledger.mark(batch, ACKNOWLEDGE if what == "ack" else FAIL)
            for record in simple.each(batch):
                record["acked" if what == "ack" else "failed"] = True
        elif what == "lead":
            epoch += 1
            before = list(leader.forwards(leader.start))
            leader.truncate(max(leader.start, min(one, leader.end)))
            kept = list(leader.forwards(leader.start))
            for batch in before[len(kept) :]:
                for index, record in enumerate(simple.each(batch), batch.base_offset):
                    if index >= leader.start and batch.base_offset >= leader.start:
                        simple.remove(record, two)
            ledger.follow(leader, two)
        elif what == "delete":
            offset = min(one, leader.end)
            for batch in list(leader.forwards(leader.start)):
                for index, record in enumerate(simple.each(batch), batch.base_offset):
                    if leader.start <= index < offset:
                        simple.remove(record, "deleted")
            leader.delete_before(offset)
            ledger.deleted_before(offset)
    for (producer, number), record in simple.records.items():
        fate = fate_of(ledger.track(producer).byte(number))
        assert (fate.acknowledged, fate.failed, fate.copies, fate.reason) == tuple(record.values())
    counts: Counter[int] = Counter()
    for track in ledger.tracks.values():
        counts.update(track.counts)
    found = _counted(counts, sum(numbers.values()))
    records = list(simple.records.values())
    assert found.sent == sum(numbers.values()) == len(records)
    assert found.acknowledged == sum(r["acked"] for r in records)
    assert found.in_log == sum(r["copies"] > 0 for r in records)
    assert found.duplicates == sum(max(0, r["copies"] - 1) for r in records)
    assert sum(found.lost.values()) == sum(
        r["acked"] and not r["copies"] and r["reason"] != "deleted" for r in records
    )


def _copy(old: Batch, base: int, epoch: int) -> Batch:
    return Batch(
        base,
        old.count,
        old.bytes,
        old.producer,
        1,
        0,
        old.first_sequence,
        0,
        epoch,
        0,
        0,
        old.keys,
        first_number=old.first_number,
    )


def test_a_million_settled_records_cost_next_to_nothing() -> None:
    track = Track()
    for first in range(0, 1_000_000, 100):
        track.change(first, first + 100, ACKNOWLEDGE)
    assert track.counts[1] == 1_000_000
    assert len({id(page) for page in track.pages}) == 1, "equal pages are one page"
    packed = pack(track)
    assert len(packed) < 12_000
    assert unpack(packed) == track


def test_a_late_change_reaches_a_sealed_page() -> None:
    track = Track()
    track.change(0, 5 * PAGE, ACKNOWLEDGE)
    track.change(PAGE - 3, PAGE + 3, removal("truncated"))
    assert [fate_of(track.byte(n)).reason for n in range(PAGE - 4, PAGE + 4)] == ["", *["truncated"] * 6, ""]
    assert sum(track.counts.values()) == 5 * PAGE
