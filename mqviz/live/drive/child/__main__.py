"""One real client in its own process: `python -m mqviz.live.drive.child`, orders on stdin, reports on stdout.

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

from mqviz.live.drive.child import protocol
from mqviz.live.drive.child.consumer import ConsumerClient
from mqviz.live.drive.child.library import Emit, quiet_settings
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

    def obey(self, order: protocol.Order) -> None:
        """Carry out an order."""

    def turn(self) -> bool:
        """Work and listen for a moment (at most 50 ms); False when there is nothing left to do for good."""

    def close(self) -> None:
        """End in the orderly way."""


class Admin:
    """Makes and removes topics; a process of its own like every client."""

    def __init__(self, order: protocol.BeAdmin, emit: Emit) -> None:
        settings = quiet_settings(order.config, emit)
        del settings["allow.auto.create.topics"]  # a consumer's setting; list_topics below names no topic
        self._client = AdminClient(settings)
        self._emit = emit

    def obey(self, order: protocol.Order) -> None:
        """Carry out Look, Make or Remove."""
        match order:
            case protocol.Look():
                self._look()
            case protocol.Make(topic, replicas, settings):
                self._make(NewTopic(topic, len(replicas), replica_assignment=replicas, config=settings))
            case protocol.Remove(topics):
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
            self._emit(
                protocol.Done(now_us(), f"{why}; is it a Kafka broker, and does it want TLS or a password?")
            )
            return
        brokers = tuple(sorted(seen.brokers))
        self._emit(protocol.Looked(now_us(), seen.cluster_id or "", brokers, tuple(sorted(seen.topics))))

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
        self._emit(protocol.Done(now_us(), "; ".join(errors)))


def _be(order: protocol.Order, emit: Emit) -> Client:
    match order:
        case protocol.BeProducer():
            return ProducerClient(order, emit)
        case protocol.BeConsumer():
            return ConsumerClient(order, emit)
        case protocol.BeAdmin():
            return Admin(order, emit)
    raise ValueError(f"the first order is {type(order).__name__}, which makes no client")


def _listen(orders: "queue.SimpleQueue[protocol.Order | None]") -> None:
    """Put every order into the queue; at the end of stdin a last None, and then the time to end runs."""
    for line in sys.stdin.buffer:
        orders.put(protocol.ORDERS.decode(line))
    orders.put(None)
    threading.Event().wait(ORDERLY_S)
    os._exit(0)


def _run(client: Client, orders: "queue.SimpleQueue[protocol.Order | None]") -> None:
    while True:
        while not orders.empty():
            order = orders.get()
            if order is None or isinstance(order, protocol.Close):
                client.close()
                return
            client.obey(order)
        if not client.turn():
            client.close()
            return


def main(_: Sequence[str] = ()) -> int:
    """Be the client that the first order describes until it is to close."""
    die_with_parent()
    out = sys.stdout.buffer

    def emit(report: protocol.Report) -> None:
        out.write(protocol.ENCODE(report) + b"\n")
        out.flush()

    orders: queue.SimpleQueue[protocol.Order | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()
    first = orders.get()
    if first is None:
        return 0
    try:
        client = _be(first, emit)
    except KafkaException as error:
        emit(protocol.Failed(now_us(), error.args[0].name(), error.args[0].str(), True))
        return REFUSED
    emit(protocol.Ready(now_us()))
    _run(client, orders)
    emit(protocol.Closed(now_us()))
    return 0


if __name__ == "__main__":
    try:
        code = main()
    except BrokenPipeError:
        code = 0
    os._exit(code)
