"""What was seen becomes State: whole, once, and readable through facts."""

from __future__ import annotations

import msgspec

from mqviz import facts
from mqviz.facts.views import Cell
from mqviz.model.apply import apply
from mqviz.model.codec import decode_event, encode_event
from mqviz.model.event import APPLY
from mqviz.model.observed.events import (
    BrokerBack,
    BrokerLost,
    ClusterSeen,
    CommitsSeen,
    ConnectionBack,
    ConnectionLost,
    EndsSeen,
    GroupCommits,
    GroupHidden,
    GroupListed,
    GroupSeen,
    GroupsListed,
    Seen,
    TopicSeen,
    TopicsSeen,
)
from mqviz.model.observed.state import SeenBroker, SeenPartition, Unknown
from mqviz.model.packing import pack, unpack
from mqviz.model.state import State
from tests.model.observed.watch import S, Watch, member


def orders() -> Watch:
    watch = Watch()
    watch.topic("orders", 3)
    watch.group("mail", member("c1", orders=(0, 1)), member("c2", orders=(2,)))
    watch.commits("mail", orders={0: 5, 1: 7})
    watch.ends(orders={0: 9, 1: 7, 2: 4})
    watch.starts(orders={0: 1})
    watch.beat("mail")
    return watch


def test_a_watched_cluster_is_the_half_that_facts_read() -> None:
    assert not facts.is_observed(State())
    assert facts.is_observed(orders().state)


def test_topics_and_tapes_tell_what_the_cluster_told() -> None:
    state = orders().state
    assert [(t.name, t.partitions, t.replication_factor) for t in facts.topics(state)] == [("orders", 3, 3)]
    tape = facts.tape(state, "orders", 0, 4)
    assert (tape.partition_leader, tape.log_start, tape.log_end, tape.high_watermark) == (1, 1, 9, 9)
    assert tape.cells == tuple(Cell(offset, None, False) for offset in (5, 6, 7, 8))
    assert len(facts.tape(state, "orders", 0, 100).cells) == 8
    assert isinstance(facts.tape(state, "orders", 1, 4).log_start, Unknown)
    assert isinstance(facts.tape(state, "nowhere", 0, 4).log_end, Unknown)


def test_groups_members_and_owners() -> None:
    state = orders().state
    (group,) = facts.groups(state)
    assert (group.name, group.kind, group.state, group.members) == ("mail", "classic", "Stable", 2)
    assert group.topics == ("orders",)
    assert isinstance(group.generation, Unknown)
    assert [(m.name, m.state, m.partitions) for m in facts.members(state, "mail")] == [
        ("c1", "working", (("orders", 0), ("orders", 1))),
        ("c2", "working", (("orders", 2),)),
    ]
    assert facts.owner(state, "mail", "orders", 2) == "c2"
    assert facts.owner(state, "mail", "orders", 9) is None
    assert isinstance(facts.owner(state, "other", "orders", 0), Unknown)
    assert facts.idle_members(state, "mail") == 0


def test_committed_and_lag() -> None:
    state = orders().state
    assert [facts.committed(state, "mail", "orders", p) for p in range(3)] == [5, 7, None]
    assert [facts.lag(state, "mail", "orders", p) for p in range(3)] == [4, 0, None]
    total = facts.group_lag(state, "mail")
    assert (total.value, total.known, total.total, total.worst) == (4, 2, 3, ("orders", 0, 4))
    assert facts.lag(state, "mail") == 4
    assert isinstance(facts.position(state, "mail", "orders", 0), Unknown)
    assert facts.position(state, "mail", "orders", 9) is None


def test_a_member_that_has_read_everything_waits_and_one_without_partitions_is_idle() -> None:
    watch = Watch()
    watch.topic("orders", 1)
    watch.group("mail", member("c1", orders=(0,)), member("c2"))
    watch.commits("mail", orders={0: 9})
    watch.ends(orders={0: 9})
    watch.beat("mail")
    assert [m.state for m in facts.members(watch.state, "mail")] == ["waiting", "idle"]
    assert facts.idle_members(watch.state, "mail") == 1
    watch.ends(orders={0: 12})
    assert facts.members(watch.state, "mail")[0].state == "working"
    watch.wait(40)
    watch.beat("mail")
    assert facts.members(watch.state, "mail")[0].state == "unknown", "unread records and no commit for 40 s"


def test_members_of_a_classic_group_in_a_rebalance_are_joining() -> None:
    watch = orders()
    watch.group("mail", member("c1", orders=(0, 1)), state="PreparingRebalance")
    assert [m.state for m in facts.members(watch.state, "mail")] == ["joining"]
    assert isinstance(facts.idle_members(watch.state, "mail"), Unknown)


def test_members_with_the_same_client_id_have_different_names() -> None:
    watch = Watch()
    twins = [
        msgspec.structs.replace(member("rdkafka"), id=f"rdkafka-{tail}")
        for tail in ("aaaa-1111", "bbbb-2222")
    ]
    watch.group("mail", *twins)
    assert [m.name for m in facts.members(watch.state, "mail")] == ["rdkafka-1111", "rdkafka-2222"]


def test_an_answer_with_only_what_changed_leaves_the_rest() -> None:
    watch = orders()
    watch.ends(orders={2: 6})
    watch.commits("mail", orders={2: 1})
    assert [facts.lag(watch.state, "mail", "orders", p) for p in range(3)] == [4, 0, 5]


def test_an_end_that_was_not_told_is_unknown_with_its_reason_until_it_is_told() -> None:
    watch = orders()
    watch.ends(unknown={"orders": {0: "the partition's leader is changing"}})
    value = facts.lag(watch.state, "mail", "orders", 0)
    assert isinstance(value, Unknown)
    assert value.reason == "the partition's leader is changing"
    assert isinstance(facts.tape(watch.state, "orders", 0, 3).log_end, Unknown)
    total = facts.group_lag(watch.state, "mail")
    assert (total.value, total.known, total.total) == (0, 1, 3)
    watch.ends(orders={0: 10})
    assert facts.lag(watch.state, "mail", "orders", 0) == 5


def test_ends_of_a_lost_broker_are_unknown_until_it_is_back() -> None:
    watch = orders()
    watch.post(BrokerLost, 3, 1, "connection refused")
    assert facts.lag(watch.state, "mail", "orders", 0) == Unknown("broker 1 does not answer", 3)
    assert facts.lag(watch.state, "mail", "orders", 1) == 0, "broker 2 leads it"
    watch.post(BrokerBack, 3, 1)
    assert facts.lag(watch.state, "mail", "orders", 0) == 4


def test_a_partition_without_a_leader_has_no_end() -> None:
    watch = orders()
    parts = (SeenPartition(-1), SeenPartition(2), SeenPartition(3))
    watch.post(TopicsSeen, 0, {"orders": TopicSeen("orders", False, parts)})
    assert facts.lag(watch.state, "mail", "orders", 0) == Unknown("the partition has no leader")
    assert facts.tape(watch.state, "orders", 0, 3).partition_leader is None
    watch.beat("mail")
    assert watch.state.observed.groups["mail"].samples[-1].known == 1


def test_a_broker_that_left_the_cluster_is_not_lost_but_gone() -> None:
    watch = orders()
    watch.post(BrokerLost, 0, 3, "connection refused")
    watch.post(ClusterSeen, 0, "abc", None, {1: SeenBroker("localhost", 9091)})
    assert watch.state.observed.brokers_lost == {}


def test_a_topic_that_is_gone_keeps_its_commits_and_says_so() -> None:
    watch = orders()
    watch.post(TopicsSeen, 0, {}, ("orders",))
    assert facts.topics(watch.state) == ()
    value = facts.lag(watch.state, "mail", "orders", 0)
    assert isinstance(value, Unknown)
    assert value.reason == "the topic is gone"
    assert facts.committed(watch.state, "mail", "orders", 0) == 5


def test_a_topic_made_anew_does_not_keep_the_old_offsets() -> None:
    watch = orders()
    watch.topic("orders", 3, id="another")
    assert isinstance(facts.lag(watch.state, "mail", "orders", 0), Unknown)
    watch.ends(orders={0: 2, 1: 0, 2: 0})
    assert facts.lag(watch.state, "mail", "orders", 0) == 0, "committed beyond the end counts as 0"


def test_a_topic_that_may_not_be_read() -> None:
    watch = orders()
    watch.post(TopicsSeen, 0, {"orders": TopicSeen("", False, (), "no right to read this topic")})
    value = facts.lag(watch.state, "mail", "orders", 1)
    assert isinstance(value, Unknown)
    assert value.reason == "no right to read this topic"
    assert [t.partitions for t in facts.topics(watch.state)] == [3], "what was known of it stays"


def test_a_group_that_hides_its_members_still_has_commits() -> None:
    watch = orders()
    watch.post(GroupHidden, 0, "mail", "members", "no right to read this group")
    assert facts.members(watch.state, "mail") == ()
    assert isinstance(facts.owner(watch.state, "mail", "orders", 0), Unknown)
    assert facts.lag(watch.state, "mail", "orders", 0) == 4
    watch.post(GroupHidden, 0, "mail", "commits", "no right to read this group")
    assert facts.lag(watch.state, "mail") == Unknown("no right to read this group")
    watch.post(CommitsSeen, 0, 1, {"mail": GroupCommits()})
    assert facts.lag(watch.state, "mail") == 4


def test_commits_can_vanish_and_single_ones_can_be_unknown() -> None:
    watch = orders()
    watch.post(CommitsSeen, 0, 1, {"mail": GroupCommits({}, {"orders": (0,)}, {"orders": {1: "refused"}})})
    assert facts.committed(watch.state, "mail", "orders", 0) is None
    assert facts.committed(watch.state, "mail", "orders", 1) == Unknown("refused")
    watch.post(CommitsSeen, 0, 1, {"mail": GroupCommits({}, {"orders": (1,)})})
    assert watch.state.observed.groups["mail"].commits == {}
    assert facts.committed(watch.state, "mail", "orders", 1) is None
    assert facts.lag(watch.state, "mail") is None


def test_groups_that_are_gone_are_gone() -> None:
    watch = orders()
    watch.post(GroupsListed, 0, 1, {}, ("mail", "never seen"))
    assert facts.groups(watch.state) == ()


def test_brokers_before_3_8_do_not_tell_a_groups_type() -> None:
    watch = Watch()
    watch.post(GroupsListed, 0, 1, {"mail": GroupListed(None, "Stable")})
    assert isinstance(facts.groups(watch.state)[0].kind, Unknown)


def test_the_consumer_protocol_tells_its_epoch() -> None:
    watch = Watch()
    watch.post(GroupSeen, 0, "mail", "consumer", "Stable", 2, 7, "uniform", ())
    (group,) = facts.groups(watch.state)
    assert (group.generation, group.assignor) == (7, "uniform")
    assert facts.generation(watch.state, "mail") == 7


def test_a_lost_cluster_keeps_the_last_picture() -> None:
    watch = orders()
    watch.wait(5)
    watch.post(ConnectionLost, 2 * S, "connection refused")
    assert watch.state.observed.lost == Unknown("connection refused", 2 * S)
    assert facts.lag(watch.state, "mail") == 4
    watch.post(ConnectionBack, 5 * S)
    assert watch.state.observed.lost is None


def test_every_event_survives_a_capture_and_the_state_a_checkpoint() -> None:
    watch = orders()
    watch.post(BrokerLost, 3, 1, "connection refused")
    again = State()
    for event in watch.events:
        apply(again, decode_event(encode_event(event)))
    assert again == watch.state
    assert unpack(pack(watch.state)) == watch.state
    assert msgspec.msgpack.decode(
        msgspec.msgpack.encode(watch.state.observed), type=type(again.observed)
    ) == (watch.state.observed)


def test_a_state_never_changes_what_an_event_holds() -> None:
    watch = orders()
    before = [encode_event(event) for event in watch.events]
    for step in range(40):
        watch.wait(1)
        watch.ends(orders={0: 20 + step})
        watch.commits("mail", orders={0: 10 + step, 2: step})
    watch.post(CommitsSeen, 0, 1, {"mail": GroupCommits({}, {"orders": (0, 1, 2)})})
    assert [encode_event(event) for event in watch.events[: len(before)]] == before


def test_a_checkpoint_is_independent_of_the_state_it_was_made_of() -> None:
    watch = orders()
    packed = pack(watch.state)
    copy = pack(unpack(packed))
    watch.wait(1)
    watch.ends(orders={0: 30})
    watch.commits("mail", orders={0: 30})
    assert unpack(copy) == unpack(packed)


def test_only_offsets_and_beats_are_thinned() -> None:
    thinned = sorted(kind.__name__ for kind in APPLY if issubclass(kind, Seen) and kind.thinned)
    assert thinned == ["CommitsSeen", "EndsSeen", "LogStartsSeen", "RefreshEnded"]
    assert EndsSeen(1, 0, 0, 0, 2, {}).thin_key() == "ends 2"
    assert GroupsListed(1, 0, 0, 0, 2, {}).thin_key() is None
