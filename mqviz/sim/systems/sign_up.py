"""The sign-up service: synchronous and asynchronous side by side on the same arrivals and the same mails.

Like a real service: a fixed number of threads, each held by its request until the answer (R137); the mail
takes 3 to 5 seconds and a synchronous request carries it on its back, so it fails with the mail server; an
asynchronous one is answered after database and queue, and its mail waits until it can be sent (R136). With
exponential times it is M/M/1, M/M/c, M/G/1 (R149-R151). Left out: network time, a database or queue that
fails, back-off between a worker's tries (it goes on the moment the mail server is repaired) (S1, S19).

Draws are by client number: client 7 of every service with the same `stream` arrives, is stored and gets its
mail after the same times, whatever design it meets and whenever it is its turn.
"""

from __future__ import annotations

from mqviz.model.command import AddSignUp
from mqviz.model.systems import (
    AnswerGiven,
    MailFailed,
    MailQueued,
    MailSent,
    MailStarted,
    SignUpArrived,
    SignUpFailed,
    SignUpService,
    SignUpServiceAdded,
    SignUpStarted,
    UserStored,
)
from mqviz.model.words import duration
from mqviz.sim.engine import ARRIVAL, STEP, Simulation, due
from mqviz.sim.streams import draw, exponential, uniform


def open_service(sim: Simulation, plan: AddSignUp) -> None:
    """Open the service and await its first client."""
    sim.emit(SignUpServiceAdded(*sim.stamp(), plan))
    _await_client(sim, sim.state.systems.sign_ups[plan.name], 1)


def fail_all(sim: Simulation, service: SignUpService) -> None:
    """The service stopped: everybody whom it had not answered fails."""
    waiting = [sign_up.client for sign_up in service.going.values() if sign_up.answered_at_us is None]
    for client in waiting:
        _fail(sim, service, client, service.plan.name, f"{service.plan.name} does not answer")


def break_mails(sim: Simulation, service: SignUpService) -> None:
    """The mail server stopped: requests that wait for it fail, workers put their notes back."""
    broken = [s.client for s in service.going.values() if s.mailing]
    server = service.plan.mail_server
    if service.synchronous:
        for client in broken:
            _fail(sim, service, client, server, f"{server} stopped in the middle of the mail")
        _serve(sim, service)
    else:
        for client in reversed(broken):
            sim.emit(MailFailed(*sim.stamp(), service.plan.name, client))


def send_waiting_mails(sim: Simulation, service: SignUpService) -> None:
    """Let free workers take the mails that wait, as far as the mail server works."""
    plan = service.plan
    while service.queue and (not plan.workers or service.mails_in_hand < plan.workers):
        if not sim.state.systems.mail_servers[plan.mail_server].working:
            return
        _send_mail(sim, service, service.queue[0])


# -- a client's way --------------------------------------------------------------------------------------


@due("sign-up arrives")
def _arrive(sim: Simulation, name: str, client: int) -> None:
    service = sim.state.systems.sign_ups[name]
    opened = sim.cause
    sim.cause = sim.emit(SignUpArrived(*sim.stamp(), name, client))
    if service.working:
        _serve(sim, service)
    else:
        _fail(sim, service, client, name, f"{name} does not answer")
    sim.cause = opened
    _await_client(sim, service, client + 1)


def _await_client(sim: Simulation, service: SignUpService, client: int) -> None:
    plan = service.plan
    if plan.clients and client > plan.clients:
        return
    if plan.at:
        at_us = service.opened_at_us + plan.start + plan.at[client - 1]
    elif plan.arrivals == "even":
        at_us = service.opened_at_us + plan.start + round((client - 1) * 1_000_000 / plan.rate)
    else:
        before_us = service.opened_at_us + plan.start if client == 1 else sim.now_us
        gap = draw(sim.seed, plan.stream + "/arrivals", client - 1)
        at_us = before_us + exponential(gap, 1_000_000 / plan.rate)
    sim.schedule(at_us - sim.now_us, ARRIVAL, "sign-up arrives", plan.name, client)


def _serve(sim: Simulation, service: SignUpService) -> None:
    """Let free threads take clients from the line."""
    plan = service.plan
    while service.taken < service.arrived and (not plan.threads or service.busy < plan.threads):
        client = service.taken + 1
        started = sim.emit(SignUpStarted(*sim.stamp(), plan.name, client))
        sim.schedule(_database_us(sim, plan, client), STEP, "user stored", plan.name, client, cause=started)


@due("user stored")
def _stored(sim: Simulation, name: str, client: int) -> None:
    service = sim.state.systems.sign_ups[name]
    if client not in service.going:
        return
    if not service.mails:
        _answer(sim, service, client)
        return
    sim.cause = sim.emit(UserStored(*sim.stamp(), name, client))
    if not service.synchronous:
        sim.schedule(service.plan.queue, STEP, "note left", name, client)
    elif sim.state.systems.mail_servers[service.plan.mail_server].working:
        _send_mail(sim, service, client)
    else:
        _fail(sim, service, client, service.plan.mail_server, f"{service.plan.mail_server} does not answer")
        _serve(sim, service)


@due("note left")
def _note_left(sim: Simulation, name: str, client: int) -> None:
    service = sim.state.systems.sign_ups[name]
    if client not in service.going:
        return
    queued = sim.emit(MailQueued(*sim.stamp(), name, client))
    _answer(sim, service, client)
    sim.cause = queued
    send_waiting_mails(sim, service)


def _answer(sim: Simulation, service: SignUpService, client: int) -> None:
    """Answer the client; its thread takes the next one."""
    sim.cause = sim.emit(AnswerGiven(*sim.stamp(), service.plan.name, client))
    if service.taken < service.arrived:
        _serve(sim, service)


def _fail(sim: Simulation, service: SignUpService, client: int, culprit: str, reason: str) -> None:
    sim.emit(SignUpFailed(*sim.stamp(), service.plan.name, client, reason, culprit))


# -- its mail --------------------------------------------------------------------------------------------


def _send_mail(sim: Simulation, service: SignUpService, client: int) -> None:
    """Call the mail server, which works; a synchronous request waits at most `timeout` for it."""
    plan = service.plan
    started = sim.emit(MailStarted(*sim.stamp(), plan.name, client))
    mail_us, handler = _mail_us(sim, plan, client), "mail sent"
    if service.synchronous and mail_us > plan.timeout:
        mail_us, handler = plan.timeout, "mail overdue"
    sim.schedule(mail_us, STEP, handler, plan.name, client, sim.now_us, cause=started)


@due("mail sent")
def _sent(sim: Simulation, name: str, client: int, started_at_us: int) -> None:
    service = sim.state.systems.sign_ups[name]
    if not _still_mailing(service, client, started_at_us):
        return
    sim.cause = sim.emit(MailSent(*sim.stamp(), name, client))
    if service.synchronous:
        _answer(sim, service, client)
    else:
        send_waiting_mails(sim, service)


@due("mail overdue")
def _overdue(sim: Simulation, name: str, client: int, started_at_us: int) -> None:
    service = sim.state.systems.sign_ups[name]
    if _still_mailing(service, client, started_at_us):
        plan = service.plan
        reason = f"{plan.mail_server} took longer than {duration(plan.timeout)}"
        _fail(sim, service, client, plan.mail_server, reason)
        _serve(sim, service)


def _still_mailing(service: SignUpService, client: int, started_at_us: int) -> bool:
    """False if the call that began at `started_at_us` was broken meanwhile."""
    sign_up = service.going.get(client)
    return sign_up is not None and sign_up.mail_started_at_us == started_at_us


# -- how long things take --------------------------------------------------------------------------------


def _database_us(sim: Simulation, plan: AddSignUp, client: int) -> int:
    if plan.database_times == "even":
        return plan.database
    return exponential(draw(sim.seed, plan.stream + "/database", client - 1), plan.database)


def _mail_us(sim: Simulation, plan: AddSignUp, client: int) -> int:
    number = draw(sim.seed, plan.stream + "/mail", client - 1)
    if plan.mail_times == "even":
        return uniform(number, plan.mail_min, plan.mail_max)
    return exponential(number, plan.mail_min)
