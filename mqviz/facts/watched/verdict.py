"""Verdicts: one word on a watched group, the reason, the numbers behind it, and the rule that explains it.

The order of the questions is the order of how sure and how bad it is: nobody there, no progress, moved back,
falling behind; only then what cannot be seen, and last that all is well.
"""

from __future__ import annotations

from collections.abc import Callable

from mqviz.facts.watched import trends
from mqviz.facts.watched.views import GroupRow, Verdict, Worst
from mqviz.facts.words import at, lasting, number, per_second, percent, several, since
from mqviz.model.escape import escape
from mqviz.model.observed.lag_sums import STALL_US
from mqviz.model.observed.rebalances import labels, owners
from mqviz.model.observed.state import SeenGroup, Stall, Unknown
from mqviz.model.observed.track import WINDOW_US
from mqviz.model.state import State

RANK = {"STALLED": 0, "BEHIND": 0, "STOPPED": 1, "REWOUND": 2, "RECOVERING": 3, "UNKNOWN": 4, "OK": 5}
"""Worst first; of the same rank the larger lag is worse."""

COMMIT_INTERVAL_US = 5_000_000
"""What comes in within Kafka's default auto.commit.interval.ms is no backlog: it may be read and not yet
committed.
"""

FAR_BEHIND_US = 60_000_000
"""A steady lag that takes so long to come in is a backlog all the same."""

UNSETTLED_US = 30_000_000
"""A rebalance that is seen for so long is stuck."""

ONE_READER = "one partition has one reader: more members cannot help"
SHARED = "lag grows while more comes in than is read; members share partitions, at most one each"
EMPTY = "a group keeps its commits while nobody reads; what waits unread may be deleted by retention"
STILL = "a member that sends heartbeats keeps its partitions, even if it processes nothing"
BARRIER = "a classic rebalance ends when every member has joined again; until then nobody reads"
BACK = "a commit is a bookmark: moved back, everything after it is read again"
DELETED = "retention deletes by age and size, whether a group has read it or not"
BEYOND = "a commit beyond the end points into a log that is no more"
DRAINS = "a backlog is gone after lag / (out − in) seconds"


def judge(state: State, row: GroupRow) -> Verdict:
    """The verdict on one row, whose own verdict is not looked at."""
    group = state.observed.groups[row.group]
    for question in QUESTIONS:
        found = question(state, group, row)
        if found:
            return found
    return _ok(row)


def _ok(row: GroupRow) -> Verdict:
    if row.lag == 0:
        return Verdict("OK", "all read" if not row.trend else "lag steady", "everything is read", _flow(row))
    return Verdict("OK", "lag steady", "reads as fast as records come in", _flow(row))


# -- nobody there --------------------------------------------------------------------------------------------


def _hidden(_: State, group: SeenGroup, row: GroupRow) -> Verdict | None:
    """Neither members nor commits can be seen."""
    if isinstance(group.members, Unknown) and isinstance(row.lag, Unknown):
        why = group.members if group.described_us < 0 and group.commits_unknown is None else row.lag
        return _unknown(why.reason, "", why.since_us)
    return None


def _stopped(state: State, group: SeenGroup, row: GroupRow) -> Verdict | None:
    if group.empty_us < 0:
        return None
    wall_us = state.observed.wall_us
    when = f"no members {since(wall_us, group.empty_us, state.now_us)}"
    brief = when if group.emptied else "no members"
    evidence = f"{_amount(row)} unread" if row.lag else "nothing is unread"
    if isinstance(row.in_per_s, float) and row.in_per_s:
        evidence += f", {per_second(row.in_per_s)}/s more"
    breach = group.summary.breach
    if breach:
        evidence += f"; {number(breach[2])} records of {_place(breach)} were deleted unread"
    return Verdict("STOPPED", brief, brief, evidence, group.empty_us if group.emptied else None, EMPTY, 17)


# -- no progress ---------------------------------------------------------------------------------------------


def _stuck(state: State, group: SeenGroup, row: GroupRow) -> Verdict | None:
    """A rebalance of the classic protocol that does not end."""
    unsettled_us = state.now_us - group.unsettled_us
    if group.unsettled_us < 0 or group.kind == "consumer" or unsettled_us < UNSETTLED_US:
        return None
    brief = f"rebalancing for {lasting(unsettled_us)}"
    evidence = f"state {escape(str(group.state))}, {_amount(row)} unread"
    return Verdict("STALLED", brief, f"{brief}: nobody reads", evidence, group.unsettled_us, BARRIER, 18)


def _stalled(state: State, group: SeenGroup, row: GroupRow) -> Verdict | None:
    """Members alive, records unread, and a partition's commit does not move."""
    stall = group.summary.stall
    if stall is None or not isinstance(group.members, tuple) or not group.members:
        return None
    if not stall.grown and _may_be_markers(group, row):
        return None
    since_us = _still_since(group, stall)
    still = f"{'over ' if stall.at_least else ''}{lasting(group.refreshed_us - since_us)}"
    grown = f", log +{number(stall.grown)}" if stall.grown else ""
    where = _where(group, stall.topic, stall.partition)
    evidence = f"{where} at {number(stall.offset)} for {still}{grown}, {_holder(group, stall)}"
    brief = f"alive, no progress for {still}{_all_grown(group, grown)}"
    if _some_progress(group):
        brief = f"{where} at {number(stall.offset)} for {still}{grown}"
    return Verdict("STALLED", brief, brief, evidence, since_us, STILL, 32)


def _may_be_markers(group: SeenGroup, row: GroupRow) -> bool:
    """One unread offset a partition may be the marker of a transaction, which is never delivered."""
    return isinstance(row.lag, int) and row.lag <= group.summary.behind


def _still_since(group: SeenGroup, stall: Stall) -> int:
    """Since when: exactly where no partition of the group moves, because that moment is kept."""
    if not _some_progress(group) and group.progress_us >= 0:
        return group.progress_us
    return max(stall.since_us, group.refreshed_us - WINDOW_US) if stall.at_least else stall.since_us


def _some_progress(group: SeenGroup) -> bool:
    """Whether other partitions of the group move."""
    return group.progress_us >= 0 and group.refreshed_us - group.progress_us < STALL_US


def _all_grown(group: SeenGroup, grown: str) -> str:
    """How much all logs of the group grew in the window, where the samples tell it."""
    first, last = group.samples[0], group.samples[-1]
    if first.span == last.span and last.ends > first.ends:
        return f", log +{number(last.ends - first.ends)}"
    return grown


def _holder(group: SeenGroup, stall: Stall) -> str:
    members = group.members if isinstance(group.members, tuple) else ()
    holder = owners(members).get((stall.topic, stall.partition))
    return f"member {escape(labels(members)[holder])} alive" if holder else "no member holds it"


# -- moved back ----------------------------------------------------------------------------------------------


def _rewound(state: State, group: SeenGroup, _: GroupRow) -> Verdict | None:
    """Commits moved back less than a minute ago, or the group has not read again up to where it was."""
    recent = [
        r
        for r in group.rewinds
        if state.now_us - r.at_us <= WINDOW_US
        or (r.topic in group.commits and group.commits[r.topic].now.get(r.partition, r.before) < r.before)
    ]
    if not recent:
        return None
    last = recent[-1]
    back = sum(r.before - r.after for r in recent)
    brief = f"commits moved back {number(back)} {at(state.observed.wall_us, last.at_us, state.now_us)}"
    places = several(len({(r.topic, r.partition): 1 for r in recent}), "partition")
    evidence = (
        f"{places}; {escape(last.topic)} p{last.partition} from {number(last.before)} to {number(last.after)}"
    )
    return Verdict("REWOUND", brief, brief, evidence, last.at_us, BACK, 11)


# -- falling behind, catching up -----------------------------------------------------------------------------


def _breached(_: State, group: SeenGroup, row: GroupRow) -> Verdict | None:
    breach = group.summary.breach
    if breach is None:
        return None
    brief = f"{number(breach[2])} deleted unread at {_place(breach)}"
    evidence = f"{several(group.summary.breaches, 'partition')} committed below the log start; {_flow(row)}"
    return Verdict("BEHIND", brief, brief, evidence, None, DELETED, 21)


def _ahead(_: State, group: SeenGroup, __: GroupRow) -> Verdict | None:
    ahead = group.summary.ahead
    if ahead is None:
        return None
    brief = f"{_place(ahead)} committed {number(ahead[2])} beyond the end"
    return _unknown(brief, "topic recreated or truncated?", 0, BEYOND)


def _behind(state: State, group: SeenGroup, row: GroupRow) -> Verdict | None:
    rate, lag = row.in_per_s, row.lag
    if row.trend == "up" and isinstance(lag, int) and lag > _one_interval(rate):
        return _growing(state, group, row)
    if isinstance(rate, float) and isinstance(lag, int) and rate and row.trend in ("up", "level"):
        age_us = int(lag * 1_000_000 / rate)
        if age_us >= FAR_BEHIND_US:
            brief = f"steady, but {lasting(age_us)} behind"
            return Verdict("BEHIND", brief, brief, f"lag {number(lag)}, {_flow(row)}", None, SHARED, 17)
    return None


def _one_interval(rate: float | Unknown) -> float:
    """Records that come in within one commit interval."""
    return rate * COMMIT_INTERVAL_US / 1_000_000 if isinstance(rate, float) else 0


def _growing(state: State, group: SeenGroup, row: GroupRow) -> Verdict:
    turned = trends.turned_us(row.samples, "up")
    if row.worst and row.worst.hot:
        hot = _hot(state, group, row, row.worst, turned)
        if hot:
            return hot
    grows = _difference(row.in_per_s, row.out_per_s)
    lasts = lasting(group.refreshed_us - turned)
    brief = _flow(row) if grows else f"lag grows for {lasts}"
    evidence = f"lag {_amount(row)}, growing {grows}/s for {lasts}" if grows else f"lag {_amount(row)}"
    return Verdict("BEHIND", brief, brief, evidence, turned, SHARED, 17)


def _hot(state: State, group: SeenGroup, row: GroupRow, worst: Worst, turned: int) -> Verdict | None:
    """One partition gets most of what comes in, or holds most of what is unread."""
    ends, commits = state.observed.topics[worst.topic].ends, group.commits[worst.topic]
    into = trends.rate(ends.points(worst.partition), group.refreshed_us)
    out = trends.rate(commits.points(worst.partition), group.refreshed_us)
    if isinstance(into, Unknown) or isinstance(out, Unknown):
        return None
    p, reader = _where(group, worst.topic, worst.partition), _reader(group, worst)
    evidence = (
        f"{p} at {number(commits.now[worst.partition])} of {number(ends.now[worst.partition])}: lag "
        f"{number(worst.lag)}"
    )
    if into > out:
        evidence += f", growing {per_second(into - out)}/s for {lasting(group.refreshed_us - turned)}"
    total = row.in_per_s
    if isinstance(total, float) and total and into > total / 2:
        brief = f"{p} gets {per_second(into)} of {per_second(total)}/s, {reader} reads {per_second(out)}"
        reason = f"{p} takes {per_second(into)} of {per_second(total)} records/s ({percent(into / total)})"
        reason += f", {reader} reads {per_second(out)} of them"
        return Verdict("BEHIND", brief, reason, evidence, turned, ONE_READER, 14)
    brief = f"{p} holds {percent(worst.share)} of the lag, {reader} reads {per_second(out)}/s"
    return Verdict("BEHIND", brief, brief, evidence, turned, ONE_READER, 17)


def _reader(group: SeenGroup, worst: Worst) -> str:
    members = group.members if isinstance(group.members, tuple) else ()
    holder = owners(members).get((worst.topic, worst.partition))
    return escape(labels(members)[holder]) if holder else "nobody"


def _recovering(state: State, _: SeenGroup, row: GroupRow) -> Verdict | None:
    if row.trend != "down" or not row.lag:
        return None
    peak = max(value for _, value in row.samples)
    if peak <= _one_interval(row.in_per_s):
        return None
    gains = _difference(row.out_per_s, row.in_per_s)
    brief = f"out exceeds in by {gains} records/s" if gains else "lag falls"
    eta = f", read up in about {lasting(row.eta_us)}" if isinstance(row.eta_us, int) else ""
    turned = trends.turned_us(row.samples, "down")
    return Verdict("RECOVERING", brief, brief, f"lag {_amount(row)}{eta}", turned, DRAINS, 17)


# -- what cannot be seen -------------------------------------------------------------------------------------


def _unseen(state: State, group: SeenGroup, row: GroupRow) -> Verdict | None:
    if isinstance(row.lag, Unknown):
        return _unknown(row.lag.reason, "", row.lag.since_us)
    reasons = group.summary.reasons
    if reasons:
        reason = next(iter(reasons))
        count = sum(reasons.values())
        return _unknown(f"{several(count, 'end')} unknown: {reason}", f"lag {_amount(row)}")
    if isinstance(group.members, Unknown):
        return _unknown(group.members.reason, f"lag {_amount(row)}", group.members.since_us)
    if row.lag is None:
        return _unknown("nothing committed yet", "auto.offset.reset decides where it begins")
    if not row.trend and row.lag:
        brief = "measuring: a trend needs three looks"
        if not state.observed.beat.period_us:
            brief = "one look has no trend; --watch or attach measures it"
        return _unknown(brief, f"lag {_amount(row)}")
    return None


def _unknown(brief: str, evidence: str, since_us: int = 0, rule: str = "") -> Verdict:
    return Verdict("UNKNOWN", escape(brief), escape(brief), evidence, since_us or None, rule, None)


QUESTIONS: tuple[Callable[[State, SeenGroup, GroupRow], Verdict | None], ...] = (
    _hidden,
    _stopped,
    _stuck,
    _stalled,
    _rewound,
    _breached,
    _behind,
    _ahead,
    _unseen,
    _recovering,
)


# -- words ---------------------------------------------------------------------------------------------------


def _flow(row: GroupRow) -> str:
    if isinstance(row.in_per_s, Unknown) or isinstance(row.out_per_s, Unknown):
        return "rates need a second look"
    return f"in {per_second(row.in_per_s)}/s, out {per_second(row.out_per_s)}/s"


def _difference(more: float | Unknown, less: float | Unknown) -> str:
    """How much one rate exceeds the other; "" where it does not or is not known."""
    if isinstance(more, Unknown) or isinstance(less, Unknown) or more <= less:
        return ""
    return per_second(more - less)


def _amount(row: GroupRow) -> str:
    if not isinstance(row.lag, int):
        return "an unknown number" if isinstance(row.lag, Unknown) else "no commit:"
    part = f" over {row.known} of {row.total} partitions" if row.known < row.total else ""
    return f"{number(row.lag)}{part}"


def _place(found: tuple[str, int, int]) -> str:
    return f"{escape(found[0])} p{found[1]}"


def _where(group: SeenGroup, topic: str, partition: int) -> str:
    """A partition, with its topic where the group reads several."""
    return f"{escape(topic)} p{partition}" if len(group.commits) > 1 else f"p{partition}"
