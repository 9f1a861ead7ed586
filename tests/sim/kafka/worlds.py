"""Small helpers for tests of the simulated Kafka: a cluster in one call, run under watch."""

from __future__ import annotations

from typing import Any

from mqviz.commands import parse
from mqviz.model.command import AddConsumer, AddProducer, CreateTopic
from mqviz.model.event import Event
from mqviz.model.units import Duration
from mqviz.scenario import ClusterPlan, Scenario
from tests.sim.worlds import FOR_EVER, Run

MS = 1_000
S = 1_000_000


def cluster(
    *contents: str, brokers: int = 3, latency_us: int = 1_000, append_us: int = 200, delay_us: int = 0
) -> Scenario:
    """A scenario with these topics, producers and consumers, each as its command's text; no initial delay."""
    plan = ClusterPlan(brokers, Duration(latency_us), Duration(append_us), Duration(delay_us))
    parsed: list[Any] = [parse(text) for text in contents]
    return Scenario(
        "test",
        Duration(FOR_EVER),
        "partition-log",
        cluster=plan,
        topics=tuple(c for c in parsed if isinstance(c, CreateTopic)),
        producers=tuple(c for c in parsed if isinstance(c, AddProducer)),
        consumers=tuple(c for c in parsed if isinstance(c, AddConsumer)),
    )


def run(*contents: str, seed: int = 7, **plan: int) -> Run:
    """A run of such a cluster."""
    return Run(cluster(*contents, **plan), seed)


def times(run: Run, kind: type[Event], since_us: int = 0) -> list[int]:
    """When events of this kind happened, counted from `since_us`; earlier ones are left out."""
    return [event.at_us - since_us for event in run.of(kind) if event.at_us >= since_us]
