"""Commands to brokers, their disks and links, and to the controller."""

from __future__ import annotations

from typing import Literal

from mqviz.model.command.base import Command, Named
from mqviz.model.units import Duration


class AddBroker(Command, frozen=True):
    """A new, empty broker of this number starts and registers; what is there stays where it is, new
    partitions may lie on it.
    """

    verb, kind = "add", "broker"
    name: str
    rack: str = ""


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
    """The disk of a dead broker is lost, or what it keeps of one topic, or of one of its partitions (-1:
    all).
    """

    verb, kind = "fail", "disk"
    name: str
    topic: str = ""
    partition: int = -1


class FailPower(Command, frozen=True):
    """A broker's machine loses its power: the process, and what it wrote since the operating system last
    wrote its cache to the disk.

    That happens at every whole `writeback` of the clock.
    """

    verb, kind = "fail", "power"
    name: str
    writeback: Duration = Duration(30_000_000)


class SlowBroker(Command, frozen=True):
    """A broker needs `factor` times as long for an append, and each byte to and from it `delay` more;
    factor=1 ends it.
    """

    verb, kind = "slow", "broker"
    name: str
    factor: int = 1
    delay: Duration = Duration(0)


class KillController(Named, frozen=True):
    """A controller's process dies; without a majority of them nothing about the cluster can change."""

    verb, kind = "kill", "controller"


class RestartController(Named, frozen=True):
    """A dead controller runs again."""

    verb, kind = "restart", "controller"


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
