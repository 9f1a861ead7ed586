"""Commands: frozen intents in the imperative, one struct a kind, in the file of what they act on.

The fields of a command are the keys of its text notation (mqviz/commands.py) and of its entry in a scenario
file. The settings that lessons use most are fields, with `_` for `.` and a unit for their times; every other
one is in `config`, by Kafka's own name and in Kafka's units, and is written as it is (`retries=3
buffer.memory=65536`). An accepted command is the event `CommandGiven`, the root of causes; one that turns out
impossible later is `CommandRefused`. `any.py` lists all commands.
"""
