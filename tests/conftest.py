"""A real Apache Kafka for the tests, started by mqviz itself; nothing needs to be installed or running."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mqviz.live import cluster, jars

JARS = jars.cache_folder()
"""Looked up before any test changes the environment, so that the jars are fetched once for all."""

StartCluster = Callable[..., cluster.Cluster]


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.Cluster]:
    """One broker of the default version for the whole session: `.bootstrap`. Leave it running; use own topics.

    Mark every test that uses it with `@pytest.mark.kafka`.
    """
    state = tmp_path_factory.mktemp("kafka")
    with cluster.start(1, cluster.DEFAULT_VERSION, state=state, jars=JARS) as running:
        yield running


@pytest.fixture
def kafka_cluster(tmp_path: Path) -> Iterator[StartCluster]:
    """A factory for clusters of a test's own, to stop, kill and pause: `kafka_cluster(brokers=3)`.

    Takes what `cluster.start` takes (`version=`, `requests=True`, `settings=`); ended after the test.
    """
    started: list[cluster.Cluster] = []

    def start(brokers: int = 1, version: str = cluster.DEFAULT_VERSION, **options: object) -> cluster.Cluster:
        state = tmp_path / "kafka"
        running = cluster.start(brokers, version, state=state, jars=JARS, **options)  # type: ignore[arg-type]
        started.append(running)
        return running

    yield start
    for running in started:
        running.close()
