"""Letters of keys: each key's own initial or the next free letter, given in the order in which keys first
appear.

The order comes from the State, where it only grows; stepping back therefore shows the same letters. From
the 27th key on the letter is `*`, and selecting a record names its key. A record with a null key is `∘`,
one whose content was not seen is a tile without a letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from mqviz.scenes.palette import NO_KEY

NULL = "∘"
MANY = "*"
UNSEEN = " "
DISTINCT = 26
_COLOURS = "ABCDEFGH"


class Letters(dict[str, str]):
    """The letter of each key."""

    def of(self, key: str | None) -> str:
        """What a record with this key wears: `*` where its key has no letter."""
        return NULL if key is None else self.get(key, MANY)


def letters_of(keys: Sequence[str]) -> Letters:
    """The letter of each key; `keys` are in the order of their first appearance.

    A key wears its own initial if no earlier key has it, else the first letter that is free.
    """
    free, found = list(ascii_uppercase), Letters((key, MANY) for key in keys)
    for key in keys[:DISTINCT]:
        initial = key[:1].upper()
        found[key] = initial if initial in free else free[0]
        free.remove(found[key])
    return found


def colour_key(sign: str) -> str:
    """Whose colour a letter wears: its own up to H, then A's again; none for `*`, null and unseen."""
    if len(sign) == 1 and "A" <= sign <= "Z":
        return _COLOURS[(ord(sign) - ord("A")) % len(_COLOURS)]
    return NO_KEY
