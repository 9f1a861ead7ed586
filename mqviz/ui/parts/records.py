"""What happened to the records of a run: the biography of one, the ledger of all."""

from __future__ import annotations

from mqviz import facts
from mqviz.explain.biography import biography
from mqviz.scenes.canvas import Target
from mqviz.ui import panels
from mqviz.ui.overlay import Content
from mqviz.ui.run_view import RunView
from mqviz.ui.screen import Base


class Records:
    """Lays on top of its screen what is known of the records of a view."""

    def __init__(self, host: Base, view: RunView) -> None:
        self.host = host
        self.view = view
        self.player = view.player

    def choose(self) -> None:
        """Open what is selected."""
        if self.view.focus is None:
            self.host.say("select a record first: a click, or ↑ ↓")
        else:
            self.open(self.view.focus)

    def open(self, target: Target) -> None:
        """A record's biography."""
        if target[0] != "record":
            name = " ".join(str(part) for part in target[1:])
            self.host.say(f"{name}: k kills, x closes; a record opens its biography")
            return
        _, topic, partition, offset = target
        content = self.biography(str(topic), int(partition), int(offset))
        if content is not None:
            self.host.lay(content)
        else:
            self.host.say("nothing is known of this record: nobody saw it in the log")

    def biography(self, topic: str, partition: int, offset: int) -> Content | None:
        """What happened to one record, and to those beside it; None where nobody saw it."""
        found = biography(self.player.events, topic, partition, offset)
        if found is None:
            return None
        self.view.focus = ("record", topic, partition, offset)
        seen = facts.key_letters(self.player.state)
        return Content(
            lambda columns, _: panels.biography_sheet(columns, found, seen),
            (("◄ ►", "record"), ("esc", "close")),
            beside=lambda step: self.biography(topic, partition, offset + step),
        )

    def ledger(self) -> None:
        """Where every record is, for the group in focus."""
        group = self.view.group_in_focus()
        if not group:
            self.host.say("there is no consumer group, so there is no ledger")
            return
        found = facts.ledger(self.player.state, group)
        self.host.lay(Content(lambda columns, _: panels.ledger_sheet(columns, found, group)))
