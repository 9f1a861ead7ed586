"""Coordinators: groups of each protocol (GroupCoordinatorService in Kafka), their offsets, and transactions.

`lookup` says which broker coordinates a group, `offsets` is OffsetMetadataManager.
"""
