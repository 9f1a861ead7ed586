"""Small worlds for the tests of the core."""

from mqviz.player import Player
from mqviz.scenario import Scenario, read_scenario
from mqviz.sim.backend import open_sim

SIGN_UP = """
title: sign up
until: 20s
scene: request-timing
sign_ups:
  - {name: sync, design: synchronous}
  - {name: async, design: asynchronous}
moments:
  - {at: 2s, name: the last arrival}
  - {at: 10s, name: all is done}
"""


def sign_up() -> Scenario:
    return read_scenario(SIGN_UP, "sign-up.yaml")


def player(**changes: object) -> Player:
    return Player(open_sim, sign_up(), **changes)  # type: ignore[arg-type]
