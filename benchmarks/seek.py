"""Time travel in 1,000,000 events: seek anywhere, step back, and what the run costs in memory.

The world is a simulated Kafka of three brokers. The ratio is the median seek against folding the whole log
again from its first event, which is what a seek would be without checkpoints.
"""

import resource
from collections.abc import Callable
from random import Random
from statistics import median, quantiles
from time import perf_counter

from mqviz.model.apply import apply
from mqviz.model.state import State
from mqviz.player import Player
from mqviz.scenario import Scenario, read_scenario
from mqviz.sim.backend import open_sim

EVENTS = 1_000_000
SEEKS = 200
SECOND = 1_000_000

WORLD = """
title: a long run
until: 24h
scene: partition-log
cluster: {brokers: 3}
topics: [{name: orders, partitions: 3, replication_factor: 3}]
producers: [{name: shop, topic: orders, rate: 20/s, keys: [A, B, C, D, E], arrivals: exponential}]
consumers:
  - {name: c1, group: billing, processing: 90ms}
  - {name: c2, group: billing, processing: 110ms}
  - {name: c3, group: audit, processing: 40ms}
"""


def world() -> Scenario:
    """The scenario of the run."""
    return read_scenario(WORLD, "seek.yaml")


def timed(action: Callable[[], object]) -> float:
    """How long `action` takes in ms."""
    began = perf_counter()
    action()
    return (perf_counter() - began) * 1000


def long_run() -> Player:
    """A player that has come through at least EVENTS events, in seconds of simulated time."""
    player = Player(open_sim, world())
    while len(player.branch.events) < EVENTS:
        player.seek(player.now_us + SECOND)
    return player


def memory_mib() -> float:
    """The most memory that this process had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fold(player: Player) -> State:
    """The State at the end of the branch, from its first event."""
    state = State()
    for event in player.branch.events:
        apply(state, event)
    return state


def main() -> None:
    """Print seeks, steps back and memory."""
    began, before_mib = perf_counter(), memory_mib()
    player = long_run()
    held_mib = memory_mib() - before_mib
    ran_s = perf_counter() - began
    branch = player.branch
    rnd, end_us = Random(7), player.now_us
    seeks = [timed(lambda: player.seek(rnd.randrange(end_us))) for _ in range(SEEKS)]
    steps = [timed(player.step_back) for _ in range(20)]
    whole_ms = timed(lambda: fold(player))
    kept = player.history.checkpoint_bytes(branch) / (1 << 20)
    print(f"seek: {len(branch.events):,} events in {ran_s:.2f} s, {end_us / SECOND:.0f} s of simulated time")
    print(
        f"  seek anywhere: median {median(seeks):.1f} ms, 95 % {quantiles(seeks, n=20)[-1]:.1f} ms, "
        f"worst {max(seeks):.1f} ms; step back: median {median(steps):.1f} ms"
    )
    print(f"  folding the whole log: {whole_ms:.0f} ms, {whole_ms / median(seeks):.0f} times a seek")
    print(
        f"  memory: {held_mib:.0f} MiB at most, of which {len(branch.checkpoints)} checkpoints {kept:.1f} MiB"
    )


if __name__ == "__main__":
    main()
