"""The consumer application in a child process: polls, processes one record after the other, commits.

While it processes, the poll goes on and puts records on a pile, so that a rebalance waits for the record in
hand and for nothing else. From the pile they are taken as from a poll: after every `max.poll.records` of
them, or at its end, what was processed is committed; in a long poll once a second. With auto-commit what was
processed is stored instead, by the library itself with enable.auto.offset.store, or not at all (R84).
"""

import random
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from mqviz.live.drive.child import protocol
from mqviz.live.drive.child.library import Emit, quiet_settings
from mqviz.live.drive.child.protocol import Place, now_us

MOMENT_US: Final = 50_000
COMMIT_US: Final = 1_000_000
MOST_WAITING: Final = 1_000
LONGEST_FINISH_S: Final = 5.0


class ConsumerClient:
    """One member of a group."""

    def __init__(self, order: protocol.BeConsumer, emit: Emit) -> None:
        settings: dict[str, Any] = quiet_settings(order.config, emit)
        self._emit = emit
        self._order = order
        self._processing_us = order.processing_us
        self._random = random.Random(order.seed)
        self._auto = order.commit == "auto"
        own = order.config.get("enable.auto.offset.store") == "false"
        self._stores = own and order.store_offsets == "after"
        self._owned: list[Place] = []
        self._waiting: deque[Message] = deque()
        self._in_hand: Message | None = None
        self._ends_us = 0
        self._done: dict[Place, int] = {}
        self._batch_left = 0
        self._committed_us = 0
        self._paused = False
        self._consumer = Consumer({**settings, "on_commit": self._on_commit})
        self._consumer.subscribe(
            list(order.topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )

    def obey(self, order: protocol.Order) -> None:
        """Take SetProcessing."""
        if isinstance(order, protocol.SetProcessing):
            self._processing_us = order.processing_us

    def turn(self) -> bool:
        """Go on with the records at hand; poll meanwhile."""
        if self._in_hand is not None and now_us() >= self._ends_us:
            self._finish()
        while self._in_hand is None and self._waiting:
            self._begin(self._waiting.popleft())
            if self._in_hand is not None and now_us() >= self._ends_us:
                self._finish()
        self._hold_back()
        self._take()
        return True

    def close(self) -> None:
        """Commit what is done and leave the group; the record in hand is given up."""
        self._give_up(self._owned)
        self._commit(wait=True)
        self._consumer.close()

    # -- records ---------------------------------------------------------------------------------------

    def _take(self) -> None:
        """One poll, as long as the record in hand lets it wait."""
        wait_us = MOMENT_US if self._in_hand is None else min(MOMENT_US, max(0, self._ends_us - now_us()))
        message = self._consumer.poll(wait_us / 1_000_000)
        if message is None:
            return
        error = message.error()
        if error is None:
            self._waiting.append(message)
        elif error.code() != KafkaError._PARTITION_EOF:
            self._emit(protocol.Failed(now_us(), error.name(), error.str(), error.fatal()))

    def _hold_back(self) -> None:
        """Keep the pile of unprocessed records small; what is paused is fetched again a second later."""
        full = len(self._waiting) >= (MOST_WAITING // 2 if self._paused else MOST_WAITING)
        if full == self._paused:
            return
        partitions = self._consumer.assignment()
        if full:
            self._consumer.pause(partitions)
        else:
            self._consumer.resume(partitions)
        self._paused = full

    def _begin(self, message: Message) -> None:
        if self._batch_left == 0:
            self._batch_left = min(1 + len(self._waiting), self._order.max_poll_records)
        self._batch_left -= 1
        if _place(message) not in self._owned:
            return
        took_us = self._processing_us
        if self._order.service_times == "exponential" and took_us:
            took_us = int(self._random.expovariate(1 / took_us))
        self._in_hand = message
        at_us = now_us()
        self._ends_us = at_us + took_us
        topic, partition = _place(message)
        key = message.key()
        text = key.decode(errors="replace") if isinstance(key, bytes) else key
        self._emit(protocol.Delivered(at_us, topic, partition, message.offset() or 0, text, took_us))

    def _finish(self) -> None:
        message = self._in_hand
        if message is None:
            return
        self._in_hand = None
        place, offset = _place(message), message.offset() or 0
        self._emit(protocol.Processed(now_us(), *place, offset))
        if self._stores or not self._auto:
            self._done[place] = offset + 1
        if self._stores and self._auto:
            self._consumer.store_offsets(offsets=[TopicPartition(*place, offset + 1)])
        if self._batch_left == 0 or now_us() - self._committed_us >= COMMIT_US:
            self._commit()

    def _give_up(self, places: Iterable[Place]) -> None:
        """Forget records of these partitions that are not processed; somebody will read them again."""
        gone = list(places)
        self._waiting = deque(message for message in self._waiting if _place(message) not in gone)
        if self._in_hand is not None and _place(self._in_hand) in gone:
            self._in_hand = None
        self._batch_left = min(self._batch_left, len(self._waiting))

    # -- commits ---------------------------------------------------------------------------------------

    def _commit(self, wait: bool = False) -> None:
        """Commit what was processed since the last commit; with auto-commit only at the end of ownership."""
        if not self._done or (self._auto and not wait):
            return
        self._committed_us = now_us()
        offsets = [TopicPartition(*place, offset) for place, offset in self._done.items()]
        self._done = {}
        try:
            if wait:
                self._consumer.commit(offsets=offsets, asynchronous=False)
                self._on_commit(None, offsets)
            else:
                self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            self._on_commit(error.args[0], offsets)

    def _on_commit(self, error: KafkaError | None, partitions: Sequence[TopicPartition]) -> None:
        if error is not None and error.code() == KafkaError._NO_OFFSET:
            return
        offsets = tuple((p.topic, p.partition, p.offset) for p in partitions if p.offset >= 0)
        self._emit(protocol.Committed(now_us(), offsets, error.name() if error else ""))

    # -- the group -------------------------------------------------------------------------------------

    def _assigned(self, _: Consumer, partitions: Sequence[TopicPartition]) -> None:
        given = [(p.topic, p.partition) for p in partitions]
        self._owned = [*self._owned, *(place for place in given if place not in self._owned)]
        self._paused = False
        self._emit(protocol.Assigned(now_us(), tuple(given), tuple(self._owned)))

    def _revoked(self, _: Consumer, partitions: Sequence[TopicPartition]) -> None:
        taken = [(p.topic, p.partition) for p in partitions]
        if self._in_hand is not None and _place(self._in_hand) in taken:
            time.sleep(min(LONGEST_FINISH_S, max(0, self._ends_us - now_us()) / 1_000_000))
            self._finish()
        self._commit(wait=True)
        self._let_go(taken, lost=False)

    def _lost(self, _: Consumer, partitions: Sequence[TopicPartition]) -> None:
        taken = [(p.topic, p.partition) for p in partitions]
        self._done = {place: offset for place, offset in self._done.items() if place not in taken}
        self._let_go(taken, lost=True)

    def _let_go(self, taken: Sequence[Place], lost: bool) -> None:
        self._give_up(taken)
        self._owned = [place for place in self._owned if place not in taken]
        self._paused = False
        self._emit(protocol.Revoked(now_us(), tuple(taken), tuple(self._owned), lost))


def _place(message: Message) -> Place:
    return message.topic() or "", message.partition() or 0
