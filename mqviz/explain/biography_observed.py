"""Biography of a record on a real cluster: what the clients of mqviz tell of it, and what was seen from
outside.

No client is told when a record was appended, copied and readable: a line says so, and nothing is guessed. A
record of a foreign producer has the life that was seen of it: the log that reached it, who got it, who
committed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mqviz.explain.story import Reading, Story
from mqviz.facts.views import Biography, Station
from mqviz.model.event import Event
from mqviz.model.observed.clients.events import (
    AssignmentReported,
    ClientEnded,
    ClientNotice,
    ClientPaused,
    ClientResumed,
    CommitMade,
    ConsumerStarted,
    ProducerStarted,
    RecordDelivered,
    RecordProcessed,
    RecordProduced,
    RecordSent,
)
from mqviz.model.observed.events import CommitsSeen, EndsSeen, LogStartsSeen

FOREIGN = "not produced by mqviz: its content was not read"
ENDS = {"closed": ("closes", "closed"), "killed": ("is killed", "was killed"), "died": ("dies", "died")}
"""How a client ended: what happens to it, and what had happened to it when the record came again."""

AboutRecord = RecordProduced | RecordDelivered | RecordProcessed


@dataclass
class Told:
    """The story and what its lines need.

    `born`: a producer of mqviz was told this offset; else `perhaps` names those that were never told one.
    `start`, `end`: of the log, as seen. `group_of`, `acks`: of consumers and producers. `owners`: consumers
    that hold the partition. `done`: {group: its last reader, once that was done with the record}. `fates`:
    what became of each group's last reader. `loss`: the line about that.
    """

    story: Story
    born: RecordProduced | None
    perhaps: str
    start: int = 0
    end: int = 0
    group_of: dict[str, str] = field(default_factory=dict)
    acks: dict[str, str] = field(default_factory=dict)
    owners: dict[str, bool] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)
    fates: dict[str, str] = field(default_factory=dict)
    loss: Station | None = None

    def group(self, client: str) -> str:
        """The group of a consumer of ours."""
        return self.group_of.get(client, "")

    def is_about(self, event: AboutRecord) -> bool:
        """Whether it happened to this record."""
        return event.offset == self.story.offset and self.story.here(event.topic, event.partition)


def tell(events: Sequence[Event], topic: str, partition: int, offset: int) -> Biography | None:
    """The biography of a record that is in a watched log, or that a client of ours wrote or read; None: it is
    neither.
    """
    seen = [e for e in events if isinstance(e, RecordProduced | RecordDelivered)]
    about = [e for e in seen if (e.topic, e.partition, e.offset) == (topic, partition, offset)]
    story = Story(topic, partition, offset, about[0].key if about else None, readable=True)
    born = next((event for event in about if isinstance(event, RecordProduced)), None)
    told = Told(story, born, "" if born else _perhaps(events, story, about[:1]))
    for event in events:
        line = TELL.get(type(event))
        if line is not None:
            line(told, event)
    if not about and not told.start <= offset < told.end:
        return None
    return story.end(_verdict(told, bool(about)), bool(about))


def _perhaps(events: Sequence[Event], story: Story, read: Sequence[AboutRecord]) -> str:
    """The producers of ours that never heard an offset of something that may be this record."""
    told = {(e.producer, e.number) for e in events if isinstance(e, RecordProduced) and e.offset >= 0}
    until_us = read[0].at_us if read else None
    found = [
        event.producer
        for event in events
        if isinstance(event, RecordSent)
        and event.topic == story.topic
        and event.partition in (-1, story.partition)
        and (event.producer, event.number) not in told
        and (until_us is None or (event.at_us <= until_us and event.key == story.key))
    ]
    return " or ".join(dict.fromkeys(found))


# -- until it is in the log ----------------------------------------------------------------------------------


def _producer(told: Told, event: ProducerStarted) -> None:
    told.acks[event.name] = event.acks


def _produced(told: Told, event: RecordProduced) -> None:
    story = told.story
    if not told.is_about(event):
        if story.here(event.topic, event.partition):
            _reached(told, event.at_us, event.offset + 1)
        return
    _appeared(told, event.at_us)
    alone = told.acks.get(event.producer) == "1"
    by = "by the leader alone" if alone else f"told to {event.producer}"
    story.add(event.at_us, "acked", f"offset {event.offset}, {by}")
    story.add(event.at_us, "not seen", "when it was appended, copied and readable", "unseen")


def _ends(told: Told, event: EndsSeen) -> None:
    end = event.ends.get(told.story.topic, {}).get(told.story.partition)
    if end is not None:
        _reached(told, event.at_us, end)


def _reached(told: Told, at_us: int, end: int) -> None:
    """The log is known to reach so far; a record of somebody else is known from then on."""
    before, told.end = told.end, max(told.end, end)
    if told.born is None and before <= told.story.offset < end and not told.story.stations:
        _appeared(told, at_us)
        told.story.add(at_us, "in the log", f"seen: P{told.story.partition} ended at {end}")


def _appeared(told: Told, at_us: int) -> None:
    """Its first line, once: a record may be read before its producer was told."""
    story, born = told.story, told.born
    if story.stations:
        return
    if born is not None:
        how = f'key "{born.key}"' if born.key is not None else "no key"
        story.add(born.since_us or at_us, "produced", f"{born.producer}, {how} to P{born.partition}")
    else:
        by = f"perhaps by {told.perhaps}, not told an offset" if told.perhaps else "not by mqviz"
        story.add(at_us, "produced", by, "unseen")


def _starts(told: Told, event: LogStartsSeen) -> None:
    told.start = event.starts.get(told.story.topic, {}).get(told.story.partition, told.start)


# -- readers -------------------------------------------------------------------------------------------------


def _consumer(told: Told, event: ConsumerStarted) -> None:
    told.group_of[event.name] = event.group
    told.owners.pop(event.name, None)


def _delivered(told: Told, event: RecordDelivered) -> None:
    if not told.is_about(event):
        return
    _appeared(told, event.at_us)
    if event.consumer not in told.owners:
        _begins(told, event.consumer)
    name = told.group(event.consumer)
    group = told.story.group(name)
    why = _why_again(told, group, name, event.consumer) if group.deliveries else ""
    told.story.delivered(event.at_us, name, event.consumer)
    group.why, group.committed, told.loss = why, False, None
    told.fates.pop(name, None)
    told.done.pop(name, None)


def _why_again(told: Told, group: Reading, name: str, reader: str) -> str:
    position, how = group.starts.get(reader, (0, ""))
    start = f"{reader} starts at the committed offset, {position}"
    if group.committed:
        return f"because {name} was set back; {start}" if how else f"because {reader} starts over"
    did = "had processed it" if told.done.get(name) == group.holder else "had it in hand"
    fate = told.fates.get(name)
    undone = f"and {fate} before it committed" if fate else "and had not committed"
    then = start if how else f"nothing was committed, so {reader} starts over"
    return f"because {group.holder} {did} {undone} {told.story.offset + 1}; {then}"


def _processed(told: Told, event: RecordProcessed) -> None:
    if told.is_about(event):
        name = told.group(event.consumer)
        told.done[name] = event.consumer
        told.story.processed(event.at_us, name, event.consumer)


def _commit_made(told: Told, event: CommitMade) -> None:
    """The answer to a commit may come just after the partition was given up: then nothing was lost."""
    story = told.story
    if not story.here(event.topic, event.partition):
        return
    name = told.group(event.consumer)
    held = story.held(name, event.consumer)
    if held and event.offset > story.offset and story.stations[-1] is told.loss:
        story.stations.pop()
    _committed(told, event.at_us, name, event.offset, f"{event.offset}, by {event.consumer}")


def _commits_seen(told: Told, event: CommitsSeen) -> None:
    """What the coordinator says: commits of others, and one whose maker did not live to tell of it.

    It never takes a commit back while the group has members; a smaller one is then only an older answer.
    """
    story = told.story
    for name, commits in event.groups.items():
        offset = commits.offsets.get(story.topic, {}).get(story.partition)
        if offset is not None:
            known = story.group(name).committed_to or 0
            if offset > known or not any(told.group(client) == name for client in told.owners):
                _committed(told, event.at_us, name, offset, f"{offset}, as its coordinator says")


def _committed(told: Told, at_us: int, name: str, offset: int, detail: str) -> None:
    """The group's committed offset is `offset`;
    the first time that it is past a delivered record is a line.
    """
    group = told.story.group(name)
    group.committed_to = offset
    if group.deliveries and not group.committed and offset > told.story.offset:
        group.committed, group.holder, group.broken = True, "", False
        told.story.add(at_us, "committed", told.story.to(name, detail))


# -- how a reader is lost, and who comes after it ------------------------------------------------------------


def _lost(told: Told, at_us: int, client: str, now: str, then: str) -> None:
    """`client` cannot go on, and no commit that covers the record was seen."""
    story, name = told.story, told.group(client)
    held = story.held(name, client)
    if held is None:
        return
    story.add(at_us, f"{client} {now}", f"no commit of {story.offset + 1} seen", "bad")
    told.loss, told.fates[name], held.broken = story.stations[-1], then, True


def _ended(told: Told, event: ClientEnded) -> None:
    told.owners.pop(event.name, None)
    _lost(told, event.at_us, event.name, *ENDS.get(event.how, (event.how, event.how)))


def _paused(told: Told, event: ClientPaused) -> None:
    _lost(told, event.at_us, event.name, "freezes", "was frozen")


def _resumed(told: Told, event: ClientResumed) -> None:
    name = told.group(event.name)
    held = told.story.held(name, event.name)
    if held is not None:
        told.story.add(event.at_us, f"{event.name} goes on", "it was frozen")
        held.broken = False
        told.fates.pop(name, None)


def _notice(told: Told, event: ClientNotice) -> None:
    if told.story.held(told.group(event.name), event.name) is not None:
        told.story.add(event.at_us, "notice", f"{event.name}: {event.text}", "wait")


def _assigned(told: Told, event: AssignmentReported) -> None:
    client, place = event.consumer, (told.story.topic, told.story.partition)
    if place in event.partitions:
        if client not in told.owners:
            _begins(told, client)
            _gets(told, event.at_us, client)
    elif told.owners.pop(client, False):
        _lost(told, event.at_us, client, f"loses P{place[1]}", f"lost P{place[1]}")


def _begins(told: Told, client: str) -> None:
    """A new owner starts where the group's last commit says, if there is one."""
    group = told.story.group(told.group(client))
    told.owners[client] = True
    group.starts.pop(client, None)
    if group.committed_to is not None:
        group.starts[client] = (group.committed_to, "committed")


def _gets(told: Told, at_us: int, client: str) -> None:
    """That somebody owns the partition again is a line of its own; the record may still have to wait."""
    story = told.story
    group = story.group(told.group(client))
    if group.broken:
        story.waited(at_us, group)
        begin = group.committed_to
        detail = f"and starts at committed {begin}" if begin is not None else "nothing was committed"
        story.add(at_us, f"{client} gets P{story.partition}", detail, "wait")


TELL: dict[type[Event], Callable[[Told, Any], None]] = {
    ProducerStarted: _producer,
    RecordProduced: _produced,
    EndsSeen: _ends,
    LogStartsSeen: _starts,
    ConsumerStarted: _consumer,
    RecordDelivered: _delivered,
    RecordProcessed: _processed,
    CommitMade: _commit_made,
    CommitsSeen: _commits_seen,
    ClientEnded: _ended,
    ClientPaused: _paused,
    ClientResumed: _resumed,
    ClientNotice: _notice,
    AssignmentReported: _assigned,
}


# -- the verdict ---------------------------------------------------------------------------------------------


def _verdict(told: Told, read: bool) -> str:
    """How often each group got it; of a record that nobody read for mqviz, which commits are past it."""
    groups = sorted(told.story.groups.items())
    if read:
        said = [_sentence(told, name, group) for name, group in groups]
        return "; ".join(said) or "nobody has asked for it yet"
    begin = "its content was not read" if told.perhaps else FOREIGN
    past = [f"{n} has committed {g.committed_to}" for n, g in groups if _is_past(told, g)]
    return "; ".join([begin, *past])


def _is_past(told: Told, group: Reading) -> bool:
    """Whether the group's commit is past a record that no consumer of mqviz got for it."""
    return not group.deliveries and (group.committed_to or 0) > told.story.offset


def _sentence(told: Told, name: str, group: Reading) -> str:
    story = told.story
    who = f"{name}: " if len(story.groups) > 1 else ""
    if _is_past(told, group):
        return f"{who}not delivered to a consumer of mqviz, but {group.committed_to} is committed"
    if not group.deliveries and name not in told.group_of.values():
        return f"{who}not committed yet, and its members are not of mqviz"
    return story.sentence(name, group)
