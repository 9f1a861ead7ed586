"""A producer: its settings, batches and memory, and its transaction as its client knows it."""

from __future__ import annotations

import msgspec

from mqviz.model.command.producer import AddProducer
from mqviz.model.kafka.clients.producer.accumulator import Queue


class Sticky(msgspec.Struct):
    """Where records without key go for now: since when, and how many bytes went there (R51, R54)."""

    partition: int
    chosen_at_us: int
    bytes: int = 0


class Call(msgspec.Struct):
    """A send() that waits in the application: the first one blocks, the others come after it.

    `until_us`: when max.block.ms is over, 0: it does not block yet; `why`: what it waits for.
    """

    topic: str
    partition: int
    key: str | None
    value: str | None
    stamp_us: int | None
    length: int
    paced: bool
    until_us: int = 0
    why: str = ""


class Producer(msgspec.Struct):
    """A producer application.

    `state`: running, paused, closing, closed, dead. `incarnation` counts its starts, `life` its starts,
    pauses, changes of rate and ends: a timer of an earlier life is void. The n-th record since
    `paced_from_us` is due at n / rate. `sent`: records that send() took; `appended`: of these in the log;
    `acknowledged`: of these known to be safe; `dropped`: died with the process, or was given up. `requests`
    in flight, by broker. `retries`, `duplicates`: batches sent again, records that came into the log once
    more. `buffered`: bytes of buffer.memory in use, or of librdkafka's queue. `calls`: send() that wait;
    `refused`: those that failed at once. `numbers`: records of earlier processes of this name, by partition.
    `transaction`: what a producer with a transactional.id knows of its transactions.
    """

    name: str
    settings: AddProducer
    producer_id: int
    rate_per_s: float
    incarnation: int
    life: int
    state: str = "running"
    epoch: int = 0
    paced_from_us: int = 0
    paced: int = 0
    last_paced_at_us: int = 0
    turn: int = 0
    sent: int = 0
    appended: int = 0
    acknowledged: int = 0
    dropped: int = 0
    sticky: Sticky | None = None
    queues: dict[str, Queue] = msgspec.field(default_factory=dict)
    requests: dict[int, int] = msgspec.field(default_factory=dict)
    retries: int = 0
    duplicates: int = 0
    buffered: int = 0
    refused: int = 0
    calls: list[Call] = msgspec.field(default_factory=list)
    numbers: dict[str, int] = msgspec.field(default_factory=dict)
    transaction: Transacting | None = None

    def numbered(self) -> dict[str, int]:
        """How many records it and those of its name before it sent to each partition."""
        return self.numbers | {key: queue.begin + queue.next_sequence for key, queue in self.queues.items()}

    def queue(self, topic: str, partition: int) -> Queue:
        """The queue of a partition that was written to."""
        return self.queues[f"{topic}-{partition}"]


class Transacting(msgspec.Struct):
    """What a transactional producer knows of its transactions.

    `call`: init, commit, abort or offsets, while it is not done; `waiting`: the application waits in it (not
    after it timed out); `called` counts such calls. `request`: the number of what it asked a coordinator, 0:
    nothing is on its way, and nothing will be before `again_at_us`. `started`: something was sent in this
    transaction. `error`, `thrown`: why it is in an error state. `sent`: records of the open transaction, the
    last one if none is open. `ended`: transactions so far, of which `aborted`. `group`, `offsets`,
    `generation`, `member_id`: what the last sendOffsetsToTransaction() gave. With transaction version 1:
    `added`, `added_groups`: what the coordinator knows to be in the open transaction; `adding`: the number of
    the request that tells it more, `add_again_at_us`: not before.
    """

    transactional_id: str
    state: str = "UNINITIALIZED"
    call: str = ""
    waiting: bool = False
    called: int = 0
    request: int = 0
    again_at_us: int = 0
    started: bool = False
    sent: int = 0
    began_at_us: int = 0
    error: int = 0
    thrown: str = ""
    ended: int = 0
    aborted: int = 0
    group: str = ""
    offsets: tuple[tuple[str, int, int], ...] = ()
    generation: int = -1
    member_id: str = ""
    added: list[tuple[str, int]] = msgspec.field(default_factory=list)
    added_groups: list[str] = msgspec.field(default_factory=list)
    adding: int = 0
    add_again_at_us: int = 0

    @property
    def open(self) -> bool:
        """Whether the application is inside a transaction, or on its way out of it."""
        return self.state in ("IN_TRANSACTION", "COMMITTING", "ABORTING", "ABORTABLE_ERROR")

    @property
    def failed(self) -> bool:
        """Whether it is in an error state."""
        return self.state in ("ABORTABLE_ERROR", "FATAL_ERROR")

    @property
    def flushes(self) -> bool:
        """Whether all that waits must leave now, because the transaction ends."""
        return self.call in ("commit", "abort") and not self.failed


TRANSACTION_MOVES: dict[str, tuple[str, ...]] = {
    "UNINITIALIZED": ("INITIALIZING", "FATAL_ERROR"),
    "INITIALIZING": ("READY", "FATAL_ERROR"),
    "READY": ("IN_TRANSACTION", "FATAL_ERROR"),
    "IN_TRANSACTION": ("COMMITTING", "ABORTING", "ABORTABLE_ERROR", "FATAL_ERROR"),
    "ABORTABLE_ERROR": ("ABORTING", "FATAL_ERROR"),
    "COMMITTING": ("READY", "ABORTABLE_ERROR", "FATAL_ERROR"),
    "ABORTING": ("READY", "INITIALIZING", "FATAL_ERROR"),
    "FATAL_ERROR": (),
}
"""From each state of a transactional producer the states that may follow; FATAL_ERROR: it can only be closed
(R61).
"""

STATE_OF_CALL = {"init": "INITIALIZING", "commit": "COMMITTING", "abort": "ABORTING"}
"""Where a call that waits for the coordinator leads at once; `offsets` stays where it is."""
