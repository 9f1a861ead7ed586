"""Producer: an application that calls send() at its rate, and what it waits for in send().

Like a real broker: as real applications, one thread calls send(), so that a send() that blocks holds up all
that come after it: for a partition that the metadata does not know, and for buffer.memory, at most
max.block.ms each, then it fails (R39, R44). librdkafka does not block: its queue is full or it is not (R54).
How batches are filled and sent is in clients/producer/accumulator.py and clients/producer/sender.py.
Left out: an idempotent producer has its id from the start (R57).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error, java_class, librdkafka_name
from mqviz.model.kafka.clients.producer.events import SendBlocked, SendCame, SendFailed, SendWentOn
from mqviz.model.kafka.clients.producer.state import Call, Producer
from mqviz.model.kafka.log.sizes import BATCH_HEADER
from mqviz.sim.engine import STEP, TIMER, Simulation, due
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.clients.producer import accumulator, sender, transaction_loop, transaction_manager
from mqviz.sim.kafka.clients.producer import config as settings
from mqviz.sim.kafka.clients.producer.sender import drain

RECORD_OVERHEAD = 21
"""Most bytes that a record takes beside its key and value, as Java estimates before it has a batch."""


# -- the application ---------------------------------------------------------------------------------------


@transaction_loop.pace.filled
def pace(sim: Simulation, producer: Producer) -> None:
    """Schedule the next send() that the producer's rate asks for, if there is one."""
    given = producer.settings
    if producer.rate_per_s <= 0 or producer.calls or (given.count and producer.turn >= given.count):
        return
    if producer.transaction is not None and not transaction_loop.may_send(producer):
        return
    if producer.paced % given.burst:
        at_us = sim.now_us
    elif given.arrivals == "exponential":
        gap_us = sim.stream(f"producer {producer.name} arrivals").exponential(
            given.burst * 1e6 / producer.rate_per_s
        )
        at_us = max(sim.now_us, producer.paced_from_us if not producer.paced else 0) + gap_us
    else:
        at_us = producer.paced_from_us + int(producer.paced * 1e6 / producer.rate_per_s)
    delay_us = max(0, at_us - sim.now_us)
    sim.schedule(delay_us, STEP, _pace, producer.name, producer.life, cause=0)


@due
def _pace(sim: Simulation, name: str, life: int) -> None:
    producer = sim.state.cluster.producers[name]
    if producer.life != life:
        return
    given, ready = producer.settings, False
    left = given.burst - producer.paced % given.burst
    if given.count:
        left = min(left, given.count - producer.turn)
    until = producer.turn + left
    while producer.turn < until and not producer.calls:
        if producer.transaction is not None and not transaction_loop.before_send(sim, producer):
            break
        key = _next_key(sim, producer)
        most = until - producer.turn if len(given.keys) < 2 and given.partitioner == "java" else 1
        if producer.transaction is not None:
            most = transaction_loop.room(producer, most)
        ready = send(sim, producer, Call(given.topic, -1, key, "", None, -1, True), most) or ready
        if producer.transaction is not None:
            transaction_loop.after_send(sim, producer)
    if ready:
        drain(sim, producer)
    if producer.life == life:  # else whoever changed it will go on
        pace(sim, producer)


def _next_key(sim: Simulation, producer: Producer) -> str | None:
    keys = producer.settings.keys
    if not keys:
        return None
    if producer.settings.key_choice == "random":
        return sim.stream(f"producer {producer.name} keys").choice(keys)
    return keys[producer.turn % len(keys)]


# -- send() --------------------------------------------------------------------------------------------------


def send(sim: Simulation, producer: Producer, call: Call, most: int = 1) -> bool:
    """The application calls send(), at `most` so often in a row as one batch takes; True if a batch may leave
    now.
    """
    if producer.calls:
        _wait(sim, producer, call)
        return False
    if producer.transaction is not None and (thrown := transaction_manager.send_error(producer)):
        _fail(sim, producer, call, thrown[1], thrown[2], waited=False, thrown=thrown[0])
        return False
    failed = _failure(sim, producer, call) if _is_special(producer, call) else None
    if failed is not None:
        _fail(sim, producer, call, failed[0], failed[1], waited=False)
        return False
    cluster = sim.state.cluster
    unsure = call.partition >= 0 or bool(cluster.gone) or call.topic not in cluster.topics
    why = _blocked(sim, producer, call) if unsure else ""
    ready = _append(sim, producer, call, most) if not why else None
    if ready is None:
        _wait(sim, producer, call)
        _block(sim, producer, why or "buffer.memory")
        return False
    return ready


def _append(sim: Simulation, producer: Producer, call: Call, most: int = 1) -> bool | None:
    """Whether a batch may leave now that the record of `call` is in one; None: there was no memory for it."""
    found = accumulator.append(sim, producer, call, most)
    if found is None:
        return None
    queue, opens = found
    if opens:
        sender.opened(sim, producer)
    return sender.sendable(sim, producer, queue)


def _is_special(producer: Producer, call: Call) -> bool:
    """Whether it may fail at once: paced records were looked at when the producer was added."""
    return not call.paced or producer.settings.partitioner != "java"


def _failure(sim: Simulation, producer: Producer, call: Call) -> tuple[Error, str] | None:
    """Why send() fails without waiting: a record too large (R39), or librdkafka's queue full (R54)."""
    key = len(call.key.encode()) if call.key else 0
    size = BATCH_HEADER + RECORD_OVERHEAD + key + (accumulator.value_length(producer, call) or 0)
    for name in ("max.request.size", "buffer.memory"):
        most = settings.number(producer, name)
        if size > most and (name == "max.request.size" or producer.settings.partitioner == "java"):
            words = f"the message is {size} bytes when serialized which is larger than {most}"
            return Error.MESSAGE_TOO_LARGE, f"{words}, which is the value of the {name} configuration"
    if producer.settings.partitioner != "java":
        known = accumulator.partitions(sim, producer, call.topic)
        if 0 < known <= call.partition:
            return (
                Error.UNKNOWN_TOPIC_OR_PARTITION,
                f"Local: Unknown partition {call.partition} of {call.topic}",
            )
        inside = producer.sent - producer.acknowledged - producer.dropped
        most_bytes = settings.number(producer, "queue.buffering.max.kbytes") * 1024
        full = inside >= settings.number(producer, "queue.buffering.max.messages")
        if full or producer.buffered + size > most_bytes:
            return Error.NONE, "Local: Queue full"
    return None


def _blocked(sim: Simulation, producer: Producer, call: Call) -> str:
    """`metadata` if the client knows no such partition, or no such topic, which may yet come (R48); else
    nothing.
    """
    return "" if max(0, call.partition) < accumulator.partitions(sim, producer, call.topic) else "metadata"


def _wait(sim: Simulation, producer: Producer, call: Call) -> None:
    event = SendCame(
        *sim.stamp(),
        producer.name,
        call.topic,
        call.partition,
        call.key,
        call.value,
        call.stamp_us,
        call.length,
        call.paced,
    )
    sim.emit(event)


def _block(sim: Simulation, producer: Producer, why: str) -> None:
    """The oldest call waits from now on."""
    wait_us = settings.number(producer, "max.block.ms") * 1_000
    sim.cause = sim.emit(SendBlocked(*sim.stamp(), producer.name, why, sim.now_us + wait_us))
    sim.schedule(wait_us, TIMER, sender.calls, producer.name)
    if why == "metadata":
        metadata.refresh(sim, "producer", producer.name, producer.incarnation)
    drain(sim, producer)


@sender.calls.filled
def _calls(sim: Simulation, name: str) -> None:
    """Calls that wait: let them go on in their order, as far as they can (R44)."""
    producer = sim.state.cluster.producers[name]
    if producer.state not in ("running", "closing") or not producer.calls:
        return
    ready = False
    while producer.calls:
        call = producer.calls[0]
        why = _blocked(sim, producer, call)
        if not why and not accumulator.has_room(producer, call):
            why = "buffer.memory"
        failed = _failure(sim, producer, call)
        if not why and failed is None:
            sim.emit(SendWentOn(*sim.stamp(), name, _waited_us(sim, producer, call)))
            ready = bool(_append(sim, producer, call)) or ready
        elif failed is not None:
            _fail(sim, producer, call, failed[0], failed[1], waited=True)
        elif not call.until_us:
            _block(sim, producer, why)
            break
        elif sim.now_us >= call.until_us:
            _give_up(sim, producer, call, why)
        else:
            if why == "metadata":
                metadata.refresh(sim, "producer", producer.name, producer.incarnation)
            break
    if ready:
        drain(sim, producer)
    pace(sim, producer)


def _waited_us(sim: Simulation, producer: Producer, call: Call) -> int:
    """How long this call blocked."""
    most_us = settings.number(producer, "max.block.ms") * 1_000
    return sim.now_us - call.until_us + most_us if call.until_us else 0


def _give_up(sim: Simulation, producer: Producer, call: Call, why: str) -> None:
    block_ms = settings.number(producer, "max.block.ms")
    if why == "metadata":
        known = accumulator.partitions(sim, producer, call.topic)
        what = (
            f"Partition {call.partition} of topic {call.topic} with partition count {known} is"
            if known
            else f"Topic {call.topic}"
        )
        reason = f"{what} not present in metadata after {block_ms} ms."
    else:
        reason = f"Failed to allocate memory within the configured max blocking time {block_ms} ms."
    thrown = "TimeoutException" if why == "metadata" else "BufferExhaustedException"
    _fail(sim, producer, call, Error.REQUEST_TIMED_OUT, reason, waited=True, thrown=thrown)


def _fail(
    sim: Simulation,
    producer: Producer,
    call: Call,
    error: Error,
    reason: str,
    *,
    waited: bool,
    thrown: str = "",
) -> None:
    if producer.settings.partitioner != "java" and error and not thrown.startswith("KafkaError"):
        thrown = librdkafka_name(error, expired=error == Error.REQUEST_TIMED_OUT)
    thrown = thrown or (java_class(error) if error else "BufferError")
    event = SendFailed(
        *sim.stamp(),
        producer.name,
        call.topic,
        call.partition,
        call.key,
        thrown,
        error,
        reason,
        waited,
        call.paced,
    )
    sim.emit(event)
