"""What a member says of itself when it joins a classic group: the partitions that it owns."""

from __future__ import annotations

import msgspec

Parts = tuple[tuple[str, int], ...]
"""Partitions: (topic, number)."""


class OwnedPartitions(msgspec.Struct, frozen=True):
    """What a JoinGroup tells the group leader's assignor of what the member has.

    `owned`: what it keeps while it joins (cooperative); `remembered`: what it was given last, which
    StickyAssignor carries as user data. Each with its generation, -1 for none (R117, R118).
    """

    owned: Parts = ()
    generation: int = -1
    remembered: Parts = ()
    remembered_generation: int = -1
