"""Random clusters: versions, brokers, topics and clients of every kind, as texts of commands and a plan."""

from __future__ import annotations

from typing import Any

from mqviz.commands import parse
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.producer import AddProducer
from mqviz.model.command.share import AddShareConsumer
from mqviz.model.command.topic import CreateTopic
from mqviz.model.units import Duration
from mqviz.scenario import ClusterPlan, Scenario
from tests.soak.choose import Choose

FOR_EVER = 1 << 50
TOPICS = ("t", "u", "v")
PRODUCERS = ("p1", "p2", "p3")
CONSUMERS = ("c1", "c2", "c3", "c4", "c5")
SHARERS = ("s1", "s2", "s3")
GROUPS = ("eager", "sticky", "cooperative", "mixed", "kip848", "kip848", "kip848-range", "alone")
"""Each group has one protocol, which its name tells."""

PROTOCOLS = {
    "eager": "partition.assignment.strategy=range",
    "sticky": "partition.assignment.strategy=sticky",
    "cooperative": "partition.assignment.strategy=cooperative-sticky",
    "mixed": "partition.assignment.strategy=roundrobin,range",
    "kip848": "group.protocol=consumer",
    "kip848-range": "group.protocol=consumer group.remote.assignor=range",
    "alone": "",
}


def scenario(choose: Choose) -> Scenario:
    """A cluster with topics, producers and consumers in it."""
    brokers = choose.one((1, 2, 3, 3, 3, 3, 4, 5))
    topics = TOPICS[: choose.one((1, 1, 2, 3))]
    texts = [
        *(f"create topic {name} {topic(choose, brokers)}" for name in topics),
        *(f"add producer {name} {producer(choose, topics)}" for name in PRODUCERS[: choose.number(1, 3)]),
        *(f"add consumer {name} {consumer(choose, topics)}" for name in CONSUMERS[: choose.number(0, 4)]),
        *(
            f"add share-consumer {name} {sharer(choose, topics)}"
            for name in SHARERS[: max(0, choose.number(-3, 3))]
        ),
    ]
    contents: list[Any] = [parse(text) for text in texts]
    return Scenario(
        "Soak",
        Duration(FOR_EVER),
        "partition-log",
        seed=choose.number(0, 99),
        kafka_version=choose.one(("4.0", "4.1", "4.2", "4.2", "4.3", "4.4")),
        cluster=_plan(choose, brokers),
        topics=_of(contents, CreateTopic),
        producers=_of(contents, AddProducer),
        consumers=_of(contents, AddConsumer),
        share_consumers=_of(contents, AddShareConsumer),
    )


def _of(contents: list[Any], kind: type[Any]) -> Any:
    return tuple(each for each in contents if isinstance(each, kind))


def _plan(choose: Choose, brokers: int) -> ClusterPlan:
    settings = {
        "replica.lag.time.max.ms": choose.one(("30000", "30000", "4000")),
        "group.min.session.timeout.ms": "1000",
        "offsets.topic.num.partitions": choose.one(("50", "1", "3")),
        "replica.fetch.wait.max.ms": choose.one(("500", "3000")),
        "auto.leader.rebalance.enable": choose.one(("true", "false")),
    }
    racks = ("a", "b", "c", "a", "b")[:brokers] if choose.number(0, 4) == 0 else ()
    return ClusterPlan(
        brokers,
        Duration(choose.one((0, 1_000, 1_000, 1_000, 20_000, 200_000))),
        Duration(choose.one((0, 200, 200, 5_000))),
        Duration(choose.one((0, 0, 3_000_000))),
        racks=racks,
        settings=settings,  # type: ignore[arg-type]
        scaled=True,
    )


def topic(choose: Choose, brokers: int) -> str:
    """The settings of a topic."""
    copies = min(brokers, choose.one((1, 2, 3, 3, 3)))
    words = [
        f"partitions={choose.one((1, 1, 2, 3, 5))}",
        f"replication_factor={copies}",
        f"min_insync_replicas={choose.number(1, copies)}",
    ]
    if choose.number(0, 3) == 0:
        words.append("unclean.leader.election.enable=true")
    if choose.number(0, 3) == 0:
        words.append(f"segment.bytes={choose.one((600, 3000))} {_cleanup(choose)}")
    return " ".join(words)


def _cleanup(choose: Choose) -> str:
    return choose.one(
        (
            "retention.ms=5000",
            "retention.bytes=1500",
            "cleanup.policy=compact min.cleanable.dirty.ratio=0.1",
            "cleanup.policy=compact,delete retention.ms=20000",
        )
    )


def producer(choose: Choose, topics: tuple[str, ...]) -> str:
    """The settings of a producer; it sends slowly, so that a run of minutes has thousands of events, not millions."""
    words = [
        f"topic={choose.one(topics)} rate={choose.one((0, 0.3, 1, 4))}/s count={choose.one((0, 0, 60))}",
        f"linger={choose.one((0, 5, 300))}ms max_in_flight={choose.one((1, 2, 5, 5))}",
        f"arrivals={choose.one(('even', 'exponential'))}",
        f"delivery.timeout.ms={choose.one((8000, 20000, 120000))} request.timeout.ms={choose.one((1500, 5000))}",
    ]
    if choose.number(0, 2):
        words.append(f"keys={choose.one(('a', 'a,b,c,d,e'))} key_choice={choose.one(('turn', 'random'))}")
    words.append(
        choose.one(
            (
                "",
                "",
                "",
                "acks=0",
                "acks=1",
                "acks=1",
                "enable.idempotence=false",
                "enable.idempotence=false",
                "retries=0 enable.idempotence=false",
                "partitioner=librdkafka",
                "batch_size=500B",
                "batch_size=0B",
                "buffer.memory=40000 max.block.ms=3000",
            )
        )
    )
    return " ".join(word for word in words if word)


def consumer(choose: Choose, topics: tuple[str, ...]) -> str:
    """The settings of a consumer."""
    group = choose.one(GROUPS)
    words = [
        f"group={group} topic={choose.one(topics)} processing={choose.one((0, 10, 200, 3000))}ms",
        f"max_poll_records={choose.one((1, 5, 500))} commit={choose.one(COMMITS)}",
        f"auto_offset_reset={choose.one(('earliest', 'earliest', 'latest', 'none'))}",
        f"fetch.max.wait.ms={choose.one((500, 5000, 5000))}",
        PROTOCOLS[group],
    ]
    if "consumer" not in PROTOCOLS[group]:
        words.append(f"session_timeout={choose.one((6, 10, 45))}s heartbeat_interval={choose.one((1, 3))}s")
    words.append(
        choose.one(
            (
                "",
                "",
                "",
                "group.instance.id=i1",
                "group.instance.id=i2",
                "max_poll_interval=5s",
                "isolation.level=read_committed",
                "client.rack=a",
                "client=librdkafka",
                "loop=false",
            )
        )
    )
    found = " ".join(word for word in words if word)
    if "client=librdkafka" in found and group in ("sticky", "mixed"):
        found = found.replace("client=librdkafka", "")
    return found.strip()


COMMITS = ("after", "after", "after", "auto", "auto", "before", "each", "async", "none", "dedupe")


def sharer(choose: Choose, topics: tuple[str, ...]) -> str:
    """The settings of a share consumer."""
    words = [
        f"group=shared topic={choose.one(topics)} processing={choose.one((0, 20, 4000))}ms",
        f"max_poll_records={choose.one((1, 4, 500))}",
        choose.one(("", "", "poison=a", "ack=release", "ack=reject", "calls=manual")),
        choose.one(("commit=poll", "commit=batch", "commit=record")),
    ]
    found = " ".join(word for word in words if word)
    explicit = any(word in found for word in ("poison", "ack=re", "manual"))
    return f"{found} share.acknowledgement.mode=explicit" if explicit else found
