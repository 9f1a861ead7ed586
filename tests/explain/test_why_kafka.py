"""Every step of a simulated Kafka has a reason in plain words, with the numbers of the run."""

from __future__ import annotations

import msgspec
import pytest

from mqviz.explain.event import why
from mqviz.explain.registry import EXPLAIN
from mqviz.facts.views import Why
from mqviz.model.apply import apply
from mqviz.model.codec import decode_event, encode_event
from mqviz.model.command.events import CommandGiven
from mqviz.model.event import APPLY, Event, Weight
from mqviz.model.kafka.clients.consumer.events import (
    CommitRefused,
    ConsumerChanged,
    PartitionsRevoked,
    PositionsSet,
    RecordsProcessed,
    RecordsReturned,
)
from mqviz.model.kafka.clients.producer.events import (
    BatchRetried,
    RecordsAcknowledged,
    RecordsFailed,
    SendCalled,
)
from mqviz.model.kafka.controller.events import PartitionChanged
from mqviz.model.kafka.coordinator.classic.events import (
    GenerationStarted,
    GroupStabilized,
    MemberRemoved,
    RebalanceStarted,
)
from mqviz.model.kafka.coordinator.offsets.events import OffsetsCommitted
from mqviz.model.kafka.log.events import BatchAppended, BatchRefused
from mqviz.model.kafka.replication.events import HighWatermarkAdvanced
from mqviz.model.state import State
from mqviz.model.units import Duration
from mqviz.scenario import Timed
from tests.sim.kafka.worlds import MS, S, cluster, run
from tests.sim.worlds import Run

TOPIC = "create topic t partitions=3 replication_factor=3"
READER = "group=g topic=t processing=400ms auto_offset_reset=earliest"


def reasons(watched: Run) -> list[tuple[Event, Why]]:
    """Each event that a person steps over, and its reason just after it."""
    state = State()
    found = []
    for event in watched.log:
        apply(state, event)
        if event.weight >= Weight.STEP:
            said = why(state, event)
            assert said is not None, event
            assert said.headline, event
            found.append((event, said))
    return found


def said(watched: Run, kind: type[Event], which: int = 0) -> Why:
    return [reason for event, reason in reasons(watched) if isinstance(event, kind)][which]


def test_every_kind_of_step_of_the_cluster_is_explained() -> None:
    why(State(), Event(0, 0, 0))
    steps = [
        kind
        for kind in APPLY
        if kind.weight >= Weight.STEP
        and kind.__module__.startswith(("mqviz.model.kafka", "mqviz.model.command"))
    ]
    assert len(steps) > 60
    assert [kind.__name__ for kind in steps if kind not in EXPLAIN] == []


def test_a_command_of_the_scenario_is_not_told_as_the_learners() -> None:
    world = msgspec.structs.replace(
        cluster(TOPIC), timetable=(Timed(Duration(S), "add producer order-svc topic=t rate=1/s"),)
    )
    watched = Run(world).to(2 * S).do("add producer user-svc topic=t rate=2/s").to(3 * S)
    given = [(event, reason) for event, reason in reasons(watched) if isinstance(event, CommandGiven)]
    assert [reason.headline for _, reason in given] == [
        "the scenario: create topic t",
        "the scenario: add producer order-svc",
        "command: add producer user-svc",
    ]
    before = encode_event(given[2][0])
    assert b"of_scenario" not in before, "a command has the bytes that captures have always held"
    assert decode_event(before) == given[2][0]


def test_a_record_on_its_way() -> None:
    watched = run(TOPIC, "add producer user-svc topic=t rate=0/s", f"add consumer c1 {READER}").to(2 * S)
    watched.do("send record user-svc key=alice").to(4 * S)
    sent = said(watched, SendCalled)
    assert sent.headline == "user-svc sends alice to P0"
    assert sent.reason == 'murmur2("alice") % 3 = 0'
    assert sent.change == "a new batch opens; it leaves after 5 ms or when full"
    appended = said(watched, BatchAppended)
    assert appended.headline == "broker 1 writes alice to P0, offset 0"
    assert appended.reason == "not readable yet: 2 and 3 must have it first"
    assert appended.change == "log end 0 → 1"
    readable = said(watched, HighWatermarkAdvanced)
    assert (readable.headline, readable.reason) == ("P0: offset 0 can be read", "brokers 1, 2 and 3 have it")
    assert said(watched, RecordsAcknowledged).headline == "user-svc is told that 1 record on P0 is safe"
    assert said(watched, RecordsReturned).headline == "poll() gives c1 1 record"
    assert said(watched, RecordsProcessed).headline == "c1 is done with P0 offset 0"
    committed = said(watched, OffsetsCommitted)
    assert committed.headline == "c1 commits P0 – → 1, P1 – → 0, P2 – → 0"
    watched.do("send record user-svc key=alice").to(6 * S)
    assert said(watched, HighWatermarkAdvanced, 1).change == "lag of g on P0 0 → 1"
    assert said(watched, OffsetsCommitted, 1).change == "lag of P0 1 → 0"


def test_too_many_members() -> None:
    names = ("c1", "c2", "c3", "c4")
    watched = run(TOPIC, *(f"add consumer {name} {READER}" for name in names)).to(2 * S)
    watched.do("add consumer c5 group=g").to(8 * S)
    asked, begun, given = (
        said(watched, kind, 1) for kind in (RebalanceStarted, GenerationStarted, GroupStabilized)
    )
    assert asked.headline == "c5 joined: g rebalances"
    assert asked.reason == "c1, c2, c3 and c4 must join again; heartbeats come every 3.0 s"
    assert begun.headline == "all have joined: generation 1 → 2"
    assert given.headline == "c5 joined: generation 1 → 2"
    assert given.reason == "3 partitions, 5 members, so c4 and c5 get nothing"
    assert given.rule == "one partition, one owner in a group"
    first = said(watched, GroupStabilized)
    assert first.headline == "c1, c2, c3 and c4 joined: generation 0 → 1"
    assert first.reason == "3 partitions, 4 members, so c4 gets nothing"


def test_alone_with_everything() -> None:
    """What took time is told as such, and a lag that stayed the same is no news."""
    first = said(run(TOPIC, f"add consumer c1 {READER}").to(2 * S), GroupStabilized)
    assert first.reason == "3 partitions, 1 member: c1 gets P0, P1 and P2"
    assert first.change.startswith("rebalanced in ")
    assert "→" not in first.change


def test_a_member_that_falls_silent_and_one_that_says_goodbye() -> None:
    watched = run(TOPIC, f"add consumer c1 {READER}", f"add consumer c2 {READER}").to(2 * S)
    watched.do("kill consumer c1").to(60 * S)
    assert said(watched, ConsumerChanged).reason == "nobody is told; the group notices after 45 s"
    removed = said(watched, MemberRemoved)
    assert (removed.headline, removed.reason) == ("c1 is out of g", "no heartbeat for 45 s")
    assert said(watched, GroupStabilized, 1).headline == "c1 fell silent: generation 1 → 2"
    watched.do("close consumer c2").to(62 * S)
    assert said(watched, MemberRemoved, 1).reason == "it said goodbye"
    assert said(watched, PartitionsRevoked, -1).reason == "it is about to leave"


def test_a_zombie() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=0/s", f"add consumer c1 {READER}").to(2 * S)
    watched.do("send record p key=alice").to(2_200 * MS).do("pause consumer c1").to(60 * S)
    watched.do("resume consumer c1").to(70 * S)
    refused = said(watched, CommitRefused)
    assert refused.headline == "c1 may not commit"
    assert refused.reason == "CommitFailedException: 1 record may be read again by the next owner"
    assert said(watched, PartitionsRevoked).headline == "c1 has lost P0, P1 and P2"
    assert said(watched, RecordsProcessed, 1).headline == (
        "c1 is done with P0 offset 0; it had been done once before"
    )


@pytest.mark.parametrize(("reset", "words"), [("earliest", "the oldest record"), ("latest", "from now on")])
def test_where_a_reader_begins(reset: str, words: str) -> None:
    watched = run(TOPIC, f"add consumer c1 group=g topic=t auto_offset_reset={reset}").to(2 * S)
    assert said(watched, PositionsSet).headline == "c1 reads P0 at 0"
    assert words in said(watched, PositionsSet).reason


def test_a_refused_batch_names_its_error() -> None:
    watched = run(
        "create topic t replication_factor=3 min_insync_replicas=2",
        "add producer p topic=t rate=0/s retries=1",
    ).to(S)
    watched.do("kill broker 2", "kill broker 3").to(15 * S).do("send record p count=2").to(16 * S)
    assert said(watched, BatchRefused).headline == "broker 1 refuses 2 records for P0"
    assert said(watched, BatchRefused).reason == "NOT_ENOUGH_REPLICAS (19)"
    assert said(watched, BatchRetried).headline == "p will send 2 records for P0 again, try 2"
    assert said(watched, RecordsFailed).headline == "p gives up 2 records for P0"


def test_all_commands_of_clients_have_reasons() -> None:
    watched = run(TOPIC, "add producer p topic=t rate=5/s", f"add consumer c1 {READER} commit=auto").to(2 * S)
    for text in (
        "set producer p rate=1/s",
        "set consumer c1 processing=10ms",
        "pause producer p",
        "resume producer p",
        "add consumer c2 group=g",
        "pause consumer c2",
        "resume consumer c2",
        "close consumer c2",
        "close producer p",
        "kill consumer c1",
    ):
        watched.do(text).to(watched.backend.now_us + 5 * S)
    assert len(reasons(watched)) > 60


def test_a_new_leader_and_a_new_in_sync_set_are_told_apart() -> None:
    world = run("create topic t replication_factor=3 min_insync_replicas=1").to(S)
    world.do("kill broker 1").to(15 * S).do("restart broker 1").to(30 * S)
    changes = [
        (why.headline, why.reason) for event, why in reasons(world) if isinstance(event, PartitionChanged)
    ]
    assert changes == [
        ("broker 2 leads t P0, in sync 2 3", "broker 1 is fenced"),
        ("in sync for t P0: 1 2 3", "its leader asked for it"),
    ]
