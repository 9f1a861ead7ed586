"""Classic groups seen from their members: eager, cooperative and static ones, round by round."""

from __future__ import annotations

from mqviz.model.kafka.clients.consumer.events import (
    AssignmentComputed,
    CommitRefused,
    ConsumerChanged,
    ConsumerFailed,
    PartitionsAssigned,
    PartitionsRevoked,
    RecordsProcessed,
    ShareArrived,
)
from mqviz.model.kafka.coordinator.classic.events import (
    GenerationStarted,
    MemberJoined,
    MemberRemoved,
    RebalanceStarted,
    StaticMemberReplaced,
)
from tests.sim.kafka.worlds import MS, S, of, run, times
from tests.sim.worlds import Run

COOPERATIVE = "partition.assignment.strategy=cooperative-sticky"
STICKY = "partition.assignment.strategy=sticky"


def member(name: str, more: str = "", processing: str = "0ms") -> str:
    return f"add consumer {name} group=g topic=t processing={processing} auto_offset_reset=earliest {more}"


def world(*contents: str, partitions: int = 6, delay_us: int = 0) -> Run:
    return run(f"create topic t partitions={partitions}", *contents, brokers=1, delay_us=delay_us)


def callbacks(watched: Run, name: str, since_us: int = 0) -> list[tuple[str, str]]:
    """What the member's rebalance listener was told, as (kind, partition numbers)."""
    found = []
    for event in watched.log:
        if event.at_us >= since_us and getattr(event, "consumer", "") == name:
            numbers = " ".join(str(p) for _, p in sorted(getattr(event, "partitions", ()) or ()))
            if isinstance(event, PartitionsAssigned):
                found.append(("assigned", numbers))
            elif isinstance(event, PartitionsRevoked):
                found.append(("lost" if event.lost else "revoked", numbers))
    return found


def generation(watched: Run) -> int:
    return watched.state.cluster.groups["g"].generation


def share(watched: Run, name: str) -> list[int]:
    group = watched.state.cluster.groups["g"]
    return sorted(p for m in group.members.values() if m.client == name for _, p in m.partitions)


def joined_by_another(more: str) -> Run:
    """A owns all six partitions, then B joins (R109)."""
    watched = world(member("a", more))
    watched.to(10 * S)
    watched.do(member("b", more))
    watched.to(20 * S)
    return watched


def test_r108_eager_one_generation_and_all_six_stop() -> None:
    watched = joined_by_another("")
    assert generation(watched) == 2
    assert callbacks(watched, "a", 10 * S) == [("revoked", "0 1 2 3 4 5"), ("assigned", "0 1 2")]
    assert callbacks(watched, "b") == [("assigned", "3 4 5")]


def test_r109_cooperative_two_generations_and_three_stop() -> None:
    watched = joined_by_another(COOPERATIVE)
    assert generation(watched) == 3
    assert callbacks(watched, "a", 10 * S) == [("revoked", "3 4 5")]
    assert callbacks(watched, "b") == [("assigned", "3 4 5")]
    assert (share(watched, "a"), share(watched, "b")) == ([0, 1, 2], [3, 4, 5])


def test_r117_sticky_is_eager_and_remembers_by_its_user_data() -> None:
    watched = joined_by_another(STICKY)
    assert generation(watched) == 2
    assert callbacks(watched, "a", 10 * S) == [("revoked", "0 1 2 3 4 5"), ("assigned", "0 1 2")]
    watched.do(member("c", STICKY))
    watched.to(30 * S)
    assert [share(watched, name) for name in "abc"] == [[0, 1], [3, 4], [2, 5]]


def test_r109_a_join_that_moves_nothing_is_one_generation() -> None:
    watched = world(member("a", COOPERATIVE), member("b", COOPERATIVE), partitions=2, delay_us=1 * S)
    watched.to(10 * S)
    before = generation(watched)
    watched.do(member("c", COOPERATIVE))
    watched.to(20 * S)
    assert generation(watched) == before + 1
    assert not callbacks(watched, "a", 10 * S)
    assert not callbacks(watched, "b", 10 * S)


def test_r108_r109_kept_partitions_never_stop_eager_ones_do() -> None:
    meanwhile = {}
    for more in ("", COOPERATIVE):
        watched = world(
            "add producer p topic=t rate=40/s start=9s partitioner=murmur2_random linger=0ms",
            member("a", more),
        )
        watched.to(10 * S)
        watched.do("set consumer a processing=5ms")
        watched.do(member("b", more))
        watched.to(20 * S)
        revoked = of(watched, PartitionsRevoked, 10 * S, consumer="a")[0]
        assert [p for _, p in revoked.partitions] == ([3, 4, 5] if more else [0, 1, 2, 3, 4, 5])
        began = of(watched, RebalanceStarted, 10 * S)[0].at_us
        settled = of(watched, PartitionsAssigned, 10 * S, consumer="b")[0].at_us
        done = [e for e in of(watched, RecordsProcessed, 10 * S, consumer="a") if e.partition < 3]
        since = began if more else revoked.at_us
        meanwhile[more] = sum(since < e.at_us < settled for e in done)
        assert not more or len(of(watched, RebalanceStarted, 10 * S)) == 2
    assert meanwhile[""] == 0
    assert meanwhile[COOPERATIVE] > 10


def test_r109_a_busy_application_hears_of_its_share_in_its_next_poll() -> None:
    watched = world(
        "add producer p topic=t rate=50/s partitioner=murmur2_random",
        member("a", COOPERATIVE, "400ms"),
    )
    watched.to(10 * S)
    watched.do(member("b", COOPERATIVE))
    watched.to(40 * S)
    assert of(watched, ShareArrived, consumer="a")
    assert share(watched, "a") == [0, 1, 2]


def test_r110_the_default_offers_range_first_and_is_eager() -> None:
    watched = world(member("a"))
    watched.to(5 * S)
    assert of(watched, MemberJoined)[0].assignors == ("range", "cooperative-sticky")
    assert watched.state.cluster.groups["g"].assignor == "range"


def test_r110_a_group_goes_over_to_cooperative_when_range_is_off_every_list() -> None:
    both = "partition.assignment.strategy=cooperative-sticky,range"
    watched = world(member("a", both), member("b", both), delay_us=1 * S)
    watched.to(5 * S)
    assert watched.state.cluster.groups["g"].assignor == "cooperative-sticky"
    assert of(watched, AssignmentComputed)[0].assignor == "cooperative-sticky"


def test_r105_one_with_nothing_in_common_is_refused_and_nobody_else_notices() -> None:
    watched = world(member("a", "partition.assignment.strategy=range"))
    watched.to(5 * S)
    watched.do(member("b", "partition.assignment.strategy=roundrobin"))
    watched.to(10 * S)
    assert [e.exception for e in of(watched, ConsumerFailed)] == ["InconsistentGroupProtocolException"]
    assert generation(watched) == 1
    assert not callbacks(watched, "a", 5 * S)


def static(name: str, instance: str, more: str = "") -> str:
    return member(name, f"group.instance.id={instance} {more}")


def three_static() -> Run:
    watched = world(static("a", "s1"), static("b", "s2"), static("c", "s3"), delay_us=1 * S)
    watched.to(10 * S)
    return watched


def test_r113_a_static_member_that_comes_back_in_time_changes_nothing() -> None:
    watched = three_static()
    watched.do("kill consumer c")
    watched.to(20 * S)
    watched.do(static("c", "s3"))
    watched.to(60 * S)
    assert generation(watched) == 1
    assert len(of(watched, RebalanceStarted)) == 1
    replaced = of(watched, StaticMemberReplaced)[0]
    assert (replaced.member_id, replaced.replacement) == ("s3-1", "s3-2")
    assert callbacks(watched, "c", 20 * S) == [("assigned", "4 5")]
    assert not callbacks(watched, "a", 10 * S)


def test_r113_the_leader_that_comes_back_goes_on_leading() -> None:
    watched = three_static()
    leader = watched.state.cluster.groups["g"].group_leader
    assert leader == "s1-1"
    watched.do("kill consumer a")
    watched.to(12 * S)
    watched.do(static("a", "s1"))
    watched.to(20 * S)
    assert watched.state.cluster.groups["g"].group_leader == "s1-2"
    assert share(watched, "a") == [0, 1]
    assert generation(watched) == 1
    watched.do(static("d", "s4"))
    watched.to(30 * S)
    assert of(watched, AssignmentComputed)[-1].consumer == "a"
    assert generation(watched) == 2


def test_r113_r94_close_of_a_static_member_says_no_goodbye() -> None:
    watched = three_static()
    watched.do("close consumer b")
    watched.to(12 * S)
    assert callbacks(watched, "b", 10 * S) == [("revoked", "2 3")]
    assert of(watched, ConsumerChanged, consumer="b")[-1].state == "closed"
    assert share(watched, "b") == [2, 3]
    assert generation(watched) == 1
    watched.to(70 * S)
    assert [e.reason for e in of(watched, MemberRemoved)] == ["session expired"]
    assert generation(watched) == 2
    assert share(watched, "a") == [0, 1, 2]


def test_r113_the_older_one_is_fenced_without_a_callback() -> None:
    watched = three_static()
    watched.do(static("d", "s3"))
    watched.to(20 * S)
    assert [(e.consumer, e.exception) for e in of(watched, ConsumerFailed)] == [
        ("c", "FencedInstanceIdException")
    ]
    assert not callbacks(watched, "c", 10 * S)
    assert callbacks(watched, "d") == [("assigned", "4 5")]
    assert generation(watched) == 1


def test_r113_a_commit_of_the_older_one_is_fenced_too() -> None:
    watched = world(member("a", "group.instance.id=s1 loop=false"))
    watched.do("set consumer a loop=true")
    watched.to(2 * S)
    watched.do("set consumer a loop=false")
    watched.do(member("b", "group.instance.id=s1"))
    watched.to(2 * S + 100 * MS)
    watched.do("commit consumer a")
    watched.to(2 * S + 200 * MS)
    assert [event.named for event in of(watched, CommitRefused, consumer="a")] == ["FENCED_INSTANCE_ID (82)"]


def test_r113_a_static_member_that_comes_back_with_other_topics_joins_again() -> None:
    """Its old share names topics that it does not want any more: no callback, and all must join again."""
    watched = run("create topic t partitions=2", "create topic u partitions=2", brokers=1, delay_us=0)
    watched.do(member("a", "group.instance.id=s1"))
    watched.do(member("b", "group.instance.id=s2"))
    watched.to(10 * S)
    watched.do("kill consumer a")
    watched.do(member("a", "group.instance.id=s1").replace("topic=t", "topic=u"))
    watched.to(20 * S)
    assert callbacks(watched, "a", 10 * S) == [("assigned", "0 1")]
    assert callbacks(watched, "b", 10 * S) == [("revoked", "1"), ("assigned", "0 1")]
    assert (share(watched, "a"), share(watched, "b")) == ([0, 1], [0, 1])


def test_r94_close_rebalances_within_a_heartbeat_and_a_poll() -> None:
    watched = world(*(member(name) for name in "abc"), delay_us=3 * S)
    watched.to(100 * S)
    watched.do("close consumer c")
    watched.to(110 * S)
    left = of(watched, MemberRemoved, 100 * S)[0]
    assert left.reason == "left"
    assert left.at_us == 100 * S + 1 * MS
    assert 0 < times(watched, GenerationStarted, 100 * S)[0] <= 3 * S + 10 * MS
    assert (share(watched, "a"), share(watched, "b")) == ([0, 1, 2], [3, 4, 5])


def test_r113_static_restart_ten_seconds_later_stops_only_its_own_partitions() -> None:
    watched = three_static()
    watched.to(100 * S)
    watched.do("close consumer c")
    watched.to(110 * S)
    watched.do(static("c", "s3"))
    watched.to(130 * S)
    assert not of(watched, RebalanceStarted, 100 * S)
    stopped = of(watched, PartitionsRevoked, 100 * S)[0].at_us
    again = of(watched, PartitionsAssigned, 100 * S)[0].at_us
    assert 10 * S <= again - stopped <= 10 * S + 10 * MS


def test_r112_eager_failover_after_a_kill() -> None:
    watched = world(*(member(name) for name in "abc"), delay_us=3 * S)
    watched.to(100 * S)
    watched.do("kill consumer c")
    watched.to(160 * S)
    heard = max(
        e.at_us
        for e in watched.log
        if type(e).__name__ == "MemberHeard" and e.member_id == "c-1" and e.at_us <= 101 * S
    )
    removed = of(watched, MemberRemoved, 100 * S)[0]
    assert removed.at_us == heard + 45 * S
    began = of(watched, GenerationStarted, 100 * S)[0].at_us
    assert 0 <= began - removed.at_us <= 3 * S + 10 * MS
    assert (share(watched, "a"), share(watched, "b")) == ([0, 1, 2], [3, 4, 5])


def test_r107_one_stuck_member_holds_the_whole_group() -> None:
    watched = world(
        "add producer p topic=t rate=10/s partitioner=murmur2_random",
        member("a"),
        member("slow", "max_poll_records=1", "20s"),
        delay_us=1 * S,
    )
    watched.to(30 * S)
    watched.do(member("c"))
    watched.to(80 * S)
    stopped = of(watched, PartitionsRevoked, 30 * S, consumer="a")[0].at_us
    again = of(watched, PartitionsAssigned, 30 * S, consumer="a")[0].at_us
    assert again - stopped > 5 * S, "a waits for the slow one's next poll()"


def test_generations_never_go_back() -> None:
    watched = joined_by_another(COOPERATIVE)
    found = [event.generation for event in of(watched, GenerationStarted)]
    assert found == sorted(set(found))
