"""Every event that a person steps over is explained, in words that a terminal can take."""

from __future__ import annotations

from typing import Any

import pytest

from mqviz.explain.event import why
from mqviz.facts.views import Why
from mqviz.model.event import APPLY, Weight
from mqviz.model.observed import events as seen
from mqviz.model.observed.clients import events as clients_events
from mqviz.model.observed.state import SeenBroker, SeenPartition
from tests.model.observed.watch import S, Watch, member

BAD = "x\x1b[31m\u202e"


def watched() -> Watch:
    watch = Watch()
    watch.topic("t", 2)
    watch.group("g", member("c1", t=(0,)), member("c2", t=(1,)))
    watch.post(clients_events.ProducerStarted, 0, "shop", "t", 2.0, "all", "murmur2_random")
    watch.post(clients_events.ConsumerStarted, 0, "c1", "g", "t")
    watch.post(clients_events.AssignmentReported, 0, "c1", (("t", 0),))
    watch.ends(t={0: 5})
    watch.wait(10)
    return watch


def explained(kind: Any, *fields: Any, since_us: int = 8 * S) -> Why:
    watch = watched()
    watch.post(kind, since_us, *fields)
    found = why(watch.state, watch.events[-1])
    assert found is not None
    return found


CASES: list[tuple[Any, tuple[Any, ...], str]] = [
    (seen.WatchBegan, ("localhost:9092",), "watching localhost:9092"),
    (seen.ConnectionLost, ("refused",), "no broker answers"),
    (seen.ConnectionBack, (), "the cluster answers again"),
    (seen.BrokerLost, (1, "refused"), "broker 1 does not answer"),
    (seen.BrokerBack, (1,), "broker 1 answers again"),
    (seen.ClusterSeen, ("abc", None, {1: SeenBroker("h", 9)}), "the cluster has 1 broker"),
    (seen.TopicsSeen, ({"u": seen.TopicSeen("u", False, (SeenPartition(1),))}, ("t",)), "1 topic new or changed, 1 topic gone"),
    (seen.GroupsListed, (1, {"g": seen.GroupListed("classic", "Empty")}), "g (classic) is Empty"),
    (seen.GroupsListed, (1, {}, ("g",)), "g is gone"),
    (seen.GroupsListed, (1, {n: seen.GroupListed(None, "Empty") for n in "gh"}), "2 groups new or in another state"),
    (seen.GroupSeen, ("g", "classic", "Stable", 1, None, "range", (member("c1", t=(0, 1)),)), "g: rebalance: c2 left, P1 → c1"),
    (seen.GroupSeen, ("h", "classic", "Stable", 1, None, "range", (member("z", t=(0,)),)), "h is Stable"),
    (seen.GroupHidden, ("g", "both", "no right to read this group"), "the members and commits of g cannot be read"),
    (clients_events.ProducerStarted, ("p2", "t", 1.0, "all", "java"), "p2 sends to t"),
    (clients_events.ConsumerStarted, ("c9", "g", "t"), "c9 wants to join g"),
    (clients_events.ClientPaused, ("c1",), "c1 is frozen"),
    (clients_events.ClientResumed, ("c1",), "c1 goes on"),
    (clients_events.ClientEnded, ("c1", "killed"), "c1 was killed (SIGKILL)"),
    (clients_events.ClientEnded, ("shop", "died", "it aborted"), "shop died"),
    (clients_events.ClientNotice, ("c1", "no broker"), "c1 reports: no broker"),
    (clients_events.ProducerRateSet, ("shop", 0.5), "shop sends 0.5 records a second"),
    (clients_events.RecordProduced, ("shop", 1, "t", 0, 1_204, "A"), "shop wrote to t P0 at offset 1,204"),
    (clients_events.RecordFailed, ("shop", 1, "timed out"), "shop could not send its record 1"),
    (clients_events.RecordDelivered, ("c1", "t", 0, 4, "A"), "c1 got offset 4 of t P0"),
    (clients_events.RecordProcessed, ("c1", "t", 0, 4), "c1 is done with offset 4 of t P0"),
    (clients_events.CommitMade, ("c1", "t", 0, 4), "c1 committed 4 of t P0"),
    (clients_events.AssignmentReported, ("c1", (("t", 1),)), "c1 gets P1"),
    (clients_events.AssignmentReported, ("c1", ()), "c1 gets nothing and sits idle"),
    (clients_events.AssignmentReported, ("c1", (), False), "c1 gave up its partitions"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields", "headline"), CASES)
def test_headlines(kind: Any, fields: tuple[Any, ...], headline: str) -> None:
    assert explained(kind, *fields).headline == headline


def test_every_step_is_explained() -> None:
    steps = [k for k in APPLY if issubclass(k, seen.Seen) and k.weight >= Weight.STEP]
    assert sorted({kind.__name__ for kind, _, _ in CASES}) == sorted(k.__name__ for k in steps)


def test_numbers_come_from_the_run() -> None:
    assert explained(clients_events.CommitMade, "c1", "t", 0, 4).change == "lag of P0 is 1"
    assert (
        explained(clients_events.RecordProduced, "shop", 1, "t", 0, 7, "A").change
        == "acknowledged after 2.0 s"
    )
    assert explained(seen.BrokerLost, 1, "refused").change == "1 partition that it leads: end unknown"
    assert explained(clients_events.RecordProcessed, "c1", "t", 0, 4).reason.startswith("not committed yet")


def test_a_report_of_one_member_tells_how_the_group_shares_out() -> None:
    """Also who gets nothing, whichever member reported last."""
    watch = Watch()
    watch.topic("t", 3)
    for name in ("c1", "c2", "c3", "c4", "c5"):
        watch.post(clients_events.ConsumerStarted, 0, name, "g", "t")
    watch.post(clients_events.AssignmentReported, 0, "c1", (("t", 0), ("t", 1), ("t", 2)))
    first = why(watch.state, watch.events[-1])
    for place, name in enumerate(("c1", "c2", "c3", "c4", "c5")):
        watch.post(clients_events.AssignmentReported, 0, name, (("t", place),) if place < 3 else ())
    last, third = (why(watch.state, watch.events[at]) for at in (-1, -3))
    assert first is not None and last is not None and third is not None  # noqa: PT018
    assert first.headline == "c1 gets P0, P1 and P2"
    assert first.reason == "g has 5 members; not all have heard their share"
    assert (third.headline, last.headline) == ("c3 gets P2", "c5 gets nothing and sits idle")
    assert last.reason == third.reason == "3 partitions, 5 members, so c4 and c5 get nothing"


def test_a_group_that_is_seen_settled_tells_how_it_shares_out() -> None:
    idle = (member("c1", t=(0,)), member("c2", t=(1,)), member("c3"))
    found = explained(seen.GroupSeen, "g", "classic", "Stable", 1, None, "range", idle)
    assert found.reason == "2 partitions, 3 members, so c3 gets nothing"


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (seen.ConnectionLost, (BAD,)),
        (seen.BrokerLost, (1, BAD)),
        (seen.GroupsListed, (1, {BAD: seen.GroupListed("classic", "Empty")})),
        (seen.GroupHidden, (BAD, "members", BAD)),
        (clients_events.ConsumerStarted, (BAD, BAD, BAD)),
        (clients_events.ClientNotice, ("c1", BAD)),
        (clients_events.RecordProduced, ("shop", 1, "t", 0, 7, BAD)),
    ],
)
def test_nothing_of_the_cluster_reaches_a_screen_unescaped(kind: Any, fields: tuple[Any, ...]) -> None:
    found = explained(kind, *fields)
    for text in (found.headline, found.reason, found.rule, found.change):
        assert "\x1b" not in text
        assert "\u202e" not in text
