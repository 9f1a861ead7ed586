"""Random answers, made by kio's own definitions, with what must be read from each."""

import enum
from dataclasses import fields, is_dataclass
from datetime import timedelta
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, get_args, get_origin
from uuid import UUID

from hypothesis import strategies as st
from kio.schema.errors import ErrorCode

from mqviz.wire import codec
from mqviz.wire.apis import READ_ONLY
from mqviz.wire.reading import Offsets

ANSWERS = [
    (api, version, getattr(codec.schema(api, version, "response"), f"{api.name}Response"))
    for api in READ_ONLY
    for version in range(api.oldest, api.newest + 1)
]

_INTEGERS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
_SIMPLE: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.integers(-(1 << bits - 1), (1 << bits - 1) - 1) for name, bits in _INTEGERS.items()},
    "bool": st.booleans(),
    "string": _TEXT,
    "bytes": st.binary(max_size=5),
    "uuid": st.none() | st.uuids(),
    "error_code": st.sampled_from(list(ErrorCode)),
    "timedelta_i32": st.integers(0, 1 << 30).map(lambda ms: timedelta(milliseconds=ms)),
}


def entities(entity: Any) -> st.SearchStrategy[Any]:
    """Any value of one of kio's dataclasses, small."""
    return st.builds(entity, **{field.name: _values(field, field.type) for field in fields(entity)})


def _values(field: Any, kind: Any) -> st.SearchStrategy[Any]:
    if get_origin(kind) is UnionType:
        (inner,) = [k for k in get_args(kind) if k is not NoneType]
        some = _values(field, inner)
        return some if field.metadata.get("kafka_type") == "uuid" else st.none() | some
    if get_origin(kind) is tuple:
        return st.lists(_values(field, get_args(kind)[0]), max_size=3).map(tuple)
    return entities(kind) if is_dataclass(kind) else _SIMPLE[field.metadata["kafka_type"]]


def plain(value: Any) -> Any:
    """What mqviz reads where kio has `value`: numbers for error codes and times, text for ids."""
    if is_dataclass(value):
        return _plain_entity(value)
    if isinstance(value, Offsets):
        return tuple(value.rows())
    if isinstance(value, SimpleNamespace):
        return SimpleNamespace(**{name: plain(found) for name, found in vars(value).items()})
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, enum.IntEnum):
        return int(value)
    if isinstance(value, timedelta):
        return round(value / timedelta(milliseconds=1))
    return value.hex if isinstance(value, UUID) else value


def _plain_entity(value: Any) -> Any:
    if type(value).__name__ == "OffsetFetchResponsePartitions":
        return value.partition_index, value.committed_offset, int(value.error_code)
    if type(value).__name__ == "OffsetFetchResponseTopics":
        return value.name, plain(value.partitions)
    if type(value).__name__ == "ListOffsetsPartitionResponse":
        return value.partition_index, value.offset, int(value.error_code)
    return SimpleNamespace(**{field.name: _plain_field(value, field) for field in fields(value)})


def _plain_field(value: Any, field: Any) -> Any:
    found = getattr(value, field.name)
    return "" if found is None and field.metadata.get("kafka_type") == "uuid" else plain(found)
