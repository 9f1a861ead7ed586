"""The simulated side: request values to the broker's handlers, answers as both sides tell them."""

from __future__ import annotations

from random import Random
from typing import Any

from mqviz.kafka.errors import Error
from mqviz.model.kafka.protocol.requests import AnyRequest, FetchRequest, ShareFetchRequest
from mqviz.model.kafka.protocol.responses import (
    AnyResponse,
    ConsumerGroupHeartbeatResponse,
    DeleteRecordsResponse,
    EndTxnResponse,
    FetchResponse,
    InitProducerIdResponse,
    JoinGroupResponse,
    ListOffsetsResponse,
    OffsetFetchResponse,
    OffsetForLeaderEpochResponse,
    ProduceResponse,
    ShareAcknowledgeResponse,
    ShareFetchResponse,
    ShareGroupHeartbeatResponse,
    SyncGroupResponse,
    WriteTxnMarkersResponse,
)
from tests.fuzz.names import Names
from tests.fuzz.side import Op, Part, Step, Told, error_name, joined
from tests.sim.kafka.worlds import MS, Outside, run

QUIET_US = 20 * MS
EMPTY_US = 600 * MS
AGAIN = 20
TOPICS = ("t", "u")
PARTITIONS = 2


class Simulated:
    """One broker, two topics of two partitions."""

    def __init__(self) -> None:
        self.names = Names()
        self._run = run(*(f"create topic {t} partitions={PARTITIONS}" for t in TOPICS), brokers=1)
        self._waiting: dict[int, tuple[Outside, int, AnyRequest]] = {}

    def do(self, number: int, op: Op) -> Told:
        """Ask, and the answers that came until everything is quiet."""
        if isinstance(op.request, str):
            self._run.do(op.request)
            self._quiet()
            return {}
        request, client = self.names.put_in(op.request), Outside(self._run, op.line)
        self._waiting[number] = (client, client.send(request), request)
        self._quiet()
        answers = self._answers()
        if (
            isinstance(request, ShareFetchRequest) and number not in answers
        ):  # it waits for records: let it have none
            self._run.to(self._run.backend.now_us + EMPTY_US)
            answers |= self._answers()
        for _ in range(AGAIN):
            if not busy(answers.get(number)):
                break
            self._waiting[number] = (client, client.send(request), request)
            self._quiet()
            answers |= self._answers()
        return answers

    def _quiet(self) -> None:
        self._run.to(self._run.backend.now_us + QUIET_US)

    def _answers(self) -> Told:
        found: Told = {}
        for number, (client, flight, request) in list(self._waiting.items()):
            answer = client.answer(flight)
            if answer is not None:
                found[number] = self._told(answer, request)
                del self._waiting[number]
        return found

    def _told(self, answer: AnyResponse, request: AnyRequest) -> Any:
        names, error = self.names, error_name(answer.error)
        match answer:
            case (
                InitProducerIdResponse(producer_id=owner, producer_epoch=epoch)
                | EndTxnResponse(producer_id=owner, producer_epoch=epoch)
            ):
                return error, names.heard_owner(owner), epoch
            case FetchResponse():
                return error, self._fetched(answer, request)
            case ProduceResponse(partitions=told):
                return error, sorted((p.topic, p.partition, error_name(p.error), p.base_offset) for p in told)
            case (
                ListOffsetsResponse(partitions=parts)
                | DeleteRecordsResponse(partitions=parts)
                | OffsetFetchResponse(partitions=parts)
            ):
                return error, sorted((t, n, error_name(code), offset) for t, n, code, offset in parts)
            case JoinGroupResponse():
                has_id = answer.error in (0, Error.MEMBER_ID_REQUIRED)
                told = (
                    names.heard_member(answer.member_id) if has_id else "",
                    answer.generation,
                    answer.assignor,
                )
                listed = sorted(answer.members, key=lambda m: m[2] or "")
                members = [(names.heard_member(m), topics, i, h.owned) for m, topics, i, h in listed]
                leader = names.heard_member(answer.group_leader)
                return error, *told, leader, sorted(members), answer.skip_assignment
            case SyncGroupResponse(assignment=parts):
                return error, sorted(parts)
            case ConsumerGroupHeartbeatResponse(member_epoch=epoch, assignment=parts):
                return error, epoch, None if parts is None else sorted(parts)
            case ShareGroupHeartbeatResponse():
                return (error,)
            case ShareFetchResponse(partitions=parts, acked=acked):
                given = [(t, n, first, end - 1, count) for t, n, _, first, end, count in parts]
                return error, joined(given), sorted((t, n, error_name(code)) for t, n, code in acked)
            case ShareAcknowledgeResponse(acked=acked):
                return error, sorted((t, n, error_name(code)) for t, n, code in acked)
            case WriteTxnMarkersResponse() | OffsetForLeaderEpochResponse():
                raise AssertionError(f"nothing is known to tell of {answer}")
            case _:
                return (error,)

    def _fetched(self, answer: FetchResponse, request: AnyRequest) -> Any:
        assert isinstance(request, FetchRequest)
        found, aborted = [], []
        for part in answer.partitions:
            place = part.topic, part.partition
            log = (
                self._run.backend.state.cluster.partition(*place).replicas[1].log if not part.error else None
            )
            batches = [
                (b.base_offset, b.count, self.names.heard_owner(b.producer_id), b.producer_epoch, b.control)
                for b in (log.read(part.first, part.end) if log else ())
            ]
            found.append((*place, error_name(part.error), part.high_watermark, batches))
            aborted += [(*place, self.names.heard_owner(o), first) for o, first in part.aborted_transactions]
        return sorted(found), sorted(aborted)


def busy(told: Any) -> bool:
    """Whether an answer says that a transaction still ends: the client asks again."""
    return bool(told) and Error.CONCURRENT_TRANSACTIONS.name in str(told)


def simulate(part: Part, seed: int) -> list[Step]:
    """What the part asks with this seed, and what the simulator says to it."""
    side, steps, orders = Simulated(), [], part(Random(seed))
    op = next(orders, None)
    while op is not None:
        steps.append(Step(op, side.do(len(steps), op)))
        try:
            op = orders.send(steps[-1].answers)
        except StopIteration:
            op = None
    return steps
