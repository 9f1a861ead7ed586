"""Producers: KafkaProducer of Java, librdkafka's, and the application that calls send().

`application` calls send(); `accumulator` (RecordAccumulator) makes batches, `sender` (Sender) sends them,
`splitting` cuts them; `transaction_manager` (TransactionManager), `registration` and `transaction_loop` are
for transactions.
"""
