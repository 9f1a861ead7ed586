"""One real client in a process of its own: `python -m mqviz.live.drive.child`, orders on stdin, reports on stdout.

A process each, so that killing and freezing it is what happens to real clients, and so that an abort of the
client library ends one client and never mqviz. It ends when its parent does: the kernel is asked to kill it
(Linux), and the end of stdin closes it.
"""

import os
import queue
import sys
import threading
from collections.abc import Sequence
from typing import Any, Final, Protocol

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from mqviz.live.drive.child import protocol as words
from mqviz.live.drive.child.consumer import ConsumerClient
from mqviz.live.drive.child.library import Tell, quiet_settings
from mqviz.live.drive.child.producer import ProducerClient
from mqviz.live.drive.child.protocol import now_us
from mqviz.live.supervise import die_with_parent

REFUSED: Final = 2
"""Exit code of a client that could not be made from its settings: starting it again would not help."""

ORDERLY_S: Final = 2.0
ADMIN_S: Final = 10.0
LOOK_S: Final = 5.0


class Client(Protocol):
    """What the loop below drives."""

    def obey(self, order: words.Order) -> None:
        """Carry out an order."""

    def turn(self) -> bool:
        """Work and listen for a moment (at most 50 ms); False when there is nothing left to do for good."""

    def close(self) -> None:
        """End in the orderly way."""


class Admin:
    """Makes and removes topics; a process of its own like every client."""

    def __init__(self, order: words.BeAdmin, tell: Tell) -> None:
        settings = quiet_settings(order.config, tell)
        del settings["allow.auto.create.topics"]  # a consumer's setting; list_topics below names no topic
        self._client = AdminClient(settings)
        self._tell = tell

    def obey(self, order: words.Order) -> None:
        """Carry out Look, Make or Remove."""
        match order:
            case words.Look():
                self._look()
            case words.Make(topic, replicas, settings):
                self._make(NewTopic(topic, len(replicas), replica_assignment=replicas, config=settings))
            case words.Remove(topics):
                self._finish(self._client.delete_topics(list(topics), operation_timeout=ADMIN_S), "delete")

    def turn(self) -> bool:
        """Serve callbacks."""
        self._client.poll(0.05)
        return True

    def close(self) -> None:
        """Nothing to let go of."""

    def _look(self) -> None:
        try:
            seen = self._client.list_topics(timeout=LOOK_S)
        except KafkaException as error:
            while self._client.poll(0):
                pass  # the reason is in the error callbacks
            why = f"no Kafka answered within {LOOK_S:.0f} s ({error.args[0].str()})"
            self._tell(
                words.Done(now_us(), f"{why}; is it a Kafka broker, and does it want TLS or a password?")
            )
            return
        brokers = tuple(sorted(seen.brokers))
        self._tell(words.Looked(now_us(), seen.cluster_id or "", brokers, tuple(sorted(seen.topics))))

    def _make(self, topic: NewTopic) -> None:
        self._finish(self._client.create_topics([topic], operation_timeout=ADMIN_S), "create")

    def _finish(self, futures: dict[str, Any], what: str) -> None:
        errors = []
        for topic, future in futures.items():
            try:
                future.result(ADMIN_S + 5)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    errors.append(f"could not {what} topic {topic}: {error.args[0].str()}")
            except TimeoutError:
                errors.append(f"could not {what} topic {topic}: no answer")
        self._tell(words.Done(now_us(), "; ".join(errors)))


def _be(order: words.Order, tell: Tell) -> Client:
    match order:
        case words.BeProducer():
            return ProducerClient(order, tell)
        case words.BeConsumer():
            return ConsumerClient(order, tell)
        case words.BeAdmin():
            return Admin(order, tell)
    raise ValueError(f"the first order is {type(order).__name__}, which makes no client")


def _listen(orders: "queue.SimpleQueue[words.Order | None]") -> None:
    """Put every order into the queue; at the end of stdin a last None, and then the time to end runs."""
    for line in sys.stdin.buffer:
        orders.put(words.ORDERS.decode(line))
    orders.put(None)
    threading.Event().wait(ORDERLY_S)
    os._exit(0)


def _run(client: Client, orders: "queue.SimpleQueue[words.Order | None]") -> None:
    while True:
        while not orders.empty():
            order = orders.get()
            if order is None or isinstance(order, words.Close):
                client.close()
                return
            client.obey(order)
        if not client.turn():
            client.close()
            return


def main(_: Sequence[str] = ()) -> int:
    """Be the client that the first order describes until told to close."""
    die_with_parent()
    out = sys.stdout.buffer

    def tell(report: words.Report) -> None:
        out.write(words.ENCODE(report) + b"\n")
        out.flush()

    orders: queue.SimpleQueue[words.Order | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    first = orders.get()
    if first is None:
        return 0
    try:
        client = _be(first, tell)
    except KafkaException as error:
        tell(words.Failed(now_us(), error.args[0].name(), error.args[0].str(), True))
        return REFUSED
    tell(words.Ready(now_us()))
    _run(client, orders)
    tell(words.Closed(now_us()))
    return 0


if __name__ == "__main__":
    try:
        code = main()
    except BrokenPipeError:
        code = 0
    os._exit(code)
