"""What a run makes on a cluster."""

import pytest

from mqviz import commands
from mqviz.backend import Refused
from mqviz.cli.driving import with_steps
from mqviz.lesson import course
from mqviz.live.drive import plan as drive_plan
from mqviz.live.drive.plan import Names
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.producer import AddProducer
from mqviz.model.command.systems import AddSignUp
from mqviz.model.command.topic import CreateTopic
from mqviz.model.units import Duration, Value
from mqviz.scenario import Scenario

TOPIC = CreateTopic("orders", 4, 2)


def scenario(**parts: object) -> Scenario:
    return Scenario("a run", Duration(60_000_000), "partition-log", **parts)  # type: ignore[arg-type]


def test_names_on_the_cluster_carry_the_run() -> None:
    names = Names("ab12cd")
    assert names.real("orders") == "mqviz.ab12cd.orders"
    assert names.plain(names.real("orders")) == "orders"
    assert not names.is_ours("orders")
    assert not names.is_ours("mqviz.other1.orders")
    assert Names().run != Names().run


def test_leaders_are_spread_in_turn() -> None:
    assert drive_plan.replicas_of(TOPIC, [1, 2, 5]) == [[1, 2], [2, 5], [5, 1], [1, 2]]


def test_a_small_cluster_holds_as_many_replicas_as_it_has_brokers() -> None:
    assert drive_plan.replicas_of(TOPIC, [1]) == [[1], [1], [1], [1]]


def test_replicas_by_hand_are_taken_as_they_are() -> None:
    by_hand = CreateTopic("orders", replicas=("5/1", "1/5"))
    assert drive_plan.replicas_of(by_hand, [1, 2, 5]) == [[5, 1], [1, 5]]
    with pytest.raises(Refused, match="the brokers of this cluster are 1, 2"):
        drive_plan.replicas_of(by_hand, [1, 2])


def test_a_producer_uses_javas_rule_unless_told_otherwise() -> None:
    names = Names("ab12cd")
    plain = drive_plan.producer_order(AddProducer("p1", "orders"), names, {}, 7)
    assert plain.config["partitioner"] == "murmur2_random"
    assert plain.topic == "mqviz.ab12cd.orders"
    other = AddProducer("p1", "orders", partitioner="librdkafka")
    assert drive_plan.producer_order(other, names, {}, 7).config["partitioner"] == "consistent_random"
    own = AddProducer("p1", "orders", partitioner="fnv1a_random")
    assert drive_plan.producer_order(own, names, {}, 7).config["partitioner"] == "fnv1a_random"


def test_settings_reach_the_client_where_it_has_them() -> None:
    names = Names("ab12cd")
    settings = {"enable.idempotence": Value("true"), "buffer.memory": Value("65536")}
    producer = drive_plan.producer_order(AddProducer("p1", "orders", config=settings), names, {}, 7)
    assert producer.config["enable.idempotence"] == "true"
    assert "buffer.memory" not in producer.config, "librdkafka would refuse it"
    settings = {"partition.assignment.strategy": Value("cooperative-sticky")}
    consumer = drive_plan.consumer_order(AddConsumer("c1", "g", "orders", config=settings), names, {}, 7)
    assert consumer.config["partition.assignment.strategy"] == "cooperative-sticky"
    none = AddConsumer("c1", "g", "orders", auto_offset_reset="none")
    assert drive_plan.consumer_order(none, names, {}, 7).config["auto.offset.reset"] == "error"
    both = AddConsumer("c1", "g", topics=("orders", "bills"))
    assert drive_plan.consumer_order(both, names, {}, 7).topics == (
        "mqviz.ab12cd.orders",
        "mqviz.ab12cd.bills",
    )


def test_a_transactional_id_is_the_runs_own() -> None:
    settings = {"transactional.id": Value("pay")}
    order = drive_plan.producer_order(AddProducer("p1", "t", config=settings), Names("ab12cd"), {}, 7)
    assert order.config["transactional.id"] == "mqviz.ab12cd.pay"


def test_a_member_of_the_consumer_protocol_has_no_settings_of_the_classic_one() -> None:
    settings = {"group.protocol": Value("consumer"), "group.remote.assignor": Value("range")}
    order = drive_plan.consumer_order(AddConsumer("c1", "g", "t", config=settings), Names("ab12cd"), {}, 7)
    assert order.config["group.remote.assignor"] == "range"
    assert not {"session.timeout.ms", "heartbeat.interval.ms"} & set(order.config)


def test_a_consumer_joins_only_a_group_of_the_run_and_commits_for_itself() -> None:
    command = commands.parse("add consumer c1 group=billing topic=orders session_timeout=6s")
    assert isinstance(command, AddConsumer)
    order = drive_plan.consumer_order(command, Names("ab12cd"), {"bootstrap.servers": "x:1"}, 7)
    assert order.config["group.id"] == "mqviz.ab12cd.billing"
    assert order.config["enable.auto.offset.store"] == "false"
    assert order.config["enable.auto.commit"] == "false"
    assert order.config["session.timeout.ms"] == "6000"
    assert order.config["bootstrap.servers"] == "x:1"
    assert order.topics == ("mqviz.ab12cd.orders",)
    assert order.store_offsets == "after"
    forgets = commands.parse("add consumer c1 group=g topic=orders commit=auto store_offsets=never")
    assert isinstance(forgets, AddConsumer)
    assert drive_plan.consumer_order(forgets, Names("ab12cd"), {}, 7).store_offsets == "never"


def test_clients_of_one_seed_draw_from_streams_of_their_own() -> None:
    names = Names("ab12cd")
    one = drive_plan.producer_order(AddProducer("p1", "orders"), names, {}, 7)
    two = drive_plan.producer_order(AddProducer("p2", "orders"), names, {}, 7)
    assert one.seed != two.seed
    assert one.seed == drive_plan.producer_order(AddProducer("p1", "orders"), names, {}, 7).seed


def test_what_no_kafka_has_is_refused() -> None:
    with pytest.raises(Refused, match="no sign-up service"):
        drive_plan.check(scenario(topics=(TOPIC,), sign_ups=(AddSignUp("s"),)))
    with pytest.raises(Refused, match="no topic"):
        drive_plan.check(scenario())


def test_the_listing_names_everything_that_would_be_made() -> None:
    lines = drive_plan.listing(
        scenario(
            topics=(CreateTopic("orders", 3),),
            producers=(AddProducer("p1", "orders"),),
            consumers=(AddConsumer(group="billing"), AddConsumer("late", "audit")),
        )
    )
    assert lines == [
        "topic mqviz.<run>.orders: 3 partitions, 1 replica each; removed at the end",
        "group mqviz.<run>.audit; stays without members and commits, until Kafka deletes it",
        "group mqviz.<run>.billing; stays without members and commits, until Kafka deletes it",
        "producer p1: 1/s to orders",
        "consumer c1 of billing",
        "consumer late of audit",
    ]


def test_what_the_steps_of_a_lesson_add_is_listed_too() -> None:
    lines = drive_plan.listing(with_steps(course.find("15")))
    assert [line.split(";")[0] for line in lines if line.startswith("group")] == [
        "group mqviz.<run>.analytics",
        "group mqviz.<run>.email-consumers",
    ]
    assert "consumer c1 of email-consumers" in lines
    assert "consumer a1 of analytics" in lines
