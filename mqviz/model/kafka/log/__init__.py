"""A partition's log (UnifiedLog in Kafka), as one broker keeps it.

`batch` and `segment` are what it is made of; `producer_state` (ProducerStateManager) and `transactions` what
it knows of producers; `compaction` what the cleaner leaves (Cleaner); `cut` what a truncation took off;
`sizes` bytes.
"""
