"""JSON Schemas of the files that people write, for editors: scenarios and the blocks of lessons.

msgspec makes the schema, but it cannot write a default such as `400ms`, so quantities are first turned into
texts with a pattern.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, get_args, get_origin

import msgspec

from mqviz.model.units import Quantity, Value, encode_hook


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a file that holds a `kind`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **msgspec.json.schema(_plain_struct(kind)),
    }


@cache
def _plain_struct(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    fields = [
        (field.name, _plain_type(field.type), *_default(field)) for field in msgspec.structs.fields(kind)
    ]
    made = msgspec.defstruct(kind.__name__, fields, kw_only=True, forbid_unknown_fields=True)
    made.__doc__ = kind.__doc__
    return made


def _default(field: Any) -> tuple[Any, ...]:
    if field.required:
        return ()
    if field.default is msgspec.NODEFAULT:
        return (msgspec.field(default_factory=field.default_factory),)
    plain = msgspec.to_builtins(field.default, enc_hook=encode_hook)
    if isinstance(plain, dict | list):
        return (msgspec.field(default_factory=lambda: plain),)
    return (plain,)


def _plain_type(kind: Any) -> Any:
    if kind is Value:
        return str | int | float | bool
    if get_origin(kind) is dict:
        return dict[str, _plain_type(get_args(kind)[1])]  # type: ignore[misc]
    if isinstance(kind, type) and issubclass(kind, Quantity):
        units = "|".join(kind.units)
        meta = msgspec.Meta(
            pattern=rf"^\d+(\.\d+)?({units})$", description=f"{kind.__name__}, like {kind.example}"
        )
        return Annotated[str, meta]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _plain_struct(kind)
    if get_origin(kind) is tuple:
        return list[_plain_type(get_args(kind)[0])]  # type: ignore[misc]
    return kind
