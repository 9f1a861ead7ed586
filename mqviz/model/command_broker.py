"""Commands to brokers, their disks and links, and to the controller (mqviz/model/command.py)."""

from __future__ import annotations

from typing import Literal

from mqviz.model.command_base import Command, Named


class KillBroker(Named, frozen=True):
    """The broker's process dies: peers see the connection close, the controller only the silence."""

    verb, kind = "kill", "broker"


class StopBroker(Named, frozen=True):
    """Controlled shutdown: the controller moves its leaderships, then it ends."""

    verb, kind = "stop", "broker"


class PauseBroker(Named, frozen=True):
    """The broker's process freezes; its sockets stay open."""

    verb, kind = "pause", "broker"


class ResumeBroker(Named, frozen=True):
    """The frozen broker goes on, with its old beliefs."""

    verb, kind = "resume", "broker"


class RestartBroker(Named, frozen=True):
    """A broker that was stopped or killed starts again on its disk."""

    verb, kind = "restart", "broker"


class FailDisk(Command, frozen=True):
    """The disk of a dead broker is lost, or what it keeps of one topic, or of one of its partitions (-1: all)."""

    verb, kind = "fail", "disk"
    name: str
    topic: str = ""
    partition: int = -1


class IsolateBroker(Command, frozen=True):
    """No byte passes between this broker (and the nodes in `also`: brokers, clients) and everybody else."""

    verb, kind = "isolate", "broker"
    name: str
    also: tuple[str, ...] = ()


class HealBroker(Named, frozen=True):
    """The links of an isolated broker, and of whoever was cut off with it, work again."""

    verb, kind = "heal", "broker"


class ElectLeader(Command, frozen=True):
    """Elect a leader now: the preferred replica, or (`how=unclean`) any that is there."""

    verb, kind = "elect", "leader"
    topic: str
    partition: int
    how: Literal["preferred", "unclean"] = "preferred"
