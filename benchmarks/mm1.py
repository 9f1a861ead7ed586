"""M/M/1 of 100,000 messages: mqviz with its event log on, against SimPy with no log at all, in one run.

Both draw exponential gaps and services (80 and 100 a second, R150: 50 ms in the system) and report the
mean time in the system, which must agree with the formula.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator
from pathlib import Path
from random import Random
from statistics import median
from time import process_time
from typing import Any

import simpy

from mqviz import facts
from mqviz.model.event import Event
from mqviz.scenario import Scenario, load_scenario
from mqviz.sim.backend import open_sim

MESSAGES = 100_000
ARRIVALS_PER_S, SERVICES_PER_S = 80, 100
FORMULA_MS = 1000 / (SERVICES_PER_S - ARRIVALS_PER_S)
ROUNDS = 5


def scenario() -> Scenario:
    """M/M/1 is a scenario file: one thread, exponential database, no mail."""
    return load_scenario(Path(__file__).parents[1] / "assets" / "scenarios" / "m-m-1.yaml")


def ours() -> tuple[float, int]:
    """Mean time in the system in ms, and the number of events in the log."""
    backend = open_sim(scenario(), 7)
    log: list[Event] = []
    while backend.next_at_us() is not None:
        log += backend.advance(1 << 50, limit=10_000)
    mean = facts.mean_answer_ms(backend.state, "server")
    return mean or 0.0, len(log)


def theirs() -> tuple[float, int]:
    """Mean time in the system in ms, and 0 logged events."""
    rnd = Random(7)
    environment = simpy.Environment()
    server = simpy.Resource(environment, capacity=1)
    total = 0.0

    def message() -> Generator[Any, Any, None]:
        nonlocal total
        arrived = environment.now
        with server.request() as turn:
            yield turn
            yield environment.timeout(rnd.expovariate(SERVICES_PER_S))
        total += environment.now - arrived

    def source() -> Generator[Any, Any, None]:
        for _ in range(MESSAGES):
            yield environment.timeout(rnd.expovariate(ARRIVALS_PER_S))
            environment.process(message())

    environment.process(source())
    environment.run()
    return 1000 * total / MESSAGES, 0


def timed(run: Callable[[], tuple[float, int]]) -> tuple[float, float, int]:
    """Seconds of processor time of one run, and what it returned."""
    gc.collect()
    begin = process_time()
    mean_ms, logged = run()
    return process_time() - begin, mean_ms, logged


def main() -> None:
    """Print the best of ROUNDS runs of each, taken in turn, and their ratio."""
    pairs = [(timed(ours), timed(theirs)) for _ in range(ROUNDS)]
    best = {"mqviz": min(pair[0] for pair in pairs), "SimPy": min(pair[1] for pair in pairs)}
    print(f"M/M/1, {MESSAGES:,} messages, formula {FORMULA_MS:.1f} ms, best of {ROUNDS}")
    for name, (took_s, mean_ms, logged) in best.items():
        print(f"  {name:6} {took_s:6.3f} s  mean {mean_ms:5.1f} ms  {logged:,} events logged")
    ratios = [theirs_s / ours_s for (ours_s, *_), (theirs_s, *_) in pairs]
    print(f"  mqviz is {median(ratios):.2f} times as fast (median of the pairs)")


if __name__ == "__main__":
    main()
