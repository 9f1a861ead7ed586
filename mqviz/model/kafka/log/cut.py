"""Cut: what a follower took off the end of its log because its leader does not have it (R26), kept so that it
can be shown.
"""

from __future__ import annotations

import msgspec

from mqviz.model.kafka.log.batch import Batch

KEPT = 32
"""Batches of a cut that are remembered."""


class Cut(msgspec.Struct, frozen=True):
    """The last cut of a copy: its log ended at `before`, now at `end`, because `leader` began `leader_epoch`
    without the rest.

    `batches`: what went, the oldest KEPT of them.
    """

    at_us: int
    before: int
    end: int
    leader: int
    leader_epoch: int
    batches: tuple[Batch, ...]
