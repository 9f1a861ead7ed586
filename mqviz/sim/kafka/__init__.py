"""The simulated Apache Kafka: one folder a component, with the same name and place as in mqviz/model/kafka.

Handlers decide on the State and emit events. From the top: clients, coordinator, broker, replication,
controller, log, network; a component calls only what lies below it. What lies above reacts to its events
(`@reacts`). Each file says what is like a real broker and what is left out, with the numbers of its rules.
"""
