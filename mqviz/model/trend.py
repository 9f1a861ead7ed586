"""Trend: the last values of a number that changes, one a window of time,
so that lag can be drawn as a line.
"""

from __future__ import annotations

import msgspec

WINDOW_US = 500_000
KEPT = 32


class Samples(msgspec.Struct):
    """The value at the end of each window in which it changed, oldest first; at most KEPT of them."""

    windows: list[int] = msgspec.field(default_factory=list)
    values: list[int] = msgspec.field(default_factory=list)

    def note(self, at_us: int, value: int) -> None:
        """The number is `value` from now on."""
        window = at_us // WINDOW_US
        if self.windows and self.windows[-1] == window:
            self.values[-1] = value
            return
        self.windows.append(window)
        self.values.append(value)
        if len(self.windows) > KEPT:
            del self.windows[0], self.values[0]

    def over(self, first: int, last: int) -> list[int | None]:
        """The value at the end of each window first … last; None before the first one that is known."""
        found: list[int | None] = []
        index = 0
        value: int | None = None
        for window in range(first, last + 1):
            while index < len(self.windows) and self.windows[index] <= window:
                value = self.values[index]
                index += 1
            found.append(value)
        return found
