"""Every module of the simulated Kafka, from below; importing this one registers their handlers with the
engine.

Like a real broker: nothing here.
Left out: nothing.
"""

# ruff: noqa: F401
# isort: skip_file
from __future__ import annotations

import mqviz.sim.kafka.metadata
import mqviz.sim.kafka.choices
import mqviz.sim.kafka.network.connection
import mqviz.sim.kafka.network.disconnect
import mqviz.sim.kafka.network.sockets
import mqviz.sim.kafka.log.append
import mqviz.sim.kafka.log.cleaner
import mqviz.sim.kafka.log.producer_state
import mqviz.sim.kafka.log.retention
import mqviz.sim.kafka.controller.controller
import mqviz.sim.kafka.controller.election
import mqviz.sim.kafka.controller.internal_topics
import mqviz.sim.kafka.controller.placement
import mqviz.sim.kafka.controller.publishing
import mqviz.sim.kafka.controller.quorum
import mqviz.sim.kafka.controller.registered
import mqviz.sim.kafka.controller.topic_changes
import mqviz.sim.kafka.controller.topic_config
import mqviz.sim.kafka.controller.topics
import mqviz.sim.kafka.replication.fetcher
import mqviz.sim.kafka.replication.isr
import mqviz.sim.kafka.replication.leader_change
import mqviz.sim.kafka.replication.leader_epoch
import mqviz.sim.kafka.broker.dynamic_config
import mqviz.sim.kafka.broker.fetch
import mqviz.sim.kafka.broker.hardware
import mqviz.sim.kafka.broker.lifecycle
import mqviz.sim.kafka.broker.links
import mqviz.sim.kafka.broker.list_offsets
import mqviz.sim.kafka.broker.produce
import mqviz.sim.kafka.broker.purgatory
import mqviz.sim.kafka.broker.registration
import mqviz.sim.kafka.broker.replica_selector
import mqviz.sim.kafka.broker.verification
import mqviz.sim.kafka.coordinator.classic.failover
import mqviz.sim.kafka.coordinator.classic.heartbeat
import mqviz.sim.kafka.coordinator.classic.join
import mqviz.sim.kafka.coordinator.classic.rebalance
import mqviz.sim.kafka.coordinator.classic.validation
import mqviz.sim.kafka.coordinator.consumer.heartbeat
import mqviz.sim.kafka.coordinator.consumer.reconciliation
import mqviz.sim.kafka.coordinator.lookup
import mqviz.sim.kafka.coordinator.offsets
import mqviz.sim.kafka.coordinator.share.fetch
import mqviz.sim.kafka.coordinator.share.heartbeat
import mqviz.sim.kafka.coordinator.share.partition
import mqviz.sim.kafka.coordinator.transaction.additions
import mqviz.sim.kafka.coordinator.transaction.coordinator
import mqviz.sim.kafka.coordinator.transaction.markers
import mqviz.sim.kafka.clients.admin.delete_records
import mqviz.sim.kafka.clients.admin.groups
import mqviz.sim.kafka.clients.admin.requests
import mqviz.sim.kafka.clients.admin.reset_offsets
import mqviz.sim.kafka.clients.consumer.assignors
import mqviz.sim.kafka.clients.consumer.commands
import mqviz.sim.kafka.clients.consumer.commits
import mqviz.sim.kafka.clients.consumer.config
import mqviz.sim.kafka.clients.consumer.coordinator_client
import mqviz.sim.kafka.clients.consumer.exactly_once
import mqviz.sim.kafka.clients.consumer.fetcher
import mqviz.sim.kafka.clients.consumer.isolation
import mqviz.sim.kafka.clients.consumer.membership.classic
import mqviz.sim.kafka.clients.consumer.membership.consumer
import mqviz.sim.kafka.clients.consumer.membership.manual
import mqviz.sim.kafka.clients.consumer.offset_reset
import mqviz.sim.kafka.clients.consumer.orders
import mqviz.sim.kafka.clients.consumer.poll
import mqviz.sim.kafka.clients.consumer.preferred_replica
import mqviz.sim.kafka.clients.consumer.protocol
import mqviz.sim.kafka.clients.consumer.wakeup
import mqviz.sim.kafka.clients.producer.accumulator
import mqviz.sim.kafka.clients.producer.application
import mqviz.sim.kafka.clients.producer.commands
import mqviz.sim.kafka.clients.producer.config
import mqviz.sim.kafka.clients.producer.registration
import mqviz.sim.kafka.clients.producer.sender
import mqviz.sim.kafka.clients.producer.splitting
import mqviz.sim.kafka.clients.producer.transaction_loop
import mqviz.sim.kafka.clients.producer.transaction_manager
import mqviz.sim.kafka.clients.share.commands
import mqviz.sim.kafka.clients.share.consumer
import mqviz.sim.kafka.clients.share.work
import mqviz.sim.kafka.clients.transaction_commands
