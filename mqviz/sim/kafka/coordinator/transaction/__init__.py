"""The coordinator of transactions (TransactionCoordinator in Kafka).

`coordinator` gives producer ids and decides, `additions` takes partitions from clients of version 1,
`markers` tells partitions and groups the outcome (TransactionMarkerChannelManager).
"""
