"""The fixtures that the other tests rely on."""

import logging
from collections.abc import Callable

import pytest
from confluent_kafka.admin import AdminClient

from mqviz.live.cluster import Cluster


def brokers(bootstrap: str) -> int:
    admin = AdminClient({"bootstrap.servers": bootstrap}, logger=logging.getLogger("quiet"))
    return len(admin.list_topics(timeout=10).brokers)


@pytest.mark.kafka
def test_session_broker_answers(kafka: Cluster) -> None:
    assert brokers(kafka.bootstrap) == 1


@pytest.mark.kafka
def test_factory_starts_as_many_brokers_as_asked(kafka_cluster: Callable[..., Cluster]) -> None:
    running = kafka_cluster(brokers=3)
    assert brokers(running.bootstrap) == 3
    assert [node.state for node in running.nodes.values()] == ["running"] * 3
