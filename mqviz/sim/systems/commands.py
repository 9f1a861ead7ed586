"""What can be done to the guide's other systems, and what is refused with which sentence."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from mqviz.backend import Refused
from mqviz.model.command.systems import AddSignUp, FailService, RepairService
from mqviz.model.systems.events import ServiceFailed, ServiceRepaired
from mqviz.model.systems.state import MailServer, SignUpService
from mqviz.sim.engine import Simulation, checks, handles
from mqviz.sim.systems import sign_up


@checks(AddSignUp)
def _can_add(sim: Simulation, plan: AddSignUp) -> AddSignUp:
    for wrong, sentence in _faults(sim, plan):
        if wrong:
            raise Refused(f"sign-up service {plan.name}: {sentence}")
    return msgspec.structs.replace(plan, clients=len(plan.at)) if plan.at else plan


def _faults(sim: Simulation, plan: AddSignUp) -> Iterator[tuple[bool, str]]:
    systems = sim.state.systems
    taken = plan.name in systems.sign_ups or plan.name in systems.mail_servers
    yield not plan.name, "it needs a name"
    yield taken, "there is already a service of that name"
    server_taken = plan.mail_server == plan.name or plan.mail_server in systems.sign_ups
    yield server_taken, f"its mail server cannot be the sign-up service {plan.mail_server}"
    for field in ("clients", "threads", "workers"):
        yield getattr(plan, field) < 0, f"{field} must not be negative (0: without limit)"
    yield plan.rate <= 0, "rate must be more than 0/s"
    backwards = plan.mail_times == "even" and plan.mail_max < plan.mail_min
    yield backwards, f"mail_max={plan.mail_max} is less than mail_min={plan.mail_min}"
    yield list(plan.at) != sorted(plan.at), "the times in at= must not go back"


@handles(AddSignUp)
def _add(sim: Simulation, plan: AddSignUp) -> None:
    sign_up.open_service(sim, plan)


@checks(FailService)
def _can_fail(sim: Simulation, command: FailService) -> FailService:
    if not _service(sim, command.name).working:
        raise Refused(f"{command.name} has already failed: repair it first")
    return command


@handles(FailService)
def _fail(sim: Simulation, command: FailService) -> None:
    sim.cause = sim.emit(ServiceFailed(*sim.stamp(), command.name))
    own = sim.state.systems.sign_ups.get(command.name)
    if own is not None:
        sign_up.fail_all(sim, own)
    for service in _callers(sim, command.name):
        sign_up.break_mails(sim, service)


@checks(RepairService)
def _can_repair(sim: Simulation, command: RepairService) -> RepairService:
    if _service(sim, command.name).working:
        raise Refused(f"{command.name} works: there is nothing to repair")
    return command


@handles(RepairService)
def _repair(sim: Simulation, command: RepairService) -> None:
    sim.cause = sim.emit(ServiceRepaired(*sim.stamp(), command.name))
    for service in _callers(sim, command.name):
        sign_up.send_waiting_mails(sim, service)


def _service(sim: Simulation, name: str) -> SignUpService | MailServer:
    systems = sim.state.systems
    found = systems.sign_ups.get(name) or systems.mail_servers.get(name)
    if found is None:
        names = ", ".join((*systems.sign_ups, *systems.mail_servers)) or "none"
        raise Refused(f"there is no service {name} (services: {names})")
    return found


def _callers(sim: Simulation, mail_server: str) -> list[SignUpService]:
    return [s for s in sim.state.systems.sign_ups.values() if s.plan.mail_server == mail_server]
