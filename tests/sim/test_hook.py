"""Hooks: a call upwards has one function, and says so where it has none or two."""

from __future__ import annotations

import pytest

from mqviz.sim.hook import Hook


def test_a_hook_calls_the_one_function_that_was_filled_in() -> None:
    hook: Hook[[int], int] = Hook("count on")
    with pytest.raises(TypeError, match="no file says how to count on"):
        hook(1)

    @hook.filled
    def more(number: int) -> int:
        return number + 1

    assert hook(1) == 2
    with pytest.raises(TypeError, match="two functions count on"):
        hook.filled(more)
