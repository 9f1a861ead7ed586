"""Packing: plain data as bytes, small because sealed things are shared and not copied.

Immutable things that may be large or many (batches and chunks of a log) are not written into the bytes:
the packed value keeps references to them, and what is unpacked uses the very same objects. So packed bytes
live in this process only and are never a file.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from io import BytesIO
from typing import Any

SHARED: set[type[Any]] = set()
"""The immutable types whose instances are shared; the file that defines one calls `share`."""


def share(*kinds: type[Any]) -> None:
    """Let packed values share the instances of these immutable types."""
    SHARED.update(kinds)


class Packed(bytes):
    """The bytes, and beside them what they share with others."""

    shared: tuple[Any, ...]


def pack(value: object) -> Packed:
    """`value` as bytes of this process."""
    file = BytesIO()
    pickler = _Pickler(file)
    pickler.dump(value)
    packed = Packed(file.getvalue())
    packed.shared = tuple(pickler.shared)
    return packed


def unpack(packed: bytes) -> Any:
    """An equal and independent copy of what was packed; raises ValueError for bytes from elsewhere."""
    if not isinstance(packed, Packed):
        raise ValueError("packed bytes live in the process that made them, not in a file")
    return _Unpickler(packed).load()


def _shared(index: int) -> Any:
    raise pickle.UnpicklingError(f"shared thing {index} outside of what was packed with it")


class _Pickler(pickle.Pickler):
    def __init__(self, file: BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.shared: list[Any] = []
        self.dispatch_table = dict.fromkeys(SHARED, self._refer)

    def _refer(self, thing: Any) -> tuple[Callable[[int], Any], tuple[int]]:
        self.shared.append(thing)
        return _shared, (len(self.shared) - 1,)


class _Unpickler(pickle.Unpickler):
    def __init__(self, packed: Packed) -> None:
        super().__init__(BytesIO(packed))
        self._things = packed.shared

    def find_class(self, module: str, name: str) -> Any:
        if name == _shared.__name__ and module == __name__:
            return self._things.__getitem__
        return super().find_class(module, name)
