"""The commands that open a screen: home, learn, attach, and the sandbox of play and replay."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from mqviz import capture, folders
from mqviz.cli import BAD_INPUT, COULD_NOT, OK, CannotDo
from mqviz.cli.bootstrap import bootstrap_of, watched
from mqviz.cli.driving import agree, open_driven
from mqviz.cli.headless import difference
from mqviz.cli.opening import examples, open_simulator
from mqviz.cli.preview import preview
from mqviz.lesson.course import NoLesson, catalogue, find
from mqviz.lesson.progress import Progress, default_path
from mqviz.player import Player
from mqviz.ui.options import Doors, Options, Start
from mqviz.yamlfile import FileError

END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C from elsewhere, `kill`, and a window that was closed: each ends the screen in the orderly way."""


def home(arguments: Namespace) -> int:
    """`mqviz`: the three doors; without a terminal, what lesson 1 looks like as text."""
    if not _terminal():
        sys.stdout.write(preview())
        return OK
    return _show(arguments, Start())


def learn(arguments: Namespace) -> int:
    """`mqviz learn [LESSON] [--on BOOTSTRAP]`."""
    progress = _progress()
    which = arguments.lesson or str(progress.next_lesson(_written()))
    try:
        lesson = find(which)
    except (NoLesson, FileError) as error:
        raise CannotDo(str(error), BAD_INPUT) from None
    _need_terminal("mqviz lesson check proves lessons without one")
    if arguments.on is None:
        return _show(arguments, Start("lesson", which), progress)
    bootstrap = bootstrap_of(arguments.on)
    agree(bootstrap, lesson, arguments.yes)
    return _show(arguments, Start("lesson", which, bootstrap), progress)


def attach(arguments: Namespace) -> int:
    """`mqviz attach [BOOTSTRAP]`."""
    progress = _progress()
    bootstrap = bootstrap_of(arguments.bootstrap, progress.book.last_bootstrap)
    _need_terminal("`mqviz lag` prints the same facts")
    return _show(arguments, Start("attach", bootstrap), progress)


def sandbox(arguments: Namespace, path: Path) -> int:
    """`mqviz play FILE` with a screen."""
    _need_terminal("add --headless")
    return _show(arguments, Start("play", str(path)))


def replayed(arguments: Namespace) -> int:
    """`mqviz replay FILE` with a screen."""
    _need_terminal("add --headless")
    return _show(arguments, Start("replay", str(arguments.file)))


def _terminal() -> bool:
    """Whether keys can be read and pictures drawn; Textual draws on standard error."""
    return all(file is not None and file.isatty() for file in (sys.stdin, sys.stdout, sys.stderr))


def _need_terminal(instead: str) -> None:
    if not _terminal():
        raise CannotDo(f"this needs a terminal; {instead}", COULD_NOT)


def _show(arguments: Namespace, start: Start, progress: Progress | None = None) -> int:
    no_color = bool(os.environ.get("NO_COLOR"))
    if not no_color:
        os.environ.pop("NO_COLOR", None)  # empty means unset, but to Textual it is set
    from mqviz.ui.app import MqvizApp  # Textual: what needs no screen should not wait for it

    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    options = Options(
        styles=folders.data("assets") / "mqviz.tcss",
        start=start,
        theme=getattr(arguments, "theme", "dark"),
        ascii=getattr(arguments, "ascii", False) or encoding != "utf8",
        no_color=no_color,
        motion=not getattr(arguments, "no_motion", False),
        seed=getattr(arguments, "seed", None),
    )
    app = MqvizApp(_doors(progress or _progress()), options)

    async def until_ended() -> None:
        for number in END_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, app.action_interrupt)
        await app.run_async()

    asyncio.run(until_ended())
    return app.return_code or OK


def _progress() -> Progress:
    return Progress(default_path(), lambda: datetime.now(UTC).isoformat(timespec="seconds"))


def _doors(progress: Progress) -> Doors:
    return Doors(
        simulate=open_simulator,
        watch=watched,
        drive=open_driven,
        replay=_replay,
        scenarios=lambda: list(examples().values()),
        progress=progress,
        log_error=folders.log_error,
    )


def _written() -> list[int]:
    return [entry.number for entry in catalogue() if entry.path]


def _replay(path: Path) -> tuple[Player, str]:
    header, events = capture.read(path)
    notice = difference(header, events)
    if header.kind == "live":
        return Player(capture.open_events(events), header.scenario, header.seed), notice
    return Player(open_simulator, header.scenario, header.seed, header.script()), notice
