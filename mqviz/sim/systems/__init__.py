"""The guide's other systems; importing this package registers their handlers with the engine."""

from mqviz.sim.systems import commands as commands
