"""Conditions to wait for and facts to compare, in words; both read a Side and know not which."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from tests.differential.side import Sent, Side, Told, Tps

CALLBACKS = ("assigned", "revoked", "lost")
Reading = Callable[..., Any]
CONDITIONS: dict[str, Callable[..., bool]] = {}
FACTS: dict[str, Reading] = {}


def condition(function: Callable[..., bool]) -> Callable[..., bool]:
    """Make a condition known under its name."""
    CONDITIONS[function.__name__.rstrip("_")] = function
    return function


def fact(function: Reading) -> Reading:
    """Make a fact known under its name."""
    FACTS[function.__name__.rstrip("_")] = function
    return function


def holds(side: Side, text: str) -> bool:
    """Whether a condition holds, such as `stable g 2`."""
    name, *words = text.split()
    return CONDITIONS[name](side, *words)


def read(side: Side, text: str) -> Any:
    """The value of a fact, such as `owned g`."""
    name, *words = text.split()
    return FACTS[name](side, *words)


# -- conditions ----------------------------------------------------------------------------------------------


@condition
def leads(side: Side, broker: str, *topics: str) -> bool:
    """The broker leads every partition of these topics."""
    return all(p.leader == int(broker) for topic in topics for p in side.replicas(topic).values())


@condition
def in_sync(side: Side, brokers: str, *topics: str) -> bool:
    """Just these brokers (`1,2`) are in sync, for every partition of these topics."""
    wanted = tuple(map(int, brokers.split(",")))
    return all(p.isr == wanted for topic in topics for p in side.replicas(topic).values())


@condition
def acked(side: Side) -> bool:
    """Every record that was to be sent has an answer."""
    return all(len(_records(side, name)) >= count for name, count in side.sends.items())


@condition
def holds_(side: Side, topic: str, offsets: str) -> bool:
    """The topic's logs hold so many offsets."""
    return records_in(side, topic) == int(offsets)


@condition
def starts(side: Side, topic: str, offset: str) -> bool:
    """The topic's first partition starts there."""
    return side.logs(topic)[0].start == int(offset)


@condition
def stable(side: Side, group: str, members: str) -> bool:
    """So many members, each with what the coordinator says it has, and every partition has an owner."""
    seen = side.group(group)
    if seen.state != "Stable" or len(seen.members) != int(members):
        return False
    owned = [place for has in seen.members.values() for place in has]
    wanted = {f"{t}-{n}" for name in seen.members for t in _topics(side, name) for n in range(side.topics[t])}
    return sorted(owned) == sorted(wanted) and all(
        has == held(side, name) for name, has in seen.members.items()
    )


@condition
def holds_all(side: Side, consumer: str, partitions: str) -> bool:
    """The consumer was given so many partitions and the group agrees."""
    has = held(side, consumer)
    return (
        len(has) == int(partitions) and side.group(side.readers[consumer].group).members.get(consumer) == has
    )


@condition
def empty(side: Side, group: str) -> bool:
    """The group has no members."""
    return side.group(group).state in ("Empty", "Dead")


@condition
def read_(side: Side, consumer: str, count: str) -> bool:
    """The consumer got so many records since the step began."""
    return sum(told.kind == "delivered" for told in _of(side, consumer)) >= int(count)


@condition
def positioned(side: Side, consumer: str) -> bool:
    """The consumer (led by hand) knows where to read each of its partitions."""
    return side.positioned(consumer)


@condition
def called(side: Side, producer: str, count: str) -> bool:
    """So many calls of the producer's application for its transactions have returned since the step began."""
    return len(calls(side, producer)) >= int(count)


@condition
def after(side: Side, milliseconds: str) -> bool:
    """So much time has gone by since the step began: for what must not happen, or cannot be seen."""
    return side.now_us - side.began_us >= int(milliseconds) * 1000


@condition
def caught_up(side: Side, group: str) -> bool:
    """Everything is committed."""
    behind = lag(side, group)
    return bool(behind) and not any(behind.values())


@condition
def failed(side: Side, client: str) -> bool:
    """The client told of an error since the step began."""
    return any(told.kind == "failed" for told in _of(side, client))


@condition
def ended(side: Side, client: str) -> bool:
    """The client is gone."""
    return any(told.kind == "ended" for told in _of(side, client))


@condition
def committed(side: Side, group: str, partition: str, offset: str) -> bool:
    """The group committed this offset."""
    return side.commits(group).get(partition) == int(offset)


# -- records -------------------------------------------------------------------------------------------------


@fact
def partitions(side: Side, producer: str) -> dict[str, int]:
    """Where each key went."""
    return {str(record.key): record.partition for record in _records(side, producer)}


@fact
def one_partition_a_key(side: Side, producer: str) -> bool:
    """Whether every key went to one partition only."""
    places = {(record.key, record.partition) for record in _records(side, producer)}
    return len(places) == len({key for key, _ in places})


@fact
def offsets(side: Side, producer: str) -> list[Any]:
    """Partition and offset, or the error, of each record of this step in the order of sending."""
    found = sorted(record for record in _records(side, producer, side.step))
    return [record.error or [record.partition, record.offset] for record in found]


@fact
def outcomes(side: Side, producer: str) -> dict[str, int]:
    """How many records ended how in this step: `ok` or the error's name."""
    counts: dict[str, int] = defaultdict(int)
    for record in _records(side, producer, side.step):
        counts[record.error or "ok"] += 1
    return dict(counts)


@fact
def calls(side: Side, producer: str) -> list[list[str]]:
    """What the application called for its transactions in this step, and how each call ended."""
    return [told.what for told in _of(side, producer) if told.kind == "called"]


@fact
def logs(side: Side, topic: str) -> dict[int, list[int]]:
    """Log start, last stable offset and high watermark of each partition."""
    return {number: list(log) for number, log in side.logs(topic).items()}


@fact
def replicas(side: Side, topic: str) -> dict[int, list[Any]]:
    """Leader and replicas in sync of each partition."""
    return {number: [p.leader, list(p.isr)] for number, p in side.replicas(topic).items()}


@fact
def records_in(side: Side, topic: str) -> int:
    """How many offsets the topic's logs hold."""
    return sum(log.high - log.start for log in side.logs(topic).values())


@fact
def answers(side: Side) -> list[str]:
    """What came of each command of this step."""
    return [told.what for told in side.told if told.step == side.step and told.kind == "answer"]


# -- groups --------------------------------------------------------------------------------------------------


def held(side: Side, consumer: str, step: int | None = None) -> Tps:
    """What the consumer was given and has not given up, until the end of `step`."""
    has: set[str] = set()
    for told in side.told:
        if told.who != consumer or (step is not None and told.step > step):
            continue
        if told.kind == "assigned":
            has |= set(told.what)
        elif told.kind in ("revoked", "lost"):
            has -= set(told.what)
        elif told.kind == "ended":
            has = set()
    return tuple(sorted(has, key=_order))


@fact
def owned(side: Side, group: str) -> dict[str, list[str]]:
    """Each member's partitions."""
    return {name: list(has) for name, has in sorted(side.group(group).members.items())}


@fact
def sizes(side: Side, group: str) -> list[int]:
    """How many partitions the members have, sorted."""
    return sorted(len(has) for has in side.group(group).members.values())


@fact
def idle(side: Side, group: str) -> list[str]:
    """Members without partitions."""
    return [name for name, has in owned(side, group).items() if not has]


@fact
def one_owner(side: Side, group: str) -> bool:
    """Whether at every moment so far each partition was some member's and only one's, as the members saw it."""
    owner: dict[str, str] = {}
    for told in sorted(side.told, key=lambda told: told.at_us):
        if not _is_in(side, told.who, group):
            continue
        if told.kind == "assigned":
            if any(owner.get(place, told.who) != told.who for place in told.what):
                return False
            owner |= dict.fromkeys(told.what, told.who)
        elif told.kind in ("revoked", "lost", "ended"):
            owner = {
                p: who for p, who in owner.items() if who != told.who or (told.what and p not in told.what)
            }
    return True


@fact
def callbacks(side: Side, group: str) -> dict[str, list[Any]]:
    """What each member was told since the step began, in order; empty callbacks are left out."""
    found: dict[str, list[Any]] = {}
    for told in side.told:
        if told.step == side.step and told.kind in CALLBACKS and told.what and _is_in(side, told.who, group):
            found.setdefault(told.who, []).append([told.kind, list(told.what)])
    return found


@fact
def moves_are_least(side: Side, group: str) -> bool:
    """Whether this step moved no more partitions than the members' new numbers of them demand."""
    before = {place: name for name, has in _holdings(side, group, side.step - 1).items() for place in has}
    after = _holdings(side, group, side.step)
    moved = sum(before.get(place) != name for name, has in after.items() for place in has)
    had = Counter(before.values())
    return moved == sum(max(0, len(has) - had[name]) for name, has in after.items())


@fact
def kept_are_not_revoked(side: Side, group: str) -> bool:
    """Whether nobody lost in this step what it has again at its end."""
    return not any(
        set(places) & set(held(side, name))
        for name, told in callbacks(side, group).items()
        for kind, places in told
        if kind != "assigned"
    )


@fact
def state(side: Side, group: str) -> str:
    """The group's state."""
    return side.group(group).state


# -- reading -------------------------------------------------------------------------------------------------


@fact
def delivered(side: Side, consumer: str) -> dict[str, list[int]]:
    """Offsets that the consumer got in this step, by partition, in order."""
    found: dict[str, list[int]] = {}
    for told in _of(side, consumer):
        if told.kind == "delivered":
            found.setdefault(told.what[0], []).append(told.what[1])
    return dict(sorted(found.items()))


@fact
def deliveries(side: Side, consumer: str) -> list[list[Any]]:
    """Partition, offset and delivery count of each record that a share consumer got in this step, in order."""
    return [list(told.what) for told in _of(side, consumer) if told.kind == "delivered"]


@fact
def commits(side: Side, group: str) -> dict[str, int]:
    """Committed offsets."""
    return dict(sorted(side.commits(group).items()))


@fact
def lag(side: Side, group: str) -> dict[str, int]:
    """High watermark minus committed offset, where there is a commit (R91)."""
    committed = sorted(side.commits(group).items())
    logs = {topic: side.logs(topic) for topic in {_order(place)[0] for place, _ in committed}}
    ends = {f"{topic}-{number}": log.high for topic, found in logs.items() for number, log in found.items()}
    return {place: ends[place] - offset for place, offset in committed}


@fact
def errors(side: Side, client: str) -> list[str]:
    """Errors that the client told of in this step."""
    return [told.what for told in _of(side, client) if told.kind == "failed"]


@fact
def took(side: Side) -> int:
    """Milliseconds from the step's first command until what was waited for."""
    return side.took_us // 1000


# -- helpers -------------------------------------------------------------------------------------------------


def _records(side: Side, producer: str, step: int = -1) -> list[Sent]:
    return [t.what for t in side.told if t.kind == "record" and t.who == producer and step in (-1, t.step)]


def _holdings(side: Side, group: str, step: int) -> dict[str, Tps]:
    return {name: held(side, name, step) for name in side.readers if _is_in(side, name, group)}


def _is_in(side: Side, consumer: str, group: str) -> bool:
    return consumer in side.readers and side.readers[consumer].group == group


def _of(side: Side, client: str) -> list[Told]:
    return [told for told in side.told if told.step == side.step and told.who == client]


def _topics(side: Side, consumer: str) -> tuple[str, ...]:
    reader = side.readers[consumer]
    return reader.topics or (reader.topic,)


def _order(place: str) -> tuple[str, int]:
    topic, _, number = place.rpartition("-")
    return topic, int(number)
