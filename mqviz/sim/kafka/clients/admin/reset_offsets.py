"""Group offsets: an administrator sets where a group goes on reading, kafka-consumer-groups --reset-offsets.

Like a real broker: as the admin client, an OffsetCommit without a member, which the coordinator refuses with
UNKNOWN_MEMBER_ID while the group has members; any offset is taken, beyond the end too (R88).
Left out: the admin client's own ListOffsets; it knows the ends of logs at once.
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.kafka.errors import Error, named
from mqviz.model.command.group import ResetGroup
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.coordinator.offsets.state import GroupPartition
from mqviz.model.kafka.protocol.requests import OffsetCommitRequest
from mqviz.sim.engine import Simulation, checks, handles
from mqviz.sim.kafka.choices import only_topic
from mqviz.sim.kafka.clients.admin import requests
from mqviz.sim.kafka.coordinator import offsets
from mqviz.sim.kafka.coordinator.lookup import must_coordinate


@checks(ResetGroup)
def _check(sim: Simulation, command: ResetGroup) -> ResetGroup:
    if sum((command.offset is not None, bool(command.to), command.time is not None)) != 1:
        raise Refused("to where? say one of offset=NUMBER, to=earliest, to=latest, time=TIME")
    if command.offset is not None and command.offset < 0:
        raise Refused("an offset is not negative")
    wanted = _partitions(sim, command)
    if not wanted:
        raise Refused(f"group {command.name} has committed nothing: say topic=NAME")
    must_coordinate(sim, command.name)
    orphan = next((each.key for each in wanted if each.leader < 0), "")
    if orphan and command.offset is None:
        raise Refused(f"{orphan} has no leader ({named(Error.LEADER_NOT_AVAILABLE)})")
    error = offsets.refusal(sim, _request(sim, command))
    if error:
        raise Refused(
            f"the offsets of group {command.name} cannot be reset while it has members: {named(error)}"
        )
    return command


@handles(ResetGroup)
def _reset(sim: Simulation, command: ResetGroup) -> None:
    requests.ask(sim, must_coordinate(sim, command.name), _request(sim, command))


def _request(sim: Simulation, command: ResetGroup) -> OffsetCommitRequest:
    wanted = [(p.topic, p.number, _offset(p, command)) for p in _partitions(sim, command)]
    return OffsetCommitRequest(command.name, -1, "", tuple(wanted))


def _partitions(sim: Simulation, command: ResetGroup) -> list[Partition]:
    cluster = sim.state.cluster
    group = cluster.groups.get(command.name)
    topics = [only_topic(sim, command.topic)] if command.topic else _known(group.records if group else {})
    found = [partition for topic in topics for partition in cluster.topic(topic).partitions]
    chosen = [partition for partition in found if command.partition in (-1, partition.number)]
    if found and not chosen:
        raise Refused(f"there is no partition {command.partition} of {', '.join(topics)}")
    return chosen


def _known(records: dict[str, GroupPartition]) -> list[str]:
    return list(dict.fromkeys(record.topic for record in records.values()))


def _offset(partition: Partition, command: ResetGroup) -> int:
    if command.offset is not None:
        return command.offset
    led = partition.led
    if command.time is None:
        return led.log.start if command.to == "earliest" else led.high_watermark
    found = led.log.offset_for_time(int(command.time))
    return min(found[0], led.high_watermark) if found else led.high_watermark
