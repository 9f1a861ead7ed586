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

from mqviz.facts.words import lasting
from mqviz.model.command.systems import AddSignUp
from mqviz.model.systems.events import (
    AnswerGiven,
    MailFailed,
    MailQueued,
    MailSent,
    MailStarted,
    SignUpArrived,
    SignUpFailed,
    SignUpServiceAdded,
    SignUpStarted,
    UserStored,
)
from mqviz.model.systems.state import SignUpService
from mqviz.sim.engine import ARRIVAL, STEP, Simulation, due
from mqviz.sim.streams import Numbers


def open_service(sim: Simulation, plan: AddSignUp) -> None:
    """Open the service and await its first client."""
    sim.emit(SignUpServiceAdded(*sim.stamp(), plan))
    service = sim.state.systems.sign_ups[plan.name]
    sim.part(Paces)[plan.name] = Pace(sim.seed, service)
    _await_client(sim, service, 1)


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


@due
def _arrive(sim: Simulation, name: str, client: int) -> None:
    service = sim.state.systems.sign_ups[name]
    opened, last = sim.cause, sim.state.last_event
    sim.cause = sim.emit(SignUpArrived(last + 1, sim.now_us, opened, name, client))
    plan = service.plan
    if not service.working:
        _fail(sim, service, client, name, f"{name} does not answer")
    elif not plan.threads or service.busy < plan.threads:
        _start(sim, service, client)
    sim.cause = opened
    if client != plan.clients:
        _await_client(sim, service, client + 1)


def _await_client(sim: Simulation, service: SignUpService, client: int) -> None:
    plan = service.plan
    pace: Pace = sim.parts[Paces][plan.name]
    if pace.gap_us:
        delay_us = pace.gaps.exponential(client - 1, pace.gap_us)
        if client == 1:
            delay_us += plan.start
    else:
        since_us = plan.at[client - 1] if plan.at else round((client - 1) * 1_000_000 / plan.rate)
        delay_us = service.opened_at_us + plan.start + since_us - sim.now_us
    sim.schedule(delay_us, ARRIVAL, _arrive, plan.name, client)


def _serve(sim: Simulation, service: SignUpService) -> None:
    """Let free threads take clients from the line."""
    threads = service.plan.threads
    while service.taken < service.arrived and (not threads or service.busy < threads):
        _start(sim, service, service.taken + 1)


def _start(sim: Simulation, service: SignUpService, client: int) -> None:
    """A free thread takes the next client from the line."""
    plan = service.plan
    name = plan.name
    pace: Pace = sim.parts[Paces][name]
    started = sim.emit(SignUpStarted(sim.state.last_event + 1, sim.now_us, sim.cause, name, client))
    took_us = pace.databases.exponential(client - 1, pace.database_us) if pace.database_us else plan.database
    sim.schedule(took_us, STEP, pace.after_database, name, client, cause=started)


@due
def _done(sim: Simulation, name: str, client: int) -> None:
    """The database has written the user, and no mail follows."""
    service = sim.state.systems.sign_ups[name]
    if client in service.going:
        _answer(sim, service, client)


@due
def _stored(sim: Simulation, name: str, client: int) -> None:
    service = sim.state.systems.sign_ups[name]
    if client not in service.going:
        return
    sim.cause = sim.emit(UserStored(*sim.stamp(), name, client))
    if not service.synchronous:
        sim.schedule(service.plan.queue, STEP, _note_left, name, client)
    elif sim.state.systems.mail_servers[service.plan.mail_server].working:
        _send_mail(sim, service, client)
    else:
        _fail(sim, service, client, service.plan.mail_server, f"{service.plan.mail_server} does not answer")
        _serve(sim, service)


@due
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
    name = service.plan.name
    sim.cause = sim.emit(AnswerGiven(sim.state.last_event + 1, sim.now_us, sim.cause, name, client))
    if service.taken < service.arrived:
        _start(sim, service, service.taken + 1)


def _fail(sim: Simulation, service: SignUpService, client: int, culprit: str, reason: str) -> None:
    sim.emit(SignUpFailed(*sim.stamp(), service.plan.name, client, reason, culprit))


# -- its mail --------------------------------------------------------------------------------------------


def _send_mail(sim: Simulation, service: SignUpService, client: int) -> None:
    """Call the mail server, which works; a synchronous request waits at most `timeout` for it."""
    plan = service.plan
    started = sim.emit(MailStarted(*sim.stamp(), plan.name, client))
    mail_us, handler = _mail_us(sim, plan, client), _sent
    if service.synchronous and mail_us > plan.timeout:
        mail_us, handler = plan.timeout, _overdue
    sim.schedule(mail_us, STEP, handler, plan.name, client, sim.now_us, cause=started)


@due
def _sent(sim: Simulation, name: str, client: int, started_at_us: int) -> None:
    service = sim.state.systems.sign_ups[name]
    if not _still_mailing(service, client, started_at_us):
        return
    sim.cause = sim.emit(MailSent(*sim.stamp(), name, client))
    if service.synchronous:
        _answer(sim, service, client)
    else:
        send_waiting_mails(sim, service)


@due
def _overdue(sim: Simulation, name: str, client: int, started_at_us: int) -> None:
    service = sim.state.systems.sign_ups[name]
    if _still_mailing(service, client, started_at_us):
        plan = service.plan
        reason = f"{plan.mail_server} took longer than {lasting(plan.timeout)}"
        _fail(sim, service, client, plan.mail_server, reason)
        _serve(sim, service)


def _still_mailing(service: SignUpService, client: int, started_at_us: int) -> bool:
    """False if the call that began at `started_at_us` was broken meanwhile."""
    sign_up = service.going.get(client)
    return sign_up is not None and sign_up.mail_started_at_us == started_at_us


# -- how long things take --------------------------------------------------------------------------------


class Pace:
    """What a plan means for its clients, worked out once. A mean of 0: not exponential."""

    def __init__(self, seed: int, service: SignUpService) -> None:
        plan = service.plan
        exponential = plan.arrivals == "exponential" and not plan.at
        self.gap_us = 1_000_000 / plan.rate if exponential else 0.0
        self.database_us = float(plan.database) if plan.database_times == "exponential" else 0.0
        self.gaps = Numbers(seed, f"{plan.stream}/arrivals")
        self.databases = Numbers(seed, f"{plan.stream}/database")
        self.mails = Numbers(seed, f"{plan.stream}/mail")
        self.after_database = _stored if service.mails else _done


class Paces(dict[str, Pace]):
    """The pace of each service by its name."""


def _mail_us(sim: Simulation, plan: AddSignUp, client: int) -> int:
    mails = sim.part(Paces)[plan.name].mails
    if plan.mail_times == "even":
        return mails.uniform(client - 1, plan.mail_min, plan.mail_max)
    return mails.exponential(client - 1, plan.mail_min)
