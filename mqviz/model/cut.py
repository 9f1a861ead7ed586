"""Cut: what a follower took off the end of its log because its leader does not have it (R26), kept so that it can be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqviz.model.batch import Batch
from mqviz.model.packing import share

if TYPE_CHECKING:
    from mqviz.model.log import Log

KEPT = 32
"""Batches of a cut that are remembered."""


class Cut(msgspec.Struct, frozen=True):
    """The last cut of a copy: its log ended at `before`, now at `end`, because `leader` began `leader_epoch` without the rest.

    `batches`: what went, the oldest KEPT of them.
    """

    at_us: int
    before: int
    end: int
    leader: int
    leader_epoch: int
    batches: tuple[Batch, ...]


def cut_of(log: Log, at_us: int, end: int, leader: int, leader_epoch: int) -> Cut:
    """What cutting `log` back to `end` takes away; to be asked before it is done."""
    return Cut(at_us, log.end, end, leader, leader_epoch, log.read(end, log.end)[:KEPT])


share(Cut)
