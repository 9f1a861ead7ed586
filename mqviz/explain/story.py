"""Story: the lines of a record's biography while it is told, and the sentence at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mqviz.facts.views import Biography, Station
from mqviz.facts.words import lasting

LONG_US = 1_000_000
"""A wait for a reader that is worth a line of its own."""

TIMES = {0: "not yet", 1: "once", 2: "twice"}


@dataclass
class Reading:
    """What one group did with the record.

    `starts`: (position, because of) where each reader began. `broken`: the last reader left it undone.
    `worker`: who has yet to work on it (of a simulated group); `undone`: who committed it and died before the
    work; `recognised`: who found it done.
    """

    holder: str = ""
    worker: str = ""
    undone: str = ""
    recognised: str = ""
    deliveries: list[str] = field(default_factory=list)
    processed: int = 0
    committed_to: int | None = None
    committed: bool = False
    starts: dict[str, tuple[int, str]] = field(default_factory=dict)
    why: str = ""
    broken: bool = False


@dataclass
class Story:
    """The record and what is known of it so far; `leader`: who wrote it (-1: has it no more), `copies`:
    followers that have it.
    """

    topic: str
    partition: int
    offset: int
    key: str | None
    stations: list[Station] = field(default_factory=list)
    groups: dict[str, Reading] = field(default_factory=dict)
    copies: list[int] = field(default_factory=list)
    leader: int = -1
    readable: bool = False
    acked: bool = False
    lost: bool = False

    def add(self, at_us: int, what: str, detail: str, sign: str = "done") -> None:
        """The next line; what nobody saw has no time from which to count."""
        seen = [station for station in self.stations if station.sign != "unseen"]
        after_us = at_us - seen[-1].at_us if seen else None
        self.stations.append(Station(at_us, what, detail, sign, after_us))

    def group(self, name: str) -> Reading:
        """What this group did with it."""
        return self.groups.setdefault(name, Reading())

    def to(self, group: str, words: str) -> str:
        """`words`, and of which group, once there are several."""
        return f"{words} ({group})" if len(self.groups) > 1 else words

    def here(self, topic: str, partition: int) -> bool:
        """Whether this is the record's partition."""
        return topic == self.topic and partition == self.partition

    def among(self, parts: Sequence[tuple[str, int, int, int]]) -> bool:
        """Whether one of these ranges holds the record."""
        return any(self.here(t, p) and first <= self.offset < end for t, p, first, end in parts)

    def held(self, group: str, client: str) -> Reading | None:
        """What the group did, if `client` is the one who has the record in hand, not committed; else None."""
        found = self.groups.get(group)
        return found if found and found.holder == client and not found.committed else None

    # -- lines that both kinds of clusters have ------------------------------------------------------------

    def delivered(self, at_us: int, group_name: str, client: str) -> None:
        """A reader got it; from the second time on with where that reader began."""
        group = self.group(group_name)
        self.waited(at_us, group)
        again = len(group.deliveries) + 1
        detail = self.to(group_name, f"to {client}")
        if again > 1:
            position, how = group.starts.get(client, (0, ""))
            detail += f", from {how} {position}  ×{again}" if how else f"  ×{again}"
            group.why = _why_again(group, client, position, how)
        group.deliveries.append(client)
        group.holder = client
        self.add(at_us, "delivered", detail, "done" if again == 1 else "wait")

    def waited(self, at_us: int, group: Reading) -> None:
        """A long time without a reader is a line of its own; the group has one from now on."""
        since_us = self.stations[-1].at_us
        if at_us - since_us >= LONG_US:
            who = "nobody reads" if group.broken else "waits to be read in"
            what = lasting(at_us - since_us)
            self.stations.append(Station(since_us, what, f"{who} P{self.partition}", "wait", None))
        group.broken = False

    def processed(self, at_us: int, group_name: str, client: str) -> None:
        """Its effect happened, perhaps not for the first time."""
        group = self.group(group_name)
        group.processed += 1
        group.worker = ""
        again = f"  ×{group.processed}" if group.processed > 1 else ""
        self.add(at_us, "processed", self.to(group_name, f"by {client}") + again, "wait" if again else "done")

    def passed_over(self, at_us: int, group_name: str, client: str, because: str) -> None:
        """Its reader does not work on it; where it is done already, that is recognised."""
        group = self.group(group_name)
        group.worker = ""
        if group.processed:
            group.recognised = client
        self.add(at_us, "passed over", self.to(group_name, f"by {client}: {because}"), "wait")

    def died_before_work(self, at_us: int, group_name: str, client: str) -> None:
        """Its reader is dead; what it committed and had not worked on nobody reads again (R86)."""
        group = self.groups.get(group_name)
        if group is None or group.worker != client or not group.committed:
            return
        group.worker, group.undone = "", client
        detail = self.to(group_name, f"before it works on it: {group.committed_to} is committed, nobody will")
        self.add(at_us, f"{client} dies", detail, "bad")

    def committed(self, at_us: int, group_name: str, client: str, was: int | None, offset: int) -> None:
        """The group's committed offset moved from `was` to `offset`."""
        group = self.group(group_name)
        group.committed_to = offset
        if (was or 0) <= self.offset < offset and group.deliveries:
            group.committed = True
            group.holder = ""
            self.add(at_us, "committed", self.to(group_name, f"{offset}, by {client}"))

    def lost_reader(self, at_us: int, group_name: str, client: str, fate: str) -> None:
        """Whoever had it in hand is gone (`dies`) or stands still (`freezes`)."""
        group = self.held(group_name, client)
        if group is None:
            return
        group.broken = True
        detail = f"before it commits {self.offset + 1}" if fate == "dies" else "with the record in hand"
        self.add(at_us, f"{client} {fate}", detail, "bad")

    def gave_up(self, at_us: int, group_name: str, client: str, lost: bool) -> None:
        """Whoever had it in hand does not own the partition any more."""
        if self.held(group_name, client) is not None:
            what = "loses" if lost else "gives up"
            self.add(at_us, f"{client} {what}", f"P{self.partition}, before a commit", "bad")

    # -- the end -------------------------------------------------------------------------------------------

    def end(self, verdict: str = "", seen: bool = True) -> Biography:
        """All of it, with its verdict (default: how often each group got it). `seen`:
        its content was read.
        """
        delivered = sum(len(group.deliveries) for group in self.groups.values())
        said = verdict or self._verdict()
        place = self.topic, self.partition, self.offset
        return Biography(*place, self.key, tuple(self.stations), delivered, said, seen)

    def _verdict(self) -> str:
        if self.groups:
            return "; ".join(self.sentence(name, group) for name, group in sorted(self.groups.items()))
        if self.readable:
            return "nobody has asked for it yet"
        return "not readable yet: not on every in-sync replica"

    def sentence(self, name: str, group: Reading) -> str:
        """How often the group got it, and why."""
        count = len(group.deliveries)
        often = TIMES.get(count, f"{count} times")
        said = f"{name}: {often}" if len(self.groups) > 1 else often
        if not count:
            begin = min((position for position, _ in group.starts.values()), default=0)
            if begin > self.offset:
                return f"{said}, and never will be: the group began at {begin}"
            return f"{said}: it waits to be read"
        if group.undone and not group.processed:
            return f"{said}, and never done: {group.undone} committed it before its work and died"
        if count > 1:
            known = f"; {group.recognised} recognised it, so it was done once" if group.recognised else ""
            return f"{said}, {group.why}{known}"
        if group.committed and group.worker:
            return f"{said}: {group.worker} committed it before its work; a crash now would lose it"
        if group.committed:
            return f"{said}: {group.deliveries[0]} processed it and committed"
        return f"{said}: {group.deliveries[0]} has not committed it yet, so it may come again"


def _why_again(group: Reading, reader: str, position: int, how: str) -> str:
    did = "processed it" if group.processed else "had it in hand"
    if how == "committed":
        return (
            f"because {group.holder} {did} but had committed only {position}; "
            f"{reader} starts where the last commit says: at {position}"
        )
    start = f"starts at {position}, the {how} record" if how else "starts over"
    return f"because {group.holder} {did} but had committed nothing; {reader} {start}"
