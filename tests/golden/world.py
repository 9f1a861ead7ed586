"""World: a case's simulated cluster, its clock, its labels and its raw connections."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mqviz.backend import Refused
from mqviz.commands import parse
from mqviz.kafka import settings
from mqviz.kafka.errors import Error
from mqviz.kafka.versions import ELR
from mqviz.model.command import Command, CreateTopic
from mqviz.model.event import Event
from mqviz.model.invariants import broken
from mqviz.model.request import AnswerReceived, AnswerSent
from mqviz.model.state import State
from mqviz.model.units import Duration, Value
from mqviz.scenario import ClusterPlan, Scenario
from mqviz.sim.backend import open_sim
from mqviz.sim.kafka import network
from tests.golden.registry import BEGINS, FACTS, MOMENTS, RPC, SHARE_VERBS, VERBS, Args, NotRun

MS = 1_000
QUIET_US = 60_000_000
"""When step 0 begins: everything has settled, and records may be a minute older than that."""

Case = dict[str, Any]


@dataclass
class Label:
    """An act that was done: when it began and ended, and what came of it."""

    began_us: int
    ended_us: int | None = None
    outcome: Any = None
    read: Callable[[], Any] | None = None
    """Asks for the outcome again (acts whose outcome comes later)."""
    act: Args = field(default_factory=dict)


class World:
    """One case on the simulator. `step` counts from 0; `marks`: where group events are counted from."""

    def __init__(self, case: Case, seed: int = 7, watch: bool = True) -> None:
        self.case = case
        self.backend = open_sim(scenario_of(case), seed)
        self.watch = watch
        self.log: list[Event] = []
        self.labels: dict[str, Label] = {}
        self.raw: dict[str, int] = {}
        self.answers: dict[int, tuple[int, Any]] = {}
        self.ids: dict[str, Any] = {}
        self.pending: list[tuple[str, int, Callable[[Any], Any]]] = []
        self.step = 0
        self.step_began: list[int] = []
        self.mark_index = 0
        self.notes: dict[str, Any] = {}
        self.planned: list[tuple[int, Callable[[], None]]] = []
        self.to(QUIET_US // 2)
        self._preload(case["setup"].get("preload", ()))
        self.to(QUIET_US)

    def _preload(self, entries: Any) -> None:
        """Records that are there before step 0, a producer per entry."""
        for index, entry in enumerate(entries):
            name = f"preload{index}"
            records = [{"partition": entry["partition"], **record} for record in entry["records"]]
            VERBS["start_producer"](self, {"producer": name})
            self.act(
                {"verb": "produce", "as": name, "producer": name, "topic": entry["topic"], "records": records}
            )

    def begin(self, number: int) -> None:
        """Step `number` begins: group events and differences are counted from here."""
        self.step = number
        self.step_began.append(self.now_us)
        self.mark_index = len(self.log)
        self.notes.setdefault("event_index", []).append(len(self.log))
        groups = {name: group.generation for name, group in self.state.cluster.groups.items()}
        self.notes.setdefault("generations", []).append(groups)
        for remember in BEGINS:
            remember(self)

    # -- time --------------------------------------------------------------------------------------------

    @property
    def now_us(self) -> int:
        """Simulated now."""
        return self.backend.now_us

    @property
    def state(self) -> State:
        """The truth now."""
        return self.backend.state

    def to(self, at_us: int) -> None:
        """Let time pass until `at_us`, instant by instant."""
        while self.now_us < at_us:
            self._advance(at_us)

    def wait(self, ms: float) -> None:
        """Let `ms` milliseconds pass."""
        self.to(self.now_us + int(ms * MS))

    def until(self, holds: Callable[[], bool], timeout_ms: float = 30_000) -> bool:
        """Let time pass until `holds()`; False if it did not within the timeout."""
        end_us = self.now_us + int(timeout_ms * MS)
        while not holds():
            if self.now_us >= end_us:
                return False
            self._advance(end_us)
        return True

    def happens(self, kind: type[Event], timeout_ms: float = 1_000) -> bool:
        """Let time pass until something of this kind happens: a call of an admin client lasts until it is done."""
        since = len(self.log)
        return self.until(lambda: any(isinstance(event, kind) for event in self.log[since:]), timeout_ms)

    def plan(self, at_us: int, do: Callable[[], None]) -> None:
        """Do something by the way at `at_us`, while later acts go on."""
        self.planned.append((at_us, do))
        self.planned.sort(key=lambda each: each[0])

    def _advance(self, end_us: int) -> None:
        """To the next instant at which something happens or is planned, at most to `end_us`."""
        while self.planned and self.planned[0][0] <= self.now_us:
            self.planned.pop(0)[1]()
        following = self.backend.next_at_us()
        until = end_us if following is None else min(end_us, following + 1)
        if self.planned:
            until = min(until, self.planned[0][0])
        self._take(self.backend.advance(until))

    def _take(self, events: Any) -> None:
        for event in events:
            self.log.append(event)
            if isinstance(event, AnswerSent):
                self.answers[event.number] = (-1, event.answer)
            elif isinstance(event, AnswerReceived) and event.number in self.answers:
                self.answers[event.number] = (event.at_us, self.answers[event.number][1])
        if self.watch and events:
            assert not broken(self.state), (events[-1], broken(self.state))
        self._settle()

    # -- doing -------------------------------------------------------------------------------------------

    def do(self, command: Command | str) -> str:
        """Give a command now; returns "ok" or the refusal."""
        try:
            self.backend.submit(parse(command) if isinstance(command, str) else command)
        except Refused as refusal:
            return str(refusal)
        return "ok"

    def act(self, act: Args) -> None:
        """Do one act of a step, and wait for its outcome if it has one and is not told otherwise."""
        name = act["verb"]
        verbs = SHARE_VERBS if act.get("type") == "share" or self._of_share(act.get("member")) else VERBS
        if name not in verbs:
            raise NotRun(f"verb {name}")
        label = act.get("as")
        if label:
            self.labels[label] = Label(self.now_us, act=act)
        verbs[name](self, act)
        self._take(self.backend.advance(self.now_us + 1))
        if not label:
            return
        if act.get("wait_for_answer", True):
            self.until(lambda: self.labels[label].ended_us is not None, max(60_000, act.get("timeout_ms", 0)))
        elif self.labels[label].ended_us is None and self.labels[label].outcome is None:
            self.labels[label].outcome = "PENDING"

    def answered(self, label: str | None, outcome: Any, at_us: int | None = None) -> None:
        """The act of this label ended with this outcome."""
        if label:
            self.labels[label].outcome = outcome
            self.labels[label].ended_us = self.now_us if at_us is None else at_us

    def later(self, label: str | None, outcome: Callable[[], Any]) -> None:
        """The act ends as soon as `outcome()` is not None."""
        if label:
            self.labels[label].read = outcome
            self._settle()

    def _settle(self) -> None:
        for name, label in self.labels.items():
            if label.ended_us is None and label.read is not None:
                outcome = label.read()
                if outcome is not None:
                    self.answered(name, outcome)

    # -- raw requests ------------------------------------------------------------------------------------

    def ask(self, connection: str, broker: int, request: Any) -> int:
        """Send a raw request value on a connection of an outside client; returns its number."""
        sim = self.backend._sim
        sim.cause = 0
        return network.ask(sim, "outside", connection, 1, broker, request)

    def answer_of(self, number: int) -> Any | None:
        """The answer to a raw request, once it was received."""
        at_us, answer = self.answers.get(number, (-1, None))
        return answer if at_us >= 0 else None

    def rpc(self, act: Args, label: str | None) -> None:
        """Send the raw request of an `rpc` act."""
        if act["api"] not in RPC:
            raise NotRun(f"rpc {act['api']}")
        if "every_ms" in act:
            self.answered(label, self._again_and_again(act))
            return
        number, named = self._send(act)

        def outcome() -> Any:
            answer = self.answer_of(number)
            return None if answer is None else named(answer)

        self.later(label, outcome)

    def _send(self, act: Args) -> tuple[int, Callable[[Any], Any]]:
        broker, request, named = RPC[act["api"]](self, self.named_ids(act["request"]), act)
        return self.ask(act.get("conn", "raw"), broker, request), named

    def _again_and_again(self, act: Args) -> Any:
        """The last answer to a request that is sent every_ms for for_ms, or until an answer is an error."""
        end_us, answer = self.now_us + int(act["for_ms"] * MS), None
        while self.now_us < end_us:
            next_us = self.now_us + int(act["every_ms"] * MS)
            number, named = self._send(act)
            self.until(lambda number=number: self.answer_of(number) is not None, act["for_ms"])  # type: ignore[misc]
            answer = named(self.answer_of(number))
            if act.get("until_error") and answer["error"] != "NONE":
                break
            self.to(next_us)
        return answer

    def named_ids(self, value: Any) -> Any:
        """`value` with the symbolic ids (`id:m1`, `pid:1`) replaced by what the brokers gave."""
        if isinstance(value, str) and value in self.ids:
            return self.ids[value]
        if isinstance(value, dict):
            return {key: self.named_ids(item) for key, item in value.items()}
        return [self.named_ids(item) for item in value] if isinstance(value, list) else value

    # -- reading -----------------------------------------------------------------------------------------

    def read(self, read: Args) -> Any:
        """The value of a fact now."""
        if read["fact"] not in FACTS:
            raise NotRun(f"fact {read['fact']}")
        return FACTS[read["fact"]](self, read)

    def _of_share(self, name: str | None) -> bool:
        """Whether this member, or the member of this label's act, is a share consumer."""
        if name in self.labels:
            name = self.labels[name].act.get("member")
        return name in self.notes.get("share", {})

    def moment_us(self, name: str, since_us: int = 0) -> int | None:
        """The time of a moment: a label, label.done; others are registered by name in `notes`."""
        base, _, done = name.partition(".")
        if base in self.labels:
            return self.labels[base].ended_us if done else self.labels[base].began_us
        kind, _, which = name.partition(":")
        if kind in MOMENTS:
            return MOMENTS[kind](self, since_us, *([which] if which else []))
        if name in self.notes:
            found: int | None = (
                self.notes[name](self, since_us) if callable(self.notes[name]) else self.notes[name]
            )
            return found
        raise NotRun(f"moment {name}")

    def config(self, kind: str, name: str, group: str = "") -> dict[str, Value]:
        """What the recording set for a client: `*`, then its group, then its own name; only what is simulated."""
        table = self.case["config"].get(kind, {})
        component = "consumer" if kind == "share" else kind
        found: dict[str, Any] = {}
        for key in ("*", f"{group}:*", name):
            found |= table.get(key, {})
        return known(found, component)


UNITS_MS = {"hours": 3_600_000, "minutes": 60_000}


def _in_ms(broker: Args) -> Args:
    """The brokers' settings, with those in hours and minutes in milliseconds, which come first (log.retention.hours)."""
    found = dict(broker)
    for name in ("log.retention", "log.roll"):
        for unit in ("minutes", "hours"):
            if f"{name}.{unit}" in broker and f"{name}.ms" not in found:
                found[f"{name}.ms"] = int(broker[f"{name}.{unit}"]) * UNITS_MS[unit]
    return found


def known(config: dict[str, Any], component: str) -> dict[str, Value]:
    """The settings that change something in the simulator; a recording may give others too."""
    names = settings.COMPONENTS[component]
    return {name: Value(_text(value)) for name, value in config.items() if name in names}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def scenario_of(case: Case) -> Scenario:
    """The cluster of a case; its topics are made by the first commands."""
    config, setup = case["config"], case["setup"]
    each = config.get("broker_each", {})
    plan = ClusterPlan(
        brokers=len(setup["brokers"]),
        link_latency=Duration(250),
        append_cost=Duration(50),
        group_initial_rebalance_delay=Duration(
            1000 * int(config["broker"].get("group.initial.rebalance.delay.ms", 3000))
        ),
        racks=tuple(
            str(each[str(b)]["broker.rack"])
            for b in setup["brokers"]
            if "broker.rack" in each.get(str(b), {})
        ),
        settings=known(_in_ms(config["broker"]), "broker"),
        features=_features(config.get("features") or {}),
        groups={name: known(table, "group") for name, table in config.get("group", {}).items()},
    )
    topics = tuple(topic_command(name, topic) for name, topic in setup.get("topics", {}).items())
    return Scenario(case["id"], Duration(1 << 50), "partition-log", cluster=plan, topics=topics)


NEW = {"group.version": 1, "transaction.version": 2, "share.version": 1, ELR: 1}
"""Feature levels of a cluster that was formatted by 4.2."""


def _features(given: dict[str, Any]) -> dict[str, int]:
    """The levels that are not those of a new cluster."""
    other = {name: int(given[name]) for name, level in NEW.items() if int(given.get(name, level)) != level}
    for name in other:
        if name != ELR:
            raise NotRun(f"feature {name}={other[name]}")
    return other


def topic_command(name: str, topic: Args) -> CreateTopic:
    """The command that makes this topic; what it does not say the brokers' settings do."""
    config, replicas = topic_config(topic.get("config") or {}), topic.get("replicas")
    if replicas:
        lists = tuple("/".join(map(str, ids)) for ids in replicas)
        return CreateTopic(name, config=config, replicas=lists)
    return CreateTopic(name, topic.get("partitions"), topic.get("rf"), config=config)


NO_PART = (
    "compression.gzip.level",
    "compression.lz4.level",
    "compression.zstd.level",
    "follower.replication.throttled.replicas",
    "index.interval.bytes",
    "leader.replication.throttled.replicas",
    "local.retention.bytes",
    "local.retention.ms",
    "preallocate",
    "remote.log.copy.disable",
    "remote.log.delete.on.disable",
    "remote.storage.enable",
    "segment.index.bytes",
    "segment.jitter.ms",
)
"""Topic settings of Kafka that change nothing in the simulator."""


def topic_config(config: Args) -> dict[str, Value]:
    """The topic settings of a recording that are simulated, and those that Kafka does not know, to be refused."""
    return {name: Value(_text(value)) for name, value in config.items() if name not in NO_PART}


def named_error(outcome: str) -> str:
    """The protocol error that a refusal names, else the outcome."""
    names = re.findall(r"\b[A-Z_]+(?= \(\d+\))", outcome)
    return next((name for name in names if name in Error.__members__), outcome)


def error_name(code: int) -> str:
    """Kafka's name of an error code, as recordings write it."""
    return Error(code).name
