"""The producer application in a child process: sends at a rate, one record after the other, as a user's
would.
"""

import random
from typing import Any, Final

from confluent_kafka import KafkaError, Message, Producer

from mqviz.live.drive.child import protocol
from mqviz.live.drive.child.library import Emit, quiet_settings
from mqviz.live.drive.child.protocol import now_us

MOMENT_S: Final = 0.05
FLUSH_S: Final = 1.5


class ProducerClient:
    """Sends records when they are due and reports what becomes of each."""

    def __init__(self, order: protocol.BeProducer, emit: Emit) -> None:
        settings: dict[str, Any] = quiet_settings(order.config, emit)
        self._producer = Producer(settings)
        self._order = order
        self._emit = emit
        self._rate_per_s = order.rate_per_s
        self._random = random.Random(order.seed)
        self._number = 0
        self._from_rate = 0
        self._due_us = now_us() + order.start_us

    def obey(self, order: protocol.Order) -> None:
        """Take SetRate or Send."""
        match order:
            case protocol.SetRate(rate):
                self._rate_per_s = rate
                self._due_us = now_us() + self._gap_us() if rate > 0 else 0
            case protocol.Send(key, count):
                for _ in range(count):
                    self._send(key)

    def turn(self) -> bool:
        """Send what is due, then serve the library until the next record is, or a moment."""
        while self._wants_more() and self._due_us <= now_us():
            self._send(self._next_key())
            self._from_rate += 1
            self._due_us += self._gap_us()
        wait_s = MOMENT_S
        if self._wants_more():
            wait_s = min(MOMENT_S, max(0, self._due_us - now_us()) / 1_000_000)
        self._producer.poll(wait_s)
        return True

    def close(self) -> None:
        """Send what is held, wait for the answers."""
        self._producer.flush(FLUSH_S)

    def _wants_more(self) -> bool:
        return self._rate_per_s > 0 and (self._order.count == 0 or self._from_rate < self._order.count)

    def _gap_us(self) -> int:
        mean = 1_000_000 / self._rate_per_s
        return int(mean if self._order.arrivals == "even" else self._random.expovariate(1 / mean))

    def _next_key(self) -> str | None:
        keys = self._order.keys
        if not keys:
            return None
        return (
            self._random.choice(keys)
            if self._order.key_choice == "random"
            else keys[self._from_rate % len(keys)]
        )

    def _send(self, key: str | None) -> None:
        self._number += 1
        number, sent_at_us = self._number, now_us()

        def answered(error: KafkaError | None, message: Message) -> None:
            self._answered(number, key, sent_at_us, error, message)

        value = str(number).encode().ljust(self._order.value_size, b".")
        encoded = None if key is None else key.encode()
        self._emit(protocol.Sent(sent_at_us, number, key))
        while True:
            try:
                self._producer.produce(self._order.topic, value, encoded, on_delivery=answered)
                return
            except BufferError:
                self._producer.poll(MOMENT_S)

    def _answered(
        self, number: int, key: str | None, sent_at_us: int, error: KafkaError | None, message: Message
    ) -> None:
        if error is not None:
            self._emit(
                protocol.NotProduced(now_us(), number, key, f"{error.name()}: {error.str()}", sent_at_us)
            )
            return
        offset = message.offset()
        self._emit(
            protocol.Produced(
                now_us(),
                number,
                key,
                message.topic() or self._order.topic,
                message.partition() or 0,
                -1 if offset is None or offset < 0 else offset,
                sent_at_us,
            )
        )
