"""What a step left as it was: member ids, assignments, commits; static members that came back, the first callback after a kill."""

from __future__ import annotations

from typing import Any

from mqviz.model.consumer import ConsumerChanged, ConsumerFailed
from mqviz.model.group_takeover import StaticMemberReplaced
from mqviz.model.membership import PartitionsAssigned, PartitionsRevoked
from tests.golden.registry import FACTS, Args, begins, check, moment
from tests.golden.world import World


@check("new_member_id")
def _new_member_id(world: World, read: Args) -> bool:
    """Whether the member came back with another member id in this step."""
    start = world.notes["event_index"][world.step]
    return any(
        isinstance(event, StaticMemberReplaced)
        and event.client == read["of"]
        and event.member_id != event.replacement
        for event in world.log[start:]
    )


@moment("first_callback")
def _first_callback(world: World, since_us: int) -> int | None:
    """When any other member was first called back after `since_us`."""
    for event in world.log:
        if event.at_us <= since_us:
            continue
        if isinstance(event, (PartitionsAssigned, PartitionsRevoked, ConsumerFailed)):
            return event.at_us
        if isinstance(event, ConsumerChanged) and event.state == "closed":
            return event.at_us
    return None


# -- as it was before the step ------------------------------------------------------------------------------


def member_ids(world: World, group: str) -> dict[str, str]:
    """The member id of each member, by its name."""
    cluster = world.state.cluster
    found = cluster.consumer_groups.get(group) or cluster.groups.get(group)
    return {m.instance_id or m.client: m.member_id for m in found.members.values()} if found else {}


@begins
def _remember(world: World) -> None:
    cluster = world.state.cluster
    world.notes["before"] = {
        name: {
            "ids": member_ids(world, name),
            "assignment": FACTS["assignment"](world, {"group": name}),
            "committed": FACTS["committed"](world, {"group": name}),
        }
        for name in dict.fromkeys([*cluster.consumer_groups, *cluster.groups])
    }


def _before(world: World, read: Args) -> dict[str, Any]:
    found: dict[str, Any] = world.notes["before"].get(read["group"], {})
    return found


@check("same_member_ids")
def _same_ids(world: World, read: Args) -> bool:
    return bool(_before(world, read).get("ids") == member_ids(world, read["group"]))


@check("assignment_kept")
def _same_assignment(world: World, read: Args) -> bool:
    return bool(
        _before(world, read).get("assignment") == FACTS["assignment"](world, {"group": read["group"]})
    )


@check("committed_kept")
def _same_commits(world: World, read: Args) -> bool:
    return bool(_before(world, read).get("committed") == FACTS["committed"](world, read))
