"""Small helpers for tests of the simulated Kafka: a cluster in one call, run under watch, asked from outside."""

from __future__ import annotations

from typing import Any, TypeVar

from mqviz.commands import parse
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.producer import AddProducer
from mqviz.model.command.topic import CreateTopic
from mqviz.model.event import Event
from mqviz.model.kafka.network.events import ResponseReceived, ResponseSent
from mqviz.model.kafka.protocol.requests import AnyRequest, JoinGroupRequest
from mqviz.model.kafka.protocol.responses import AnyResponse
from mqviz.model.units import Duration
from mqviz.scenario import ClusterPlan, Scenario
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from mqviz.sim.kafka.network import connection
from tests.sim.worlds import FOR_EVER, Run

MS = 1_000
S = 1_000_000

Kind = TypeVar("Kind", bound=Event)


def cluster(
    *contents: str, brokers: int = 3, latency_us: int = 1_000, append_us: int = 200, delay_us: int = 0
) -> Scenario:
    """A scenario with these topics, producers and consumers, each as its command's text; no initial delay."""
    plan = ClusterPlan(brokers, Duration(latency_us), Duration(append_us), Duration(delay_us))
    parsed: list[Any] = [parse(text) for text in contents]
    return Scenario(
        "test",
        Duration(FOR_EVER),
        "partition-log",
        cluster=plan,
        topics=tuple(c for c in parsed if isinstance(c, CreateTopic)),
        producers=tuple(c for c in parsed if isinstance(c, AddProducer)),
        consumers=tuple(c for c in parsed if isinstance(c, AddConsumer)),
    )


def run(*contents: str, seed: int = 7, **plan: int) -> Run:
    """A run of such a cluster."""
    return Run(cluster(*contents, **plan), seed)


def of(run: Run, kind: type[Kind], since_us: int = 0, **fields: object) -> list[Kind]:
    """Events of this kind from `since_us` on whose fields have these values."""
    return [
        event
        for event in run.log
        if isinstance(event, kind)
        and event.at_us >= since_us
        and all(getattr(event, name) == value for name, value in fields.items())
    ]


def times(run: Run, kind: type[Event], since_us: int = 0, **fields: object) -> list[int]:
    """When such events happened, counted from `since_us`."""
    return [event.at_us - since_us for event in of(run, kind, since_us, **fields)]


class Outside:
    """A client from outside: it sends request values and reads its answers among the facts."""

    def __init__(self, run: Run, name: str = "raw") -> None:
        self.run = run
        self.name = name
        self.member_id = ""

    def send(self, request: AnyRequest, broker: int = 1) -> int:
        """Send now; returns the request's number. Later ones on this connection wait for its answer."""
        sim = self.run.backend._sim
        sim.cause = 0
        return connection.send(sim, "outside", self.name, 1, broker, request)

    def answer(self, number: int) -> AnyResponse | None:
        """The answer, if it has been received."""
        if not of(self.run, ResponseReceived, number=number):
            return None
        return of(self.run, ResponseSent, number=number)[0].response

    def ask(self, request: AnyRequest, broker: int = 1, within_us: int = 10 * MS) -> AnyResponse | None:
        """Send, let time pass, and give the answer; None: it waits."""
        number = self.send(request, broker)
        self.run.to(self.run.backend.now_us + within_us)
        return self.answer(number)

    def join(self, group: str = "g", topics: tuple[str, ...] = ("t",), **more: Any) -> int:
        """Get an id if there is none yet, then send the JoinGroup that counts; returns its number."""
        broker = coordinator_of(self.run.backend._sim, group)
        if not self.member_id:
            reply = self.ask(self.joining(group, topics, **more), broker)
            self.member_id = getattr(reply, "member_id", "")
        return self.send(self.joining(group, topics, **more), broker)

    def joining(
        self,
        group: str,
        topics: tuple[str, ...],
        session_us: int = 10 * S,
        rebalance_us: int = 60 * S,
        assignors: tuple[str, ...] = ("range",),
    ) -> JoinGroupRequest:
        """The JoinGroup of this client."""
        return JoinGroupRequest(group, self.member_id, self.name, session_us, rebalance_us, assignors, topics)
