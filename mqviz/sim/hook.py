"""Hook: a call upwards. A lower file offers it, one higher file fills it in, and neither imports the other
twice.

A client's parts tell their application that it may go on: the application calls the parts, so they cannot
import it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
Result = TypeVar("Result")


class Hook(Generic[P, Result]):
    """A function that is written elsewhere; `what` says what it does, for the error where nobody filled it
    in.
    """

    __slots__ = ("_function", "what")

    def __init__(self, what: str) -> None:
        self.what = what
        self._function: Callable[P, Result] | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Result:
        """Call the function that was filled in."""
        if self._function is None:
            raise TypeError(f"no file says how to {self.what}")
        return self._function(*args, **kwargs)

    def filled(self, function: Callable[P, Result]) -> Callable[P, Result]:
        """Decorator: this is the function; raises TypeError for a second one."""
        if self._function is not None:
            raise TypeError(f"two functions {self.what}: {self._function} and {function}")
        self._function = function
        return function
