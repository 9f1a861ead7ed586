"""The real cluster: watching it (through wire), driving real clients on it, and a managed local Apache Kafka.

Watching only reads: it sees the requests of `wire` and nothing that writes. Driving is another half, asked
for by name, in processes of its own.
"""
