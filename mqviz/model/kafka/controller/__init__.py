"""The controller's records: brokers, topics, leaders, in-sync sets."""
