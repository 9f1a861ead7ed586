"""mqviz: watch a message queue think.

The program is itself an event log: a backend (simulator, real cluster or capture) makes events, `apply`
folds them into a State, facts read the State, scenes draw the facts. The floors of the house, from the
top: cli, ui, player, lesson | scenes | sim | live, capture, history, backend | commands | scenario,
kafka, model; wire stands beside them for live alone.
"""

__version__ = "0.1.0"
