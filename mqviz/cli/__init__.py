"""The command line: arguments, and the only place that opens simulators and clusters and hands them down.

Exit codes: 0, 1 could not, 2 bad input, 130 interrupted. What a user can cause is one sentence on standard
error; anything else goes to a log that is named.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

Do = Callable[[Any], int]

OK, COULD_NOT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

_DO = {
    "home": "mqviz.cli.screens:home",
    "learn": "mqviz.cli.screens:learn",
    "play": "mqviz.cli.play:play",
    "replay": "mqviz.cli.play:replay",
    "why": "mqviz.cli.why:why",
    "attach": "mqviz.cli.screens:attach",
    "lag": "mqviz.cli.lag:lag",
    "kafka": "mqviz.cli.kafka:kafka",
    "lesson": "mqviz.cli.lesson:lesson",
}


class CannotDo(Exception):
    """A sentence for the user, and the exit code."""

    def __init__(self, sentence: str, code: int = COULD_NOT) -> None:
        super().__init__(sentence)
        self.code = code


def run(words: Sequence[str]) -> int:
    """Do what `words` say; returns the exit code and never raises but SystemExit from argparse."""
    _open_what_is_closed()
    try:
        return _run(words)
    except CannotDo as error:
        return _say(str(error), error.code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        nobody_reads()
        return COULD_NOT
    except Exception as error:
        return _unexpected(error)


def nobody_reads() -> None:
    """The pipe's reader has gone, or the window: what is still to be written leads nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _open_what_is_closed() -> None:
    """A standard stream that the shell closed (`>&-`) leads nowhere; else a socket would get its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  (as long as the program lives)


def _run(words: Sequence[str]) -> int:
    from mqviz.cli.arguments import parser, subcommand_error

    if words and (wrong := subcommand_error(words[0])):
        raise CannotDo(wrong, BAD_INPUT)
    arguments = parser({name: _lazily(place) for name, place in _DO.items()}).parse_args(words)
    do: Do = arguments.do
    return do(arguments)


def _lazily(place: str) -> Do:
    module, _, name = place.partition(":")
    return lambda arguments: int(getattr(import_module(module), name)(arguments))


def _say(sentence: str, code: int) -> int:
    print(f"mqviz: {sentence}", file=sys.stderr)
    return code


def _unexpected(error: Exception) -> int:
    from mqviz.folders import log_error

    path = log_error(error)
    where = f"the log {path} has the details" if path else "and no log could be written"
    return _say(f"something unexpected went wrong ({type(error).__name__}); {where}", COULD_NOT)
