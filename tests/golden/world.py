"""World: a case's simulated cluster, its clock, what is done on it, its members and its raw connections."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from mqviz.backend import Refused
from mqviz.commands import parse
from mqviz.invariants import broken
from mqviz.kafka.errors import Error
from mqviz.model.command.base import Command
from mqviz.model.event import Event
from mqviz.model.kafka.network.events import ResponseReceived, ResponseSent
from mqviz.model.state import State
from mqviz.model.units import Value
from mqviz.sim.backend import open_sim
from mqviz.sim.kafka.network import connection as network_connection
from tests.golden.registry import BEGINS, FACTS, MOMENTS, VERBS, Args, NotRun, Until, Waiting
from tests.golden.setup import Case, known, scenario_of

MS = 1_000
QUIET_US = 60_000_000
"""When step 0 begins: everything has settled, and records may be a minute older than that."""

IDLE_US = 60_000_000
"""Time passes by so much at most where nothing happens."""

PENDING = "PENDING"
"""The outcome of what is not over."""


@dataclass
class Label:
    """An act that was done: when it began and ended, and what came of it."""

    began_us: int
    act: Args
    ended_us: int | None = None
    outcome: Any = PENDING

    def end(self, outcome: Any, at_us: int) -> None:
        """It is over."""
        self.outcome, self.ended_us = outcome, at_us


@dataclass
class Job:
    """An act that takes time: what it waits for now, and until when at most."""

    label: Label
    doing: Waiting
    until: Until = field(default_factory=lambda: Until(lambda: True))
    end_us: int = 0


@dataclass(frozen=True)
class Member:
    """A consumer of the case: its name in the simulator, its group, whether it shares, where in the log it began."""

    process: str
    group: str
    share: bool
    since: int

    @property
    def kind(self) -> str:
        """What commands call it."""
        return "share-consumer" if self.share else "consumer"


class World:
    """One case on the simulator. `step` counts from 0; `mark_index`: where group events are counted from."""

    def __init__(self, case: Case, seed: int = 7, watch: bool = True) -> None:
        self.case = case
        self.backend = open_sim(scenario_of(case), seed)
        self.watch = watch
        self.log: list[Event] = []
        self.labels: dict[str, Label] = {}
        self.jobs: list[Job] = []
        self.members: dict[tuple[str, str], Member] = {}
        self.answers: dict[int, tuple[int, Any]] = {}
        self.ids: dict[tuple[str, str], Any] = {}
        self.step = 0
        self.step_began: list[int] = []
        self.mark_index = 0
        self.notes: dict[str, Any] = {}
        self.to(QUIET_US // 2)
        self._preload(case["setup"].get("preload", ()))
        self.to(QUIET_US)

    def _preload(self, entries: Any) -> None:
        """Records that are there before step 0, a producer per entry."""
        for index, entry in enumerate(entries):
            name = f"preload{index}"
            records = [{"partition": entry["partition"], **record} for record in entry["records"]]
            self.act({"verb": "start_producer", "producer": name})
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

    def happens(self, kind: type[Event]) -> Until:
        """Until something of this kind happens: a call of an admin client lasts until it is done."""
        since = len(self.log)
        return Until(lambda: any(isinstance(event, kind) for event in self.log[since:]), 1_000_000)

    def finish_instant(self) -> None:
        """Let all happen that happens now, also what acts do at once when they see it."""
        while self._take(self.backend.advance(self.now_us + 1)):
            pass

    def _advance(self, end_us: int) -> None:
        """To the next instant at which something happens or an act gives up waiting, at most to `end_us`."""
        following = self.backend.next_at_us()
        until = end_us if following is None else min(end_us, following + 1)
        ends = [job.end_us for job in self.jobs if job.end_us > self.now_us]
        self._take(self.backend.advance(min([until, *ends])))

    def _take(self, events: Any) -> bool:
        """Remember what happened, and let acts go on; whether one did."""
        for event in events:
            self.log.append(event)
            if isinstance(event, ResponseSent):
                self.answers[event.number] = (-1, event.response)
            elif isinstance(event, ResponseReceived) and event.number in self.answers:
                self.answers[event.number] = (event.at_us, self.answers[event.number][1])
        if self.watch and events:
            assert not broken(self.state), (events[-1], broken(self.state))
        return self._go_on()

    # -- doing -------------------------------------------------------------------------------------------

    def do(self, command: Command | str) -> str:
        """Give a command now; returns "ok" or the refusal."""
        try:
            self.backend.submit(parse(command) if isinstance(command, str) else command)
        except Refused as refusal:
            return str(refusal)
        return "ok"

    def act(self, act: Args) -> None:
        """Do one act of a step, and wait for its outcome unless it says otherwise."""
        if act["verb"] not in VERBS:
            raise NotRun(f"verb {act['verb']}")
        name = act.get("as") or f"(act {len(self.labels)})"
        label = self.labels[name] = Label(self.now_us, act)
        outcome = VERBS[act["verb"]](self, {**act, "as": name})
        if isinstance(outcome, Generator):
            self.jobs.append(Job(label, outcome))
            self._go_on()
        else:
            label.end(outcome, self.now_us)
        self._take(self.backend.advance(self.now_us + 1))
        if label.ended_us is None and act.get("wait_for_answer", True):
            while label.ended_us is None:
                self._advance(self.now_us + IDLE_US)
            self._take(self.backend.advance(self.now_us + 1))

    def _go_on(self) -> bool:
        """Let every act go on whose wait is over; whether there was one."""
        resumed = [self._resume(job) for job in list(self.jobs)]
        return any(resumed)

    def _resume(self, job: Job) -> bool:
        resumed = False
        while job in self.jobs and (job.until.holds() or self.now_us >= job.end_us):
            try:
                job.until = next(job.doing)
                job.end_us = self.now_us + job.until.most_us
            except StopIteration as end:
                self.jobs.remove(job)
                job.label.end(end.value, self.now_us)
            resumed = True
        return resumed

    # -- members -----------------------------------------------------------------------------------------

    def enter(self, name: str, group: str, share: bool) -> Member:
        """A member starts, in the simulator under its name, or as `name.group` if another group had it first."""
        others = [key for key in self.members if key[1] == name and key != (group, name)]
        known = self.members.get((group, name))
        process = known.process if known else f"{name}.{group}" if others else name
        self.members.pop((group, name), None)
        self.members[group, name] = found = Member(process, group, share, len(self.log))
        return found

    def member(self, args: Args, name: str | None = None) -> Member:
        """Whom `member` (or this name) means, by the `group` of the act or read if two groups have it."""
        name = args["member"] if name is None else name
        found = [
            m for (group, n), m in self.members.items() if n == name and group == args.get("group", group)
        ]
        living = [member for member in found if self._lives(member)]
        if len(living) > 1 or not found:
            raise NotRun(f"member {name} is in {len(living)} groups: say which")
        return (living or found)[-1]

    def _lives(self, member: Member) -> bool:
        cluster = self.state.cluster
        there: Any = cluster.share_consumers if member.share else cluster.consumers
        return member.process in there and there[member.process].state not in ("closed", "dead")

    def called(self, process: str) -> str:
        """The case's name of a member that the simulator calls so."""
        return next((n for (_, n), member in self.members.items() if member.process == process), process)

    # -- raw requests ------------------------------------------------------------------------------------

    def ask(self, connection: str, broker: int, request: Any) -> int:
        """Send a raw request value on a connection of an outside client; returns its number."""
        sim = self.backend._sim
        sim.cause = 0
        return network_connection.send(sim, "outside", connection, 1, broker, request)

    def answer_of(self, number: int) -> Any | None:
        """The answer to a raw request, once it was received."""
        at_us, answer = self.answers.get(number, (-1, None))
        return answer if at_us >= 0 else None

    def answered(self, number: int, most_us: int = 60_000_000) -> Waiting:
        """Wait for the answer to a raw request, and return it; None if none came."""
        yield Until(lambda: self.answer_of(number) is not None, most_us)
        return self.answer_of(number)

    def told(self, connection: str, broker: int, request: Any) -> Any | None:
        """Ask and let time pass until the answer is there; None if it does not come."""
        number = self.ask(connection, broker, request)
        self.until(lambda: self.answer_of(number) is not None)
        return self.answer_of(number)

    def named_ids(self, value: Any, group: str = "") -> Any:
        """`value` with the symbolic ids (`id:m1`, `pid:1`) replaced by what brokers gave, in this group or at all."""
        if isinstance(value, str):
            return self.ids.get((group, value), self.ids.get(("", value), value))
        if isinstance(value, dict):
            return {key: self.named_ids(item, group) for key, item in value.items()}
        return [self.named_ids(item, group) for item in value] if isinstance(value, list) else value

    # -- reading -----------------------------------------------------------------------------------------

    def read(self, read: Args) -> Any:
        """The value of a fact now; those that are checks have names of their own."""
        name = f"check {read['check']}" if read["fact"] == "check" else read["fact"]
        if name not in FACTS:
            raise NotRun(f"fact {name}")
        return FACTS[name](self, read)

    def moment_us(self, name: str, since_us: int = 0) -> int | None:
        """The time of a moment: a label, label.done; others are registered by name."""
        base, _, done = name.partition(".")
        if base in self.labels:
            return self.labels[base].ended_us if done else self.labels[base].began_us
        kind, _, which = name.partition(":")
        if kind not in MOMENTS:
            raise NotRun(f"moment {name}")
        return MOMENTS[kind](self, since_us, *([which] if which else []))

    def config(self, kind: str, name: str, group: str = "") -> dict[str, Value]:
        """What the case set for a client: `*`, its group, its name, its name in the group; only what is simulated."""
        table = self.case["config"].get(kind, {})
        found: dict[str, Any] = {}
        for key in ("*", f"{group}:*", name, f"{group}:{name}"):
            found |= table.get(key, {})
        return known(found, "consumer" if kind == "share" else kind)


def named_error(outcome: str) -> str:
    """The protocol error that a refusal names, else the outcome."""
    names = re.findall(r"\b[A-Z_]+(?= \(\d+\))", outcome)
    return next((name for name in names if name in Error.__members__), outcome)


def error_name(code: int) -> str:
    """Kafka's name of an error code, as recordings write it."""
    return Error(code).name
