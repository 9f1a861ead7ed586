"""Registry: which function belongs to which name or kind; a second one for the same key is a mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
Own = TypeVar("Own")


class Registry(dict[Key, Value]):
    """A table that decorators fill while modules are imported, and that is only read afterwards.

    `twice`: what is wrong with a second entry, as the beginning of a sentence that ends with its name.
    """

    def __init__(self, twice: str) -> None:
        super().__init__()
        self.twice = twice

    def add(self, key: Key, value: Any) -> None:
        """Enter `value` under `key`; raises TypeError if there is one already.

        `value` is not checked: the decorators that call this are typed more strictly than a table can be.
        """
        if key in self:
            name = key.__name__ if isinstance(key, type) else key
            raise TypeError(f"{self.twice} {name}: {self[key]} and {value}")
        self[key] = value

    def register(self, key: Key) -> Callable[[Own], Own]:
        """Decorator: enter the decorated function under `key`."""

        def enter(function: Own) -> Own:
            self.add(key, function)
            return function

        return enter
