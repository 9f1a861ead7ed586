"""Members as applications, and what groups, members and offsets look like."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

from mqviz.kafka.errors import Error
from mqviz.model.consumer import ConsumerChanged, ConsumerFailed
from mqviz.model.membership import PartitionsAssigned, PartitionsRevoked
from tests.golden import kip848
from tests.golden.registry import Args, fact, shape, verb
from tests.golden.world import World


def tp(topic: str, partition: int) -> str:
    """A partition as recordings write it."""
    return f"{topic}-{partition}"


@verb("start_member")
def _start(world: World, act: Args) -> None:
    name, group = act["member"], act.get("group", "")
    config = world.config("consumer", name, group)
    explicit = config.pop("enable.auto.commit", None)
    automatic = explicit != "false" and bool(group)
    words = [
        f"add consumer {name} client={act['client']} processing=0s loop={str(bool(act.get('loop'))).lower()}"
    ]
    words.append(f"commit={'auto' if automatic else 'none'}")
    words += [f"{kind}={','.join(act[kind])}" for kind in ("topics", "assign") if act.get(kind)]
    words += [f"group={group}"] if group else []
    words += [f"{key}={value}" for key, value in config.items()]
    words += ["enable.auto.commit=true"] if explicit == "true" and not group else []
    for _ in range(world.notes["starts"].get(name, 1) - 1):  # so that its member id ends in another number
        world.do(" ".join(words).replace("loop=true", "loop=false"))
        world.do(f"kill consumer {name}")
    world.notes.setdefault("started", {})[name] = len(world.log)
    world.answered(act.get("as"), _constructed(world.do(" ".join(words))))


def _constructed(outcome: str) -> str:
    """What the constructor of the client throws for what the command says."""
    if "Kafka refuses" not in outcome:
        return outcome
    if "InvalidConfigurationException" in outcome:
        return "KafkaException<-InvalidConfigurationException"
    return "KafkaException<-IllegalArgumentException" if "Heartbeat must" in outcome else "ConfigException"


@verb("close_member")
def _close(world: World, act: Args) -> None:
    name = act["member"]

    def closed() -> str | None:
        return "ok" if world.state.cluster.consumers[name].state == "closed" else None

    world.do(f"close consumer {name}")
    world.later(act.get("as"), closed)
    if act.get("wait_for_answer", True):
        world.until(lambda: closed() is not None)


@verb("kill_member")
def _kill(world: World, act: Args) -> None:
    world.answered(act.get("as"), world.do(f"kill consumer {act['member']}"))


@fact("group")
def _group(world: World, read: Args) -> Any:
    if read["group"] in world.state.cluster.consumer_groups:
        return kip848.group_facts(world.state.cluster.consumer_groups[read["group"]])
    shared = world.state.cluster.share_groups.get(read["group"])
    if shared is not None:
        epoch = shared.epoch
        return {
            "state": shared.state,
            "epoch": epoch,
            "assignment_epoch": epoch,
            "members": len(shared.members),
        }
    group = world.state.cluster.groups.get(read["group"])
    if group is None:
        return {"state": "Dead", "members": 0}
    return {"state": group.state, "members": len(group.members)}


@fact("generation")
def _generation(world: World, read: Args) -> Any:
    group = world.state.cluster.groups.get(read["group"])
    return group.generation if group else 0


@fact("generation_delta")
def _delta(world: World, read: Args) -> Any:
    step = read.get("since", world.step)
    return _generation(world, read) - world.notes["generations"][step].get(read["group"], 0)


@fact("assignor")
def _assignor(world: World, read: Args) -> Any:
    group = world.state.cluster.groups.get(read["group"])
    return group.assignor if group else ""


@fact("assignment")
def _assignment(world: World, read: Args) -> Any:
    """Who has what. A static member of a classic group goes by its instance id, unless the recording has its name."""
    cluster = world.state.cluster
    if read["group"] in cluster.consumer_groups:
        return kip848.assignment(cluster.consumer_groups[read["group"]])
    if read["group"] in cluster.share_groups:
        shared = cluster.share_groups[read["group"]].members.values()
        return {m.client: sorted(tp(*p) for p in m.partitions) for m in shared}
    group = cluster.groups.get(read["group"])
    members = group.members.values() if group else ()
    wanted = read.get("expect", read.get("equals", read.get("includes", ())))
    return {
        m.client if m.client in wanted else m.instance_id or m.client: sorted(tp(*p) for p in m.partitions)
        for m in members
    }


@shape("assignment")
def _as_spread(expected: Any, found: Any) -> bool:
    """The same numbers of partitions, one owner each, the same partitions in all."""
    return sorted(map(len, expected.values())) == sorted(map(len, found.values())) and sorted(
        chain.from_iterable(expected.values())
    ) == sorted(chain.from_iterable(found.values()))


@fact("idle")
def _idle(world: World, read: Args) -> Any:
    return sorted(member for member, owned in _assignment(world, read).items() if not owned)


@fact("assignment_sizes")
def _sizes(world: World, read: Args) -> Any:
    return sorted(len(owned) for owned in _assignment(world, read).values())


@fact("covered")
def _covered(world: World, read: Args) -> Any:
    return sorted(chain.from_iterable(_assignment(world, read).values()))


@fact("committed")
def _committed(world: World, read: Args) -> Any:
    group = world.state.cluster.groups.get(read["group"])
    records = group.records.values() if group else []
    return {tp(r.topic, r.partition): r.committed for r in records if r.committed is not None}


@fact("group_events")
def _events(world: World, read: Args) -> Any:
    start = world.notes["event_index"][read["since"]] if "since" in read else world.mark_index
    found: dict[str, list[Any]] = {}
    for event in world.log[start:]:
        told = _told(event, read["group"])
        if told is None:
            continue
        if told[1] == ["closed"] and _librdkafka(world, told[0]):
            continue  # its close() was not recorded
        before = found.setdefault(told[0], [])
        if (
            told[1] != ["closed"] or not before or before[-1][0] != "error"
        ):  # after an error nobody called close()
            before.append(told[1])
    wanted = read.get("members")
    return {member: events for member, events in found.items() if wanted is None or member in wanted}


def _librdkafka(world: World, name: str) -> bool:
    return getattr(world.state.cluster.consumers[name].settings, "client", "java") == "librdkafka"


def thrown(exception: str) -> str:
    """`Class/ERROR` for an exception that is named after an error."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", exception.removesuffix("Exception")).upper()
    return f"{exception}/{name}" if name in Error.__members__ else exception


def _told(event: Any, group: str) -> tuple[str, list[Any]] | None:
    if getattr(event, "group", None) != group:
        return None
    if isinstance(event, PartitionsAssigned):
        return event.consumer, ["assign", sorted(tp(*p) for p in event.partitions)]
    if isinstance(event, PartitionsRevoked):
        return event.consumer, ["lost" if event.lost else "revoke", sorted(tp(*p) for p in event.partitions)]
    if isinstance(event, ConsumerFailed):
        return event.consumer, ["error", thrown(event.exception)]
    if isinstance(event, ConsumerChanged) and event.state == "closed":
        return event.consumer, ["closed"]
    return None


@shape("group_events")
def _same_kinds(expected: Any, found: Any) -> bool:
    """Per member the same kinds with lists of the same sizes."""

    def shapes(members: Any) -> Any:
        return {
            m: [(kind, len(rest) if isinstance(rest, list) else 0) for kind, rest in events]
            for m, events in members.items()
        }

    return bool(shapes(expected) == shapes(found))
