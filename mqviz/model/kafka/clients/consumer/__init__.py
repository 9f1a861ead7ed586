"""Consumers, what they know and what their application does (KafkaConsumer, SubscriptionState in Kafka).

`isolation` says how far isolation.level lets it read.
"""
