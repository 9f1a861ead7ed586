"""Brokers that join a cluster while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mqviz.model.broker import Broker, Feed, Fetcher
from mqviz.model.event import Event, Weight, applies

if TYPE_CHECKING:
    from mqviz.model.cluster import Cluster
    from mqviz.model.state import State


class BrokerAdded(Event, frozen=True, omit_defaults=True):
    """A new broker's process starts on an empty disk; the controller does not know it yet (R10)."""

    weight = Weight.MOMENT
    broker: int
    rack: str = ""


@applies(BrokerAdded)
def _added(state: State, event: BrokerAdded) -> None:
    brokers = state.cluster.brokers
    feeds, fetchers = {other: Feed() for other in brokers}, {other: Fetcher() for other in brokers}
    for other in brokers.values():
        other.feeds[event.broker], other.fetchers[event.broker] = Feed(), Fetcher()
    brokers[event.broker] = Broker(
        event.broker,
        feeds,
        fetchers,
        rack=event.rack,
        process="starting",
        since_us=event.at_us,
        fenced=True,
        heard_at_us=event.at_us,
    )


def founders(cluster: Cluster) -> list[int]:
    """The brokers that were there first: internal topics were made then, and stay where they are."""
    return list(cluster.brokers)[: cluster.founders]
