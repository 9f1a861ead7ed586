"""What must hold for whatever a cluster answers, in whatever pieces."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mqviz import facts
from mqviz.facts.watched import detail as lag_detail
from mqviz.facts.watched import lag
from mqviz.model.apply import apply
from mqviz.model.codec import encode_event
from mqviz.model.event import Event
from mqviz.model.observed.events import (
    BrokerBack,
    BrokerLost,
    CommitsSeen,
    ConnectionBack,
    ConnectionLost,
    EndsSeen,
    GroupCommits,
    GroupHidden,
    GroupSeen,
    LogStartsSeen,
    RefreshEnded,
    TopicsSeen,
)
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State
from tests.model.observed.watch import Watch, member

TOPICS, PARTITIONS = ("a", "b"), 3

numbers = st.integers(0, 40)
places = st.tuples(st.sampled_from(TOPICS), st.integers(0, PARTITIONS - 1))
by_place = st.dictionaries(places, numbers, max_size=4)
some_places = st.lists(places, max_size=3)


def tree(found: Any) -> dict[str, dict[int, Any]]:
    out: dict[str, dict[int, Any]] = {}
    for (topic, partition), value in dict(found).items():
        out.setdefault(topic, {})[partition] = value
    return out


def answers(offsets: dict[Any, int], lost: list[Any]) -> tuple[Any, Any]:
    return tree(offsets), tree({place: "why" for place in lost if place not in offsets})


def commits(offsets: dict[Any, int], lost: list[Any], gone: list[Any]) -> dict[str, GroupCommits]:
    known, unknown = answers(offsets, lost)
    left = tree({place: 1 for place in gone if place not in offsets and place not in lost})
    return {"g": GroupCommits(known, {topic: tuple(ps) for topic, ps in left.items()}, unknown)}


def held(owned: list[Any]) -> tuple[Any, ...]:
    return (member("c1", **{t: tuple(ps) for t, ps in tree(dict.fromkeys(owned, 1)).items()}),)


steps = st.one_of(
    st.builds(lambda o, u: (EndsSeen, (1, *answers(o, u))), by_place, some_places),
    st.builds(lambda o, u, g: (CommitsSeen, (1, commits(o, u, g))), by_place, some_places, some_places),
    st.builds(lambda o: (LogStartsSeen, (1, tree(o))), by_place),
    st.builds(lambda b: (BrokerLost, (b, "refused")), st.integers(1, 3)),
    st.builds(lambda b: (BrokerBack, (b,)), st.integers(1, 3)),
    st.just((ConnectionLost, ("refused",))),
    st.just((ConnectionBack, ())),
    st.builds(lambda m: (GroupSeen, ("g", "classic", "Stable", 1, None, "range", m)), st.builds(held, some_places)),
    st.builds(lambda w: (GroupHidden, ("g", w, "no right to read")), st.sampled_from(["members", "commits", "both"])),
    st.builds(lambda t: (TopicsSeen, ({}, (t,))), st.sampled_from(TOPICS)),
    st.just((RefreshEnded, (1, 0, 5, ("g",)))),
)  # fmt: skip


def run(told: list[tuple[type[Event], tuple[Any, ...]]]) -> Watch:
    watch = Watch()
    for topic in TOPICS:
        watch.topic(topic, PARTITIONS)
    watch.group("g", member("c1"))
    for kind, fields in told:
        watch.wait(1.5)
        watch.post(kind, watch.now_us - 1, *fields)
    return watch


@settings(max_examples=150)
@given(st.lists(steps, max_size=25))
def test_only_numbers_are_summed_and_none_is_negative(told: list[Any]) -> None:
    watch = run(told)
    watch.post(RefreshEnded, 0, 99, watch.now_us, 5, ("g",))
    detail = lag_detail.group_detail(watch.state, "g")
    known = [row.lag for row in detail.partitions if isinstance(row.lag, int)]
    assert all(value >= 0 for value in known)
    total = facts.group_lag(watch.state, "g")
    assert (total.known, total.total) == (len(known), len(detail.partitions))
    assert total.value == sum(known) if known else not isinstance(total.value, int)
    row = detail.row
    if isinstance(row.lag, int):
        assert (row.lag, row.known, row.total) == (sum(known), len(known), len(detail.partitions))
    assert sum(r.share for r in detail.partitions) <= 1.000001
    for rate in (row.in_per_s, row.out_per_s):
        assert isinstance(rate, Unknown) or rate >= 0
    for found in detail.partitions:
        assert (found.kind in ("number", "stale")) == isinstance(found.lag, int)
        assert found.lag is not None or found.kind in ("no commit", "topic gone")
        assert isinstance(found.lag, Unknown) or found.kind in ("number", "stale", "no commit", "topic gone")


@settings(max_examples=100)
@given(st.lists(steps, max_size=25))
def test_what_changed_can_be_told_in_pieces(told: list[Any]) -> None:
    """An answer told partition by partition, all at one time, leaves the same State as told whole."""
    whole, pieces = run(told), State()
    for event in whole.events:
        for part in split(event):
            apply(pieces, part)
    assert offsets_of(pieces) == offsets_of(whole.state)
    assert pieces.observed.groups["g"].samples == whole.state.observed.groups["g"].samples
    assert lag.group_rows(pieces)[0].lag == lag.group_rows(whole.state)[0].lag


def split(event: Event) -> list[Event]:
    if isinstance(event, EndsSeen):
        head = (event.id, event.at_us, event.cause, event.since_us, event.broker)
        parts: list[Event] = [
            EndsSeen(*head, {t: {p: o}}) for t, ps in event.ends.items() for p, o in ps.items()
        ]
        return [*parts, EndsSeen(*head, {}, event.unknown)]
    return [event]


def offsets_of(state: State) -> Any:
    observed = state.observed
    ends = {name: (t.ends.now, t.ends_unknown, t.starts) for name, t in observed.topics.items()}
    group = observed.groups["g"]
    reasons = {t: why for t, why in group.partitions_unknown.items() if why}
    return ends, {t: track.now for t, track in group.commits.items()}, reasons, group.commits_unknown


@settings(max_examples=150)
@given(st.tuples(by_place, some_places, some_places, by_place, some_places, some_places))
def test_a_later_answer_that_absorbed_an_earlier_one_tells_the_same(parts: Any) -> None:
    """Thinning: applying only the merged event leaves the same offsets as applying both."""
    (o1, u1, g1, o2, u2, g2) = parts
    for one, two in (
        (EndsSeen(1, 5, 0, 0, 1, *answers(o1, u1)), EndsSeen(2, 6, 0, 0, 1, *answers(o2, u2))),
        (CommitsSeen(1, 5, 0, 0, 1, commits(o1, u1, g1)), CommitsSeen(2, 6, 0, 0, 1, commits(o2, u2, g2))),
        (LogStartsSeen(1, 5, 0, 0, 1, tree(o1)), LogStartsSeen(2, 6, 0, 0, 1, tree(o2))),
    ):
        both, merged = run([]).state, run([]).state
        before = encode_event(one), encode_event(two)
        apply(both, one)
        apply(both, two)
        apply(merged, two.absorb(one))  # type: ignore[arg-type]
        assert offsets_of(merged) == offsets_of(both)
        assert (encode_event(one), encode_event(two)) == before
        assert two.thin_key() == one.thin_key()


def test_a_beat_that_absorbed_another_refreshed_what_both_did() -> None:
    one, two = RefreshEnded(1, 5, 0, 0, 1, 4, 7, ("a", "b")), RefreshEnded(2, 9, 0, 0, 2, 8, 7, ("b", "c"))
    found = two.absorb(one)
    assert (found.number, found.groups) == (2, ("b", "c", "a"))
