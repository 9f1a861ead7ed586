"""What only groups of the classic protocol need: static members that came back, the first callback after a kill."""

from __future__ import annotations

from mqviz.model.consumer import ConsumerChanged, ConsumerFailed
from mqviz.model.group_takeover import StaticMemberReplaced
from mqviz.model.membership import PartitionsAssigned, PartitionsRevoked
from tests.golden.registry import Args, check, moment
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
