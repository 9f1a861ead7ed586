"""Letters of keys: A, B, C … in the order in which keys first appear in the run, so that they never change.

The order comes from the State, where it only grows; stepping back therefore shows the same letters. From
the 27th key on the letter is `*`, and selecting a record names its key. A record with a null key is `∘`,
one whose content was not seen is a tile without a letter.
"""

from __future__ import annotations

from mqviz.scenes.palette import NO_KEY

NULL = "∘"
MANY = "*"
UNSEEN = " "
DISTINCT = 26
_COLOURS = "ABCDEFGH"


def letter(number: int | None) -> str:
    """The letter of the key that appeared as `number` (from 0); None is the null key."""
    if number is None:
        return NULL
    return chr(ord("A") + number) if 0 <= number < DISTINCT else MANY


def colour_key(sign: str) -> str:
    """Whose colour a letter wears: its own up to H, then A's again; none for `*`, null and unseen."""
    if len(sign) == 1 and "A" <= sign <= "Z":
        return _COLOURS[(ord(sign) - ord("A")) % len(_COLOURS)]
    return NO_KEY
