"""What becomes of a producer: records in its accumulator, batches on their way, its transaction."""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.kafka.clients.producer.accumulator import OpenBatch, Queue
from mqviz.model.kafka.clients.producer.events import (
    BatchesDrained,
    BatchRetried,
    BatchSplit,
    EpochWanted,
    FlushCalled,
    PartitionsAsked,
    PartitionsNotRegistered,
    PartitionsRegistered,
    ProducerAdded,
    ProducerChanged,
    ProducerEpochBumped,
    ProducerIdTaken,
    ProducerPaced,
    RecordsAcknowledged,
    RecordsFailed,
    RequestFinished,
    SendBlocked,
    SendCalled,
    SendCame,
    SendFailed,
    SendWentOn,
    SequencesResolved,
    StickyMoved,
    TransactionAsked,
    TransactionBegan,
    TransactionCalled,
    TransactionCallRefused,
    TransactionDelayed,
    TransactionFailed,
    TransactionReturned,
)
from mqviz.model.kafka.clients.producer.state import (
    STATE_OF_CALL,
    TRANSACTION_MOVES,
    Call,
    Producer,
    Sticky,
    Transacting,
)
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.ledger import state as ledger_state
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.moves import move
from mqviz.model.state import State


@applies(ProducerAdded)
def _added(state: State, event: ProducerAdded) -> None:
    cluster = state.cluster
    before = cluster.producers.pop(event.name, None)
    settings = event.settings
    cluster.producers[event.name] = Producer(
        event.name,
        settings,
        event.producer_id,
        float(settings.rate),
        before.incarnation + 1 if before else 1,
        before.life + 1 if before else 1,
        paced_from_us=event.at_us + settings.start,
        numbers=before.numbered() if before else {},
        transaction=Transacting(name) if (name := settings.config.get("transactional.id")) else None,
    )
    cluster.last_producer_id = max(cluster.last_producer_id, event.producer_id)
    for key in settings.keys:
        cluster.note_key(key)


@applies(SendCalled)
def _sent(state: State, event: SendCalled) -> None:
    cluster = state.cluster
    producer = cluster.producers[event.producer]
    partition = cluster.partition(event.topic, event.partition)
    queue = producer.queues.get(partition.key)
    if queue is None:
        begin = producer.numbers.get(partition.key, 0)
        queue = producer.queues[partition.key] = Queue(event.topic, event.partition, begin)
    if event.opens:
        if queue.batches:
            queue.batches[-1].closed = True
        java = producer.settings.partitioner == "java"
        charge = max(int(producer.settings.batch_size), event.bytes) if java else 0
        queue.batches.append(OpenBatch(event.at_us, event.sequence, 0, [], charge=charge))
        producer.buffered += charge
    last = queue.batches[-1]
    last.bytes += event.bytes
    if producer.settings.partitioner != "java":  # librdkafka holds its records, and no buffer for each batch
        last.charge += event.bytes
        producer.buffered += event.bytes
    last.keys += [event.key] * event.count
    own = event.value != "" or event.stamp_us is not None or event.length >= 0
    if own or last.values or last.created or last.lengths:
        stamp_us = event.at_us if event.stamp_us is None else event.stamp_us
        last.note(event.value, stamp_us, event.length, int(producer.settings.value_size), event.count)
    queue.next_sequence = event.sequence + event.count
    producer.sent += event.count
    partition.sent += event.count
    if event.paced:
        producer.paced += event.count
        producer.last_paced_at_us = event.at_us
        producer.turn += event.count
    if producer.transaction is not None:
        producer.transaction.started = True
        producer.transaction.sent += event.count
    if not event.keyed and producer.sticky is not None:
        producer.sticky.bytes += event.bytes
    cluster.note_key(event.key)


@applies(StickyMoved)
def _moved(state: State, event: StickyMoved) -> None:
    state.cluster.producers[event.producer].sticky = Sticky(event.partition, event.at_us)


@applies(BatchesDrained)
def _drained(state: State, event: BatchesDrained) -> None:
    producer = state.cluster.producers[event.producer]
    producer.requests[event.broker] = producer.requests.get(event.broker, 0) + 1
    for topic, number in event.partitions:
        queue = producer.queues[state.cluster.partition(topic, number).key]
        queue.left(event.number, event.broker, producer.epoch, event.at_us)


@applies(RecordsAcknowledged)
def _acknowledged(state: State, event: RecordsAcknowledged) -> None:
    producer = state.cluster.producers[event.producer]
    producer.acknowledged += event.count
    queue = producer.queue(event.topic, event.partition)
    batch = queue.take(event.first_number - queue.begin)
    if batch is not None:
        producer.buffered -= batch.charge
        queue.acked = max(queue.acked, batch.sequence + event.count - 1)
        queue.note(batch, event.at_us)
    _tell(
        state,
        event.producer,
        event.topic,
        event.partition,
        event.first_number,
        event.count,
        ledger_state.ACKNOWLEDGE,
    )


@applies(RecordsFailed)
def _failed(state: State, event: RecordsFailed) -> None:
    producer = state.cluster.producers[event.producer]
    queue = producer.queue(event.topic, event.partition)
    batch = queue.take(event.first_number - queue.begin)
    if batch is None:
        return
    producer.buffered -= batch.charge
    queue.give_up(batch)
    queue.unresolved = queue.unresolved or event.unresolved
    if not batch.written:
        producer.dropped += event.count
        state.cluster.partition(event.topic, event.partition).dropped += event.count
    _tell(
        state,
        event.producer,
        event.topic,
        event.partition,
        event.first_number,
        event.count,
        ledger_state.FAIL,
    )


def _tell(
    state: State, producer: str, topic: str, partition: int, first_number: int, count: int, what: bytes
) -> None:
    """The ledger hears what a producer was told of its records, or that they died with it."""
    if first_number >= 0:
        found = state.cluster.ledger_of(state.cluster.partition(topic, partition))
        found.track(producer).change(first_number, first_number + count, what)


@applies(RequestFinished)
def _finished(state: State, event: RequestFinished) -> None:
    state.cluster.producers[event.producer].requests[event.broker] -= 1


@applies(ProducerPaced)
def _rate(state: State, event: ProducerPaced) -> None:
    producer = state.cluster.producers[event.producer]
    producer.rate_per_s = event.rate_per_s
    producer.paced_from_us = event.paced_from_us
    producer.paced = 0
    producer.life += 1


@applies(ProducerChanged)
def _changed(state: State, event: ProducerChanged) -> None:
    producer = state.cluster.producers[event.producer]
    producer.state = event.state
    producer.life += 1
    if event.state == "running":
        producer.paced_from_us = event.at_us
        producer.paced = 0
    if event.state == "dead":
        _drop(state, producer)


def _drop(state: State, producer: Producer) -> None:
    """What still waited in the process dies with it."""
    producer.calls = []
    for queue in producer.queues.values():
        count = sum(len(batch.keys) for batch in queue.batches if not batch.written)
        gone = ledger_state.removal("never sent")
        for batch in queue.batches:
            queue.give_up(batch)
            first, size = queue.begin + batch.first_sequence, len(batch.keys)
            if not batch.written:
                _tell(state, producer.name, queue.topic, queue.partition, first, size, gone)
        queue.batches = []
        producer.dropped += count
        state.cluster.partition(queue.topic, queue.partition).dropped += count


@applies(BatchAppended)
def _appended(state: State, event: BatchAppended) -> None:
    cluster, batch = state.cluster, event.batch
    partition, producer = (
        cluster.partition(event.topic, event.partition),
        cluster.producers.get(batch.producer),
    )
    request = cluster.requests.get(event.number)
    if producer is None:  # from outside, or a marker: nobody here handed it over before
        partition.sent += batch.count
    elif request is not None and request.incarnation == producer.incarnation:
        _wrote(producer, partition, batch)


def _wrote(producer: Producer, partition: Partition, batch: Batch) -> None:
    """A leader wrote a batch of this producer: count its records once, and every further time as duplicates
    (R34).
    """
    queue = producer.queues.get(partition.key)
    first = batch.first_number - (queue.begin if queue is not None else 0)
    waiting = queue.find(first) if queue is not None else None
    if waiting is not None and not waiting.written:
        waiting.written = True
        producer.appended += batch.count
    elif waiting is None and queue is not None and queue.given_up.pop(first, 0):
        producer.appended += batch.count
        producer.dropped -= batch.count
        partition.dropped -= batch.count
    else:
        producer.duplicates += batch.count
        partition.sent += batch.count
        partition.duplicates += batch.count


@applies(BatchRetried)
def _retried(state: State, event: BatchRetried) -> None:
    producer = state.cluster.producers[event.producer]
    queue = producer.queue(event.topic, event.partition)
    batch = queue.take(event.first)
    if batch is not None:
        producer.retries += 1
        batch.attempts, batch.retry_at_us, batch.request = event.attempt, event.retry_at_us, 0
        queue.put_back(batch, event.in_order)


@applies(BatchSplit)
def _split(state: State, event: BatchSplit) -> None:
    producer = state.cluster.producers[event.producer]
    queue = producer.queue(event.topic, event.partition)
    batch = queue.take(event.first)
    if batch is None:
        return
    producer.buffered -= batch.charge
    begin, parts = 0, []
    for count, size in event.parts:
        parts.append(batch.part(begin, begin + count, size))
        begin += count
    for part in reversed(parts):
        queue.put_back(part, in_order=part.sequence > 0)


@applies(SequencesResolved)
def _resolved(state: State, event: SequencesResolved) -> None:
    state.cluster.producers[event.producer].queue(event.topic, event.partition).unresolved = False


@applies(ProducerEpochBumped)
def _bumped(state: State, event: ProducerEpochBumped) -> None:
    producer = state.cluster.producers[event.producer]
    producer.epoch = event.epoch
    producer.queue(event.topic, event.partition).begin_epoch(event.epoch)


@applies(SendCame)
def _came(state: State, event: SendCame) -> None:
    call = Call(
        event.topic, event.partition, event.key, event.value, event.stamp_us, event.length, event.paced
    )
    state.cluster.producers[event.producer].calls.append(call)


@applies(FlushCalled)
def _flushed(state: State, event: FlushCalled) -> None:
    for queue in state.cluster.producers[event.producer].queues.values():
        if queue.batches:
            queue.batches[-1].closed = True


@applies(SendBlocked)
def _blocked(state: State, event: SendBlocked) -> None:
    producer = state.cluster.producers[event.producer]
    producer.calls[0].until_us, producer.calls[0].why = event.until_us, event.why
    producer.life += 1


@applies(SendWentOn)
def _went_on(state: State, event: SendWentOn) -> None:
    del state.cluster.producers[event.producer].calls[0]


@applies(SendFailed)
def _send_failed(state: State, event: SendFailed) -> None:
    producer = state.cluster.producers[event.producer]
    producer.refused += 1
    if event.waited:
        del producer.calls[0]
    if event.paced:
        producer.paced += 1
        producer.last_paced_at_us = event.at_us
        producer.turn += 1


def _of(state: State, name: str) -> tuple[Producer, Transacting]:
    producer = state.cluster.producers[name]
    if producer.transaction is None:
        raise TypeError(f"{name} is not transactional")
    return producer, producer.transaction


def _move(found: Transacting, then: str) -> None:
    found.state = move(TRANSACTION_MOVES, found.state, then, f"producer of {found.transactional_id}")


@applies(TransactionCalled)
def _called(state: State, event: TransactionCalled) -> None:
    producer, found = _of(state, event.producer)
    then = STATE_OF_CALL.get(event.call)
    if then is not None and found.call != event.call:
        _move(found, then)
    found.call, found.waiting = event.call, True
    found.called += 1
    producer.life += 1
    if event.call == "offsets":
        found.group, found.offsets, found.started = event.group, event.offsets, True
        found.generation, found.member_id = event.generation, event.member_id


@applies(TransactionBegan)
def _began(state: State, event: TransactionBegan) -> None:
    _, found = _of(state, event.producer)
    _move(found, "IN_TRANSACTION")
    found.started, found.sent, found.began_at_us = False, 0, event.at_us
    found.added, found.added_groups, found.adding, found.add_again_at_us = [], [], 0, 0


@applies(TransactionAsked)
def _asked(state: State, event: TransactionAsked) -> None:
    _of(state, event.producer)[1].request = event.number


@applies(TransactionDelayed)
def _delayed(state: State, event: TransactionDelayed) -> None:
    _, found = _of(state, event.producer)
    found.request, found.again_at_us = 0, event.until_us


@applies(PartitionsAsked)
def _adding(state: State, event: PartitionsAsked) -> None:
    _of(state, event.producer)[1].adding = event.number


@applies(PartitionsRegistered)
def _partitions_registered(state: State, event: PartitionsRegistered) -> None:
    _, found = _of(state, event.producer)
    found.adding = 0
    found.added += event.partitions
    found.added_groups += event.groups


@applies(PartitionsNotRegistered)
def _not_added(state: State, event: PartitionsNotRegistered) -> None:
    _, found = _of(state, event.producer)
    found.adding, found.add_again_at_us = 0, event.until_us


@applies(EpochWanted)
def _wanted(state: State, event: EpochWanted) -> None:
    _, found = _of(state, event.producer)
    _move(found, "INITIALIZING")
    found.request = 0


@applies(ProducerIdTaken)
def _taken(state: State, event: ProducerIdTaken) -> None:
    producer, _ = _of(state, event.producer)
    producer.producer_id, producer.epoch = event.producer_id, event.epoch


@applies(TransactionReturned)
def _returned(state: State, event: TransactionReturned) -> None:
    _, found = _of(state, event.producer)
    found.waiting = False
    if event.thrown == "TimeoutException":
        return
    found.call, found.request = "", 0
    if event.thrown:
        return
    if event.call in ("commit", "abort"):
        found.ended += 1
        found.aborted += event.call == "abort"
        found.started, found.error, found.thrown = False, 0, ""
    if event.call != "offsets":
        _move(found, "READY")


@applies(TransactionCallRefused)
def _refused(state: State, event: TransactionCallRefused) -> None:
    """The client is as it was."""


@applies(TransactionFailed)
def _transaction_failed(state: State, event: TransactionFailed) -> None:
    _, found = _of(state, event.producer)
    _move(found, "FATAL_ERROR" if event.fatal else "ABORTABLE_ERROR")
    found.error, found.thrown, found.request = event.error, event.thrown, 0
