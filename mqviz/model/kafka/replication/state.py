"""What a leader keeps of each follower, and a follower of each leader that it fetches from."""

from __future__ import annotations

import msgspec


class Feed(msgspec.Struct):
    """A leader's side of a follower's fetch loop.

    `asked_us`: when the last fetch came. `waiting`: number of the parked fetch, 0 for none. `fresh`:
    partitions with data that was not sent yet;
    `marks`: partitions whose high watermark it was not told.
    """

    asked_us: int = 0
    waiting: int = 0
    fresh: dict[str, bool] = msgspec.field(default_factory=dict)
    marks: dict[str, bool] = msgspec.field(default_factory=dict)


class Fetcher(msgspec.Struct):
    """A follower's side: `running` while a fetch is on its way; `news`: log ends that the leader was not
    told.
    """

    running: bool = False
    news: dict[str, tuple[str, int, int, int]] = msgspec.field(default_factory=dict)
