"""Why: commands, given and refused."""

from __future__ import annotations

from msgspec.structs import fields

from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.model.command.events import CommandGiven, CommandRefused
from mqviz.model.state import State

# -- commands and topics ------------------------------------------------------------------------------------


@explains(CommandGiven)
def _given(_: State, event: CommandGiven) -> Why:
    command = event.command
    said = [
        f"{field.name}={_value(getattr(command, field.name))}"
        for field in fields(command)
        if field.name not in ("name", "config") and getattr(command, field.name) != field.default
    ]
    said += [f"{name}={value}" for name, value in getattr(command, "config", {}).items()]
    name = getattr(command, "name", "")
    whose = "the scenario" if event.of_scenario else "command"
    return told(event, f"{whose}: {command.verb} {command.kind} {name}".rstrip(), "  ".join(said))


def _value(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


@explains(CommandRefused)
def _refused(_: State, event: CommandRefused) -> Why:
    return told(event, f"command {event.number} could not be done", event.reason)
