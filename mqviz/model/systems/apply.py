"""How the events of the guide's other systems change the State."""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.state import State
from mqviz.model.systems.events import (
    AnswerGiven,
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
from mqviz.model.systems.state import MailServer, SignUp, SignUpService, Systems

# -- how they change the State ---------------------------------------------------------------------------


@applies(SignUpServiceAdded)
def _added(state: State, event: SignUpServiceAdded) -> None:
    plan, systems = event.plan, state.systems
    systems.sign_ups[plan.name] = SignUpService(plan, event.at_us)
    systems.mail_servers.setdefault(plan.mail_server, MailServer(plan.mail_server))


@applies(SignUpArrived)
def _arrived(state: State, event: SignUpArrived) -> None:
    service = state.systems.sign_ups[event.service]
    service.arrived = client = event.client
    service.going[client] = SignUp(client, event.at_us)


@applies(SignUpStarted)
def _started(state: State, event: SignUpStarted) -> None:
    service = state.systems.sign_ups[event.service]
    service.taken = client = event.client
    service.busy += 1
    service.going[client].started_at_us = event.at_us


@applies(UserStored)
def _stored(state: State, event: UserStored) -> None:
    state.systems.sign_ups[event.service].going[event.client].stored_at_us = event.at_us


@applies(AnswerGiven)
def _answered(state: State, event: AnswerGiven) -> None:
    service, at_us = state.systems.sign_ups[event.service], event.at_us
    sign_up = service.going[event.client]
    sign_up.answered_at_us = at_us
    service.busy -= 1
    service.answered += 1
    service.answer_us += at_us - sign_up.arrived_at_us
    stored_at_us = sign_up.stored_at_us
    if stored_at_us is None:
        sign_up.stored_at_us = at_us
        _end(service, sign_up)
        return
    service.waited_us += at_us - stored_at_us
    if sign_up.mail_sent_at_us is not None:
        _end(service, sign_up)


@applies(SignUpFailed)
def _failed(state: State, event: SignUpFailed) -> None:
    service, at_us = state.systems.sign_ups[event.service], event.at_us
    sign_up = service.going[event.client]
    sign_up.failed = event.reason
    sign_up.answered_at_us = at_us
    service.failed += 1
    if sign_up.started_at_us is None:
        service.taken = event.client
    else:
        service.busy -= 1
    if sign_up.mail_started_at_us is not None:
        service.mails_in_hand -= 1
    if sign_up.stored_at_us is not None:
        service.waited_us += at_us - sign_up.stored_at_us
    if event.culprit == service.plan.mail_server:
        sign_up.mail_failed = True
        service.mails_failed += 1
    _end(service, sign_up)


@applies(MailQueued)
def _queued(state: State, event: MailQueued) -> None:
    service = state.systems.sign_ups[event.service]
    service.mails_queued += 1
    service.queue.append(event.client)


@applies(MailStarted)
def _mail_started(state: State, event: MailStarted) -> None:
    service = state.systems.sign_ups[event.service]
    if not service.synchronous:
        service.queue.popleft()
    service.mails_in_hand += 1
    sign_up = service.going[event.client]
    sign_up.mail_started_at_us = event.at_us
    sign_up.mail_failed = False


@applies(MailSent)
def _mail_sent(state: State, event: MailSent) -> None:
    service = state.systems.sign_ups[event.service]
    service.mails_in_hand -= 1
    service.mails_sent += 1
    sign_up = service.going[event.client]
    sign_up.mail_sent_at_us = event.at_us
    if sign_up.answered_at_us is not None:
        _end(service, sign_up)


@applies(MailFailed)
def _mail_failed(state: State, event: MailFailed) -> None:
    service = state.systems.sign_ups[event.service]
    service.mails_in_hand -= 1
    service.mails_failed += 1
    service.queue.appendleft(event.client)
    sign_up = service.going[event.client]
    sign_up.mail_started_at_us = None
    sign_up.mail_failed = True


@applies(ServiceFailed)
def _service_failed(state: State, event: ServiceFailed) -> None:
    _set_working(state.systems, event.name, False)


@applies(ServiceRepaired)
def _service_repaired(state: State, event: ServiceRepaired) -> None:
    _set_working(state.systems, event.name, True)


def _set_working(systems: Systems, name: str, working: bool) -> None:
    found = systems.sign_ups.get(name) or systems.mail_servers[name]
    found.working = working


def _end(service: SignUpService, sign_up: SignUp) -> None:
    del service.going[sign_up.client]
    service.ended.append(sign_up)
