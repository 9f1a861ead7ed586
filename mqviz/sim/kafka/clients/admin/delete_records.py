"""Delete records: an administrator moves a partition's log start (R72).

Like a real broker: the partition leader does it, and answers when its in-sync replicas have followed.
Left out: the offsets of several partitions in one command.
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.kafka.errors import Error, named
from mqviz.model.command.topic import DeleteRecords
from mqviz.model.kafka.protocol.requests import DeleteRecordsRequest as Deletion
from mqviz.sim.engine import Simulation, checks, handles
from mqviz.sim.kafka.choices import only_topic
from mqviz.sim.kafka.clients.admin import requests


@checks(DeleteRecords)
def _check_delete(sim: Simulation, command: DeleteRecords) -> DeleteRecords:
    topic = sim.state.cluster.topic(only_topic(sim, command.name))
    if not 0 <= command.partition < len(topic.partitions):
        raise Refused(
            f"{topic.name} has no partition {command.partition} ({named(Error.UNKNOWN_TOPIC_OR_PARTITION)})"
        )
    partition = topic.partitions[command.partition]
    if partition.leader < 0:
        raise Refused(f"{partition.key} has no leader ({named(Error.LEADER_NOT_AVAILABLE)})")
    if topic.setting("cleanup.policy") == "compact":
        raise Refused(
            f"Records of partition {partition.key} can not be deleted due to the configured policy "
            f"({named(Error.POLICY_VIOLATION)})"
        )
    mark = partition.led.high_watermark
    if command.before < -1 or command.before > mark:
        raise Refused(
            f"The offset {command.before} is out of range: the high watermark of {partition.key} is {mark} "
            f"({named(Error.OFFSET_OUT_OF_RANGE)})"
        )
    return command


@handles(DeleteRecords)
def _delete(sim: Simulation, command: DeleteRecords) -> None:
    leader = sim.state.cluster.partition(command.name, command.partition).leader
    request = Deletion(((command.name, command.partition, command.before),))
    requests.ask(sim, leader, request)
