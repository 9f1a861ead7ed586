"""Apply: the only way that a State changes, put together from the components, in one written order.

Several components may apply one event, each to its own part of the State: first the log, then its replicas,
the ledger, coordinators, clients, and last the requests on their way.
"""

# ruff: noqa: F401
# isort: skip_file
from __future__ import annotations

import mqviz.model.kafka.log.apply
import mqviz.model.kafka.replication.apply
import mqviz.model.kafka.broker.apply
import mqviz.model.kafka.controller.apply
import mqviz.model.kafka.ledger.apply
import mqviz.model.kafka.metadata.apply
import mqviz.model.kafka.coordinator.classic.apply
import mqviz.model.kafka.coordinator.consumer.apply
import mqviz.model.kafka.coordinator.offsets.apply
import mqviz.model.kafka.coordinator.share.apply
import mqviz.model.kafka.coordinator.transaction.apply
import mqviz.model.kafka.clients.producer.apply
import mqviz.model.kafka.clients.consumer.apply
import mqviz.model.kafka.clients.share.apply
import mqviz.model.kafka.network.apply
import mqviz.model.command.apply
import mqviz.model.observed.apply
import mqviz.model.observed.clients.apply
import mqviz.model.systems.apply
from mqviz.model.event import APPLY, Event
from mqviz.model.state import State


def apply(state: State, event: Event) -> None:
    """Fold one event into `state`; the only way that a State changes."""
    APPLY[type(event)](state, event)
    state.now_us = event.at_us
    state.last_event = event.id
