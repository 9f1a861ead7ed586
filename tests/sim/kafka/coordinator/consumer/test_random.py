"""Whatever is done to consumers of the consumer protocol: no invariant breaks, nobody loses what it keeps, all is settled in the end."""

from __future__ import annotations

from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mqviz.backend import Refused
from mqviz.model.event import Event
from mqviz.model.kafka.clients.consumer.events import ConsumerAdded, PartitionsAssigned, PartitionsRevoked
from mqviz.model.kafka.coordinator.consumer.events import (
    ConsumerGroupMemberJoined,
    ConsumerGroupMemberRemoved,
    GroupEpochRaised,
    MemberReconciled,
    StaticMemberAway,
    TargetAssigned,
)
from tests.sim.kafka.worlds import S, cluster
from tests.sim.worlds import Run

NO_SHRINK = (Phase.explicit, Phase.reuse, Phase.generate)

NAMES = st.sampled_from(("c1", "c2", "c3", "c4"))
joins = st.builds(
    "add consumer {} group=g topic={} group.protocol=consumer processing={}ms commit={} {}".format,
    NAMES,
    st.sampled_from(("t", "t", "t", "u")),
    st.sampled_from((0, 30, 4000)),
    st.sampled_from(("after", "auto")),
    st.sampled_from(
        ("", "", "group.instance.id=i1", "group.remote.assignor=range", "max.poll.interval.ms=7000")
    ),
)
ends = st.builds(
    "{} consumer {}".format, st.sampled_from(("kill", "close", "pause", "resume", "resume")), NAMES
)
waits = st.sampled_from((0, 1, 1_500, 40_000, 900_000, 5_000_000, 50_000_000))
scripts = st.lists(st.tuples(waits, st.one_of(joins, joins, ends)), max_size=12)


def check_history(log: list[Event]) -> None:
    """Epochs only rise; the coordinator takes from a member only what its target does not hold (R104, R108, R109, R122, R123)."""
    epoch, members = 0, dict[str, int]()
    target: dict[str, set[tuple[str, int]]] = {}
    held: dict[str, set[tuple[str, int]]] = {}
    for event in log:
        if isinstance(event, GroupEpochRaised | ConsumerGroupMemberRemoved):
            assert event.epoch == epoch + 1
            epoch = event.epoch
        elif isinstance(event, TargetAssigned):
            assert event.epoch == epoch
            target = {member: set(parts) for member, parts in event.target}
        elif isinstance(event, ConsumerGroupMemberJoined) and event.replaces:
            target[event.member_id] = target.pop(event.replaces)
        elif isinstance(event, ConsumerGroupMemberJoined):
            target.setdefault(event.member_id, set())
        elif isinstance(event, StaticMemberAway):
            members.pop(event.member_id, None)
        elif isinstance(event, MemberReconciled):
            assert members.get(event.member_id, 0) <= event.epoch <= epoch
            members[event.member_id] = event.epoch
            assert not target[event.member_id] & set(event.revoking)
        elif isinstance(event, PartitionsAssigned):
            mine = held.setdefault(event.consumer, set())
            assert not mine & set(event.partitions)
            mine |= set(event.partitions)
        elif isinstance(event, PartitionsRevoked) and not event.lost:
            held[event.consumer] -= set(event.partitions)
        elif isinstance(event, PartitionsRevoked):
            held[event.consumer] = set()
        elif isinstance(event, ConsumerAdded):
            held[event.name] = set()


def play(seed: int, brokers: int, version: str, script: list[tuple[int, str]]) -> Run:
    world = cluster(
        f"create topic t partitions=5 replication_factor={brokers}",
        "create topic u partitions=2",
        "add producer p1 topic=t rate=1/s keys=a,b,c",
        "add consumer c1 group=g topic=t group.protocol=consumer processing=10ms",
        brokers=brokers,
    )
    run = Run(replace(world, kafka_version=version), seed)
    for after_us, text in script:
        run.to(run.backend.now_us + after_us)
        try:
            run.do(text)
        except Refused as refusal:
            note(f"refused: {refusal}")
    run.to(run.backend.now_us + 70 * S)
    check_history(run.log)
    check_settled(run)
    return run


def check_settled(run: Run) -> None:
    """In the end the group is stable, and each live process reads just what the group thinks it does (R114)."""
    cluster = run.state.cluster
    group = cluster.consumer_groups.get("g")
    living = [c for c in cluster.consumers.values() if c.state == "running"]
    if any(c.processing_us > 1_000_000 for c in living):
        return
    if group is None:
        assert not living
        return
    assert group.state == ("Stable" if group.members else "Empty")
    for consumer in living:
        member = group.members[consumer.member_id]
        assert sorted((c.topic, c.partition) for c in consumer.partition_states.values()) == list(
            member.assigned
        )


def hold(seed: int, brokers: int, version: str, script: list[tuple[int, str]]) -> None:
    note(f"seed {seed}, {brokers} brokers, {version}, commands {script}")
    first = play(seed, brokers, version, script)
    assert play(seed, brokers, version, script).log == first.log


@settings(max_examples=3, phases=NO_SHRINK)
@given(st.integers(0, 99), st.sampled_from((1, 3)), st.sampled_from(("4.2", "4.3")), scripts)
def test_invariants_hold_whatever_is_done(
    seed: int, brokers: int, version: str, script: list[tuple[int, str]]
) -> None:
    hold(seed, brokers, version, script)
