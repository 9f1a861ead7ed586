"""Quorum: the voters among which the active controller is elected (R9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from mqviz.model.event import Event, Weight, applies

if TYPE_CHECKING:
    from mqviz.model.state import State


class Quorum(msgspec.Struct):
    """Voters 1 … `voters`; `down`: those that do not run; `active`: who decides, 0: nobody, because no majority agrees."""

    voters: int = 3
    down: list[int] = msgspec.field(default_factory=list)
    active: int = 1

    @property
    def majority(self) -> bool:
        """Whether enough voters run for a decision."""
        return self.voters - len(self.down) > self.voters // 2


class ControllerChanged(Event, frozen=True):
    """A controller's process died (`up` False) or runs again."""

    weight = Weight.MOMENT
    controller: int
    up: bool


class ControllerElected(Event, frozen=True):
    """Another controller decides from now on; 0: nobody does, so that nothing about the cluster can change (R9)."""

    weight = Weight.MOMENT
    controller: int


@applies(ControllerChanged)
def _changed(state: State, event: ControllerChanged) -> None:
    quorum = state.cluster.quorum
    if event.up:
        quorum.down.remove(event.controller)
    else:
        quorum.down.append(event.controller)


@applies(ControllerElected)
def _elected(state: State, event: ControllerElected) -> None:
    state.cluster.quorum.active = event.controller
