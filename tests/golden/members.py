"""Members: verbs of consumers and share consumers, applications that are told what to do; what poll() gave."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from mqviz.kafka.errors import Error, java_class
from mqviz.model.event import Event
from mqviz.model.kafka.clients.consumer.events import (
    CommitEnded,
    CommitRefused,
    CommitRetried,
    PollEnded,
    RecordsReturned,
)
from mqviz.model.kafka.clients.consumer.isolation import reads_committed
from mqviz.model.kafka.clients.share.events import ShareCallFailed, ShareCommitEnded, ShareRecordsReturned
from mqviz.model.kafka.protocol.requests import OffsetCommitRequest
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from tests.golden.log import readable, records_of
from tests.golden.registry import Args, Until, Waiting, pause, verb
from tests.golden.world import MS, Member, World

Row = dict[str, Any]
"""A delivered record: topic, partition, offset, key, value, and a share consumer's delivery_count."""

MOST_CALLS = 1_000

COMMIT_FAILED = {
    Error.UNKNOWN_MEMBER_ID: "CommitFailedException",
    Error.ILLEGAL_GENERATION: "CommitFailedException",
    Error.REBALANCE_IN_PROGRESS: "RebalanceInProgressException",
    Error.FENCED_INSTANCE_ID: "FencedInstanceIdException",
}
"""What commitSync() throws for a refusal of the coordinator (R85)."""


@dataclass
class Polled:
    """What a poll act got: the rows of each partition of each call that returned something."""

    calls: list[list[list[Row]]] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """One after the other."""
        return [row for call in self.calls for rows in call for row in rows]


def tp(topic: str, partition: int) -> str:
    """A partition as recordings write it."""
    return f"{topic}-{partition}"


def place(text: str) -> tuple[str, int]:
    """(topic, partition) of `topic-partition`."""
    topic, _, number = text.rpartition("-")
    return topic, int(number)


# -- its process --------------------------------------------------------------------------------------------


@verb("start_member")
def _start(world: World, act: Args) -> str:
    shares = act.get("type") == "share"
    member = world.enter(act["member"], act.get("group", ""), shares)
    if shares:
        return world.do(_share_command(world, act, member))
    words = _command(world, act, member)
    for _ in range(world.notes["starts"].get(member.process, 1) - 1):  # its member id ends in another number
        world.do(words.replace("loop=true", "loop=false"))
        world.do(f"kill consumer {member.process}")
    return _constructed(world.do(words))


def _share_command(world: World, act: Args, member: Member) -> str:
    config = {
        "share.acknowledgement.mode": "implicit",
        **world.config("share", act["member"], member.group),
    }
    words = [f"add share-consumer {member.process} group={member.group} topic={','.join(act['topics'])}"]
    words += [f"processing=0s calls={'loop' if act.get('loop') else 'manual'}"]
    return " ".join([*words, *(f"{key}={value}" for key, value in config.items())])


def _command(world: World, act: Args, member: Member) -> str:
    group, loop = member.group, str(bool(act.get("loop"))).lower()
    config = world.config("consumer", act["member"], group)
    explicit = config.pop("enable.auto.commit", None)
    automatic = explicit != "false" and bool(group)
    words = [f"add consumer {member.process} client={act['client']} processing=0s loop={loop}"]
    words.append(f"commit={'auto' if automatic else 'none'}")
    words += [f"{kind}={','.join(act[kind])}" for kind in ("topics", "assign") if act.get(kind)]
    words += [f"group={group}"] if group else []
    words += [f"{key}={value}" for key, value in config.items()]
    words += ["enable.auto.commit=true"] if explicit == "true" and not group else []
    return " ".join(words)


def _constructed(outcome: str) -> str:
    """What the constructor of the client throws for what the command says."""
    if "Kafka refuses" not in outcome:
        return outcome
    if "InvalidConfigurationException" in outcome:
        return "KafkaException<-InvalidConfigurationException"
    return "KafkaException<-IllegalArgumentException" if "Heartbeat must" in outcome else "ConfigException"


@verb("close_member")
def _close(world: World, act: Args) -> Waiting:
    member, cluster = world.member(act), world.state.cluster
    world.do(f"close {member.kind} {member.process}")
    there: Any = cluster.share_consumers if member.share else cluster.consumers
    yield Until(lambda: there[member.process].state == "closed")
    return "ok"


@verb("kill_member")
def _kill(world: World, act: Args) -> str:
    member = world.member(act)
    return world.do(f"kill {member.kind} {member.process}")


# -- what its application does ------------------------------------------------------------------------------


@verb("poll")
def _poll(world: World, act: Args) -> Waiting:
    """poll(), again and again as the act says; a call that throws ends it."""
    member = world.member(act)
    found = world.notes.setdefault("polled", {})[act["as"]] = Polled()
    end_us, often = world.now_us + int(act.get("for_ms", 0) * MS), {"tries", "for_ms", "count"} & set(act)
    for call in range(1, MOST_CALLS + 1):
        begin = len(world.log)
        command = f"poll {member.kind} {member.process} timeout={act['ms']}ms"
        thrown = yield from _call(world, member, command, act["ms"] + 30_000)
        found.calls += returned(world, member, begin)
        over = call >= act["tries"] if "tries" in act else "for_ms" in act and world.now_us >= end_us
        enough = not act.get("keep") and len(found.rows) >= act.get("count", 1)
        if thrown or over or enough or not often:
            return thrown or "ok"
    return "ok"


def _call(world: World, member: Member, command: str, most_ms: float) -> Waiting:
    """A call of the client that ends by itself; returns the exception that it threw, or nothing."""
    begin, thrown = len(world.log), told(world, command)
    if thrown != "ok":
        return thrown
    yield Until(lambda: bool(_ended(world, member, begin)), int(most_ms * MS))
    return next((getattr(event, "exception", "") for event in _ended(world, member, begin)), "")


ENDS = (PollEnded, ShareRecordsReturned, ShareCommitEnded, ShareCallFailed)
"""What ends a call of poll(), or of a share consumer's commitSync() and acknowledge()."""


def _ended(world: World, member: Member, begin: int) -> list[Event]:
    return [e for e in world.log[begin:] if isinstance(e, ENDS) and e.consumer == member.process]


def told(world: World, command: str) -> str:
    """What calling the client does: "ok", or the exception that it throws where the command is refused (R95)."""
    outcome = world.do(command)
    found = re.search(r"\((\w+Exception)\)$", outcome)
    if found:
        return found[1]
    ended = outcome.endswith((" has ended", " is closing", " is leaving", " is closed"))
    return "IllegalStateException" if ended else outcome


@verb("poll_loop")
def _loop(world: World, act: Args) -> str:
    return world.do(f"set consumer {world.member(act).process} loop={str(act['on']).lower()}")


@verb("busy_member")
def _busy(world: World, act: Args) -> Waiting:
    outcome = world.do(f"busy consumer {world.member(act).process} time={act['ms']}ms")
    yield pause(act["ms"] * MS)
    return outcome


@verb("seek")
def _seek(world: World, act: Args) -> str:
    where = f"topic={act['topic']} partition={act['partition']} offset={act['offset']}"
    return told(world, f"seek consumer {world.member(act).process} {where}")


@verb("pause_partition")
@verb("resume_partition")
def _pause(world: World, act: Args) -> str:
    word = act["verb"].partition("_")[0]
    where = tp(act["topic"], act["partition"])
    return told(world, f"{word} partition {where} consumer={world.member(act).process}")


@verb("commit")
def _commit(world: World, act: Args) -> Waiting:
    """commitSync(): until it returned or threw."""
    member, begin = world.member(act), len(world.log)
    if member.share:
        yield from _call(world, member, f"commit share-consumer {member.process}", 60_000)
        ends = [e for e in _ended(world, member, begin) if isinstance(e, ShareCommitEnded)]
        return [share_outcome(code) for event in ends[-1:] for _, _, code in event.results]
    thrown = told(world, f"commit consumer {member.process}")
    if thrown != "ok":
        return thrown
    waits = bool(world.state.cluster.consumers[member.process].commits)
    yield pause(1)
    yield Until(lambda: not waits or _committed(world, member, begin) is not None)
    retried = any(isinstance(e, CommitRetried) and e.consumer == member.process for e in world.log[begin:])
    return _committed(world, member, begin) or (None if waits or retried else "ok")


def _committed(world: World, member: Member, begin: int) -> str | None:
    """How the commit ended, if it did."""
    for event in world.log[begin:]:
        if isinstance(event, CommitEnded | CommitRefused) and event.consumer == member.process:
            return _commit_failed(event) if isinstance(event, CommitRefused) else "ok"
    return None


def _commit_failed(event: CommitRefused) -> str:
    return COMMIT_FAILED.get(Error(event.error), Error(event.error).name) if event.error else event.named


def share_outcome(code: int) -> str:
    """What the Java client says of a partition's acknowledgements."""
    return f"{java_class(code)}/{Error(code).name}" if code else "OK"


@verb("ack")
def _ack(world: World, act: Args) -> Waiting:
    """acknowledge() of these offsets, or of what an act got."""
    member, begin = world.member(act), len(world.log)
    wanted = {place(text): offsets for text, offsets in act.get("offsets", {}).items()}
    for row in world.notes["polled"][act["of"]].rows if "of" in act else ():
        if "values" not in act or row["value"] in act["values"]:
            wanted.setdefault((row["topic"], row["partition"]), []).append(row["offset"])
    refused = [
        world.do(
            f"acknowledge share-consumer {member.process} type={act['type'].lower()} topic={topic} "
            f"partition={partition} offsets={','.join(map(str, offsets))}"
        )
        != "ok"
        for (topic, partition), offsets in wanted.items()
    ]
    yield pause(1)
    thrown = [e.exception for e in _ended(world, member, begin) if isinstance(e, ShareCallFailed)]
    return "IllegalStateException" if any(refused) else next(iter(thrown), "ok")


@verb("reset_offsets")
def _reset(world: World, act: Args) -> Waiting:
    offsets = tuple((*place(text), offset) for text, offset in act["offsets"].items())
    if any(offset < 0 for _, _, offset in offsets):  # OffsetAndMetadata cannot be made
        return "IllegalArgumentException"
    request = OffsetCommitRequest(act["group"], -1, "", offsets)
    number = world.ask("admin", coordinator_of(world.backend._sim, act["group"]), request)
    answer = yield from world.answered(number)
    return Error(answer.error).name


# -- what it got --------------------------------------------------------------------------------------------


def returned(world: World, member: Member, begin: int) -> list[list[list[Row]]]:
    """What each call of poll() returned since then: the rows of each partition."""
    return [
        [(_shared if member.share else _read)(world, member, *part) for part in event.parts]
        for event in world.log[begin:]
        if isinstance(event, RecordsReturned | ShareRecordsReturned) and event.consumer == member.process
        if event.parts
    ]


def _read(world: World, member: Member, topic: str, number: int, first: int, end: int) -> list[Row]:
    log = world.state.cluster.partition(topic, number).led.log
    committed = reads_committed(world.state.cluster.consumers[member.process].settings)
    rows = readable(log, end, True) if committed else records_of(log, first, end)
    return [row | {"topic": topic, "partition": number} for row in rows if row["offset"] >= first]


def _shared(
    world: World, member: Member, topic: str, number: int, first: int, end: int, count: int
) -> list[Row]:
    """Also what is gone from the log by now: it has no key and no value."""
    log = world.state.cluster.partition(topic, number).led.log
    there = {row["offset"]: row for row in records_of(log, first, end)}
    more = {"topic": topic, "partition": number, "delivery_count": count}
    gone = {"key": None, "value": None}
    return [gone | there.get(offset, {}) | more | {"offset": offset} for offset in range(first, end)]


def got(world: World, read: Args) -> list[Row]:
    """What these acts or members (`of`) got; members since the last mark, else since they started."""
    names = read["of"] if isinstance(read["of"], list) else [read["of"]]
    return [row for name in names for row in got_by(world, read, name)]


def got_by(world: World, read: Args, name: str) -> list[Row]:
    """What this act or member got."""
    if name in world.labels:
        polled = world.notes.get("polled", {}).get(name)
        return polled.rows if polled else []
    member = world.member(read, name)
    calls = returned(world, member, max(member.since, world.notes.get("marked", 0)))
    return [row for call in calls for rows in call for row in rows]
