"""Lag of all groups of a real broker: mqviz against Apache's tool and a warm Java client, in one run.

One broker of its own with 2,000 partitions and 100 groups of 640 commits each; before every round a tenth of
the topics grows and some groups commit. Every way answers the same question, and the sums must agree. The
ways take turns, so that a busy machine slows all of them.
"""

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter_ns

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from mqviz.facts.watched.lag import group_rows
from mqviz.live.managed import cluster, jars
from mqviz.live.managed.java import find_java
from mqviz.live.observe.journal import Journal
from mqviz.live.observe.observer import Observer
from mqviz.model.apply import apply
from mqviz.model.observed.events import RefreshEnded
from mqviz.model.state import State

TOPICS, PARTITIONS = 200, 10
GROUPS, TOPICS_OF_A_GROUP = 100, 64
RECORDS = 20_000
WARM_ROUNDS, ROUNDS, TOOL_ROUNDS = 10, 20, 3
GOAL = 1.2
SETTINGS = {"log.index.size.max.bytes": "65536", "offsets.topic.num.partitions": "4"}

Round = Callable[[], Awaitable[tuple[float, int, str]]]
"""One measurement: (milliseconds, requests, what was found)."""


class World:
    """Topics, records and commits; a group commits without ever having a member."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.names = [f"lag-{n:03}" for n in range(TOPICS)]
        self.config = {"bootstrap.servers": bootstrap, "log_level": 0}
        self.producer = Producer({**self.config, "linger.ms": 50})
        admin = AdminClient(self.config)
        for made in admin.create_topics([NewTopic(n, PARTITIONS, 1) for n in self.names]).values():
            made.result()
        self._produce(self.names, RECORDS)
        for g in range(GROUPS):
            self._commit(g, 1)

    def stir(self, round_: int) -> None:
        """A tenth of the topics grows, and every twentieth group commits."""
        self._produce(self.names[round_ % 10 :: 10], 200)
        for g in range(round_ % 20, GROUPS, 20):
            self._commit(g, 2 + round_)

    def _produce(self, topics: list[str], count: int) -> None:
        for n in range(count):
            self.producer.produce(topics[n % len(topics)], b"x", partition=n // len(topics) % PARTITIONS)
            self.producer.poll(0)
        self.producer.flush()

    def _commit(self, g: int, at: int) -> None:
        topics = [self.names[(g + n) % TOPICS] for n in range(TOPICS_OF_A_GROUP)]
        places = [TopicPartition(t, p, at + (g + p) % 9) for t in topics for p in range(PARTITIONS)]
        consumer = Consumer({**self.config, "group.id": f"group-{g:03}"})
        consumer.commit(offsets=places, asynchronous=False)
        consumer.close()


# -- the ways ----------------------------------------------------------------------------------------------


class Mqviz:
    """What `mqviz attach` does in a beat: asks, applies what changed to its State, reads the groups' table."""

    def __init__(self, bootstrap: str) -> None:
        self.journal = Journal()
        self.observer = Observer(bootstrap, self.journal)
        self.state = State()

    async def whole(self) -> tuple[float, int, str]:
        """Everything at once, as at the start: also brokers, topics, members and log starts."""
        self.observer.schedule.forget()
        return await self._beat()

    async def lag(self) -> tuple[float, int, str]:
        """Groups, commits and ends: what the other ways ask for. The rest has longer periods."""
        schedule = self.observer.schedule
        schedule.forget_groups()
        schedule.hurry("groups")
        for name in ("cluster", "members", "starts"):
            schedule.is_due(name, 0, self.journal.now_us())
        return await self._beat()

    async def _beat(self) -> tuple[float, int, str]:
        began = perf_counter_ns()
        await self.observer.refresh()
        events = self.journal.take_all()
        for event in events:
            apply(self.state, event)
        rows = group_rows(self.state)
        took = (perf_counter_ns() - began) / 1e6
        requests = sum(event.requests for event in events if isinstance(event, RefreshEnded))
        total = sum(row.lag for row in rows if isinstance(row.lag, int))
        return took, requests, f"{len(rows)} groups, {sum(row.known for row in rows)} commits, lag {total}"


class Java:
    """Kafka's AdminClient in a warm process."""

    def __init__(self, bootstrap: str, class_path: str) -> None:
        source = Path(__file__).with_name("Lag.java")
        command = ["java", "-cp", class_path, str(source), bootstrap]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    async def round(self) -> tuple[float, int, str]:
        assert self.process.stdin
        assert self.process.stdout
        print(file=self.process.stdin, flush=True)
        took, groups, commits, lag, requests = map(int, self.process.stdout.readline().split())
        return took / 1e6, requests, f"{groups} groups, {commits} commits, lag {lag}"


async def tool(bootstrap: str, class_path: str, java: str) -> tuple[float, int, str]:
    """Apache's command line tool, a process each time."""
    command = [java, "-cp", class_path, "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"]
    command += ["--bootstrap-server", bootstrap, "--all-groups", "--describe"]
    began = perf_counter_ns()
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    took = (perf_counter_ns() - began) / 1e6
    rows = [line.split() for line in text.splitlines() if line.startswith("group-")]
    lag = sum(int(row[5]) for row in rows)
    return took, 0, f"{len({row[0] for row in rows})} groups, {len(rows)} commits, lag {lag}"


async def process(bootstrap: str) -> tuple[float, int, str]:
    """The same as a process of Python, as `mqviz lag` is."""
    began = perf_counter_ns()
    command = [sys.executable, __file__, "--once", bootstrap]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return (perf_counter_ns() - began) / 1e6, 0, found


# -- the run -----------------------------------------------------------------------------------------------


@contextmanager
def broker() -> Iterator[cluster.Cluster]:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        with cluster.start(1, heap="2g", settings=SETTINGS, requests=True, state=state) as running:
            yield running


Found = dict[str, list[tuple[float, int, str]]]


async def measure(world: World, requests: Path) -> Found:
    class_path = ":".join(map(str, jars.class_path(cluster.DEFAULT_VERSION, print)))
    bootstrap, java = world.bootstrap, str(find_java())
    log_requests("WARN", bootstrap, class_path, java)
    warm, processes = ways(bootstrap, class_path, java)
    found: Found = {}
    for round_ in range(WARM_ROUNDS + ROUNDS):
        world.stir(round_)
        answers = {name: await way() for name, way in warm.items()}
        if len({text for _, _, text in answers.values()}) > 1:
            raise SystemExit(f"the ways disagree: {answers}")
        for name, answer in answers.items():
            found.setdefault(name, []).append(answer)
    found = {name: rounds[WARM_ROUNDS:] for name, rounds in found.items()}
    for _ in range(TOOL_ROUNDS):
        for name, way in processes.items():
            found.setdefault(name, []).append(await way())
    log_requests("DEBUG", bootstrap, class_path, java)
    for name, way in processes.items():
        before = count(requests)
        await way()
        found[name] = [(took, count(requests) - before, text) for took, _, text in found[name]]
    return found


def ways(bootstrap: str, class_path: str, java: str) -> tuple[dict[str, Round], dict[str, Round]]:
    """(those that stay running, those that are a process each time)."""
    mqviz = Mqviz(bootstrap)
    warm: dict[str, Round] = {"mqviz, a beat for lag": mqviz.lag, "mqviz, a whole beat": mqviz.whole}
    if shutil.which("javac"):
        warm["Java AdminClient, warm"] = Java(bootstrap, class_path).round
    return warm, {
        "Apache's tool, a process": lambda: tool(bootstrap, class_path, java),
        "mqviz, a process": lambda: process(bootstrap),
    }


def log_requests(level: str, bootstrap: str, class_path: str, java: str) -> None:
    """Let the broker log its requests (DEBUG) or not (WARN): writing them takes time, so not what is timed."""
    command = [java, "-cp", class_path, "kafka.admin.ConfigCommand", "--bootstrap-server", bootstrap]
    command += ["--entity-type", "broker-loggers", "--entity-name", "1"]
    command += ["--alter", "--add-config", f"kafka.request.logger={level}"]
    subprocess.run(command, check=True, capture_output=True)


def count(log: Path) -> int:
    """Requests of clients in the broker's log; the broker's own are on another listener."""
    return len(re.findall(r'"listener":"(?!CONTROLLER)', log.read_text(errors="replace")))


def report(found: Found) -> int:
    """The table, and the ratios of the fastest rounds (of the medians): a busy machine slows all, but not evenly."""
    print(f"{'':28}{'min ms':>9}{'median ms':>11}{'requests':>10}")
    times: dict[str, tuple[float, float]] = {}
    for name, rounds in found.items():
        took = [milliseconds for milliseconds, _, _ in rounds]
        times[name] = min(took), median(took)
        print(f"{name:28}{times[name][0]:9.0f}{times[name][1]:11.0f}{rounds[-1][1]:10}")
    print("all ways agree; at the end:", next(iter(found.values()))[-1][2])
    tool_ratio = ratio(times["Apache's tool, a process"], times["mqviz, a process"])
    print(f"Apache's tool takes {tool_ratio} times as long as mqviz, both as a process")
    theirs = times.get("Java AdminClient, warm")
    if theirs is None:
        print("Java AdminClient: not measured, there is no JDK here")
    else:
        ours = ratio(times["mqviz, a beat for lag"], theirs)
        print(f"mqviz takes {ours} times as long as the warm Java client (goal: {GOAL})")
    return 0


def ratio(ours: tuple[float, float], theirs: tuple[float, float]) -> str:
    return f"{ours[0] / theirs[0]:.2f} ({ours[1] / theirs[1]:.2f})"


def main() -> int:
    if sys.argv[1:2] == ["--once"]:
        print(asyncio.run(Mqviz(sys.argv[2]).whole())[2])
        return 0
    with broker() as running:
        world = World(running.bootstrap)
        return report(asyncio.run(measure(world, running.node(1).request_log)))


if __name__ == "__main__":
    raise SystemExit(main())
