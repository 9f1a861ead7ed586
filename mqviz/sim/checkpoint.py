"""Checkpoint: a simulation as bytes, to go on from in this process."""

from __future__ import annotations

from mqviz.model.packing import pack, unpack
from mqviz.sim.engine import Simulation
from mqviz.sim.streams import Stream


def save(sim: Simulation) -> bytes:
    """Everything that `sim` needs to go on: State, agenda, draw counts, counters, parts, events not yet
    taken.
    """
    draws = {name: stream.count for name, stream in sim.streams.items()}
    return pack((sim.state, sim.now_us, sim.sequence, sim.agenda, draws, sim.parts, sim.log))


def restore(sim: Simulation, checkpoint: bytes) -> None:
    """Bring a fresh `sim` of the same scenario and seed to where `checkpoint` was made."""
    sim.state, sim.now_us, sim.sequence, sim.agenda, draws, sim.parts, sim.log = unpack(checkpoint)
    sim.streams = {name: Stream(sim.seed, name, count) for name, count in draws.items()}
