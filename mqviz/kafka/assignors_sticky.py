"""The sticky assignors of the classic group protocol: balance first, then as few moves as possible
(R117-R119).

StickyAssignor is eager and learns from user data what a member was given last; CooperativeStickyAssignor from
what the member still owns, and withholds what would change its owner until the old one has revoked it. Equal
subscriptions follow AbstractStickyAssignor step by step (its walk over a hash map is in order of member ids
here, S7); unequal ones the general balancing (S9) without its bookkeeping of who gave what to whom.
"""

from __future__ import annotations

from collections.abc import Mapping

from mqviz.kafka.assignors import (
    Assignment,
    Assignor,
    StickyUserData,
    Subscription,
    TopicPartition,
    range_assignor,
    round_robin_assignor,
)

Claims = Mapping[str, StickyUserData]
"""What each member says it has, and since which generation."""


def sticky_assignor(
    partitions_per_topic: Mapping[str, int], subscriptions: Mapping[str, Subscription]
) -> Assignment:
    """StickyAssignor: its claims are the user data, as eager members own nothing when they join."""
    claims = {member: s.user_data or StickyUserData() for member, s in subscriptions.items()}
    return _assign(partitions_per_topic, subscriptions, claims)


def cooperative_sticky_assignor(
    partitions_per_topic: Mapping[str, int], subscriptions: Mapping[str, Subscription]
) -> Assignment:
    """CooperativeStickyAssignor: the sticky result less what other members still own (R119)."""
    claims = _owned(subscriptions)
    owned, _ = _owners(partitions_per_topic, claims)
    return _adjusted(_assign(partitions_per_topic, subscriptions, claims), owned, claims)


def librdkafka_cooperative_sticky_assignor(
    partitions_per_topic: Mapping[str, int], subscriptions: Mapping[str, Subscription]
) -> Assignment:
    """cooperative-sticky as librdkafka has it, which moves other partitions than Java's (R117)."""
    claims = _owned(subscriptions)
    owned, _ = _owners(partitions_per_topic, claims)
    in_turn = _librdkafka_turn(partitions_per_topic, subscriptions, owned)
    return _adjusted(_sorted(_general(in_turn, subscriptions, owned, {})), owned, claims)


ASSIGNORS: dict[str, Assignor] = {
    "range": range_assignor,
    "roundrobin": round_robin_assignor,
    "sticky": sticky_assignor,
    "cooperative-sticky": cooperative_sticky_assignor,
}
"""Java's assignors by the name that members vote with."""

LIBRDKAFKA_ASSIGNORS: dict[str, Assignor] = {
    "range": range_assignor,
    "roundrobin": round_robin_assignor,
    "cooperative-sticky": librdkafka_cooperative_sticky_assignor,
}
"""librdkafka's; it has no `sticky`."""

COOPERATIVE = ("cooperative-sticky",)
"""Assignors whose members keep their partitions while they join again (R109)."""


def cooperates(strategies: tuple[str, ...]) -> bool:
    """Whether a client with this partition.assignment.strategy keeps its partitions while it joins again.

    It does so only if all its assignors can (KIP-429): with Kafka's default, range and cooperative-sticky, it
    is eager (R110).
    """
    return all(name in COOPERATIVE for name in strategies)


# -- who has what -----------------------------------------------------------------------------------------


def _owned(subscriptions: Mapping[str, Subscription]) -> dict[str, StickyUserData]:
    return {m: StickyUserData(s.owned_partitions, s.generation_id) for m, s in subscriptions.items()}


def _all(partitions_per_topic: Mapping[str, int]) -> list[TopicPartition]:
    return [
        TopicPartition(topic, number)
        for topic in sorted(partitions_per_topic)
        for number in range(partitions_per_topic[topic])
    ]


def _owners(
    partitions_per_topic: Mapping[str, int], claims: Claims
) -> tuple[dict[str, list[TopicPartition]], set[TopicPartition]]:
    """What each member owns of the partitions that exist, and which were claimed twice in one generation.

    The claim of the higher generation wins; of two in the same generation nobody keeps it (R118).
    """
    owner: dict[TopicPartition, str] = {}
    twice: set[TopicPartition] = set()
    for member in sorted(claims):
        for tp in claims[member].partitions:
            if tp.partition >= partitions_per_topic.get(tp.topic, 0):
                continue
            other = owner.get(tp)
            if other is None or claims[member].generation > claims[other].generation:
                owner[tp] = member
                twice.discard(tp)
            elif claims[member].generation == claims[other].generation:
                twice.add(tp)
    owned: dict[str, list[TopicPartition]] = {member: [] for member in claims}
    for tp, member in owner.items():
        if tp not in twice:
            owned[member].append(tp)
    return owned, twice


def _adjusted(
    assignment: Assignment, owned: Mapping[str, list[TopicPartition]], claims: Claims
) -> Assignment:
    """Without what a member would get although somebody still has it:
    that comes one generation later (R119).
    """
    claimed = {tp for claim in claims.values() for tp in claim.partitions}
    return {
        member: [tp for tp in given if tp in owned[member] or tp not in claimed]
        for member, given in assignment.items()
    }


def _assign(
    partitions_per_topic: Mapping[str, int], subscriptions: Mapping[str, Subscription], claims: Claims
) -> Assignment:
    wanted = {frozenset(subscription.topics) for subscription in subscriptions.values()}
    owned, _ = _owners(partitions_per_topic, claims)
    if len(wanted) == 1:
        topics = next(iter(wanted))
        mine = {topic: n for topic, n in partitions_per_topic.items() if topic in topics}
        return _sorted(_constrained(_all(mine), _still_wanted(owned, subscriptions)))
    in_turn = _in_turn(partitions_per_topic, subscriptions)
    return _sorted(_general(in_turn, subscriptions, owned, _earlier(claims, subscriptions)))


def _still_wanted(
    owned: Mapping[str, list[TopicPartition]], subscriptions: Mapping[str, Subscription]
) -> dict[str, list[TopicPartition]]:
    return {
        member: [tp for tp in mine if tp.topic in subscriptions[member].topics]
        for member, mine in owned.items()
    }


def _sorted(assignment: Assignment) -> Assignment:
    return {member: sorted(given) for member, given in assignment.items()}


# -- equal subscriptions ----------------------------------------------------------------------------------


def _constrained(partitions: list[TopicPartition], owned: Mapping[str, list[TopicPartition]]) -> Assignment:
    """Everybody keeps what its quota allows, then the rest is dealt to those below it (R117)."""
    least, extra = divmod(len(partitions), len(owned))
    assignment: Assignment = {}
    under: list[str] = []
    exactly: list[str] = []
    above = 0
    for member in sorted(owned):
        mine = sorted(owned[member], key=lambda tp: (tp.partition, tp.topic))
        if len(mine) < least:
            assignment[member] = mine
            under.append(member)
        elif len(mine) > least and above < extra:
            assignment[member] = mine[: least + 1]
            above += 1
        else:
            assignment[member] = mine[:least]
            exactly.append(member)
    kept = {tp for mine in assignment.values() for tp in mine}
    left = [tp for tp in partitions if tp not in kept]
    _deal(left, assignment, least, under, exactly)
    return assignment


def _deal(
    left: list[TopicPartition], assignment: Assignment, least: int, under: list[str], exactly: list[str]
) -> None:
    """In turn to the members below the minimum, until all have it; then one more each, in the order they got
    there.
    """
    turn = 0
    for tp in left:
        if not under:
            assignment[exactly.pop(0)].append(tp)
            continue
        member = under[turn % len(under)]
        assignment[member].append(tp)
        if len(assignment[member]) == least:
            turn %= len(under)
            del under[turn]
            exactly.append(member)
        else:
            turn = turn % len(under) + 1


# -- unequal subscriptions --------------------------------------------------------------------------------


def _earlier(claims: Claims, subscriptions: Mapping[str, Subscription]) -> dict[TopicPartition, str]:
    """Who had a partition in an earlier generation than the newest that somebody knows, the last of them."""
    newest = max((claim.generation for claim in claims.values()), default=-1)
    found: dict[TopicPartition, str] = {}
    for member in sorted(claims):
        for tp in claims[member].partitions:
            if claims[member].generation < newest and tp.topic in subscriptions[member].topics:
                other = found.get(tp)
                if other is None or claims[other].generation < claims[member].generation:
                    found[tp] = member
    return found


def _general(
    in_turn: list[TopicPartition],
    subscriptions: Mapping[str, Subscription],
    owned: Mapping[str, list[TopicPartition]],
    before: Mapping[TopicPartition, str],
) -> Assignment:
    """Each partition without owner to the least loaded subscriber, then moves while they even out the load
    (R118, S9).

    `in_turn`: in which order they are looked at. What nobody had moves first, unless somebody gave up a
    topic;
    `before`: who had it in an earlier generation.
    """
    kept = _still_wanted(owned, subscriptions)
    assignment = {member: list(kept[member]) for member in subscriptions}
    _fill(assignment, in_turn, subscriptions)
    filled = {member: list(given) for member, given in assignment.items()}
    had = {tp for mine in kept.values() for tp in mine}
    if kept == owned:
        _even_out(assignment, [tp for tp in in_turn if tp not in had], subscriptions, before)
    _even_out(assignment, in_turn, subscriptions, before)
    fresh = not any(kept.values())
    return assignment if fresh or _imbalance(assignment) < _imbalance(filled) else filled


def _in_turn(
    partitions_per_topic: Mapping[str, int], subscriptions: Mapping[str, Subscription]
) -> list[TopicPartition]:
    """Partitions of topics that few want before those that many want (R118)."""

    def wanted(tp: TopicPartition) -> tuple[int, str, int]:
        return sum(tp.topic in s.topics for s in subscriptions.values()), tp.topic, tp.partition

    return sorted(_all(partitions_per_topic), key=wanted)


def _librdkafka_turn(
    partitions_per_topic: Mapping[str, int],
    subscriptions: Mapping[str, Subscription],
    owned: Mapping[str, list[TopicPartition]],
) -> list[TopicPartition]:
    """librdkafka's order where all want the same: always one of whoever has most left, then the rest
    backwards (R117).

    Several topics stand in its metadata in an order that nobody promises; here it is that of their names.
    """
    if len({frozenset(subscription.topics) for subscription in subscriptions.values()}) > 1:
        return _in_turn(partitions_per_topic, subscriptions)
    left = {member: sorted(mine) for member, mine in _still_wanted(owned, subscriptions).items() if mine}
    if not left:
        return _all(partitions_per_topic)
    found: list[TopicPartition] = []
    while left:
        most = max(left, key=lambda member: (len(left[member]), member))
        found.append(left[most].pop(0))
        if not left[most]:
            del left[most]
    taken = set(found)
    return found + [tp for tp in reversed(_all(partitions_per_topic)) if tp not in taken]


def _fill(
    assignment: Assignment, in_turn: list[TopicPartition], subscriptions: Mapping[str, Subscription]
) -> None:
    given = {tp for mine in assignment.values() for tp in mine}
    for tp in in_turn:
        taker = _least_loaded(assignment, tp.topic, subscriptions)
        if tp not in given and taker is not None:
            assignment[taker].append(tp)


def _least_loaded(
    assignment: Assignment, topic: str, subscriptions: Mapping[str, Subscription]
) -> str | None:
    takers = [member for member in assignment if topic in subscriptions[member].topics]
    return min(takers, key=lambda member: (len(assignment[member]), member), default=None)


def _even_out(
    assignment: Assignment,
    partitions: list[TopicPartition],
    subscriptions: Mapping[str, Subscription],
    before: Mapping[TopicPartition, str],
) -> None:
    """Move a partition whose owner has at least two more than one who could have it, until nothing moves
    (R117).

    It goes back to whom it belonged `before` if that one has so much less, else to the least loaded.
    """
    owner = {tp: member for member, given in assignment.items() for tp in given}
    moved = True
    while moved:
        moved = False
        for tp in partitions:
            if tp not in owner:
                continue
            load = len(assignment[owner[tp]])
            taker = before.get(tp)
            if taker is None or load <= len(assignment[taker]) + 1:
                taker = _least_loaded(assignment, tp.topic, subscriptions)
            if taker is not None and load > len(assignment[taker]) + 1:
                assignment[owner[tp]].remove(tp)
                assignment[taker].append(tp)
                owner[tp] = taker
                moved = True


def _imbalance(assignment: Assignment) -> int:
    """Java's balance score: the sum of the differences between all pairs of members; 0 is best."""
    loads = sorted(len(given) for given in assignment.values())
    return sum(high - low for at, low in enumerate(loads) for high in loads[at + 1 :])
