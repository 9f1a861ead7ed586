"""Events as JSON lines: the form of captures, `--json` and recordings."""

from __future__ import annotations

from functools import cache
from typing import Any, Union

import msgspec

import mqviz.model.apply  # noqa: F401  (registers every kind)
from mqviz.model.event import APPLY, Event
from mqviz.model.units import decode_hook, encode_hook


def encode_event(event: Event) -> bytes:
    """One JSON line without its newline: the form of captures, `--json` and recordings."""
    return _encoder().encode(event)


def decode_event(line: bytes | str) -> Event:
    """The event of a JSON line; raises msgspec.ValidationError with the path of what is wrong."""
    event: Event = _decoder().decode(line)
    return event


@cache
def _encoder() -> msgspec.json.Encoder:
    return msgspec.json.Encoder(enc_hook=encode_hook)


@cache
def _decoder() -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(Union[tuple(APPLY)], dec_hook=decode_hook)  # noqa: UP007  (made at run time)
