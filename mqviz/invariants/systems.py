"""Invariants of the guide's other systems: nothing appears from nowhere and nothing is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from mqviz.invariants.registry import holds
from mqviz.model.state import State
from mqviz.model.systems.state import REMEMBERED, SignUpService


@holds
def sign_ups_are_conserved(state: State) -> Iterator[str]:
    """Arrived = answered + failed + at a thread + in the line."""
    for service in state.systems.sign_ups.values():
        accounted = service.answered + service.failed + service.busy + service.in_line
        if service.arrived != accounted:
            yield f"{service.plan.name}: {service.arrived} arrived, {accounted} accounted for"


@holds
def mails_are_conserved(state: State) -> Iterator[str]:
    """Queued = sent + in a worker's hands + waiting; only asynchronous sign-ups queue."""
    for service in state.systems.sign_ups.values():
        accounted = service.mails_sent + service.mails_in_hand + len(service.queue)
        if service.synchronous and (service.queue or service.mails_queued):
            yield f"{service.plan.name}: a synchronous sign-up queued a mail"
        elif not service.synchronous and service.mails_queued != accounted:
            yield f"{service.plan.name}: {service.mails_queued} mails queued, {accounted} accounted for"


@holds
def counters_agree_with_sign_ups(state: State) -> Iterator[str]:
    """Threads at work, clients in the line and mails in hand are those that the sign-ups show."""
    for service in state.systems.sign_ups.values():
        for what, counted, seen in _counters(service):
            if counted != seen:
                yield f"{service.plan.name}: {counted} {what} counted, {seen} seen"


def _counters(service: SignUpService) -> Iterator[tuple[str, int, int]]:
    open_ones = [s for s in service.going.values() if s.answered_at_us is None]
    yield "threads at work", service.busy, len([s for s in open_ones if s.started_at_us is not None])
    yield "clients in the line", service.in_line, len([s for s in open_ones if s.started_at_us is None])
    yield "mails in hand", service.mails_in_hand, len([s for s in service.going.values() if s.mailing])
    ended = min(service.arrived - len(service.going), REMEMBERED)
    yield "ended sign-ups", len({s.client for s in service.ended}), ended


@holds
def limits_are_kept(state: State) -> Iterator[str]:
    """No more requests at work than threads, no more mails in hand than workers."""
    for service in state.systems.sign_ups.values():
        plan = service.plan
        if plan.threads and service.busy > plan.threads:
            yield f"{plan.name}: {service.busy} at work on {plan.threads} threads"
        if plan.workers and not service.synchronous and service.mails_in_hand > plan.workers:
            yield f"{plan.name}: {service.mails_in_hand} mails in hand of {plan.workers} workers"


@holds
def times_are_in_order(state: State) -> Iterator[str]:
    """A sign-up arrives, starts, is stored and answered in this order; its mail starts before it is sent."""
    for service in state.systems.sign_ups.values():
        last = [service.last_ended] if service.ended else []
        for sign_up in (*service.going.values(), *last):
            way = (sign_up.arrived_at_us, sign_up.started_at_us, sign_up.stored_at_us, sign_up.answered_at_us)
            mail = (sign_up.arrived_at_us, sign_up.mail_started_at_us, sign_up.mail_sent_at_us)
            for times in (way, mail):
                known = [at_us for at_us in times if at_us is not None]
                if known != sorted(known):
                    yield f"{service.plan.name}: client {sign_up.client} goes back in time {times}"
