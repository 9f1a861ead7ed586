"""A real Apache Kafka for the tests, started by mqviz itself; nothing needs to be installed or running.

The tests run in several processes at once (pytest-xdist), because many of them wait for Kafka's timers.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from mqviz.live.managed import cluster, jars
from tests.differential import table

# The same examples in every run, however slow the machine; `--hypothesis-profile=default` and `make soak` look for new ones.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

JARS = jars.cache_folder()
"""Looked up before any test changes the environment, so that the jars are fetched once for all."""
SOON = {
    "group.min.session.timeout.ms": "1000",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "group.consumer.min.session.timeout.ms": "1000",
    "group.consumer.min.heartbeat.interval.ms": "300",
    "group.share.min.record.lock.duration.ms": "1000",
    "log.initial.task.delay.ms": "500",
    "log.retention.check.interval.ms": "1000",
    "log.cleaner.backoff.ms": "500",
}
"""A member may ask for a shorter session than Kafka's least of 6 s; a dead broker is missed after 3 s, not 9; logs are
looked at for retention and compaction every second."""

StartCluster = Callable[..., cluster.Cluster]
Settings = Mapping[str, str]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, lest one process is left alone with it at the end.

    Tests that share a fixture of their module stay in one process, in their order.
    """
    items.sort(key=lambda item: -_length(item))
    for item in items:
        if isinstance(item, pytest.Function) and _shares_a_fixture(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def _length(item: pytest.Item) -> int:
    """3 for a test of minutes, 0 for one of a moment."""
    return 2 * bool(item.get_closest_marker("slow")) + bool(item.get_closest_marker("kafka"))


def _shares_a_fixture(test: pytest.Function) -> bool:
    fixtures = test._fixtureinfo.name2fixturedefs.values()
    return any(definitions[-1].scope == "module" for definitions in fixtures)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Rule by rule, what the simulator and a real Kafka agreed in (tests/differential)."""
    reports = terminalreporter.stats.get("passed", [])
    told = table.summary([each for report in reports for each in report.user_properties])
    if told:
        terminalreporter.section("simulator and Apache Kafka, rule by rule")
        terminalreporter.write_line("\n".join(told))


@pytest.fixture(scope="session")
def kafka_jars(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The jars of every version, fetched by one process while the others wait, before any test's deadlines."""
    folder = tmp_path_factory.getbasetemp()
    common = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    with (common / "jars.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for version in jars.versions():
            jars.class_path(version, folder=JARS)


@pytest.fixture(autouse=True)
def _kafka_can_start(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("kafka"):
        request.getfixturevalue("kafka_jars")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory, kafka_jars: None) -> Iterator[cluster.Cluster]:
    """One broker of the default version: `.bootstrap`. Leave it running; use own topics.

    Each process of the tests has its own, so that nothing else happens on it during a test.
    Mark every test that uses it with `@pytest.mark.kafka`.
    """
    state = tmp_path_factory.mktemp("kafka")
    with cluster.start(1, cluster.DEFAULT_VERSION, state=state, jars=JARS, settings=SOON) as running:
        yield running


@pytest.fixture
def kafka_cluster(tmp_path: Path) -> Iterator[StartCluster]:
    """A factory for clusters of a test's own, to stop, kill and pause: `kafka_cluster(brokers=3)`.

    Takes what `cluster.start` takes (`requests=True`, `settings=`); ended after the test.
    """
    started: list[cluster.Cluster] = []

    def start(
        brokers: int = 1,
        version: str | None = cluster.DEFAULT_VERSION,
        settings: Settings = SOON,
        **options: Any,
    ) -> cluster.Cluster:
        state = tmp_path / "kafka"
        settings = {**SOON, **settings}
        started.append(cluster.start(brokers, version, state=state, jars=JARS, settings=settings, **options))
        return started[-1]

    yield start
    for running in started:
        running.close()
