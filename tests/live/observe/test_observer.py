"""What a refresh asks for and emits, and that nothing bad stays longer or spreads further than it must."""

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress

import pytest

from mqviz.facts.watched import lag
from mqviz.live.observe.journal import Journal
from mqviz.live.observe.observer import Observer, observe_once
from mqviz.live.observe.refresh import ClusterLostError
from mqviz.model.apply import apply
from mqviz.model.event import Event
from mqviz.model.observed import events as observed_events
from mqviz.model.state import State
from tests.live.observe.fake_cluster import FakeCluster, Group


def small() -> FakeCluster:
    """Three brokers could hold it: two groups with commits, one without, on two topics."""
    return FakeCluster(
        topics={"orders": [1, 2, 3], "pay": [1], "idle": [2]},
        groups={
            "billing": Group(1, commits={"orders": {0: 4, 1: 5, 2: 6}}, members={"m": {"orders": (0, 1, 2)}}),
            "mail": Group(2, commits={"pay": {0: 7}}, state="Empty"),
            "new": Group(3, members={"n": {"pay": (0,)}}),
        },
        ends={("orders", 0): 10, ("orders", 1): 10, ("orders", 2): 10, ("pay", 0): 9},
    )


class Watch:
    """An observer refreshed by hand, with the State that its events make."""

    def __init__(self, cluster: FakeCluster, deadline_s: float = 30) -> None:
        self.cluster = cluster
        self.journal = Journal()
        self.observer = Observer(cluster.bootstrap, self.journal, deadline_s=deadline_s)
        self.state = State()

    async def refresh(self, forget: bool = True) -> list[Event]:
        """One refresh, of everything unless asked otherwise; its events."""
        if forget:
            self.observer.schedule.forget()
        self.cluster.seen.clear()
        with suppress(ClusterLostError):
            await self.observer.refresh()
        events = self.journal.take_all()
        for event in events:
            apply(self.state, event)
        return events


SHORT_S = 1.5
"""What is waited for a frozen broker; the others answer within it even on a busy machine."""


@asynccontextmanager
async def watched(cluster: FakeCluster, brokers: int = 3, **options: float):
    async with cluster.running(brokers):
        watch = Watch(cluster, **options)
        yield watch
        await watch.observer.close()


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def only(events: list[Event], kind: Callable[..., Event]) -> list:
    return [event for event in events if isinstance(event, kind)]


async def test_one_look_tells_everything_in_the_fewest_requests() -> None:
    cluster = small()
    async with cluster.running(3):
        events = await observe_once(cluster.bootstrap)
    asked = {api: cluster.asked(api) for _, api in cluster.seen}
    assert asked == {
        "ApiVersions": 3,
        "Metadata": 1,
        "ListGroups": 3,
        "OffsetFetch": 3,
        "DescribeGroups": 3,
        "ListOffsets": 6,
    }
    state = State()
    for event in events:
        apply(state, event)
    seen = state.observed
    assert seen.groups["billing"].commits["orders"].now == {0: 4, 1: 5, 2: 6}
    assert seen.topics["orders"].ends.now == {0: 10, 1: 10, 2: 10}
    assert seen.groups["new"].members[0].assignment == {"pay": (0,)}
    assert [sample.lag for sample in seen.groups["billing"].samples] == [15]
    assert seen.beat.requests == 19


async def test_metadata_is_told_first_and_commits_before_ends() -> None:
    async with watched(small()) as watch:
        order = list(dict.fromkeys(kinds(await watch.refresh())))
    assert order[:4] == ["WatchBegan", "ClusterSeen", "TopicsSeen", "GroupsListed"]
    assert order.index("CommitsSeen") < order.index("EndsSeen")
    assert order[-1] == "RefreshEnded"


async def test_a_refresh_without_news_tells_only_its_end() -> None:
    async with watched(small()) as watch:
        await watch.refresh()
        events = await watch.refresh()
        assert kinds(events) == ["RefreshEnded"]
        assert set(events[0].groups) == {"billing", "mail", "new"}


async def test_only_what_changed_is_told_and_since_when() -> None:
    async with watched(small()) as watch:
        first = await watch.refresh()
        watch.cluster.ends["orders", 1] = 12
        watch.cluster.groups["billing"].commits["orders"][2] = 10
        (commits, ends, _) = await watch.refresh()
        assert commits.groups == {"billing": observed_events.GroupCommits({"orders": {2: 10}})}
        assert (ends.broker, ends.ends) == (2, {"orders": {1: 12}})
        assert 0 < commits.since_us <= ends.since_us < first[-1].at_us < commits.at_us


async def test_a_refresh_asks_only_for_the_group_in_focus_between_the_longer_periods() -> None:
    async with watched(small()) as watch:
        watch.observer.look("mail", ["mail"])
        await watch.refresh()
        watch.observer.schedule._groups["mail"] -= 10_000_000
        events = await watch.refresh(forget=False)
    assert events[-1].groups == ("mail",)
    assert watch.cluster.seen == [(2, "OffsetFetch"), (2, "DescribeGroups"), (1, "ListOffsets")]


async def test_topics_on_screen_are_read_without_any_group() -> None:
    async with watched(small()) as watch:
        watch.observer.look(None, None, ["idle"])
        watch.cluster.ends["idle", 0] = 3
        await watch.refresh()
    assert watch.state.observed.topics["idle"].ends.now == {0: 3}


async def test_a_frozen_broker_takes_nothing_from_the_others_and_is_waited_for_once() -> None:
    async with watched(small(), deadline_s=SHORT_S) as watch:
        await watch.refresh()
        watch.cluster.frozen.add(2)
        watch.cluster.ends |= {("orders", n): 20 for n in range(3)}
        events = await watch.refresh()
        (lost,) = only(events, observed_events.BrokerLost)
        assert lost.broker == 2
        assert "no answer to" in lost.reason
        assert only(events, observed_events.RefreshEnded)[0].failed.keys() == {2}
        assert watch.state.observed.topics["orders"].ends.now == {0: 20, 1: 10, 2: 20}
        began = asyncio.get_running_loop().time()
        events = await watch.refresh()
        assert asyncio.get_running_loop().time() - began < SHORT_S
        assert only(events, observed_events.BrokerLost) == []
        watch.cluster.frozen.clear()
        events = await until(watch, observed_events.BrokerBack)
        await watch.refresh()
        assert watch.state.observed.brokers_lost == {}
        assert watch.state.observed.topics["orders"].ends.now == {0: 20, 1: 20, 2: 20}


async def until(watch: Watch, kind: type[Event]) -> list[Event]:
    async with asyncio.timeout(60):
        while True:
            events = await watch.refresh()
            if only(events, kind):
                return events
            await asyncio.sleep(0.05)


async def test_losing_every_broker_is_told_once_and_the_picture_stays() -> None:
    async with watched(small(), brokers=1, deadline_s=SHORT_S) as watch:
        await watch.refresh()
        before = watch.state.observed.topics["orders"].ends.now
        watch.cluster.frozen.add(1)
        events = [event for _ in range(4) for event in await watch.refresh()]
        assert len(only(events, observed_events.ConnectionLost)) == 1
        assert watch.state.observed.lost is not None
        assert watch.state.observed.topics["orders"].ends.now == before
        watch.cluster.frozen.clear()
        await until(watch, observed_events.ConnectionBack)
        assert watch.state.observed.lost is None


async def test_a_group_that_moved_is_found_and_read_in_the_same_refresh() -> None:
    async with watched(small()) as watch:
        await watch.refresh()
        watch.cluster.moved["billing"] = 3
        watch.cluster.groups["billing"].commits["orders"][0] = 9
        events = await watch.refresh()
        assert watch.cluster.asked("FindCoordinator") == 1
        assert only(events, observed_events.CommitsSeen)[0].broker == 3
        assert "billing" in only(events, observed_events.RefreshEnded)[0].groups


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (30, "no right to read this group"),
        (14, "its coordinator is still loading"),
        (-1, "UNKNOWN"),
    ],
)
async def test_a_group_that_cannot_be_read_says_why_and_the_others_go_on(code: int, says: str) -> None:
    async with watched(small()) as watch:
        watch.cluster.errors["OffsetFetch", "billing"] = code
        events = await watch.refresh()
        (hidden,) = only(events, observed_events.GroupHidden)
        assert (hidden.group, hidden.what) == ("billing", "commits")
        assert says in hidden.reason
        assert watch.state.observed.groups["mail"].commits["pay"].now == {0: 7}
        assert "billing" not in only(events, observed_events.RefreshEnded)[0].groups
        assert kinds(await watch.refresh()) == ["RefreshEnded"]
        watch.cluster.errors.clear()
        await watch.refresh()
        assert watch.state.observed.groups["billing"].commits_unknown is None


async def test_a_partition_that_is_not_told_is_unknown_and_no_other() -> None:
    async with watched(small()) as watch:
        watch.cluster.errors["ListOffsets", "orders-1"] = 29
        watch.cluster.errors["OffsetFetch", "orders-2"] = 29
        await watch.refresh()
    seen = watch.state.observed
    assert seen.topics["orders"].ends.now == {0: 10, 2: 10}
    assert seen.topics["orders"].ends_unknown[1].reason == "no right to read this topic"
    assert seen.groups["billing"].partitions_unknown["orders"][2].reason == "no right to read this topic"
    assert seen.groups["billing"].samples[-1].known == 1


async def test_an_old_leader_makes_metadata_due() -> None:
    async with watched(small()) as watch:
        watch.observer.look("billing", [])
        await watch.refresh()
        watch.cluster.topics["orders"] = [2, 2, 3]
        watch.observer.schedule.forget_groups()
        await watch.refresh(forget=False)
        assert watch.cluster.asked("Metadata") == 0
        assert "leader is changing" in watch.state.observed.topics["orders"].ends_unknown[0].reason
        watch.observer.schedule.forget_groups()
        await watch.refresh(forget=False)
        assert watch.cluster.asked("Metadata") == 1
        assert watch.state.observed.topics["orders"].ends_unknown == {}


@pytest.mark.parametrize(("error", "gone"), [(0, True), (29, False)])
async def test_commits_on_a_topic_that_is_not_listed_are_explained(error: int, gone: bool) -> None:
    cluster = small()
    cluster.groups["mail"].commits["secret"] = {0: 1}
    cluster.errors["Metadata", "secret"] = error
    async with watched(cluster) as watch:
        await watch.refresh()
        assert kinds(await watch.refresh()) == ["RefreshEnded"]
    seen = watch.state.observed.topics["secret"]
    assert seen.gone is gone
    assert seen.refused is not None
    assert ("gone" in seen.refused.reason) is gone


async def test_a_deleted_topic_and_a_deleted_group_are_gone() -> None:
    async with watched(small()) as watch:
        await watch.refresh()
        del watch.cluster.topics["pay"]
        del watch.cluster.groups["new"]
        await watch.refresh()
        assert watch.state.observed.topics["pay"].gone
        assert "new" not in watch.state.observed.groups


async def test_groups_of_a_broker_that_does_not_answer_are_not_gone() -> None:
    async with watched(small(), deadline_s=SHORT_S) as watch:
        await watch.refresh()
        watch.cluster.frozen.add(3)
        await watch.refresh()
        assert "new" in watch.state.observed.groups


async def test_share_groups_have_no_commits_and_unknown_kinds_no_members() -> None:
    cluster = small()
    cluster.groups = {"share": Group(1, "share"), "flow": Group(1, "streams", commits={"pay": {0: 1}})}
    async with watched(cluster) as watch:
        await watch.refresh()
        assert watch.cluster.asked("OffsetFetch") == 1
        assert kinds(await watch.refresh()) == ["RefreshEnded"]
    groups = watch.state.observed.groups
    assert "share group has no commits" in groups["share"].commits_unknown.reason
    assert (groups["share"].members, groups["share"].generation) == ((), 3)
    assert "streams" in groups["flow"].members.reason
    assert groups["flow"].commits["pay"].now == {0: 1}


async def test_a_refused_listing_is_said_and_does_not_count_as_a_lost_broker() -> None:
    cluster = small()
    cluster.errors["ListGroups", ""] = 31
    async with watched(cluster) as watch:
        (beat,) = only(await watch.refresh(), observed_events.RefreshEnded)
    assert set(beat.failed) == {1, 2, 3}
    assert "CLUSTER_AUTHORIZATION_FAILED" in beat.failed[1]
    assert watch.state.observed.brokers_lost == {}


async def test_the_first_contact_is_waited_for_longer_than_any_other() -> None:
    """A busy machine may take long to open a connection; one that was seen and is silent is soon lost."""
    cluster = small()
    async with watched(cluster, brokers=1, deadline_s=SHORT_S) as watch:
        cluster.frozen.add(1)
        asyncio.get_running_loop().call_later(SHORT_S * 1.1, cluster.frozen.clear)
        assert "ConnectionLost" not in kinds(await watch.refresh())
        cluster.frozen.add(1)
        assert "ConnectionLost" in kinds(await watch.refresh())
        cluster.frozen.clear()


async def test_one_look_says_that_it_stays_the_only_one() -> None:
    cluster = small()
    async with cluster.running(3):
        events = await observe_once(cluster.bootstrap)
    state = State()
    for event in events:
        apply(state, event)
    verdict = lag.group_row(state, "billing").verdict
    assert (verdict.word, verdict.evidence) == ("UNKNOWN", "lag 15")
    assert verdict.brief == "one look has no trend; --watch or attach measures it"


async def test_one_look_at_nothing_is_one_error() -> None:
    with pytest.raises(ClusterLostError, match="connection refused"):
        await observe_once("127.0.0.1:1")
