"""mqviz: watch a message queue think.

The program is itself an event log: a backend (simulator, real cluster or capture) makes events, `apply`
folds them into a State, facts read the State, scenes draw the facts. The floors of the house, from the top,
as the contracts in pyproject.toml hold them:

cli, simulate; ui; lesson, scenes, sim, live, lag_report; player; wire, capture; history, backend; scenario,
folders; yamlfile, schema; commands; explain, invariants, kafka; facts; model.

A component of Kafka has the same name and place on every floor: model/kafka/log, sim/kafka/log,
explain/why/log.py, invariants/log.py, tests/sim/kafka/log.
"""

__version__ = "0.1.0"
