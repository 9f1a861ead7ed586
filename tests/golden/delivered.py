"""Facts of members: what poll() gave them, where they are, what they were told."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from mqviz.facts.simulated import current_lag
from mqviz.model.kafka.clients.consumer.events import PollEnded
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.kafka.clients.share.events import ShareRequestEnded
from mqviz.model.kafka.coordinator.share.events import ShareRecordsSettled
from mqviz.model.kafka.protocol.requests import ListOffsetsRequest
from mqviz.model.kafka.protocol.responses import ListOffsetsResponse
from mqviz.sim.kafka.clients.consumer import offset_reset
from tests.golden.members import Row, got, got_by, share_outcome, tp
from tests.golden.registry import Args, check, fact, shape
from tests.golden.world import MS, World


@fact("delivered")
def _delivered(world: World, read: Args) -> Any:
    wanted, rows = read.get("partition"), got(world, read)
    offsets = [r["offset"] for r in rows if wanted in (None, tp(r["topic"], r["partition"]))]
    first, last = (offsets[0], offsets[-1]) if offsets else (None, None)
    return {"first": first, "last": last, "max": max(offsets, default=None), "count": len(offsets)}


@fact("deliveries")
def _deliveries(world: World, read: Args) -> Any:
    return [[row.get(name) for name in read["fields"]] for row in got(world, read)]


@fact("delivered_offsets")
def _offsets(world: World, read: Args) -> Any:
    found: dict[str, list[int]] = {name: [] for name in read["expect"]}
    for row in got(world, read):
        found.setdefault(tp(row["topic"], row["partition"]), []).append(row["offset"])
    return found


@fact("delivered_counts")
def _counts(world: World, read: Args) -> Any:
    """Records by member, also where acts are named."""
    found: dict[str, int] = {}
    for name in read["of"]:
        member = world.labels[name].act["member"] if name in world.labels else name
        found[member] = found.get(member, 0) + len(got_by(world, read, name))
    return found


@shape("delivered_counts")
def _same_sum(expected: Any, found: Any) -> bool:
    return bool(sum(expected.values()) == sum(found.values()))


@fact("polls")
def _polls(world: World, read: Args) -> Any:
    calls = world.notes["polled"][read["of"]].calls
    return [len(call) if read["what"] == "partitions" else sum(map(len, call)) for call in calls]


@shape("polls")
def _same_records(expected: Any, found: Any) -> bool:
    return bool(sum(expected) == sum(found) and max(found, default=0) <= max(expected, default=0))


@check("poll_returned")
def _returned(world: World, read: Args) -> Any:
    return world.labels[read["of"]].outcome == "ok"


def _places(rows: list[Row]) -> dict[tuple[str, int], list[int]]:
    found: dict[tuple[str, int], list[int]] = {}
    for row in rows:
        found.setdefault((row["topic"], row["partition"]), []).append(row["offset"])
    return found


@check("each_partition_in_order")
def _in_order(world: World, read: Args) -> Any:
    return all(b == a + 1 for each in _places(got(world, read)).values() for a, b in pairwise(each))


@check("each_offset_once")
def _once(world: World, read: Args) -> Any:
    return all(len(each) == len(set(each)) for each in _places(got(world, read)).values())


@check("members_served")
def _served(world: World, read: Args) -> Any:
    names = read["of"] if isinstance(read["of"], list) else [read["of"]]
    return sum(bool(got_by(world, read, name)) for name in names)


# -- where it is --------------------------------------------------------------------------------------------


def _consumer(world: World, read: Args) -> Consumer:
    return world.state.cluster.consumers[world.member(read).process]


@fact("position")
def _position(world: World, read: Args) -> Any:
    """position(): it looks for the position if there is none, for so long as it may."""
    consumer = _consumer(world, read)
    key = world.state.cluster.partition(read["topic"], read["partition"]).key
    if key not in consumer.partition_states:
        return "IllegalStateException"
    begin = len(world.log)

    def known() -> bool:
        return key in consumer.partition_states and consumer.partition_states[key].position is not None

    def thrown() -> list[str]:
        ends = [e for e in world.log[begin:] if isinstance(e, PollEnded) and e.consumer == consumer.name]
        return [event.exception for event in ends if event.exception]

    if not known():
        sim = world.backend._sim
        sim.cause = 0
        offset_reset.locate(sim, consumer)
        world.until(lambda: known() or bool(thrown()), read.get("timeout_ms", 5_000))
    if known():
        return consumer.partition_states[key].position
    return next(iter(thrown()), "TimeoutException/REQUEST_TIMED_OUT")


@fact("current_lag")
def _current_lag(world: World, read: Args) -> Any:
    return current_lag(world.state, _consumer(world, read).name, read["topic"], read["partition"])


@fact("preferred_replica")
def _preferred(world: World, read: Args) -> Any:
    return [partition_state.preferred for partition_state in _consumer(world, read).partition_states.values()]


@fact("offsets_for_times")
def _for_times(world: World, read: Args) -> Any:
    topic, number = read["topic"], read["partition"]
    leader = world.state.cluster.partition(topic, number).leader
    found: list[int | None] = []
    for timestamp in read["timestamps"]:
        answer = world.told("times", leader, ListOffsetsRequest("time", ((topic, number),), timestamp * MS))
        offset = answer.partitions[0][3] if isinstance(answer, ListOffsetsResponse) else -1
        found.append(offset if offset >= 0 else None)
    return found


# -- share groups -------------------------------------------------------------------------------------------


@fact("share_start")
def _share_start(world: World, read: Args) -> Any:
    """Partitions of which no state was written yet have none."""
    group = world.state.cluster.share_groups.get(read["group"])
    written = {
        tp(event.topic, event.partition)
        for event in world.log
        if isinstance(event, ShareRecordsSettled) and event.group == read["group"]
    }
    windows = group.windows.values() if group else ()
    return {window.key: window.persisted for window in windows if window.key in written}


@shape("share_start")
def _within_the_log(expected: Any, found: Any) -> bool:
    return bool(set(expected) == set(found))


@fact("ack_callback")
def _callback(world: World, read: Args) -> Any:
    """Outcomes since the start of the step before, by request with acknowledgements and by partition."""
    since_us, process = world.step_began[max(0, world.step - 1)], world.member(read).process
    return [
        share_outcome(code)
        for event in world.log
        if isinstance(event, ShareRequestEnded) and event.consumer == process and event.at_us >= since_us
        for _, _, code in event.acked
    ]
