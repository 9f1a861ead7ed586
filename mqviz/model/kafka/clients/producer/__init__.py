"""Producers: what KafkaProducer knows (RecordAccumulator, TransactionManager), and what its application does.

`accumulator` holds the batches, from the first record in them until their outcome is known.
"""
