"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/clients/consumer."""

from __future__ import annotations

from mqviz.explain import rules
from mqviz.explain.phrases import offset_range, places, told_in_15
from mqviz.explain.registry import explains, told
from mqviz.explain.shares import listed
from mqviz.facts import simulated
from mqviz.facts.views import Why
from mqviz.facts.words import lasting, several
from mqviz.model.kafka.clients.consumer.events import (
    ApplicationBusy,
    AssignmentComputed,
    CommitRefused,
    ConsumerChanged,
    ConsumerFailed,
    ConsumerProcessingSet,
    LoopSet,
    PartitionsAssigned,
    PartitionsPaused,
    PartitionsRevoked,
    PollEnded,
    PositionLost,
    PositionsSet,
    RecordsProcessed,
    RecordsReturned,
    RecordsSkipped,
    ReplicaPreferred,
    ShareArrived,
    Sought,
)
from mqviz.model.kafka.clients.consumer.state import REBALANCING, Consumer
from mqviz.model.state import State

POLL = "poll() returns with records, or when time is over"

LIVENESS = "who polls too late leaves its group"

SEEK = "seek() moves a position; what is committed stays"

RESET = "no position that exists: auto.offset.reset decides"

PAUSE = "paused: it keeps the partition and returns nothing"

ONCE = "exactly once: the work itself knows what is done"

CLOSEST = "with client.rack: read from the replica in that rack"


@explains(PollEnded)
def _poll(_: State, event: PollEnded) -> Why:
    if event.exception:
        return told(event, f"poll() of {event.consumer} throws {event.exception}", rule=RESET)
    return told(event, f"{event.consumer} polls no more until it is told to", rule=POLL)


@explains(LoopSet)
def _loop(_: State, event: LoopSet) -> Why:
    how = "polls all the time from now on" if event.loop else "polls only when it is told to"
    return told(event, f"{event.consumer} {how}", rule=POLL)


@explains(ReplicaPreferred)
def _closest(_: State, event: ReplicaPreferred) -> Why:
    where = f"broker {event.broker}" if event.broker >= 0 else "its leader again"
    return told(
        event, f"{event.consumer} reads {event.topic} P{event.partition} from {where}", event.because, CLOSEST
    )


@explains(ApplicationBusy)
def _busy(state: State, event: ApplicationBusy) -> Why:
    limit = lasting(int(state.cluster.consumers[event.consumer].settings.max_poll_interval))
    headline = f"{event.consumer} is busy for {lasting(event.until_us - event.at_us)} and does not poll"
    return told(event, headline, f"it may be away for {limit} at most", LIVENESS)


@explains(Sought)
def _sought(_: State, event: Sought) -> Why:
    moved = ", ".join(f"P{partition} → {offset}" for _, partition, offset in event.positions[:3])
    return told(event, f"{event.consumer} seeks: {moved}", "what it had fetched is dropped", SEEK)


@explains(PositionLost)
def _lost(state: State, event: PositionLost) -> Why:
    policy = state.cluster.consumers[event.consumer].settings.auto_offset_reset
    wanted = {"policy": policy, "time": "the first record of that time"}.get(event.reset, event.reset)
    headline = f"{event.consumer} looks for its position of {places(event.partitions)} again: {wanted}"
    return told(event, headline, event.because, RESET if event.reset == "policy" else SEEK)


@explains(PartitionsPaused)
def _paused(_: State, event: PartitionsPaused) -> Why:
    what = "takes no records of" if event.paused else "takes records again of"
    return told(event, f"{event.consumer} {what} {places(event.partitions)}", rule=PAUSE)


@explains(RecordsSkipped)
def _skipped(_: State, event: RecordsSkipped) -> Why:
    last = event.end - 1
    what = f"offset {last}" if last == event.first else f"offsets {event.first} to {last}"
    return told(event, f"{event.consumer} passes over P{event.partition} {what}", event.because, ONCE)


@explains(AssignmentComputed)
def _computed(state: State, event: AssignmentComputed) -> Why:
    count = sum(number for _, number in event.partitions)
    return told_in_15(
        event,
        f"{event.consumer} shares out {several(count, 'partition')} with {event.assignor}",
        f"it is the group leader of generation {event.generation}, with "
        f"{several(len(event.assignments), 'member')}",
        "the group leader, a client, computes who gets what",
    )


@explains(ShareArrived)
def _arrived(state: State, event: ShareArrived) -> Why:
    return told_in_15(
        event,
        f"the new share of {event.consumer} waits for its next poll()",
        "the application works on records that it was given before",
        "callbacks run inside poll()",
    )


# -- the process ---------------------------------------------------------------------------------------------


@explains(PartitionsAssigned)
def _assigned(_: State, event: PartitionsAssigned) -> Why:
    headline = f"{event.consumer} gets {listed(event.partitions)}"
    return told_in_15(
        event, headline, f"generation {event.generation} of {event.group} begins for it", rules.ONE_OWNER
    )


@explains(PartitionsRevoked)
def _revoked(state: State, event: PartitionsRevoked) -> Why:
    given = listed(event.partitions)
    if event.lost:
        reason = "the group went on without it; what it did not commit is done again by others"
        return told_in_15(event, f"{event.consumer} has lost {given}", reason, rules.REFUSED, lesson=18)
    closing = state.cluster.consumers[event.consumer].state == "closing"
    reason = "it is about to leave" if closing else "nobody reads them until the new assignment"
    rule = rules.GOODBYE if closing else rules.EAGER
    return told_in_15(event, f"{event.consumer} gives up {given}", reason, rule, lesson=18)


@explains(PositionsSet)
def _positions(_: State, event: PositionsSet) -> Why:
    begin = ", ".join(f"P{number} at {offset}" for _, number, offset, _ in event.positions[:3])
    how = {
        "committed": "committed offsets: where the last owner got to",
        "earliest": "no commit yet, auto.offset.reset=earliest: the oldest record",
        "latest": "no commit yet, auto.offset.reset=latest: only what comes from now on",
    }
    reasons = list(dict.fromkeys(how[why] for _, _, _, why in event.positions))
    return told_in_15(event, f"{event.consumer} reads {begin}", "; ".join(reasons), rules.START)


@explains(CommitRefused)
def _commit_refused(state: State, event: CommitRefused) -> Why:
    if event.named == REBALANCING:
        reason = f"{event.named}: its group rebalances, and it commits again once it has joined"
        return told_in_15(event, f"{event.consumer} cannot commit now", reason, rules.REFUSED, lesson=16)
    consumer = state.cluster.consumers[event.consumer]
    open_ = _uncommitted(state, consumer)
    reason = f"{event.named}: {open_} may be read again by the next owner"
    return told_in_15(event, f"{event.consumer} may not commit", reason, rules.REFUSED, lesson=16)


def _uncommitted(state: State, consumer: Consumer) -> str:
    count = 0
    for partition_state in consumer.partition_states.values():
        done = simulated.committed(
            state, consumer.settings.group, partition_state.topic, partition_state.partition
        )
        count += max(0, (partition_state.position or 0) - (done or 0))
    return several(count, "record")


@explains(ConsumerFailed)
def _failed(_: State, event: ConsumerFailed) -> Why:
    reasons = {"NoOffsetForPartitionException": "no committed offset, and auto.offset.reset=none"}
    reason = reasons.get(event.exception, "the coordinator refused it")
    return told_in_15(event, f"poll() throws {event.exception} in {event.consumer}", reason, rules.START)


@explains(ConsumerProcessingSet)
def _slower(_: State, event: ConsumerProcessingSet) -> Why:
    each = lasting(event.processing_us)
    rate = f", at most {1e6 / event.processing_us:.3g} records a second" if event.processing_us else ""
    return told_in_15(
        event,
        f"{event.consumer} takes {each} for a record from now on{rate}",
        rule=rules.NO_FASTER,
        lesson=17,
    )


@explains(ConsumerChanged)
def _changed(state: State, event: ConsumerChanged) -> Why:
    consumer = state.cluster.consumers[event.consumer]
    left = sum(part.end - part.first for part in consumer.hand)
    session = lasting(int(consumer.settings.session_timeout))
    finish = f"it finishes {several(left, 'record')} first, then " if left else "it "
    texts = {
        "paused": ("is frozen", f"no heartbeats either: in {session} the group removes it", rules.SILENCE),
        "running": ("goes on", "with its old beliefs, which may be wrong by now", ""),
        "closing": ("closes", f"{finish}leaves the group", rules.GOODBYE),
        "leaving": ("says goodbye", "the others hear of it with their next heartbeat", rules.HEARTBEATS),
        "closed": ("has ended", "the group let it go", ""),
        "dead": ("is killed", f"nobody is told; the group notices after {session}", rules.SILENCE),
    }
    word, reason, rule = texts[event.state]
    return told_in_15(event, f"{event.consumer} {word}", reason, rule)


# -- consuming ----------------------------------------------------------------------------------------------


@explains(RecordsReturned)
def _returned(state: State, event: RecordsReturned) -> Why:
    count = sum(end - first for _, _, first, end in event.parts)
    consumer = state.cluster.consumers[event.consumer]
    ranges = ", ".join(f"P{p} {offset_range(first, end)}" for _, p, first, end in event.parts[:3])
    limit = consumer.settings.max_poll_records
    more = f", at most {limit} at a time" if count == limit else ""
    moved = "; ".join(f"position of P{p} {first} → {end}" for _, p, first, end in event.parts[:2])
    headline = f"poll() gives {event.consumer} {several(count, 'record')}"
    return told(event, headline, f"{ranges}{more}", rules.POSITION, moved, 16)


@explains(RecordsProcessed)
def _processed(state: State, event: RecordsProcessed) -> Why:
    consumer = state.cluster.consumers[event.consumer]
    what = f"P{event.partition} {offset_range(event.first, event.end)}"
    record = state.cluster.groups[event.group].records[
        state.cluster.partition(event.topic, event.partition).key
    ]
    times = record.processed(event.first)
    again = f"; it had been done {'once' if times == 2 else f'{times - 1} times'} before" if times > 1 else ""
    left = sum(part.end - part.first for part in consumer.hand)
    reason = f"{left} more in hand" if left else "all that poll() gave is done"
    headline = f"{event.consumer} is done with {what}{again}"
    change = f"processed {consumer.processed - event.end + event.first} → {consumer.processed}"
    return told(event, headline, reason, rules.ONE_AT_A_TIME, change, 30 if again else 16)
