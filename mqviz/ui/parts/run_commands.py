"""Commands to a run, typed or by key; what was done is posted to the screen as Moved."""

from __future__ import annotations

from msgspec.structs import replace

from mqviz import commands
from mqviz.backend import Refused
from mqviz.commands import GrammarError
from mqviz.lesson.tutor import Tutor
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.events import CommandGiven
from mqviz.ui.overlay import Content, choice
from mqviz.ui.parts.playback import Moved
from mqviz.ui.question import Answer, command_error
from mqviz.ui.run_view import RunView, command_on
from mqviz.ui.screen import Base
from mqviz.ui.sheet import Sheet


class RunCommands:
    """Submits commands to the player of a view; a tutor may want to ask first, and hears how it went."""

    def __init__(self, host: Base, view: RunView, tutor: Tutor | None = None) -> None:
        self.host = host
        self.view = view
        self.player = view.player
        self.tutor = tutor

    def submit(self, text: str) -> Answer:
        """Submit a command; returns the sentence if it cannot be, or what else must be asked first."""
        tutor = self.tutor
        if tutor and (question := tutor.before_command()):
            return lambda: self._confirm(tutor, question, text)
        sentence = None
        try:
            self.host.post_message(Moved(self.player.submit(text)))
        except (GrammarError, Refused) as error:
            sentence = command_error(error)
        if tutor and sentence:
            tutor.refused(sentence)
        elif tutor:
            tutor.accepted()
        return sentence

    def _confirm(self, tutor: Tutor, question: str, text: str) -> None:
        def chosen(at: int) -> None:
            if at == 1:
                tutor.drop()
                self.run(text)

        def head(sheet: Sheet) -> None:
            sheet.text(question, "bright", bold=True)
            sheet.blank()

        sheet = choice(head, [("keep the bet", ""), (f"act now: {text}", "")])
        hints = (("↑ ↓", "choose"), ("enter", "do it"), ("esc", "keep the bet"))
        self.host.lay(Content(sheet, hints, 2, chosen))

    def run(self, text: str) -> None:
        """Submit a command by a key, and say so if it cannot be."""
        self.host.follow(self.submit(text))

    def type(self, begin: str = "") -> None:
        """Ask for a command, with its beginning typed already."""
        names = self.view.names()
        self.host.ask(
            ":",
            self.submit,
            lambda text: commands.complete(text, names),
            begin,
            "enter does it · tab completes · esc goes back",
        )

    def add_consumer(self) -> None:
        """One more member of the group in focus."""
        group = self.view.group_in_focus()
        self.run(commands.format(replace(self._settings(group), name="")) if group else "add consumer")

    def _settings(self, group: str) -> AddConsumer:
        """How the newest member of a group was added, so that the next one works as it does."""
        given = (event.command for event in reversed(self.player.events) if isinstance(event, CommandGiven))
        mine = (command for command in given if isinstance(command, AddConsumer) and command.group == group)
        return next(mine, AddConsumer(group=group))

    def act_on(self, verb: str) -> None:
        """Kill or close what is selected."""
        command = command_on(self.view.focus, verb)
        if command is None:
            self.host.say(f"{verb} what? Select a member or a producer first: a click, or tab and ↑ ↓")
        else:
            self.run(command)
