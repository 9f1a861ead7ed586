"""DrivenKafkaBackend: a scenario played on a real cluster by real clients, watched from inside and outside.

It owns what it makes: topics and groups of its own run, one process a client. The watching half sees what
brokers show; the clients report the rest. Its view runs DELAY_US behind the wall.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from mqviz.backend import Backend, Can, Open, Refused
from mqviz.commands import parse
from mqviz.live.drive import plan as drive_plan
from mqviz.live.drive.child import protocol
from mqviz.live.drive.clients import Roster
from mqviz.live.drive.events import DELAY_US, EventLog, EventWriter
from mqviz.live.drive.names import Known, Lens
from mqviz.live.drive.plan import Names
from mqviz.live.drive.processes import Drive, Ended
from mqviz.live.drive.topics import Ledger
from mqviz.live.managed import cluster
from mqviz.live.observe.backend import KafkaBackend
from mqviz.model.command.base import Command
from mqviz.model.command.consumer import (
    AddConsumer,
    CloseConsumer,
    KillConsumer,
    PauseConsumer,
    ResumeConsumer,
    SetConsumer,
)
from mqviz.model.command.events import CommandGiven, CommandRefused
from mqviz.model.command.producer import (
    AddProducer,
    CloseProducer,
    KillProducer,
    PauseProducer,
    ResumeProducer,
    SendRecord,
    SetProducer,
)
from mqviz.model.command.topic import CreateTopic
from mqviz.model.event import Event
from mqviz.model.observed.clients.events import ProducerRateSet
from mqviz.model.observed.events import TopicSeen, TopicsSeen, WatchBegan
from mqviz.model.observed.state import SeenPartition
from mqviz.scenario import Scenario

CLIENTS: Final = {"reconnect.backoff.max.ms": "2000"}
"""The settings of all clients unless the user sets them otherwise: come back soon after the broker does."""

PERIOD_US: Final = 1_000_000
ANSWER_S: Final = 12.0
CLOSE_S: Final = 0.9
REMOVE_S: Final = 0.8
ADMIN: Final = "mqviz-admin"


class ConsentNeededError(Refused):
    """Nobody agreed yet to what would be made on a cluster that mqviz did not start; `lines` list it."""

    def __init__(self, bootstrap: str, lines: list[str]) -> None:
        super().__init__(
            f"mqviz did not start the cluster at {bootstrap}; it would make there: {'; '.join(lines)}"
        )
        self.lines = lines


class DrivenKafkaBackend:
    """See mqviz.backend.Backend for what each method promises."""

    can = frozenset((Can.WRITE,))

    def __init__(
        self,
        bootstrap: str,
        scenario: Scenario,
        seed: int,
        *,
        consent: bool = False,
        config: Mapping[str, str] | None = None,
        notes: Path | None = None,
    ) -> None:
        """Make the scenario's topics and start its clients; raises Refused (ConsentNeededError)."""
        drive_plan.check(scenario)
        self.now_us = 0
        self.names = Names()
        self._seed = seed
        self._config = {**CLIENTS, "bootstrap.servers": drive_plan.reach(bootstrap), **(config or {})}
        self._roster = Roster()
        self._commands = 0
        self._failure = ""
        self._asked: deque[Callable[[str], None]] = deque()
        self._drive = Drive()
        self._ledger: Ledger | None = None
        self._watch: KafkaBackend | None = None
        self._closed = False
        try:
            self._brokers = self._look(bootstrap, scenario, consent, notes)
            self._start(bootstrap, scenario)
        except BaseException:
            self.close()
            raise

    # -- opening ---------------------------------------------------------------------------------------

    def _look(self, bootstrap: str, scenario: Scenario, consent: bool, notes: Path | None) -> tuple[int, ...]:
        """See that the cluster answers and may be used; returns its brokers."""
        self._drive.start(ADMIN, protocol.BeAdmin(self._config))
        seen = self._ask(protocol.Look())
        if not isinstance(seen, protocol.Looked):
            raise Refused(f"the cluster at {bootstrap} cannot be used: {self._failure or seen.error}")
        if not consent and seen.cluster_id not in cluster.managed_cluster_ids():
            raise ConsentNeededError(bootstrap, drive_plan.listing(scenario))
        for topic in scenario.topics:
            drive_plan.replicas_of(topic, seen.brokers)
        self._ledger = Ledger(self.names, seen.cluster_id, notes)
        for note, topics in self._ledger.left_over().items():
            if self._removed(topics):
                note.unlink(missing_ok=True)
        return seen.brokers

    def _ask(self, order: protocol.Order) -> protocol.Looked | protocol.Done:
        """Give the admin an order and wait for its answer (only while opening and closing)."""
        self._drive.send(ADMIN, order)
        deadline = time.monotonic() + (REMOVE_S if self._closed else ANSWER_S)
        while time.monotonic() < deadline:
            for name, report in self._drive.take():
                match report:
                    case protocol.Looked() | protocol.Done() if name == ADMIN:
                        return report
                    case protocol.Failed() if name == ADMIN:
                        self._failure = report.text
                    case Ended() if name == ADMIN:
                        return protocol.Done(report.at_us, report.reason)
            time.sleep(0.01)
        return protocol.Done(protocol.now_us(), "no answer")

    def _start(self, bootstrap: str, scenario: Scenario) -> None:
        self._watch = KafkaBackend(bootstrap, period_us=PERIOD_US)
        zero_us = protocol.now_us() - self._watch.journal.now_us()
        known = Known()
        self._lens = Lens(self.names, known)
        self._log = EventLog()
        self._writer = EventWriter(self._log, self.names, known, zero_us)
        self._timetable = deque(sorted((int(t.at), n, parse(t.do)) for n, t in enumerate(scenario.timetable)))
        self._log.append(WatchBegan, 0, 0, 0, bootstrap, PERIOD_US, self._watch.journal.wall_us())
        for topic in scenario.topics:
            self._give(topic, of_scenario=True)
        self._settle()
        for client in (*scenario.producers, *scenario.consumers):
            self._give(client, of_scenario=True)

    def _settle(self) -> None:
        """Wait until every topic is there; raises Refused where one could not be made."""
        deadline = time.monotonic() + ANSWER_S
        while self._asked and time.monotonic() < deadline:
            self._receive()
            time.sleep(0.01)
        refused = [event.reason for event in self._log.events if isinstance(event, CommandRefused)]
        if refused or self._asked:
            late = f"the cluster did not make the topics within {ANSWER_S:.0f} s"
            raise Refused(refused[0] if refused else f"{late}: {self._failure or 'no answer'}")

    # -- the seam --------------------------------------------------------------------------------------

    def submit(self, command: Command) -> None:
        """Do `command` now; raises Refused."""
        self._give(command)

    def advance(self, until_us: int, limit: int = 1_000_000) -> Sequence[Event]:
        """What happened before `until_us` and is at least DELAY_US old."""
        watch = self._watch
        if self._closed or watch is None or until_us <= self.now_us:
            return []
        self._receive()
        self._keep_timetable()
        cut_us = min(int(until_us), max(watch.journal.now_us() - DELAY_US, self.now_us + 1))
        self._write(cut_us, watch.advance(cut_us))
        return self._hand_out(cut_us, limit)

    def next_at_us(self) -> None:
        """The future of a real cluster is unknown."""
        return

    def checkpoint(self) -> None:
        """A real cluster does not go back."""
        return

    def close(self) -> None:
        """End the clients, remove the topics, let go."""
        if self._closed:
            return
        self._closed = True
        if self._watch is not None:
            self._watch.close()
        self._end_clients()
        self._remove_topics()
        self._drive.shut(0.3)

    # -- events ----------------------------------------------------------------------------------------

    def _receive(self) -> None:
        """Take in what the children reported since the last time."""
        for name, report in self._drive.take():
            if name != ADMIN:
                if isinstance(report, Ended) and report.how == "died" and not report.again:
                    self._roster.ended(name)
                self._writer.receive(name, report)
            elif isinstance(report, protocol.Failed):
                self._failure = report.text
            elif isinstance(report, protocol.Done) and self._asked:
                self._asked.popleft()(report.error)
            elif isinstance(report, Ended):
                while self._asked:
                    self._asked.popleft()(report.reason or "the admin client ended")

    def _write(self, cut_us: int, seen: Sequence[Event]) -> None:
        """Write the events of both halves before `cut_us`, in order of time."""
        for event in seen:
            self._emit_before(event.at_us)
            ours = self._lens.through(event)
            if ours is not None:
                fields = [getattr(ours, name) for name in ours.__struct_fields__[3:]]
                self._log.append(type(ours), ours.at_us, 0, *fields)
        self._emit_before(cut_us)

    def _emit_before(self, until_us: int) -> None:
        while (at_us := self._writer.next_us()) is not None and at_us < until_us:
            self._writer.emit_next()

    def _hand_out(self, cut_us: int, limit: int) -> Sequence[Event]:
        events = self._log.events
        end = next((n for n, event in enumerate(events) if event.at_us >= cut_us), len(events))
        while limit < end and events[limit].at_us == events[limit - 1].at_us:
            limit += 1
        end = min(end, limit)
        out, self._log.events = events[:end], events[end:]
        self.now_us = min(cut_us, self._log.events[0].at_us) if self._log.events else cut_us
        self._log.floor_us = max(self._log.floor_us, self.now_us)
        return out

    def _keep_timetable(self) -> None:
        while self._timetable and self._timetable[0][0] <= self.now_us:
            _, _, command = self._timetable.popleft()
            try:
                self._give(command, of_scenario=True)
            except Refused as refusal:
                self._refuse(self._given(command, of_scenario=True), str(refusal))

    # -- commands --------------------------------------------------------------------------------------

    def _give(self, command: Command, of_scenario: bool = False) -> None:
        command = self._roster.check(command)
        order = self._order(command)
        self._roster.take(command)
        number = self._given(command, of_scenario)
        match command:
            case CreateTopic():
                self._make(command, number)
            case AddProducer() | AddConsumer() if order is not None:
                self._writer.expected[command.name] = command
                self._drive.start(command.name, order)
                self._look_at_ours()
            case _:
                self._act(command)

    def _order(self, command: Command) -> protocol.BeProducer | protocol.BeConsumer | None:
        match command:
            case AddProducer():
                return drive_plan.producer_order(command, self.names, self._config, self._seed)
            case AddConsumer():
                return drive_plan.consumer_order(command, self.names, self._config, self._seed)
            case CreateTopic():
                drive_plan.replicas_of(command, self._brokers)
        return None

    def _given(self, command: Command, of_scenario: bool) -> int:
        self._commands += 1
        event = self._log.append(CommandGiven, self.now_us, 0, self._commands, command, of_scenario)
        name = getattr(command, "name", "")
        self._writer.causes.client[name] = event
        client = self._roster.clients.get(name)
        if isinstance(client, AddConsumer):
            self._writer.causes.group[client.group] = event
        self._cause = event
        return self._commands

    def _refuse(self, number: int, reason: str) -> None:
        self._log.append(CommandRefused, self.now_us, self._cause, number, reason)

    def _act(self, command: Command) -> None:
        drive, name = self._drive, str(getattr(command, "name", ""))
        match command:
            case CloseProducer() | CloseConsumer():
                drive.close(name)
            case KillProducer() | KillConsumer():
                drive.kill(name)
            case PauseProducer() | PauseConsumer():
                drive.pause(name)
            case ResumeProducer() | ResumeConsumer():
                drive.resume(name)
            case SetProducer(rate=rate):
                drive.send(name, protocol.SetRate(float(rate)))
                self._log.append(ProducerRateSet, self.now_us, self._cause, self.now_us, name, float(rate))
            case SetConsumer(processing=processing) if processing is not None:
                drive.send(name, protocol.SetProcessing(int(processing)))
            case SendRecord(key=key, count=count):
                drive.send(name, protocol.Send(key or None, count))

    # -- topics ----------------------------------------------------------------------------------------

    def _make(self, topic: CreateTopic, number: int) -> None:
        """Create a topic; when it is there it is seen at once, without waiting for the watching half."""
        real, replicas = self.names.real(topic.name), drive_plan.replicas_of(topic, self._brokers)
        cause = self._cause

        def answered(error: str) -> None:
            if error:
                del self._roster.topics[topic.name]
                self._log.append(CommandRefused, self.now_us, cause, number, error)
                return
            partitions = tuple(SeenPartition(r[0], -1, tuple(r), tuple(r)) for r in replicas)
            seen = {topic.name: TopicSeen("", False, partitions)}
            self._log.append(TopicsSeen, self.now_us, cause, self.now_us, seen)
            self._look_at_ours()

        if self._ledger is not None:
            self._ledger.add(real)
        self._asked.append(answered)
        fewest = topic.min_insync_replicas
        settings = {} if fewest is None else {"min.insync.replicas": str(fewest)}
        self._drive.send(ADMIN, protocol.Make(real, replicas, settings))

    def _look_at_ours(self) -> None:
        """Ask for nothing that is not of this run, and for that in every refresh."""
        if self._watch is not None:
            groups = [self.names.real(group) for group in self._roster.groups()]
            topics = [self.names.real(topic) for topic in self._roster.topics]
            self._watch.look(groups[0] if groups else None, groups, topics)

    def _end_clients(self) -> None:
        alive = set(self._roster.alive())
        for name in alive:
            self._drive.resume(name)
            self._drive.close(name)
        deadline = time.monotonic() + CLOSE_S
        while alive and time.monotonic() < deadline:
            alive -= {name for name, report in self._drive.take() if isinstance(report, Ended)}
            time.sleep(0.01)
        for name in alive:
            self._drive.kill(name)

    def _remove_topics(self) -> None:
        """Remove what this run made and nothing else;
        what could not be removed stays noted for the next run.
        """
        if self._ledger is None:
            return
        if self._removed(self._ledger.topics):
            self._ledger.forget()
        self._ledger.close()

    def _removed(self, topics: Sequence[str]) -> bool:
        answer = self._ask(protocol.Remove(tuple(topics))) if topics else None
        return answer is None or (isinstance(answer, protocol.Done) and not answer.error)


def open_driven(
    bootstrap: str,
    *,
    consent: bool = False,
    config: Mapping[str, str] | None = None,
    notes: Path | None = None,
) -> Open:
    """How to play scenarios on the cluster at `bootstrap`. `config` are more settings for its clients."""

    def open_backend(scenario: Scenario, seed: int, checkpoint: bytes | None = None) -> Backend:
        if checkpoint is not None:
            raise Refused("a real cluster cannot go back")
        return DrivenKafkaBackend(bootstrap, scenario, seed, consent=consent, config=config, notes=notes)

    return open_backend
