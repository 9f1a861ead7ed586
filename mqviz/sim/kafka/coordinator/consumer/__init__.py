"""The coordinator of groups of the consumer protocol (KIP-848, ConsumerGroup in Kafka).

`heartbeat` is ConsumerGroupHeartbeat; `reconciliation` (CurrentAssignmentBuilder) a member's next step.
"""
