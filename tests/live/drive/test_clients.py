"""Which commands a driven run accepts, and with what it fills their gaps."""

import pytest

from mqviz import commands
from mqviz.backend import Refused
from mqviz.live.drive.clients import Roster
from mqviz.model.command.consumer import AddConsumer


def roster(*texts: str) -> Roster:
    made = Roster()
    for text in texts:
        give(made, text)
    return made


def give(made: Roster, text: str) -> object:
    command = made.check(commands.parse(text))
    made.take(command)
    return command


ONE = ("create topic orders partitions=3", "add consumer c1 group=billing topic=orders")


def test_a_consumer_without_name_group_and_topic_gets_the_only_ones_that_make_sense() -> None:
    filled = give(roster(*ONE), "add consumer")
    assert isinstance(filled, AddConsumer)
    assert (filled.name, filled.group, filled.topic) == ("c2", "billing", "orders")


def test_a_consumer_of_a_known_group_reads_what_the_group_reads() -> None:
    made = roster(*ONE, "create topic payments")
    filled = give(made, "add consumer group=billing")
    assert isinstance(filled, AddConsumer)
    assert filled.topic == "orders"


def test_names_of_the_dead_are_not_given_again_by_themselves() -> None:
    made = roster(*ONE, "kill consumer c1")
    filled = give(made, "add consumer")
    assert isinstance(filled, AddConsumer)
    assert filled.name == "c2"
    give(made, "add consumer c1")
    assert made.state["c1"] == "running"


@pytest.mark.parametrize(
    ("before", "text", "reason"),
    [
        ([], "add consumer", "there is no group yet: write group=…"),
        ([], "add consumer group=billing", "there is no topic yet: write topic=…"),
        (
            [*ONE, "create topic payments"],
            "add consumer group=audit",
            "there are 2 topics: write topic=orders or payments",
        ),
        (ONE, "create topic orders", "topic orders exists already"),
        (
            ONE,
            "add producer p1 topic=secrets",
            "there is no topic secrets; mqviz uses only topics that it made here: orders",
        ),
        (ONE, "add consumer c1", "there is a client c1 already: give this one another name"),
        (ONE, "kill consumer c9", "there is no consumer c9 (there is: c1)"),
        (ONE, "close producer p1", "there is no producer p1 (there is: none)"),
        (ONE, "send record p1", "there is no producer p1 (there is: none)"),
        (ONE, "resume consumer c1", "consumer c1 is not paused"),
        ([*ONE, "pause consumer c1"], "pause consumer c1", "consumer c1 is paused already"),
        (
            [*ONE, "pause consumer c1"],
            "close consumer c1",
            "consumer c1 is paused: a frozen process cannot close. Resume it first, or kill it",
        ),
        ([*ONE, "kill consumer c1"], "set consumer c1 processing=1s", "consumer c1 has ended"),
        (ONE, "fail service mail-server", "on a real cluster mqviz cannot fail a service"),
        (ONE, "add sign-up s1", "on a real cluster mqviz cannot add a sign-up"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(before: list[str], text: str, reason: str) -> None:
    made = roster(*before)
    with pytest.raises(Refused) as caught:
        give(made, text)
    assert str(caught.value) == reason


def test_a_client_that_ended_by_itself_may_be_followed_by_another_of_its_name() -> None:
    made = roster(*ONE)
    made.ended("c1")
    assert made.alive() == []
    give(made, "add consumer c1")
    assert made.alive() == ["c1"]
