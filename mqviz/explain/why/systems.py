"""Why: the guide's other systems in plain words, with the numbers of this run.

A rule and what changed fit in 52 columns, a reason in 60: then nothing is cut beside a lesson's page.
"""

from __future__ import annotations

from functools import partial

from mqviz.explain import rules
from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import lasting, names, per_second, several
from mqviz.model.state import State
from mqviz.model.systems.events import (
    AnswerGiven,
    AtSignUp,
    MailFailed,
    MailQueued,
    MailSent,
    MailStarted,
    ServiceFailed,
    ServiceRepaired,
    SignUpArrived,
    SignUpFailed,
    SignUpServiceAdded,
    SignUpStarted,
    UserStored,
)
from mqviz.model.systems.state import SignUp, SignUpService

_why = partial(told, lesson=1)


def _of(state: State, event: AtSignUp) -> tuple[SignUpService, SignUp]:
    """The service and the sign-up, which may just have ended."""
    service = state.systems.sign_ups[event.service]
    going = service.going.get(event.client)
    return service, going or service.last_ended


def _design(service: SignUpService) -> str:
    """What an answer's time is made of."""
    return rules.DESIGNS if service.mails else rules.NO_MAIL


def _threads(state: State, service: SignUpService) -> str:
    """How many requests a second the threads can finish: their number by the time that one takes."""
    plan = service.plan
    if not plan.threads:
        return "a thread for every client: nobody waits in line"
    each_us = float(plan.database)
    if not service.synchronous:
        each_us += plan.queue if service.mails else 0
    elif _mail_server_works(state, service):
        each_us += plan.mail_min if plan.mail_times == "exponential" else (plan.mail_min + plan.mail_max) / 2
    if not each_us:
        return ""
    most = per_second(plan.threads * 1_000_000 / each_us)
    return f"{several(plan.threads, 'thread')}, about {lasting(round(each_us))} each: at most {most} a second"


@explains(SignUpServiceAdded)
def _added(state: State, event: SignUpServiceAdded) -> Why:
    plan, service = event.plan, state.systems.sign_ups[event.plan.name]
    threads = several(plan.threads, "thread") if plan.threads else "threads for all"
    mail = "then mail" if service.synchronous else f"{lasting(plan.queue)} note"
    steps = [f"{lasting(plan.database)} database", *([mail] if service.mails else []), "then answer"]
    headline = f"{plan.name} opens, {plan.design}"
    return Why(event.at_us, event.id, headline, f"{threads}; {', '.join(steps)}", _design(service), lesson=1)


@explains(SignUpArrived)
def _arrived(state: State, event: SignUpArrived) -> Why:
    service, _ = _of(state, event)
    plan = service.plan
    if not service.working:
        reason = f"{plan.name} has failed, so nobody takes the request"
    elif plan.threads and service.busy == plan.threads:
        busy = f"all {several(plan.threads, 'thread')} are busy" if plan.threads > 1 else "the thread is busy"
        reason = f"{busy}; it is number {service.in_line} in the line"
    else:
        reason = "a thread is free and takes it at once"
    return _why(event, f"client {event.client} signs up at {plan.name}", reason, _threads(state, service))


@explains(SignUpStarted)
def _started(state: State, event: SignUpStarted) -> Why:
    service, sign_up = _of(state, event)
    waited_us = event.at_us - sign_up.arrived_at_us
    reason = f"it waited {lasting(waited_us)} in the line" if waited_us else "it did not have to wait"
    threads = f" of {service.plan.threads}" if service.plan.threads else ""
    change = f"busy threads {service.busy - 1} → {service.busy}{threads}"
    headline = f"a thread of {event.service} takes client {event.client}"
    return _why(event, headline, reason, _threads(state, service), change)


@explains(UserStored)
def _stored(state: State, event: UserStored) -> Why:
    service, sign_up = _of(state, event)
    took = lasting(event.at_us - (sign_up.started_at_us or 0))
    then = "next is the answer"
    if service.mails:
        then = "the mail comes before the answer" if service.synchronous else "next is a note in the queue"
    headline = f"client {event.client} is in the database"
    return _why(event, headline, f"it took {took}; {then}", _design(service))


@explains(AnswerGiven)
def _answered(state: State, event: AnswerGiven) -> Why:
    service, sign_up = _of(state, event)
    took = event.at_us - sign_up.arrived_at_us
    waited = event.at_us - (sign_up.stored_at_us or 0)
    before, after = lasting(service.waited_us - waited), lasting(service.waited_us)
    change = f"all waits after the database: {before} → {after}" if service.mails else ""
    headline = f"client {event.client} gets its answer, {lasting(took)} after asking"
    return _why(event, headline, _answer_reason(state, service, sign_up), _design(service), change)


def _answer_reason(state: State, service: SignUpService, sign_up: SignUp) -> str:
    """What the time between question and answer was spent on."""
    started, stored = sign_up.started_at_us or 0, sign_up.stored_at_us or 0
    parts = [f"{lasting(stored - started)} database"]
    if started > sign_up.arrived_at_us:
        parts.insert(0, f"{lasting(started - sign_up.arrived_at_us)} in line")
    if service.mails:
        last = "mail" if service.synchronous else "queue"
        parts.append(f"{lasting((sign_up.answered_at_us or 0) - stored)} {last}")
    reason = " + ".join(parts)
    if service.synchronous or len(parts) > 2 or not service.mails:
        return reason
    down = not _mail_server_works(state, service)
    return reason + (f", though {service.plan.mail_server} is down" if down else "; the mail goes later")


@explains(SignUpFailed)
def _failed(state: State, event: SignUpFailed) -> Why:
    service, sign_up = _of(state, event)
    took = lasting(event.at_us - sign_up.arrived_at_us)
    stored = ", yet the user is stored" if sign_up.stored_at_us is not None else ""
    change = f"failed sign-ups {service.failed - 1} → {service.failed}{stored}"
    headline = f"client {event.client} fails, {took} after asking"
    return _why(event, headline, event.reason, rules.COUPLING, change)


@explains(MailQueued)
def _queued(state: State, event: MailQueued) -> Why:
    service, _ = _of(state, event)
    waiting = len(service.queue)
    headline = f"client {event.client}'s mail is a note in the queue"
    reason = f"leaving it took {lasting(service.plan.queue)}; a worker of its own sends the mail"
    return _why(event, headline, reason, rules.BUFFER, f"notes in the queue {waiting - 1} → {waiting}")


@explains(MailStarted)
def _mail_started(state: State, event: MailStarted) -> Why:
    service, _ = _of(state, event)
    if service.synchronous:
        reason = "the request itself makes the call, and the client waits"
    else:
        reason = "a worker took the note; nobody waits for it"
    headline = f"{service.plan.mail_server} begins client {event.client}'s mail"
    return _why(event, headline, reason, rules.DESIGNS)


@explains(MailSent)
def _mail_sent(state: State, event: MailSent) -> Why:
    service, sign_up = _of(state, event)
    took = lasting(event.at_us - (sign_up.mail_started_at_us or 0))
    if sign_up.answered_at_us is None:
        reason = f"it took {took}, and client {event.client} waited for it"
    else:
        since = lasting(event.at_us - sign_up.answered_at_us)
        reason = f"it took {took}; the client has had its answer for {since}"
    change = f"mails sent {service.mails_sent - 1} → {service.mails_sent}"
    return _why(event, f"client {event.client}'s mail is sent", reason, rules.DESIGNS, change)


@explains(MailFailed)
def _mail_failed(state: State, event: MailFailed) -> Why:
    service, _ = _of(state, event)
    waiting = len(service.queue)
    reason = f"{service.plan.mail_server} stopped during it; the client notices nothing"
    headline = f"client {event.client}'s mail is back in the queue"
    return _why(event, headline, reason, rules.BUFFER, f"notes in the queue {waiting - 1} → {waiting}")


@explains(ServiceFailed)
def _service_failed(state: State, event: ServiceFailed) -> Why:
    if event.name in state.systems.sign_ups:
        reason = "who asks it fails at once; mails in its queue are still sent"
    else:
        reason = _callers(state, event.name)
    return Why(
        event.at_us, event.id, f"{event.name} stops answering", reason, rules.COUPLING, "works → failed", 1
    )


@explains(ServiceRepaired)
def _service_repaired(state: State, event: ServiceRepaired) -> Why:
    callers = [s for s in state.systems.sign_ups.values() if s.plan.mail_server == event.name]
    waited = sum(len(caller.queue) + _started_at(caller, event.at_us) for caller in callers)
    reason = f"{several(waited, 'mail')} waited in the queue and can go now"
    if not waited:
        reason = "nothing waited for it"
    return Why(
        event.at_us, event.id, f"{event.name} answers again", reason, rules.BUFFER, "failed → works", 1
    )


def _started_at(service: SignUpService, at_us: int) -> int:
    """Mails that left the queue in the very instant of a repair: they had waited for it."""
    going = service.going.values()
    return 0 if service.synchronous else sum(sign_up.mail_started_at_us == at_us for sign_up in going)


def _mail_server_works(state: State, service: SignUpService) -> bool:
    return state.systems.mail_servers[service.plan.mail_server].working


def _callers(state: State, mail_server: str) -> str:
    """What becomes of those that call the mail server."""
    callers = [s for s in state.systems.sign_ups.values() if s.plan.mail_server == mail_server and s.mails]
    fail = [s.plan.name for s in callers if s.synchronous]
    wait = [s.plan.name for s in callers if not s.synchronous]
    parts = [f"sign-ups at {names(fail)} fail"] if fail else []
    parts += [f"mails of {names(wait)} wait"] if wait else []
    return "; ".join(parts) or "nobody calls it"
