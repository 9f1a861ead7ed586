"""The register of moments that scenes are drawn at in the tests."""

from __future__ import annotations

from collections.abc import Callable

from mqviz.scenes.canvas import Canvas

MS = 1_000

MOMENTS: dict[str, Callable[..., Canvas]] = {}
"""Name → function (columns, rows, ascii=…, focus=…) → Canvas."""


def moment(draw: Callable[..., Canvas]) -> Callable[..., Canvas]:
    MOMENTS[draw.__name__] = draw
    return draw
