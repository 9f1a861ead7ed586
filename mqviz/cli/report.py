"""`mqviz play --headless --report`: what came out of a run; every number is a fact of its last State."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from mqviz import facts
from mqviz.facts.measures import Measures, Pauses, Times
from mqviz.facts.words import lasting, several
from mqviz.model.event import Event
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State
from mqviz.model.units import Duration
from mqviz.scenario import Scenario


def report(scenario: Scenario, seed: int, state: State, events: Sequence[Event], until_us: int) -> str:
    """The report, with a newline at its end."""
    measures = Measures()
    measures.see(events)
    origin = f"seed {seed}, Kafka {scenario.kafka_version}"
    lines = [
        f"{scenario.title}: {origin}, {Duration(until_us)}, {len(events):,} events",
        *_services(state),
        *_topics(state),
        *_groups(state, measures),
        *_speed(measures),
        *_kinds(events),
    ]
    return "\n".join(lines) + "\n"


def _services(state: State) -> Iterator[str]:
    for service in facts.services(state):
        mean = "none yet" if service.mean_answer_us is None else f"{service.mean_answer_us / 1000:,.1f} ms"
        yield ""
        yield f"service {service.name} ({service.design}){'' if service.working else ', not working'}"
        yield f"  arrived {service.arrived:,}  answered {service.answered:,}  failed {service.failed:,}"
        yield f"  mean answer {mean}  waited for mail {service.waited_us / 1e6:,.3f} s in all"
        yield f"  mails sent {service.mails_sent:,}  waiting {service.mails_waiting:,}"


def _topics(state: State) -> Iterator[str]:
    for topic in facts.topics(state):
        yield ""
        replicas = f"replication factor {_value(topic.replication_factor)}"
        yield f"topic {topic.name}: {topic.partitions} partitions, {replicas}"
        for partition in range(topic.partitions):
            tape = facts.tape(state, topic.name, partition, 0)
            yield (
                f"  P{partition}  leader {_value(tape.partition_leader)}  log end {_value(tape.log_end)}"
                f"  high watermark {_value(tape.high_watermark)}"
            )


def _speed(measures: Measures) -> Iterator[str]:
    """Throughput, and how long records took (from the first send() of their batch)."""
    if measures.sent_us is None:
        return
    lasted_us = max(1, measures.last_us - measures.sent_us)
    yield ""
    yield (
        f"appended {measures.appended:,} records, {measures.appended_bytes:,} bytes: "
        f"{measures.appended * 1e6 / lasted_us:,.1f} records/s"
    )
    for name, times in measures.acknowledged.items():
        yield f"  {name} acknowledged {times.records:,}: {_percentiles(times)}"
    for name, times in measures.delivered.items():
        yield f"  {name} delivered {times.records:,}: {_percentiles(times)}"


def _percentiles(times: Times) -> str:
    return f"p50 {times.percentile(0.5) / 1000:,.1f} ms, p99 {times.percentile(0.99) / 1000:,.1f} ms"


def _pauses(pauses: Pauses | None) -> Iterator[str]:
    if pauses is None or not pauses.lengths_us:
        return
    lengths = ", ".join(lasting(us) for us in pauses.lengths_us[-8:])
    yield f"  {several(len(pauses.lengths_us), 'rebalance')}: {lengths}"
    if pauses.stops:
        yield (
            f"  partitions stood still {several(pauses.stops, 'time')}:"
            f" {pauses.still_us / 1000:,.1f} partition-ms in all,"
            f" {pauses.longest_us / 1000:,.1f} ms the longest"
        )


def _groups(state: State, measures: Measures) -> Iterator[str]:
    for group in facts.groups(state):
        lag, ledger = facts.group_lag(state, group.name), facts.ledger(state, group.name)
        yield ""
        generation = f"generation {_value(group.generation)}"
        yield f"group {group.name}: {_value(group.state)}, {generation}, lag {_value(lag.value)}"
        for member in facts.members(state, group.name):
            owned = " ".join(f"{topic} P{partition}" for topic, partition in member.partitions) or "nothing"
            yield f"  {member.name}  {member.state}  owns {owned}  processed {_value(member.processed)}"
        yield from _pauses(measures.pauses.get(group.name))
        if not isinstance(ledger, Unknown):
            yield (
                f"  {ledger.done:,} done + {ledger.in_hand:,} in hand + {ledger.waiting:,} waiting"
                f" + {ledger.not_readable:,} not yet readable + {ledger.in_flight:,} in flight"
                f" + {ledger.lost:,} lost = {ledger.sent:,} sent; {ledger.twice:,} twice"
            )


def _kinds(events: Sequence[Event]) -> Iterator[str]:
    yield ""
    yield "events"
    for kind, count in sorted(Counter(type(event).__name__ for event in events).items()):
        yield f"  {count:>9,}  {kind}"


def _value(value: object) -> str:
    if isinstance(value, Unknown):
        return f"? ({value.reason})"
    if value is None:
        return "none"
    return f"{value:,}" if isinstance(value, int) else str(value)
