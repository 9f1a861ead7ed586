"""Why: the guide's other systems in plain words, with the numbers of this run."""

from __future__ import annotations

from mqviz.model.readings import Why
from mqviz.model.state import State
from mqviz.model.systems import (
    AnswerGiven,
    AtSignUp,
    MailFailed,
    MailQueued,
    MailSent,
    MailStarted,
    ServiceFailed,
    ServiceRepaired,
    SignUp,
    SignUpArrived,
    SignUpFailed,
    SignUpService,
    SignUpServiceAdded,
    SignUpStarted,
    UserStored,
)
from mqviz.model.why import explains
from mqviz.model.words import lasting, several

DESIGNS = "sync = database + mail; async = database + queue (R136)"
THREADS = "c threads finish at most c / T requests a second (R137)"
COUPLING = "a synchronous call is as available as everything it calls (R138)"
BUFFER = "a queue keeps the work while nobody can do it (R136)"


def _why(event: AtSignUp, headline: str, reason: str = "", rule: str = "", change: str = "") -> Why:
    return Why(event.at_us, event.id, headline, reason, rule, change, 1)


def _of(state: State, event: AtSignUp) -> tuple[SignUpService, SignUp]:
    """The service and the sign-up, which may just have ended."""
    service = state.systems.sign_ups[event.service]
    going = service.going.get(event.client)
    return service, going or service.last_ended


@explains(SignUpServiceAdded)
def _added(_: State, event: SignUpServiceAdded) -> Why:
    plan = event.plan
    threads = several(plan.threads, "thread") if plan.threads else "as many threads as clients"
    last = f"{lasting(plan.queue)} to leave a note" if plan.design == "asynchronous" else "then the mail"
    reason = f"{threads}; {lasting(plan.database)} in the database, {last}, then the answer"
    headline = f"{plan.name} opens, {plan.design}"
    return Why(event.at_us, event.id, headline, reason, DESIGNS, lesson=1)


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
    return _why(event, f"client {event.client} signs up at {plan.name}", reason, THREADS)


@explains(SignUpStarted)
def _started(state: State, event: SignUpStarted) -> Why:
    service, sign_up = _of(state, event)
    waited_us = event.at_us - sign_up.arrived_at_us
    reason = f"it waited {lasting(waited_us)} in the line" if waited_us else "it did not have to wait"
    threads = f" of {service.plan.threads}" if service.plan.threads else ""
    change = f"busy threads {service.busy - 1} → {service.busy}{threads}"
    headline = f"a thread of {event.service} takes client {event.client}"
    return _why(event, headline, reason, THREADS, change)


@explains(UserStored)
def _stored(state: State, event: UserStored) -> Why:
    service, sign_up = _of(state, event)
    took = lasting(event.at_us - (sign_up.started_at_us or 0))
    then = "the mail comes before the answer" if service.synchronous else "next it leaves a note in the queue"
    return _why(event, f"client {event.client} is in the database", f"it took {took}; {then}", DESIGNS)


@explains(AnswerGiven)
def _answered(state: State, event: AnswerGiven) -> Why:
    service, sign_up = _of(state, event)
    took = event.at_us - sign_up.arrived_at_us
    waited = event.at_us - (sign_up.stored_at_us or 0)
    before, after = lasting(service.waited_us - waited), lasting(service.waited_us)
    change = f"waited after the database, all clients: {before} → {after}" if service.mails else ""
    headline = f"client {event.client} gets its answer, {lasting(took)} after asking"
    return _why(event, headline, _answer_reason(state, service, sign_up), DESIGNS, change)


def _answer_reason(state: State, service: SignUpService, sign_up: SignUp) -> str:
    """What the time between question and answer was spent on."""
    started, stored = sign_up.started_at_us or 0, sign_up.stored_at_us or 0
    parts = [f"{lasting(stored - started)} database"]
    if started > sign_up.arrived_at_us:
        parts.insert(0, f"{lasting(started - sign_up.arrived_at_us)} in the line")
    if service.mails:
        rest = "mail, and the request waits for it" if service.synchronous else "queue; the mail goes later"
        parts.append(f"{lasting((sign_up.answered_at_us or 0) - stored)} {rest}")
    reason = " + ".join(parts)
    if not service.synchronous and service.mails and not _mail_server_works(state, service):
        reason += f", although {service.plan.mail_server} has failed"
    return reason


@explains(SignUpFailed)
def _failed(state: State, event: SignUpFailed) -> Why:
    service, sign_up = _of(state, event)
    took = lasting(event.at_us - sign_up.arrived_at_us)
    stored = "; the user is in the database all the same" if sign_up.stored_at_us is not None else ""
    change = f"failed sign-ups {service.failed - 1} → {service.failed}"
    headline = f"client {event.client} fails, {took} after asking"
    return _why(event, headline, event.reason + stored, COUPLING, change)


@explains(MailQueued)
def _queued(state: State, event: MailQueued) -> Why:
    service, _ = _of(state, event)
    waiting = len(service.queue)
    headline = f"client {event.client}'s mail is a note in the queue"
    reason = f"leaving it took {lasting(service.plan.queue)}; a worker of its own sends the mail"
    return _why(event, headline, reason, BUFFER, f"notes in the queue {waiting - 1} → {waiting}")


@explains(MailStarted)
def _mail_started(state: State, event: MailStarted) -> Why:
    service, _ = _of(state, event)
    if service.synchronous:
        reason = "the request itself makes the call, and the client waits"
    else:
        reason = "a worker took the note; nobody waits for it"
    headline = f"{service.plan.mail_server} begins client {event.client}'s mail"
    return _why(event, headline, reason, DESIGNS)


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
    return _why(event, f"client {event.client}'s mail is sent", reason, DESIGNS, change)


@explains(MailFailed)
def _mail_failed(state: State, event: MailFailed) -> Why:
    service, _ = _of(state, event)
    waiting = len(service.queue)
    reason = f"{service.plan.mail_server} stopped in the middle of it; the client has its answer and notices nothing"
    headline = f"client {event.client}'s mail is back in the queue"
    return _why(event, headline, reason, BUFFER, f"notes in the queue {waiting - 1} → {waiting}")


@explains(ServiceFailed)
def _service_failed(state: State, event: ServiceFailed) -> Why:
    if event.name in state.systems.sign_ups:
        reason = "whoever asks it fails at once; mails that are already in the queue are sent all the same"
    else:
        reason = f"synchronous sign-ups fail with it; the others are accepted, their mails wait{_callers(state, event.name)}"
    return Why(event.at_us, event.id, f"{event.name} stops answering", reason, COUPLING, "works → failed", 1)


@explains(ServiceRepaired)
def _service_repaired(state: State, event: ServiceRepaired) -> Why:
    waiting = sum(len(s.queue) for s in state.systems.sign_ups.values() if s.plan.mail_server == event.name)
    reason = (
        f"{several(waiting, 'mail')} waited in the queue and can go now"
        if waiting
        else "nothing waited for it"
    )
    return Why(event.at_us, event.id, f"{event.name} answers again", reason, BUFFER, "failed → works", 1)


def _mail_server_works(state: State, service: SignUpService) -> bool:
    return state.systems.mail_servers[service.plan.mail_server].working


def _callers(state: State, mail_server: str) -> str:
    callers = [s for s in state.systems.sign_ups.values() if s.plan.mail_server == mail_server]
    designs = ", ".join(f"{s.plan.name}: {s.plan.design}" for s in callers)
    return f" ({designs})" if designs else ""
