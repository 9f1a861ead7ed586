"""A partition's log at work (UnifiedLog in Kafka).

`append`: what is checked first (LogValidator), and when a segment is rolled; `producer_state`: sequence
numbers (ProducerStateManager); `retention`: old segments and DeleteRecords; `cleaner`: compaction
(LogCleaner).
"""
