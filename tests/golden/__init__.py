"""Recordings of a real Apache Kafka, played on the simulator.

`recordings/` holds what Apache Kafka 4.2.1 was seen to do, a case a file: `config` and `setup`, then steps of acts and
of what was read after them. `python -m tests.golden FOLDER` plays every case of a folder (or the files named) and
prints rule by rule: exact, bound, shape, differs or not run. A verb or a fact that the runner does not know makes
its step `not run`, which counts as a failure.

A case becomes a scenario and commands; raw requests go to the brokers' handlers as request values. Verbs are in
verbs*.py, facts in facts*.py, raw requests in rpc*.py, each registered by its name; comparing is in compare.py.
"""
