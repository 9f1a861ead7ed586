"""A simulated Kafka, one folder a component, with the same name and place as in mqviz/sim/kafka.

In each, `events` is what can happen, `state` what is, and `apply` how the one changes the other; other files
are parts of the State that are worth a file of their own. Events and states import no apply. `cluster` puts
the components together; `protocol` holds the requests and responses that travel between them.
"""
