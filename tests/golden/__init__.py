"""Recordings of a real Apache Kafka, played on the simulator.

`recordings/` holds what Apache Kafka 4.2.1 was seen to do, a case a file: `config` and `setup`, then steps of acts and
of what was read after them. `python -m tests.golden FOLDER` plays every case of a folder (or the files named) and
prints rule by rule: exact, bound, shape, differs or not run. A verb or a fact that the runner does not know makes
its step `not run`, which counts as a failure.

A case becomes a scenario (setup.py) and commands; raw requests go to the brokers' handlers as request values
(raw.py). Each verb and each fact is one function, registered by its name (registry.py), beside its kind: brokers, log,
producers, members (delivered, groups), basics. An act that takes time is a generator that yields what it waits for, so
that others can go on (`wait_for_answer: false`); world.py runs them. Comparing is in compare.py.

Beyond what an act or a read says of itself: `group` tells which of two members of one name is meant; a read with
`broker` (or `from`) is from that broker, and a raw request with `broker` goes to it; `equals` of nothing holds when
what was there is gone.
"""
