"""What an administrator hears while nobody is there to ask: no coordinator, no leader, no controller, no answer (R99, R9)."""

from __future__ import annotations

import pytest

from mqviz.backend import Refused
from mqviz.model.command.events import CommandRefused
from tests.sim.kafka.worlds import Outside, S, of, run
from tests.sim.worlds import Run


def committed(brokers: int = 1, protocol: str = "classic") -> Run:
    """Group g committed t-0 and is empty."""
    watched = run("create topic t partitions=1 replication_factor=1", brokers=brokers).to(S)
    words = f"add consumer c group=g topic=t processing=0s commit=none auto_offset_reset=earliest group.protocol={protocol}"
    watched.do(words).to(8 * S).do("commit consumer c").to(9 * S)
    return watched.do("close consumer c").to(10 * S)


COMMANDS = (
    "reset group g topic=t offset=0",
    "reset group g to=latest",
    "delete group g",
    "delete offsets g topic=t",
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_r99_a_group_without_coordinator_is_refused_in_kafkas_words(command: str, protocol: str) -> None:
    watched = committed(protocol=protocol).do("kill broker 1").to(30 * S)
    with pytest.raises(
        Refused, match=r"no coordinator: .*restart one of 1 \(COORDINATOR_NOT_AVAILABLE \(15\)\)"
    ):
        watched.do(command)
    watched.do("restart broker 1").to(60 * S).do(command).to(61 * S)
    assert not of(watched, CommandRefused)


@pytest.mark.parametrize("command", COMMANDS)
def test_r99_a_coordinator_that_died_just_now_is_refused(command: str) -> None:
    watched = committed().do("kill broker 1")
    with pytest.raises(
        Refused, match=r"broker 1, is dead: bring it back \(COORDINATOR_NOT_AVAILABLE \(15\)\)"
    ):
        watched.do(command)


def test_r99_a_reset_to_an_end_needs_the_leader_of_the_partition() -> None:
    watched = run("create topic t replicas=1", "create topic u replicas=2", brokers=2).to(S)
    watched.do("kill broker 1").to(30 * S)
    with pytest.raises(Refused, match=r"t-0 has no leader \(LEADER_NOT_AVAILABLE \(5\)\)"):
        watched.do("reset group g topic=t to=latest")
    watched.do("reset group g topic=t offset=0").to(31 * S)
    assert not of(watched, CommandRefused)


def test_r99_an_error_that_comes_later_is_told() -> None:
    """A member joins while the reset is on its way."""
    watched = committed()
    outside = Outside(watched)
    member = outside.ask(outside.joining("g", ("t",)))
    outside.member_id = getattr(member, "member_id", "")
    outside.send(outside.joining("g", ("t",)))
    watched.do("reset group g topic=t offset=0").to(11 * S)
    assert [each.reason for each in of(watched, CommandRefused)] == [
        "broker 1 was asked: it refused (UNKNOWN_MEMBER_ID (25))"
    ]


def test_r31_a_connection_that_breaks_is_told() -> None:
    watched = committed().do("reset group g topic=t offset=0").do("kill broker 1").to(11 * S)
    assert [each.reason for each in of(watched, CommandRefused)] == [
        "broker 1 was asked: the connection broke before its answer came (NETWORK_EXCEPTION (13))"
    ]


def test_r31_an_answer_that_does_not_come_is_told() -> None:
    watched = committed().do("reset group g topic=t offset=0").do("pause broker 1").to(39 * S)
    assert not of(watched, CommandRefused)
    watched.to(41 * S)
    assert [each.reason for each in of(watched, CommandRefused)] == [
        "broker 1 was asked: no answer came within request.timeout.ms (REQUEST_TIMED_OUT (7))"
    ]
    watched.do("resume broker 1").to(42 * S)
    assert len(of(watched, CommandRefused)) == 1, "the answer that comes late is told to nobody"


def test_r72_records_deleted_at_a_leader_that_dies_are_told() -> None:
    watched = committed().do("delete records t before=0").do("kill broker 1").to(11 * S)
    assert "NETWORK_EXCEPTION (13)" in of(watched, CommandRefused)[0].reason


@pytest.mark.parametrize(
    "command",
    [
        "alter topic t retention.ms=1000",
        "alter group g consumer.session.timeout.ms=50000",
        "alter cluster min.insync.replicas=1",
        "create topic u",
        "delete topic t",
        "add partitions t to=2",
        "elect leader topic=t partition=0",
    ],
)
def test_r9_commands_without_a_controller_are_refused(command: str) -> None:
    watched = committed().do("kill controller 1").do("kill controller 2").to(20 * S)
    with pytest.raises(Refused, match="no controller decides: a majority of the voters is needed"):
        watched.do(command)
