"""Groups at size: 200 members that join one by one, and an idle hour of 100 topics with 100 partitions and 20 groups.

Both print what the events cost a second of simulated time, beside the same world with a tenth of it: if mqviz scanned what
does not change, the ratio would be 100 and not 10.
"""

from __future__ import annotations

import gc
from time import process_time

from mqviz.commands import parse
from mqviz.scenario import Scenario, read_scenario
from mqviz.sim.backend import SimBackend, open_sim

SECOND = 1_000_000


def world(topics: int, partitions: int, groups: int) -> Scenario:
    """Topics without records, and groups of one idle member that reads one of them."""
    lines = ["title: idle", "until: 24h", "scene: partition-log", "cluster: {brokers: 3}", "topics:"]
    lines += [f"  - {{name: t{n}, partitions: {partitions}, replication_factor: 3}}" for n in range(topics)]
    lines += ["consumers:"] if groups else []
    lines += [f"  - {{name: c{n}, group: g{n}, topic: t{n % topics}}}" for n in range(groups)]
    return read_scenario("\n".join(lines), "idle.yaml")


def joins(protocol: str, members: int) -> tuple[float, int, int]:
    """(processor seconds, events, rebalances or epochs) of members that join, one every 4 s, until all have their share."""
    sim = open_sim(world(1, 200, 0), 7)
    gc.collect()
    began, events = process_time(), 0
    for number in range(members):
        sim.submit(parse(f"add consumer m{number:03} group=g topic=t0 group.protocol={protocol}"))
        events += run(sim, (number + 1) * 4 * SECOND)
    events += run(sim, (members + 15) * 4 * SECOND)
    cluster = sim.state.cluster
    number = cluster.groups["g"].generation if protocol == "classic" else cluster.consumer_groups["g"].epoch
    return process_time() - began, events, number


def run(sim: SimBackend, until_us: int) -> int:
    """Advance; the number of events."""
    return sum(1 for _ in sim.advance(until_us))


def idle(topics: int, partitions: int, groups: int, hours: float) -> tuple[float, int]:
    """(processor seconds, events) of hours in which nobody sends a record."""
    sim = open_sim(world(topics, partitions, groups), 7)
    run(sim, 60 * SECOND)
    gc.collect()
    began = process_time()
    events = run(sim, 60 * SECOND + int(hours * 3_600) * SECOND)
    return process_time() - began, events


def main() -> None:
    """Print both."""
    for protocol in ("classic", "consumer"):
        for members in (20, 200):
            seconds, events, number = joins(protocol, members)
            what = f"{members} members of a {protocol} group join one by one"
            print(f"{what}: {seconds:.2f} s, {events:,} events, number {number}")
    for topics, partitions, groups in ((10, 10, 20), (100, 100, 20)):
        seconds, events = idle(topics, partitions, groups, 1.0)
        what = f"an idle hour of {topics} x {partitions} partitions, {groups} groups"
        print(f"{what}: {seconds:.2f} s, {events:,} events")


if __name__ == "__main__":
    main()
