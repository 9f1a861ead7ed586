"""`mqviz lag`: who lags, why and since when, as text or JSON; the same facts that attach draws."""

from __future__ import annotations

import asyncio
import sys
import time
from argparse import Namespace

from mqviz import lag_report
from mqviz.cli import BAD_INPUT, COULD_NOT, OK, CannotDo
from mqviz.cli.bootstrap import bootstrap_of
from mqviz.model.apply import apply
from mqviz.model.state import State
from mqviz.player import FAR_US

CLEAR = "\x1b[H\x1b[2J"
PAUSE_S = 0.05


def lag(arguments: Namespace) -> int:
    """Look once, or with --watch again and again until Ctrl-C."""
    bootstrap = bootstrap_of(arguments.bootstrap)
    try:
        return _watch(bootstrap, arguments) if arguments.watch else _once(bootstrap, arguments)
    except lag_report.NoSuchGroup as error:
        raise CannotDo(str(error), BAD_INPUT) from None


def _once(bootstrap: str, arguments: Namespace) -> int:
    from mqviz.live.observe.journal import Journal
    from mqviz.live.observe.observer import Observer
    from mqviz.live.observe.refresh import ClusterLostError

    journal = Journal()
    try:
        asyncio.run(Observer(bootstrap, journal).once())
    except ClusterLostError as error:
        raise CannotDo(str(error), COULD_NOT) from None
    state = State()
    for event in journal.take(FAR_US, FAR_US)[0]:
        apply(state, event)
    sys.stdout.write(_text(state, arguments))
    return OK


def _watch(bootstrap: str, arguments: Namespace) -> int:
    from mqviz.live.observe.backend import KafkaBackend

    backend = KafkaBackend(bootstrap, period_us=int(arguments.every))
    state, began, shown = State(), time.monotonic(), ""
    try:
        while True:
            for event in backend.advance(int((time.monotonic() - began) * 1e6)):
                apply(state, event)
            news = f"{state.observed.beat.number} {state.observed.lost}"
            if news != shown and (state.observed.beat.number or state.observed.lost):
                shown = news
                _show(_text(state, arguments), arguments.json)
            time.sleep(PAUSE_S)
    finally:
        backend.close()


def _show(text: str, plain: bool) -> None:
    clear = CLEAR if sys.stdout.isatty() and not plain else ""
    sys.stdout.write(clear + text)
    sys.stdout.flush()


def _text(state: State, arguments: Namespace) -> str:
    if arguments.json:
        return lag_report.as_json(state, arguments.group, 0 if arguments.watch else 2).strip() + "\n"
    if not arguments.watch:
        return lag_report.table(state, arguments.group, arguments.wide)
    table = lag_report.table(state, arguments.group, arguments.wide) if arguments.group else ""
    return f"{lag_report.heading(state)}\n{table or lag_report.summary(state)}"
