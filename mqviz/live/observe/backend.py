"""KafkaBackend: a real cluster behind the Backend seam. It watches in a thread of its own and never waits.

Watching only reads; a backend that also acts on a cluster (`live/drive`) has one of these inside.
"""

import asyncio
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from mqviz.backend import Can, Refused
from mqviz.live.observe.journal import Journal
from mqviz.live.observe.observer import Observer
from mqviz.live.observe.schedule import FOCUS_US
from mqviz.model.command.base import Command
from mqviz.model.event import Event

CLOSE_S = 2.0


class KafkaBackend:
    """A real cluster; see mqviz.backend.Backend for what each method promises.

    Its clock starts when it is made and is the wall's: what happens is handed out once `advance` asks for a
    time after it.
    """

    can: frozenset[Can] = frozenset()

    def __init__(self, bootstrap: str, *, period_us: int = FOCUS_US) -> None:
        """Begin to watch the cluster at `bootstrap`. Raises wire's BadAddress;
        an absent cluster is an event.
        """
        self.now_us = 0
        self.journal = Journal()
        self._observer = Observer(bootstrap, self.journal, period_us=period_us)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watching: asyncio.Task[None] | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="observe", daemon=True)
        self._thread.start()
        self._started.wait()

    def submit(self, command: Command) -> None:
        """Refuse: nothing is changed from here."""
        del command
        raise Refused("mqviz only reads this cluster; nothing can be started or changed on it from here")

    def advance(self, until_us: int, limit: int = 1_000_000) -> Sequence[Event]:
        """What happened before `until_us` and was not handed out yet; it never comes further than the wall's
        clock.
        """
        until_us = min(until_us, self.journal.now_us())
        if until_us <= self.now_us:
            return []
        events, self.now_us = self.journal.take(int(until_us), limit)
        return events

    def next_at_us(self) -> None:
        """The future of a real cluster is unknown."""
        return

    def checkpoint(self) -> None:
        """A real cluster does not go back."""
        return

    def look(
        self, focus: str | None, visible: Collection[str] | None = None, topics: Collection[str] = ()
    ) -> None:
        """Say what is on screen, so that it is asked for first: see Observer.look."""
        self._call(lambda: self._observer.look(focus, visible, topics))

    def hurry(self) -> None:
        """Look at everything now."""
        self._call(self._observer.hurry)

    def close(self) -> None:
        """End the thread and the connections."""
        if self._watching is not None:
            self._call(self._watching.cancel)
        self._thread.join(CLOSE_S)

    def _call(self, do: Callable[[], object]) -> None:
        """Do something in the watching thread, if it still runs."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(do)

    def _watch(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._watching = self._loop.create_task(self._observer.run())
            self._started.set()
            try:
                self._loop.run_until_complete(self._watching)
            except asyncio.CancelledError:
                return
