"""Acting on a run: branches, commands by key or typed, selecting what stands on the stage.

Half of what a run's screen does; run_screen.py has the other half, time and pictures.
"""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from mqviz import commands
from mqviz.backend import Refused
from mqviz.commands import NotationError
from mqviz.history import Branch
from mqviz.model import facts
from mqviz.model.biography import biography
from mqviz.model.command import AddConsumer, CommandGiven
from mqviz.model.event import Event
from mqviz.player import Player
from mqviz.scenes.canvas import Target
from mqviz.scenes.figures import seconds
from mqviz.ui import panels
from mqviz.ui.ask import Answer, command_error
from mqviz.ui.overlay import Content
from mqviz.ui.picture import Picture, command_on
from mqviz.ui.screen import Base
from mqviz.ui.stage import Stage
from mqviz.yamlfile import FileError

NO_GOING_BACK = "a real cluster cannot go back: what happened there has happened"


class Acting(Base):
    """A screen over a player that can be acted on."""

    player: Player
    picture: Picture

    def moved(self, stepped: Event | None = None) -> None:
        """The cursor went somewhere else by a key; `stepped` is the event to explain."""
        raise NotImplementedError

    def can_rewind(self) -> bool:
        """Whether going back is possible; says why not."""
        if self.player.live:
            self.say(NO_GOING_BACK)
        return not self.player.live

    # -- branches ------------------------------------------------------------------------------------------

    def action_undo(self) -> None:
        """Take the last command back."""
        if self.can_rewind():
            command = self.player.undo()
            self.moved()
            self.say(f"undone: {commands.format(command)}" if command else "no command was given yet")

    def action_fork(self) -> None:
        """A new branch from here."""
        if self.can_rewind():
            self.player.fork()
            self.moved()
            self.say(f"branch {len(self.player.family)} begins here; b lists all")

    def action_branches(self) -> None:
        """List the branches."""
        branches = self.player.family
        self.lay(
            Content(
                lambda columns, at: panels.branches_sheet(columns, branches, self.player.branch, at),
                (("↑ ↓", "branch"), ("enter", "go there"), ("esc", "close")),
                len(branches),
                lambda at: self._switch(branches[at]),
            )
        )

    def _switch(self, branch: Branch) -> None:
        if self.can_rewind() and branch is not self.player.branch:
            self.player.switch(branch)
            self.moved()

    def action_name_moment(self) -> None:
        """Give this time a name."""

        def accept(name: str) -> str | None:
            if not name.strip():
                return "✗ a moment needs a name; esc goes back"
            self.player.name_moment(name.strip())
            return None

        self.ask(
            f"name {seconds(self.player.now_us)}", accept, help="enter names this moment · esc goes back"
        )

    def action_capture(self) -> None:
        """Keep this run as a file that replays."""

        def accept(name: str) -> Answer:
            path = Path(name.strip()).expanduser()
            if not name.strip() or path.exists():
                return (
                    f"✗ already there, take another name: {path}" if name.strip() else "✗ a file needs a name"
                )
            try:
                self.player.save(path)
            except FileError as error:
                return f"✗ {error.sentence}"
            return lambda: self.say(f"kept: mqviz replay {path}")

        self.ask("keep this run as", accept, value="run.mqviz", help="enter writes the file · esc goes back")

    # -- acting --------------------------------------------------------------------------------------------

    def do(self, text: str) -> Answer:
        """Give a command; returns the sentence if it cannot be, or what else must be asked first."""
        try:
            event = self.player.submit(text)
        except (NotationError, Refused) as error:
            return command_error(error)
        self.moved(event)
        return None

    def act(self, text: str) -> None:
        """Give a command by a key, and say so if it cannot be."""
        answer = self.do(text)
        if isinstance(answer, str):
            self.say(answer)
        elif answer is not None:
            answer()

    def action_command(self) -> None:
        """Type a command."""
        self.type_command()

    def type_command(self, begin: str = "") -> None:
        """Ask for a command, with its beginning typed already."""
        names = self.picture.names()
        self.ask(
            ":",
            self.do,
            lambda text: commands.complete(text, names),
            begin,
            "enter does it · tab completes · esc goes back",
        )

    def action_add_consumer(self) -> None:
        """One more member of the group in focus."""
        focus = self.picture.focus
        groups = [group.name for group in facts.groups(self.player.state)]
        group = str(focus[1]) if focus and focus[0] in ("member", "group") else next(iter(groups), "")
        self.act(commands.format(replace(self._settings(group), name="")) if group else "add consumer")

    def _settings(self, group: str) -> AddConsumer:
        """How the newest member of a group was added, so that the next one works as it does."""
        given = (event.command for event in reversed(self.player.events) if isinstance(event, CommandGiven))
        mine = (command for command in given if isinstance(command, AddConsumer) and command.group == group)
        return next(mine, AddConsumer(group=group))

    def action_kill(self) -> None:
        """Kill what is selected."""
        self._on_selected("kill")

    def action_close(self) -> None:
        """Close what is selected."""
        self._on_selected("close")

    def _on_selected(self, verb: str) -> None:
        command = command_on(self.picture.focus, verb)
        if command is None:
            self.say(f"{verb} what? Select a member or a producer first: a click, or tab and ↑ ↓")
        else:
            self.act(command)

    # -- selecting -----------------------------------------------------------------------------------------

    def action_side(self) -> None:
        """The only side is the stage."""
        self.action_move(1)

    def action_move(self, by: int) -> None:
        """Focus the next thing on the stage."""
        self.picture.move(by, self.stage("stage").canvas)
        self.redraw()

    def action_choose(self) -> None:
        """Open what is selected."""
        if self.picture.focus is None:
            self.say("select a record first: a click, or ↑ ↓")
        else:
            self.open(self.picture.focus)

    def open(self, target: Target) -> None:
        """A record's biography."""
        if target[0] != "record":
            name = " ".join(str(part) for part in target[1:])
            self.say(f"{name}: k kills, x closes; a record opens its biography")
            return
        _, topic, partition, offset = target
        content = self._biography(str(topic), int(partition), int(offset))
        if content is not None:
            self.lay(content)
        else:
            self.say("nothing is known of this record: nobody saw it in the log")

    def _biography(self, topic: str, partition: int, offset: int) -> Content | None:
        found = biography(self.player.events, topic, partition, offset)
        if found is None:
            return None
        self.picture.focus = ("record", topic, partition, offset)
        seen = facts.key_letters(self.player.state)
        return Content(
            lambda columns, _: panels.biography_sheet(columns, found, seen),
            (("◄ ►", "record"), ("esc", "close")),
            beside=lambda step: self._biography(topic, partition, offset + step),
        )

    def action_ledger(self) -> None:
        """Where every record is, for each group."""
        state = self.player.state
        groups = [group.name for group in facts.groups(state)]
        if not groups:
            self.say("there is no consumer group, so there is no ledger")
            return
        focus = self.picture.focus
        group = str(focus[1]) if focus and focus[0] in ("member", "group") else groups[0]
        found = facts.ledger(state, group)
        self.lay(Content(lambda columns, _: panels.ledger_sheet(columns, found, group)))

    def on_stage_selected(self, event: Stage.Selected) -> None:
        """A click: on the stage it selects, on a selected record it opens; on the bar it is a key."""
        if event.target[0] == "button":
            self.call_later(self.run_action, str(event.target[1]))
        elif event.target[0] == "key":
            self.press(str(event.target[1]))
        elif event.target == self.picture.focus:
            self.open(event.target)
        else:
            self.picture.focus = event.target
            self.redraw()

    def on_mouse_scroll_down(self) -> None:
        """Partitions below."""
        self.picture.scroll += 1
        self.redraw()

    def on_mouse_scroll_up(self) -> None:
        """Partitions above."""
        self.picture.scroll = max(0, self.picture.scroll - 1)
        self.redraw()
