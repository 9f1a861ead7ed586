"""The whole path of a record: produce in batches, replicate to three brokers (acks=all), read in a group of three, commit.

Beside it SimPy with the least that a queue needs and no log of events: one put, one get and one count a record, no batches, replicas,
offsets or groups. mqviz keeps its event log. `a row`: the application calls send() 1,000 times in a row; `one by
one`: at 20,000 a second, evenly.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator
from statistics import median
from time import process_time
from typing import Any

import simpy

from mqviz.scenario import read_scenario
from mqviz.sim.backend import open_sim

RECORDS = 200_000
RATE_PER_S = 20_000
ROUNDS = 3

WORLD = """
title: the whole path
until: 1h
scene: partition-log
cluster: {brokers: 3}
topics: [{name: orders, partitions: 6, replication_factor: 3}]
producers: [{name: shop, topic: orders, rate: 20000/s, count: 200000, burst: BURST}]
consumers:
  - {name: c1, group: billing, processing: 0ms, auto_offset_reset: earliest}
  - {name: c2, group: billing, processing: 0ms, auto_offset_reset: earliest}
  - {name: c3, group: billing, processing: 0ms, auto_offset_reset: earliest}
"""


def ours(burst: int) -> tuple[int, int]:
    """(records that were processed and committed, events in the log)."""
    sim = open_sim(read_scenario(WORLD.replace("BURST", str(burst)), "kafka_path.yaml"), 7)
    log: list[object] = []
    log += sim.advance(15_000_000)
    cluster = sim.state.cluster
    committed = sum(record.committed or 0 for record in cluster.groups["billing"].records.values())
    acknowledged = cluster.producers["shop"].acknowledged
    if not committed == acknowledged == RECORDS:
        raise SystemExit(f"{acknowledged:,} acknowledged, {committed:,} committed of {RECORDS:,}")
    return committed, len(log)


def theirs() -> tuple[int, int]:
    """(records that came through a SimPy Store, 0 events)."""
    environment = simpy.Environment()
    stores = [simpy.Store(environment) for _ in range(6)]
    done = 0

    def producer() -> Generator[Any, Any, None]:
        for number in range(RECORDS):
            yield stores[number % 6].put(number)
            if number % 1_000 == 999:
                yield environment.timeout(1_000 / RATE_PER_S)

    def consumer(store: simpy.Store) -> Generator[Any, Any, None]:
        nonlocal done
        while True:
            yield store.get()
            done += 1

    environment.process(producer())
    for store in stores:
        environment.process(consumer(store))
    environment.run()
    return done, 0


def timed(run: Callable[[], tuple[int, int]]) -> tuple[float, int, int]:
    """Seconds of processor time of one run, and what it returned."""
    gc.collect()
    begin = process_time()
    done, logged = run()
    return process_time() - begin, done, logged


def main() -> None:
    """Print the median of ROUNDS runs of each, taken in turn."""
    ways = {"mqviz, a row": lambda: ours(1_000), "mqviz, one by one": lambda: ours(1), "SimPy": theirs}
    took: dict[str, list[tuple[float, int, int]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            took[name].append(timed(way))
    print(f"Kafka path: {RECORDS:,} records, 3 brokers, acks=all, a group of 3; median of {ROUNDS}")
    for name, runs in took.items():
        seconds, logged = median(run[0] for run in runs), runs[0][2]
        print(f"  {name:18} {RECORDS / seconds:9,.0f} records/s  {logged:9,} events logged  {seconds:.2f} s")


if __name__ == "__main__":
    main()
