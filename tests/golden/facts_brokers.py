"""Facts of brokers, partitions and their copies: states, the controller's records, logs, placement."""

from __future__ import annotations

from typing import Any

from mqviz.kafka.coordinators import offsets_partition
from mqviz.model.cluster import TopicCreated
from mqviz.model.leadership import PartitionChanged
from mqviz.model.log import Log
from mqviz.model.producer import SendCalled
from mqviz.model.topic_changes import PartitionsAdded
from mqviz.sim.kafka import registered
from mqviz.sim.kafka.lookup import coordinator_of
from tests.golden.log import readable, replica
from tests.golden.registry import Args, NotRun, check, fact, shape
from tests.golden.world import World


@fact("live_brokers")
def _live(world: World, read: Args) -> Any:
    return [broker.id for broker in world.state.cluster.brokers.values() if not broker.fenced]


@fact("broker_alive")
def _alive(world: World, read: Args) -> Any:
    return world.state.cluster.brokers[read["broker"]].process not in ("dead", "stopped")


# -- partitions ------------------------------------------------------------------------------------------------


@fact("partition_state")
def _state(world: World, read: Args) -> Any:
    found = world.state.cluster.partition(read["topic"], read["partition"])
    return {
        "leader": found.leader,
        "leaderEpoch": found.leader_epoch,
        "replicas": list(found.replica_ids),
        "isr": sorted(found.isr),
        "elr": sorted(found.elr),
        "lastKnownElr": list(found.last_known_elr),
    }


@shape("partition_state")
def _same_kind(expected: Any, found: Any) -> bool:
    """Sizes of the sets, and a leader that is among the in-sync ones."""
    same = all(len(expected[name]) == len(found[name]) for name in ("isr", "elr") if name in expected)
    return same and ("leader" not in expected or (expected["leader"] < 0) == (found["leader"] < 0))


@fact("partition_states")
def _states(world: World, read: Args) -> Any:
    """Every record of a partition that the controller wrote."""
    topic, number = read["topic"], read["partition"]
    found: list[Args] = []
    for event in world.log:
        if isinstance(event, TopicCreated) and event.topic == topic and number < len(event.placement):
            found = [_first(event.placement, event.in_sync, number)]
        elif isinstance(event, PartitionsAdded) and event.topic == topic and number >= event.first:
            found = found or [_first(event.placement, event.in_sync, number - event.first)]
        elif isinstance(event, PartitionChanged) and (event.topic, event.partition) == (topic, number):
            epochs = (event.leader_epoch, event.partition_epoch)
            sets = (event.isr, event.elr, event.last_known_elr)
            found.append(_record(event.leader, *epochs, *sets, event.recovering))
    return _free(read, _up_to(read, found))


Lists = tuple[tuple[int, ...], ...]


def _first(placement: Lists, in_sync: Lists, index: int) -> Args:
    """The record that makes a partition."""
    isr = (in_sync or placement)[index]
    return _record(isr[0] if isr else -1, 0, 0, isr, (), (), False)


def _record(
    leader: int, epoch: int, partition_epoch: int, isr: Any, elr: Any, last: Any, recovering: bool
) -> Args:
    return {
        "leader": leader,
        "leaderEpoch": epoch,
        "partitionEpoch": partition_epoch,
        "isr": list(isr),
        "elr": list(elr),
        "lastKnownElr": list(last),
        "recovering": int(recovering),
    }


def _up_to(read: Args, found: list[Args]) -> list[Args]:
    if "upto" not in read:
        return found
    name, _, wanted = read["upto"].removeprefix("first ").partition("=")
    ends = [index for index, record in enumerate(found) if str(record[name]) == wanted]
    return found[: ends[0] + 1] if ends else found


def _free(read: Args, found: list[Args]) -> list[Args]:
    """Records whose in-sync set is not claimed: two brokers came back together."""
    for index in read.get("free_isr", ()):
        if index < min(len(found), len(read["expect"])):
            found[index]["isr"] = read["expect"][index]["isr"]
    return found


@fact("placement")
def _placement(world: World, read: Args) -> Any:
    return [list(partition.replica_ids) for partition in world.state.cluster.topics[read["topic"]].partitions]


@shape("placement")
def _stripe(expected: Any, found: Any) -> bool:
    """As many partitions, the same number of distinct brokers for each, leaders spread evenly."""
    leaders = [replicas[0] for replicas in found]
    brokers = {broker for replicas in expected for broker in replicas}
    counts = [leaders.count(broker) for broker in sorted(brokers)]
    distinct = all(len(set(replicas)) == len(replicas) for replicas in found)
    sizes = list(map(len, expected)) == list(map(len, found))
    return distinct and sizes and max(counts) - min(counts) <= 1


# -- copies ----------------------------------------------------------------------------------------------------


def _rows(log: Log) -> list[list[Any]]:
    return [
        [batch.base_offset + index, batch.leader_epoch, batch.value(index)]
        for batch in log.forwards(log.start)
        for index in range(batch.count)
        if not batch.control
    ]


@fact("broker_log")
def _log(world: World, read: Args) -> Any:
    return _rows(replica(world, read).log)


@fact("logs_equal")
def _equal(world: World, read: Args) -> Any:
    copies = world.state.cluster.partition(read["topic"], read["partition"]).replicas
    logs = [_rows(copies[broker].log) for broker in read["brokers"]]
    return all(log == logs[0] for log in logs)


def _values(world: World, read: Args) -> list[Any]:
    found = replica(world, read)
    return [row["value"] for row in readable(found.log, found.high_watermark, False)]


@check("read_count")
def _count(world: World, read: Args) -> Any:
    return len(_values(world, read))


@check("distinct")
def _distinct(world: World, read: Args) -> Any:
    return len(set(_values(world, read)))


@check("in_order")
def _in_order(world: World, read: Args) -> Any:
    found = _values(world, read)
    return found == [read["values"].replace("{i}", str(i)) for i in range(len(found))]


@fact("copies")
def _copies(world: World, read: Args) -> Any:
    return _values(world, read).count(read["value"])


@fact("preferred_replica")
def _preferred(world: World, read: Args) -> Any:
    return [claim.preferred for claim in world.state.cluster.consumers[read["member"]].claims.values()]


@check("copies_at_least")
def _copies_at_least(world: World, read: Args) -> Any:
    return _copies(world, read) >= read["limit"]


@fact("partition_counts")
def _counts_of(world: World, read: Args) -> Any:
    sent = _sent(world, read)
    count = len(world.state.cluster.topic(sent[0].topic).partitions) if sent else 0
    return [sum(event.partition == number for event in sent) for number in range(count)]


def _sent(world: World, read: Args) -> list[SendCalled]:
    start, name, count, _ = world.notes[f"produce {read['of']}"]
    return [e for e in world.log[start:] if isinstance(e, SendCalled) and e.producer == name][:count]


@check("partitions_used")
def _used(world: World, read: Args) -> Any:
    return sorted({event.partition for event in _sent(world, read)})


@shape("partition_counts")
def _same_sum(expected: Any, found: Any) -> bool:
    return len(expected) == len(found) and all(found) and sum(expected) == sum(found)


# -- coordinators ----------------------------------------------------------------------------------------------


@fact("coordinator_partition")
def _coordinator_partition(world: World, read: Args) -> Any:
    count = world.backend._sim.scenario.cluster.setting("offsets.topic.num.partitions")
    return {group: offsets_partition(group, count) for group in read["expect"]}


@check("coordinator_is_leader")
def _coordinator_leads(world: World, read: Args) -> Any:
    """Clients are sent to the broker that leads the group's partition, which lives."""
    broker = coordinator_of(world.backend._sim, read["group"])
    return broker > 0 and registered.usable(world.backend._sim, broker)


# -- what came of records --------------------------------------------------------------------------------------


@fact("send_counts")
def _counts(world: World, read: Args) -> Any:
    found = world.labels[read["of"]].outcome
    if not isinstance(found, list):
        raise NotRun("counts of an act that is not over")
    acked = sum(isinstance(one, list) for one in found)
    return {"acked": acked, "errors": len(found) - acked}


@check("acked")
def _acked(world: World, read: Args) -> Any:
    """Whether each record of the act got an offset."""
    return _all_acked(world, [read["of"]])


@check("all_acked")
def _each_acked(world: World, read: Args) -> Any:
    return _all_acked(world, read["of"] if isinstance(read["of"], list) else [read["of"]])


def _all_acked(world: World, labels: list[str]) -> bool:
    outcomes = [world.labels[label].outcome for label in labels]
    lists = [found if isinstance(found, list) else [found] for found in outcomes]
    answers = [one for found in lists for one in found]
    return bool(answers) and all(map(_got_an_offset, answers))


def _got_an_offset(answer: Any) -> bool:
    return answer.get("error") == "NONE" if isinstance(answer, dict) else isinstance(answer, list)


@shape("send_results")
def _same_outcomes(expected: Any, found: Any) -> bool:
    """The same records failed, and the same ones have no offset."""

    def kinds(results: Any) -> list[Any]:
        return [[one[0], one[1] < 0] if isinstance(one, list) else "error" for one in results]

    return isinstance(found, list) and kinds(expected) == kinds(found)
