"""Brokers: processes, disks, elections; facts of them, of partitions and of the controller's records."""

from __future__ import annotations

from typing import Any

from mqviz.model.kafka.controller.events import BrokerFenced, PartitionChanged, PartitionsAdded, TopicCreated
from mqviz.sim.kafka.coordinator.lookup import coordinator_of
from tests.golden.registry import Args, Until, Waiting, fact, moment, shape, verb
from tests.golden.world import World, named_error

# -- processes -------------------------------------------------------------------------------------------------


@verb("kill_broker")
def _kill(world: World, act: Args) -> str:
    if "coordinator_of" in act:
        brokers = [coordinator_of(world.backend._sim, act["coordinator_of"])]
    else:
        brokers = act.get("brokers") or [act["broker"]]
    outcomes = [world.do(f"kill broker {broker}") for broker in brokers]
    return next((each for each in outcomes if each != "ok"), "ok")


@verb("stop_broker")
def _stop(world: World, act: Args) -> Waiting:
    """Returns when the process has ended."""
    broker = world.state.cluster.brokers[act["broker"]]
    outcome = world.do(f"stop broker {act['broker']}")
    if outcome == "ok":
        yield Until(lambda: broker.process in ("stopped", "dead"))
    return outcome


@verb("start_broker")
@verb("pause_broker")
@verb("resume_broker")
def _simple(world: World, act: Args) -> str:
    word = act["verb"].removesuffix("_broker").replace("start", "restart")
    return world.do(f"{word} broker {act['broker']}")


@verb("wipe_disk")
def _wipe(world: World, act: Args) -> str:
    return world.do(f"fail disk {act['broker']} topic={act['topic']} partition={act['partition']}")


@verb("elect_leaders")
def _elect(world: World, act: Args) -> Waiting:
    how, where = act["type"].lower(), f"topic={act['topic']} partition={act['partition']}"
    outcome = world.do(f"elect leader {where} how={how}")
    if outcome == "ok":
        yield world.happens(PartitionChanged)
    return named_error(outcome)


@moment("fenced")
def _fenced(world: World, since_us: int, broker: str) -> int | None:
    """When the controller fenced that broker first after `since_us`."""
    for event in world.log:
        if isinstance(event, BrokerFenced) and event.broker == int(broker) and event.at_us >= since_us:
            return event.at_us
    return None


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
