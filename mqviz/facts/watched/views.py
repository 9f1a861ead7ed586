"""What facts about the lag of watched groups return: frozen, the same for a screen, a table and JSON.

Names are as the cluster wrote them (whoever shows them escapes them); sentences are escaped already. A value
that is not known is `Unknown` with its reason, never 0; None means that there is none.
"""

from __future__ import annotations

from mqviz.facts.views import Reading
from mqviz.model.observed.state import Unknown

Points = tuple[tuple[int, int], ...]
"""(time, value), oldest first."""


class Verdict(Reading, frozen=True):
    """One word on a group: OK, BEHIND, RECOVERING, STALLED, STOPPED, REWOUND or UNKNOWN.

    `brief`: its evidence in the few words of a table; `reason`: the headline; `evidence`: a sentence with the
    numbers; `since_us`: since when, None where that has no meaning or is not known; `rule`: the rule behind
    it, or "";
    `lesson`: number of the lesson that explains it.
    """

    word: str
    brief: str
    reason: str
    evidence: str = ""
    since_us: int | None = None
    rule: str = ""
    lesson: int | None = None


class Worst(Reading, frozen=True):
    """The partition with the largest lag. `share`: its part of the group's lag, 0..1; `hot`: it stands out,
    and is not just small.
    """

    topic: str
    partition: int
    lag: int
    share: float
    hot: bool


class GroupRow(Reading, frozen=True):
    """One group of the table.

    `lag` is the sum over `known` of `total` partitions (None: no commit at all; Unknown: none is known).
    `trend`: up, level, down or "" (too few looks). Rates are records a second over the last minute. `eta_us`:
    when it will have caught up at this pace, only while it drains, 0 when all is read; None otherwise.
    `topics`: how many it reads. `age_us`: since the last beat that read it, None: never. `stale`: too old to
    count on. `breaches`: partitions where records were deleted before the group read them.
    """

    group: str
    kind: str | Unknown
    state: str | Unknown
    members: int | Unknown
    lag: int | None | Unknown
    known: int
    total: int
    worst: Worst | None
    trend: str
    samples: Points
    in_per_s: float | Unknown
    out_per_s: float | Unknown
    eta_us: int | None | Unknown
    verdict: Verdict
    age_us: int | None
    stale: bool
    breaches: int
    topics: int = 1


class PartitionRow(Reading, frozen=True):
    """One partition of a group, with the columns of Kafka's own tool.

    `kind` of its lag: `number`, `no commit`, `commit unknown`, `end unknown`, `not authorised`, `topic gone`
    or `stale`; only a `number` counts in sums. `lag` of a stale one is the last that was known. `to_read`:
    what a group without a commit would read if it began at the log start. `breach`: offsets deleted unread;
    `ahead`: by how much the commit is beyond the end (topic recreated or truncated?). `behind_us`: estimated
    age of the oldest unread record, at most a minute (`behind_capped`: it is older). `share`: part of the
    group's lag. `consumer`: name of the member that holds it, None: nobody. `still_us`: for how long no
    commit was seen to move (at most a minute).
    """

    topic: str
    partition: int
    current_offset: int | None | Unknown
    log_end_offset: int | Unknown
    log_start: int | Unknown
    lag: int | None | Unknown
    kind: str
    to_read: int | None
    breach: int
    ahead: int
    in_per_s: float | Unknown
    out_per_s: float | Unknown
    behind_us: int | None | Unknown
    behind_capped: bool
    trend: str
    samples: Points
    share: float
    consumer: str | None | Unknown
    consumer_id: str
    host: str
    client_id: str
    still_us: int | None


class MemberLoad(Reading, frozen=True):
    """What one member has to do: partitions it holds, their lag (of those that are known) and its rates."""

    name: str
    member_id: str
    client_id: str
    host: str
    partitions: int
    lag: int
    in_per_s: float
    out_per_s: float


class RebalanceNote(Reading, frozen=True):
    """A rebalance as it was noticed: `at_us` seen over, `since_us` the last look before it; one sentence.

    `took_us`: at least so long; 0: it was over between two looks. `at_least`: number of rebalances.
    """

    at_us: int
    since_us: int
    sentence: str
    joined: tuple[str, ...]
    left: tuple[str, ...]
    moved: int
    took_us: int
    at_least: int
    going_on: bool


class GroupDetail(Reading, frozen=True):
    """A group with its partitions (by topic and number), members, and rebalances (oldest first).

    `others_lag`: lag of all partitions but the worst. `uneven`: a sentence where members' loads differ much,
    or "".
    `peak`: place in `partitions` of the one with the largest lag, None where there is no lag.
    """

    row: GroupRow
    partitions: tuple[PartitionRow, ...]
    members: tuple[MemberLoad, ...]
    uneven: str
    rebalances: tuple[RebalanceNote, ...]
    peak: int | None
    others_lag: int


class OtherGroups(Reading, frozen=True):
    """Groups that have no lag of this kind and are not in the table, and their kinds;
    `sentence` "" for none.
    """

    count: int
    kinds: tuple[str, ...]
    sentence: str


class WatchView(Reading, frozen=True):
    """The watch itself: what is watched, how fresh, at what cost. `lost`: why nothing answers, None while it
    does.

    `wall_us`: what the clock on the wall showed at time 0, None where it is not known.
    `age_us`: since the last beat ended, None: there was none. `brokers_lost`: (broker, reason).
    """

    bootstrap: str
    cluster_id: str | Unknown
    brokers: int
    topics: int
    partitions: int
    groups: int
    beat: int
    beat_us: int
    requests: int
    period_us: int
    age_us: int | None
    lost: Unknown | None
    brokers_lost: tuple[tuple[int, Unknown], ...]
    wall_us: int | None = None
