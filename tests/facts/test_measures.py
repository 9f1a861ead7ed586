"""Measures of a run agree with what can be counted by hand from its events."""

from __future__ import annotations

from mqviz.facts.measures import Measures, Times
from mqviz.model.kafka.clients.consumer.events import RecordsReturned
from tests.sim.kafka.worlds import MS, S, of, run


def test_percentiles_are_those_of_records_not_of_batches() -> None:
    times = Times()
    times.add(10, 98)
    times.add(500, 2)
    assert (times.records, times.percentile(0.5), times.percentile(0.99)) == (100, 10, 500)
    assert Times().percentile(0.5) == 0


def test_throughput_latency_and_pauses_come_from_the_events() -> None:
    watched = run(
        "create topic t partitions=2 replication_factor=3",
        "add producer p topic=t rate=10/s count=20 keys=a,b,c linger=0s acks=all",
        "add consumer c1 group=g topic=t processing=1ms auto_offset_reset=earliest",
    )
    watched.to(5 * S).do("add consumer c2 group=g topic=t").to(40 * S)
    measures = Measures()
    measures.see(watched.log)
    assert measures.appended == 20
    acknowledged = measures.acknowledged["p"]
    assert acknowledged.records == 20
    assert acknowledged.percentile(0.5) == 4_400  # four ways and two appends
    returned = sum(end - first for event in of(watched, RecordsReturned) for _, _, first, end in event.parts)
    assert measures.delivered["g"].records == returned >= 20
    pauses = measures.pauses["g"]
    assert len(pauses.lengths_us) == 2
    assert pauses.stops == 2
    assert pauses.longest_us >= 2 * MS
    assert pauses.still_us >= pauses.longest_us
