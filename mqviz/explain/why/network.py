"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/network."""

from __future__ import annotations

from mqviz.explain import rules
from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import names, several
from mqviz.model.kafka.network.events import ConnectionBroken, LinksCut, LinksHealed
from mqviz.model.state import State


@explains(LinksCut)
def _cut(_: State, event: LinksCut) -> Why:
    return told(event, f"{names(list(event.nodes))} cut off", "no byte passes, and nobody is told")


@explains(LinksHealed)
def _healed(_: State, event: LinksHealed) -> Why:
    return told(event, f"{names(list(event.nodes))} linked again", "what was held passes now")


@explains(ConnectionBroken)
def _broken(_: State, event: ConnectionBroken) -> Why:
    who = event.connection.rpartition(" to ")[0]
    reason = f"{several(len(event.numbers), 'request')} on it end with {event.named}"
    return told(event, f"{who} loses its connection to broker {event.broker}", reason, rules.CONNECTIONS)
