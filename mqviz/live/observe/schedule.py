"""What is due: the group in focus often, what is on screen now and then, the rest in turn.

Times are microseconds and come in from outside.
"""

from collections.abc import Collection, Iterable

SECOND_US = 1_000_000
FOCUS_US = 2 * SECOND_US
VISIBLE_US = 5 * SECOND_US
REST_US = 30 * SECOND_US
CLUSTER_US = 5 * SECOND_US
LISTING_US = 5 * SECOND_US
MEMBERS_US = 10 * SECOND_US
STARTS_US = 30 * SECOND_US
MISSING_US = 30 * SECOND_US


class Schedule:
    """When what was asked for last, and so what to ask for next.

    `period_us` is the length of a refresh. `visible` None: not said, so every refresh reads all.
    """

    def __init__(self, period_us: int = FOCUS_US) -> None:
        self.period_us = period_us
        self.focus: str | None = None
        self.visible: frozenset[str] | None = None
        self._last: dict[str, int] = {}
        self._groups: dict[str, int] = {}

    def look(self, focus: str | None, visible: Collection[str] | None) -> None:
        """Say what is on screen; a group that comes into focus is due at once."""
        if focus is not None and focus != self.focus:
            self._groups.pop(focus, None)
        self.focus = focus
        self.visible = None if visible is None else frozenset(visible)

    def is_due(self, what: str, every_us: int, now_us: int) -> bool:
        """Whether `what` was not done for `every_us` (or never); if so it counts as done now.

        Half a period of slack keeps a refresh that comes a little early from putting things off to the next.
        """
        last = self._last.get(what)
        due = last is None or now_us - last >= every_us - self.period_us // 2
        if due:
            self._last[what] = now_us
        return due

    def hurry(self, *what: str) -> None:
        """Make these due at the next refresh."""
        for name in what:
            self._last.pop(name, None)

    def forget(self) -> None:
        """Make everything due at the next refresh."""
        self._last.clear()
        self.forget_groups()

    def forget_groups(self) -> None:
        """Make every group due at the next refresh."""
        self._groups.clear()

    def due_groups(self, groups: Iterable[str], now_us: int) -> list[str]:
        """The groups to read in this refresh, in the order given; they count as read now."""
        names = list(groups)
        rest = [name for name in names if not self._is_visible(name)]
        chosen = {name for name in names if self._is_visible(name) and self._waited(name, now_us)}
        chosen.update(self._turn(rest, now_us))
        self._groups = {
            name: now_us if name in chosen else self._groups.get(name, -REST_US) for name in names
        }
        return [name for name in names if name in chosen]

    def _is_visible(self, group: str) -> bool:
        return self.visible is None or group == self.focus or group in self.visible

    def _waited(self, group: str, now_us: int) -> bool:
        often = group == self.focus or self.visible is None
        every = self.period_us if often else max(VISIBLE_US, self.period_us)
        return now_us - self._groups.get(group, -REST_US) >= every - self.period_us // 2

    def _turn(self, rest: list[str], now_us: int) -> list[str]:
        """Of what is not on screen: what was never read,
        and the share of the rest that has waited longest.
        """
        new = [name for name in rest if self._groups.get(name, -REST_US) < 0]
        share = -(-len(rest) * self.period_us // REST_US)
        oldest = sorted(rest, key=lambda name: self._groups.get(name, -REST_US))[:share]
        return new + [n for n in oldest if now_us - self._groups.get(n, -REST_US) >= VISIBLE_US]
