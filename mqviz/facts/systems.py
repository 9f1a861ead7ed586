"""Facts about the guide's other systems; the readings are the same for every design."""

from __future__ import annotations

from mqviz.facts.views import RequestView, ServiceView
from mqviz.model.state import State
from mqviz.model.systems.state import MailServer, SignUp, SignUpService


def requests(state: State, service: str) -> tuple[RequestView, ...]:
    """Sign-ups of a service in the order of their clients: those going on and the last 256 that ended."""
    found = state.systems.sign_ups.get(service)
    if found is None:
        return ()
    kept = sorted((*found.ended, *found.going.values()), key=lambda sign_up: sign_up.client)
    return tuple(_request(found, sign_up) for sign_up in kept)


def services(state: State) -> tuple[ServiceView, ...]:
    """Sign-up services in the order they were added."""
    return tuple(_service(found) for found in state.systems.sign_ups.values())


def service(state: State, service: str) -> ServiceView:
    """One sign-up service, or a mail server (design `mail-server`, its mails those of all that call it).

    A name that nobody has reads as a service that does not work and never did anything.
    """
    sign_up = state.systems.sign_ups.get(service)
    if sign_up is not None:
        return _service(sign_up)
    server = state.systems.mail_servers.get(service)
    if server is not None:
        return _mail_server(state, server)
    return ServiceView(service, "", False, 0, 0, 0, 0, 0, None, 0)


def answer_ms(state: State, service: str, client: int) -> float | None:
    """How long a client waited for its answer; None: no answer yet, or it failed, or it is too long ago."""
    for request in requests(state, service):
        if request.number == client and request.answered_at_us is not None and not request.failed:
            return (request.answered_at_us - request.arrived_at_us) / 1000
    return None


def _request(service: SignUpService, sign_up: SignUp) -> RequestView:
    return RequestView(
        sign_up.client,
        service.plan.name,
        service.plan.design,
        sign_up.arrived_at_us,
        sign_up.started_at_us,
        sign_up.stored_at_us,
        sign_up.answered_at_us,
        sign_up.failed,
        sign_up.mail_started_at_us,
        sign_up.mail_sent_at_us,
        sign_up.mail_failed,
    )


def _service(service: SignUpService) -> ServiceView:
    return ServiceView(
        service.plan.name,
        service.plan.design,
        service.working,
        service.arrived,
        service.answered,
        service.failed,
        service.mails_sent,
        len(service.queue) + service.mails_in_hand,
        service.answer_us / service.answered if service.answered else None,
        service.waited_us,
        service.plan.clients,
        service.mails,
    )


def _mail_server(state: State, server: MailServer) -> ServiceView:
    callers = [s for s in state.systems.sign_ups.values() if s.plan.mail_server == server.name]
    return ServiceView(
        server.name,
        "mail-server",
        server.working,
        sum(s.mails_sent + s.mails_failed + s.mails_in_hand for s in callers),
        sum(s.mails_sent for s in callers),
        sum(s.mails_failed for s in callers),
        sum(s.mails_sent for s in callers),
        sum(len(s.queue) + s.mails_in_hand for s in callers),
        None,
        0,
    )
