"""Which clients and topics a run has, and so which commands make sense; refusals in sentences."""

from msgspec.structs import replace

from mqviz.backend import Refused
from mqviz.model.command.base import Command, Named
from mqviz.model.command.consumer import (
    AddConsumer,
    CloseConsumer,
    KillConsumer,
    PauseConsumer,
    ResumeConsumer,
    SetConsumer,
)
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

Client = AddProducer | AddConsumer


class Roster:
    """Topics by name, clients by name with the state that was asked for last: running, paused or ended."""

    def __init__(self) -> None:
        self.topics: dict[str, CreateTopic] = {}
        self.clients: dict[str, Client] = {}
        self.state: dict[str, str] = {}

    def check(self, command: Command) -> Command:
        """The command with its gaps filled; raises Refused."""
        match command:
            case CreateTopic():
                if command.name in self.topics:
                    raise Refused(f"topic {command.name} exists already")
                return command
            case AddProducer():
                self._check_name(command.name)
                self._check_topic(command.topic)
                return command
            case AddConsumer():
                return self._fill(command)
            case SendRecord() | SetProducer():
                self._find("producer", command.name)
                return command
            case SetConsumer() | Named() if command.kind in ("consumer", "producer"):
                self._check_named(command)
                return command
        raise Refused(f"on a real cluster mqviz cannot {command.verb} a {command.kind}")

    def take(self, command: Command) -> None:
        """Note an accepted command."""
        match command:
            case CreateTopic():
                self.topics[command.name] = command
            case AddProducer() | AddConsumer():
                self.clients[command.name] = command
                self.state[command.name] = "running"
            case PauseProducer() | PauseConsumer():
                self.state[command.name] = "paused"
            case ResumeProducer() | ResumeConsumer():
                self.state[command.name] = "running"
            case CloseProducer() | CloseConsumer() | KillProducer() | KillConsumer():
                self.state[command.name] = "ended"

    def ended(self, name: str) -> None:
        """A client ended by itself and is not started again."""
        self.state[name] = "ended"

    def alive(self) -> list[str]:
        """Names of the clients that have not ended."""
        return [name for name, state in self.state.items() if state != "ended"]

    def groups(self) -> list[str]:
        """Groups that consumers were started in."""
        found = {c.group: None for c in self.clients.values() if isinstance(c, AddConsumer)}
        return list(found)

    def _check_name(self, name: str) -> None:
        if self.state.get(name, "ended") != "ended":
            raise Refused(f"there is a client {name} already: give this one another name")

    def _check_topic(self, topic: str) -> None:
        if topic not in self.topics:
            known = ", ".join(self.topics) or "none"
            raise Refused(f"there is no topic {topic}; mqviz uses only topics that it made here: {known}")

    def _fill(self, command: AddConsumer) -> AddConsumer:
        name = command.name or self._free_name()
        self._check_name(name)
        if command.commit not in ("after", "auto") or command.topics or command.assign or not command.loop:
            raise Refused(
                "on a real cluster mqviz's consumers read one topic in a group, all the time, and commit "
                "after or auto"
            )
        group = command.group or _only(self.groups(), "group")
        topic = command.topic or self._topic_of(group)
        self._check_topic(topic)
        return replace(command, name=name, group=group, topic=topic)

    def _free_name(self) -> str:
        number = 1
        while f"c{number}" in self.clients:
            number += 1
        return f"c{number}"

    def _topic_of(self, group: str) -> str:
        """What the group's other members read, or the only topic there is."""
        for client in self.clients.values():
            if isinstance(client, AddConsumer) and client.group == group:
                return client.topic
        return _only(list(self.topics), "topic")

    def _find(self, kind: str, name: str) -> str:
        wanted = AddProducer if kind == "producer" else AddConsumer
        known = [n for n, client in self.clients.items() if isinstance(client, wanted)]
        if name not in known:
            raise Refused(f"there is no {kind} {name} (there is: {', '.join(known) or 'none'})")
        if self.state[name] == "ended":
            raise Refused(f"{kind} {name} has ended")
        return self.state[name]

    def _check_named(self, command: SetConsumer | Named) -> None:
        state = self._find(command.kind, command.name)
        what = f"{command.kind} {command.name}"
        match command.verb:
            case "pause" if state == "paused":
                raise Refused(f"{what} is paused already")
            case "resume" if state != "paused":
                raise Refused(f"{what} is not paused")
            case "close" if state == "paused":
                raise Refused(f"{what} is paused: a frozen process cannot close. Resume it first, or kill it")


def _only(names: list[str], what: str) -> str:
    if len(names) == 1:
        return names[0]
    if not names:
        raise Refused(f"there is no {what} yet: write {what}=…")
    raise Refused(f"there are {len(names)} {what}s: write {what}={' or '.join(names)}")
