"""What can be typed after `mqviz`: one table of subcommands, each with the function that does it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from mqviz import __version__
from mqviz.commands import nearest
from mqviz.model.units import Duration

Do = Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """argparse that says the nearest valid word and nothing twice; exit code 2."""

    def error(self, message: str) -> NoReturn:
        """One sentence on standard error."""
        self.exit(2, f"mqviz: {message}. Try: {self.prog} --help\n")


def parser(do: dict[str, Do]) -> Parser:
    """The whole command line; `do` maps a subcommand's name to its function."""
    top = Parser(prog="mqviz", description="Watch a message queue think.", epilog="Without a word: home.")
    top.add_argument("-V", "--version", action="version", version=f"mqviz {__version__}")
    _looks(top)
    top.set_defaults(do=do["home"])
    words = top.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    for name, add in _SUBCOMMANDS.items():
        sub = words.add_parser(name, help=_HELP[name], description=_HELP[name], allow_abbrev=False)
        sub.set_defaults(do=do[name])
        add(sub)
    return top


def subcommand_error(word: str) -> str | None:
    """The sentence for a word that is no subcommand; None if it is one."""
    if word in _SUBCOMMANDS or word.startswith("-"):
        return None
    return f"`{word}` is no command of mqviz{nearest(word, list(_SUBCOMMANDS))}"


def _looks(sub: argparse.ArgumentParser) -> None:
    looks = sub.add_argument_group("looks")
    looks.add_argument("--theme", choices=("dark", "light"), default=argparse.SUPPRESS)
    looks.add_argument(
        "--ascii", action="store_true", default=argparse.SUPPRESS, help="draw with ASCII signs only"
    )
    looks.add_argument(
        "--no-motion", action="store_true", default=argparse.SUPPRESS, help="positions change only at events"
    )


def _seed(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--seed", type=int, help="another world of the same scenario (default: the file's)")


def _cluster(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "bootstrap",
        nargs="?",
        metavar="BOOTSTRAP",
        help="host:port[,host:port] (default: the managed cluster, else the last one, else localhost:9092)",
    )


def _learn(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("lesson", nargs="?", help="number or file of a lesson (default: the next one)")
    sub.add_argument(
        "--on",
        nargs="?",
        const="",
        metavar="BOOTSTRAP",
        help="run it on a real cluster (default: the managed one)",
    )
    sub.add_argument(
        "--yes", action="store_true", help="do not ask before making topics on a foreign cluster"
    )
    _seed(sub)
    _looks(sub)


def _play(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", type=Path, metavar="FILE", help="a scenario file, or the name of an example")
    sub.add_argument("--headless", action="store_true", help="run without a screen")
    sub.add_argument("--json", action="store_true", help="with --headless: the events as JSON lines")
    sub.add_argument("--report", action="store_true", help="with --headless: what came out, as text")
    sub.add_argument("--until", type=_duration, metavar="TIME", help="stop at this time, such as 60s")
    sub.add_argument("--save", type=Path, metavar="FILE", help="with --headless: keep the run as a capture")
    _seed(sub)
    _looks(sub)


def _replay(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", type=Path, metavar="FILE", help="a capture")
    sub.add_argument("--headless", action="store_true", help="only check that it comes out the same")
    _looks(sub)


def _why(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", type=Path, metavar="FILE", help="a scenario file, or the name of an example")
    sub.add_argument(
        "what",
        metavar="WHAT",
        help="an event's number, a kind of event (its last one), or a record such as orders-0:17",
    )
    sub.add_argument("--until", type=_duration, metavar="TIME", help="look at the run up to this time")
    sub.add_argument("--all", action="store_true", help="every cause up to the command that began it")
    sub.add_argument("--json", action="store_true", help="the same facts as one JSON document")
    _seed(sub)


def _attach(sub: argparse.ArgumentParser) -> None:
    _cluster(sub)
    _looks(sub)


def _lag(sub: argparse.ArgumentParser) -> None:
    _cluster(sub)
    sub.add_argument(
        "--group", action="append", default=[], metavar="NAME", help="only this group (repeatable)"
    )
    sub.add_argument("--json", action="store_true", help="the same facts as one JSON document")
    sub.add_argument("--wide", action="store_true", help="more columns: log start, rates, time behind")
    sub.add_argument("--watch", action="store_true", help="again every few seconds until Ctrl-C")
    sub.add_argument(
        "--every", type=_duration, default=Duration(2_000_000), metavar="TIME", help="with --watch"
    )


def _kafka(sub: argparse.ArgumentParser) -> None:
    verbs = sub.add_subparsers(dest="verb", required=True, metavar="up|down|status", parser_class=Parser)
    up = verbs.add_parser("up", help="start a real Apache Kafka on loopback", allow_abbrev=False)
    up.add_argument("--brokers", type=int, default=1, choices=(1, 2, 3))
    up.add_argument("--keep", action="store_true", help="return when ready; `mqviz kafka down` ends it")
    up.add_argument("--kafka-version", default=None, metavar="VERSION")
    verbs.add_parser("down", help="stop the kept cluster", allow_abbrev=False)
    verbs.add_parser("status", help="what runs, and where", allow_abbrev=False)


def _lesson(sub: argparse.ArgumentParser) -> None:
    verbs = sub.add_subparsers(dest="verb", required=True, metavar="check|list|schema", parser_class=Parser)
    check = verbs.add_parser("check", help="prove lessons: goals, solutions, predictions", allow_abbrev=False)
    check.add_argument("files", nargs="*", metavar="LESSON", help="numbers or files (default: all)")
    verbs.add_parser("list", help="the course", allow_abbrev=False)
    verbs.add_parser("schema", help="JSON Schema of a step's block, for editors", allow_abbrev=False)


def _duration(text: str) -> Duration:
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


_SUBCOMMANDS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "learn": _learn,
    "play": _play,
    "replay": _replay,
    "why": _why,
    "attach": _attach,
    "lag": _lag,
    "kafka": _kafka,
    "lesson": _lesson,
}
_HELP = {
    "learn": "play a lesson: predict, run, see why",
    "play": "play a scenario, or run it headless",
    "replay": "play a saved run again, byte for byte",
    "why": "why something happened in a run: the causes of an event, the life of a record",
    "attach": "watch a real cluster, read-only: who lags, why, since when",
    "lag": "the lag of all groups, as text or JSON",
    "kafka": "a real Apache Kafka on this machine: up, down, status",
    "lesson": "for authors: check, list, schema",
}
