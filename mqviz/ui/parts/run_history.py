"""What a person does with the history of a run: undo, branches, names for moments, a file that replays."""

from __future__ import annotations

from pathlib import Path

from mqviz import commands
from mqviz.history import Branch
from mqviz.scenes.figures import seconds
from mqviz.ui import panels
from mqviz.ui.overlay import Content
from mqviz.ui.parts.playback import Moved, Playback
from mqviz.ui.question import Answer
from mqviz.ui.screen import Base
from mqviz.yamlfile import FileError


class RunHistory:
    """The branches of a player; a real cluster has one, and no way back."""

    def __init__(self, host: Base, time: Playback) -> None:
        self.host = host
        self.time = time
        self.player = time.player

    def undo(self) -> None:
        """Take the last command back."""
        if self.time.can_rewind():
            command = self.player.undo()
            self.host.post_message(Moved())
            self.host.say(f"undone: {commands.format(command)}" if command else "no command was given yet")

    def fork(self) -> None:
        """A new branch from here."""
        if self.time.can_rewind():
            self.player.fork()
            self.host.post_message(Moved())
            self.host.say(f"branch {len(self.player.family)} begins here; b lists all")

    def branches(self) -> None:
        """List the branches."""
        found = self.player.family
        self.host.lay(
            Content(
                lambda columns, at: panels.branches_sheet(columns, found, self.player.branch, at),
                (("↑ ↓", "branch"), ("enter", "go there"), ("esc", "close")),
                len(found),
                lambda at: self._switch(found[at]),
            )
        )

    def _switch(self, branch: Branch) -> None:
        if self.time.can_rewind() and branch is not self.player.branch:
            self.player.switch(branch)
            self.host.post_message(Moved())

    def name_moment(self) -> None:
        """Give this time a name."""

        def accept(name: str) -> str | None:
            if not name.strip():
                return "✗ a moment needs a name; esc goes back"
            self.player.name_moment(name.strip())
            return None

        self.host.ask(
            f"name {seconds(self.player.now_us)}", accept, help="enter names this moment · esc goes back"
        )

    def capture(self) -> None:
        """Keep this run as a file that replays."""
        self.host.ask(
            "keep this run as", self._save, value="run.mqviz", help="enter writes the file · esc goes back"
        )

    def _save(self, name: str) -> Answer:
        path = Path(name.strip()).expanduser()
        if not name.strip():
            return "✗ a file needs a name"
        if path.exists():
            return f"✗ already there, take another name: {path}"
        try:
            self.player.save(path)
        except FileError as error:
            return f"✗ {error.sentence}"
        return lambda: self.host.say(f"kept: mqviz replay {path}")
