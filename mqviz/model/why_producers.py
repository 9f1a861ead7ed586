"""Why: batches that were retried, split or given up, send() that had to wait, and what a leader knew already."""

from __future__ import annotations

from mqviz.model.producer_state import BatchRepeated
from mqviz.model.readings import Why
from mqviz.model.state import State
from mqviz.model.why import explains
from mqviz.model.words import several


@explains(BatchRepeated)
def _repeated(_: State, event: BatchRepeated) -> Why:
    headline = f"broker {event.broker} has {several(event.count, 'record')} of {event.producer} already"
    reason = (
        f"their producer id, epoch and sequences are those of a batch at offset {event.base_offset}: a retry whose "
        "first answer was lost; the broker answers with that offset and writes nothing"
    )
    rule = "The leader remembers the last 5 batches of each idempotent producer."
    return Why(event.at_us, event.id, headline, reason, rule, "", None)
