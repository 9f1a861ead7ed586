"""Group administration: dynamic settings of groups, deleted groups, deleted offsets.

Like a real broker: IncrementalAlterConfigs of a group checks names, values and the brokers' limits
(INVALID_CONFIG) and takes effect a decision of the controller later; DeleteGroups refuses a group with
members, OffsetDelete a topic that a member reads, both a group that is not there (R128, R129, R134).
Left out: deleting a single setting.
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.kafka.errors import Error, named
from mqviz.kafka.group_settings import group_refused
from mqviz.model.command.group import AlterGroup, DeleteGroup, DeleteOffsets
from mqviz.model.kafka.coordinator.classic.state import Member
from mqviz.model.kafka.coordinator.consumer.state import ConsumerGroupMember
from mqviz.model.kafka.coordinator.offsets.events import GroupAltered, GroupDeleted, OffsetsDeleted
from mqviz.model.kafka.coordinator.share.state import ShareMember
from mqviz.sim.engine import TIMER, Simulation, checks, due, handles
from mqviz.sim.kafka.choices import only_topic
from mqviz.sim.kafka.controller import registered
from mqviz.sim.kafka.controller.topic_config import CONTROLLER_US
from mqviz.sim.kafka.coordinator.consumer import heartbeat as consumer_heartbeat
from mqviz.sim.kafka.coordinator.lookup import must_coordinate
from mqviz.sim.kafka.coordinator.share import heartbeat as share_heartbeat

# -- settings -----------------------------------------------------------------------------------------------


@checks(AlterGroup)
def _check_alter(sim: Simulation, command: AlterGroup) -> AlterGroup:
    registered.must_act(sim)
    if not command.name:
        raise Refused(f"Default group resources are not allowed. ({named(Error.INVALID_REQUEST)})")
    if not command.config:
        raise Refused("say which setting: `alter group g consumer.session.timeout.ms=50000`")
    plan = sim.scenario.cluster
    whole = {
        **plan.groups.get(command.name, {}),
        **sim.state.cluster.group_settings.get(command.name, {}),
        **command.config,
    }
    reason = group_refused(whole, plan.settings, sim.scenario.kafka_version)
    if reason:
        raise Refused(f"{reason} ({named(Error.INVALID_CONFIG)})")
    return command


@handles(AlterGroup)
def _alter(sim: Simulation, command: AlterGroup) -> None:
    delay_us = CONTROLLER_US + sim.state.cluster.link_latency_us
    sim.schedule(delay_us, TIMER, _altered, command)


@due
def _altered(sim: Simulation, command: AlterGroup) -> None:
    sim.cause = sim.emit(GroupAltered(*sim.stamp(), command.name, tuple(sorted(command.config.items()))))
    consumer_heartbeat.watch_anew(sim, command.name)
    share_heartbeat.watch_anew(sim, command.name)


# -- deletion -----------------------------------------------------------------------------------------------


def _members(sim: Simulation, name: str) -> list[Member | ConsumerGroupMember | ShareMember]:
    """The members of a group of any kind, as its coordinator knows them; raises Refused if there is no such
    group.
    """
    cluster = sim.state.cluster
    found = [
        groups[name]
        for groups in (cluster.groups, cluster.consumer_groups, cluster.share_groups)
        if name in groups
    ]
    if not found:
        raise Refused(f"group {name}: The group id does not exist. ({named(Error.GROUP_ID_NOT_FOUND)})")
    must_coordinate(sim, name)
    return [member for group in found for member in group.members.values()]


@checks(DeleteGroup)
def _check_delete(sim: Simulation, command: DeleteGroup) -> DeleteGroup:
    if _members(sim, command.name):
        raise Refused(f"group {command.name}: The group is not empty. ({named(Error.NON_EMPTY_GROUP)})")
    return command


@handles(DeleteGroup)
def _delete(sim: Simulation, command: DeleteGroup) -> None:
    sim.emit(GroupDeleted(*sim.stamp(), command.name))


@checks(DeleteOffsets)
def _check_offsets(sim: Simulation, command: DeleteOffsets) -> DeleteOffsets:
    members = _members(sim, command.name)
    if command.name in sim.state.cluster.share_groups:
        raise Refused(f"{command.name} is a share group: its members commit no offsets")
    topic = only_topic(sim, command.topic)
    if any(topic in member.topics for member in members):
        raise Refused(
            "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it. "
            f"({named(Error.GROUP_SUBSCRIBED_TO_TOPIC)})"
        )
    if command.partition >= len(sim.state.cluster.topic(topic).partitions):
        raise Refused(f"there is no partition {command.partition} of {topic}")
    return command


@handles(DeleteOffsets)
def _delete_offsets(sim: Simulation, command: DeleteOffsets) -> None:
    topic = only_topic(sim, command.topic)
    records = sim.state.cluster.groups[command.name].records.values()
    gone = tuple(
        (record.topic, record.partition)
        for record in records
        if record.topic == topic
        and command.partition in (-1, record.partition)
        and record.committed is not None
    )
    if gone:
        sim.emit(OffsetsDeleted(*sim.stamp(), command.name, gone))
