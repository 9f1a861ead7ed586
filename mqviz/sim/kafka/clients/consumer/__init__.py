"""Consumers: KafkaConsumer of Java (classic and asynchronous), librdkafka's, and the application that polls.

`poll` is the application's loop; `fetcher`, `offset_reset` (OffsetFetcher), `preferred_replica` and
`isolation` bring its records; `commits` and `coordinator_client` speak to the coordinator; `membership` makes
it a member; `orders` are calls by hand, `exactly_once` the loop with transactions.
"""
