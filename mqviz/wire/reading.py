"""Answers read by Kafka's message definitions, with nothing believed that the bytes do not carry.

kio has the definitions as dataclasses, and a reader of its own that is native code. That reader reserves
memory for as many elements as an array claims, so twelve hostile bytes ask for 17 GB and end the process
(kio 0.6.5). This one checks every length against what is there, keeps error codes as Kafka's numbers
(also those that kio does not know yet), and has a short way for the two answers that grow with a cluster.
"""

import struct
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, get_args, get_origin

Read = Callable[[bytes, int], tuple[Any, int]]
"""Reads the value at a position: (value, position after it). Raises Malformed or struct.error."""


class Malformed(ValueError):
    """The bytes do not follow their definition."""


def read_entity(entity: Any, data: bytes, at: int = 0) -> tuple[Any, int]:
    """The value of kio's dataclass `entity` at `at`, as a namespace of its fields, and the position after it.

    Raises Malformed. Absent tagged fields have their default; times are milliseconds.
    """
    try:
        value, end = entity_reader(entity)(data, at)
    except struct.error as error:
        raise Malformed("the bytes end too early") from error
    return value, end


@cache
def entity_reader(entity: Any) -> Read:
    """The reader of one of kio's dataclasses."""
    short = _SHORT_WAYS.get((entity.__name__, entity.__flexible__))
    plain = [f for f in fields(entity) if "tag" not in f.metadata]
    flexible = entity.__flexible__
    readers = [(f.name, _field_reader(f, flexible)) for f in plain]
    tagged = {f.metadata["tag"]: f for f in fields(entity) if "tag" in f.metadata}
    defaults = {f.name: f.default for f in tagged.values() if f.default is not MISSING}
    tags = {tag: (f.name, _field_reader(f, flexible)) for tag, f in tagged.items()}

    def read(data: bytes, at: int) -> tuple[Any, int]:
        values = dict(defaults)
        for name, read_field in readers:
            values[name], at = read_field(data, at)
        if flexible:
            at = _read_tags(tags, values, data, at)
        return SimpleNamespace(**values), at

    return short or read


def _read_tags(tags: dict[int, tuple[str, Read]], values: dict[str, Any], data: bytes, at: int) -> int:
    count, at = _uvarint(data, at)
    for _ in range(_counted(count, data, at)):
        tag, at = _uvarint(data, at)
        size, at = _uvarint(data, at)
        end = at + _counted(size, data, at)
        if tag in tags:
            name, read_field = tags[tag]
            values[name], at = read_field(data, at)
            if at != end:
                raise Malformed(f"the tagged field {name} is not as long as it claims")
        at = end
    return at


def _field_reader(field: Field[Any], flexible: bool) -> Read:
    nullable, kind = _without_none(field.type)
    if get_origin(kind) is tuple:
        read = _array(_one_reader(field, get_args(kind)[0], flexible), flexible)
    else:
        read = _one_reader(field, kind, flexible)
        if nullable and is_dataclass(kind):
            return _nullable_entity(read)
    return read if nullable or read in _FIXED.values() else _present(read, field.name)


def _one_reader(field: Field[Any], kind: Any, flexible: bool) -> Read:
    _, kind = _without_none(kind)
    entity: Any = kind if is_dataclass(kind) else None
    return entity_reader(entity) if entity else _primitive(field, flexible)


def _present(read: Read, name: str) -> Read:
    """`read`, for a field that may not be null."""

    def present(data: bytes, at: int) -> tuple[Any, int]:
        value, at = read(data, at)
        if value is None:
            raise Malformed(f"{name} is missing")
        return value, at

    return present


def _without_none(kind: Any) -> tuple[bool, Any]:
    if get_origin(kind) is not UnionType:
        return False, kind
    kinds = [k for k in get_args(kind) if k is not NoneType]
    return True, kinds[0]


def _primitive(field: Field[Any], flexible: bool) -> Read:
    kafka_type = field.metadata["kafka_type"]
    if kafka_type == "string":
        return _compact_string if flexible else _string
    if kafka_type in ("bytes", "records"):
        return _compact_bytes if flexible else _bytes
    if kafka_type == "uuid":
        return _uuid
    return _FIXED[kafka_type]


def _fixed(form: str) -> Read:
    one = struct.Struct(form)

    def read(data: bytes, at: int) -> tuple[Any, int]:
        return one.unpack_from(data, at)[0], at + one.size

    return read


_INT16, _INT32 = _fixed(">h"), _fixed(">i")
_FIXED: dict[str, Read] = {
    "bool": _fixed(">?"),
    "int8": _fixed(">b"),
    "int16": _INT16,
    "int32": _INT32,
    "int64": _fixed(">q"),
    "uint16": _fixed(">H"),
    "uint32": _fixed(">I"),
    "float64": _fixed(">d"),
    "error_code": _INT16,
    "timedelta_i32": _INT32,
    "timedelta_i64": _fixed(">q"),
    "datetime_i64": _fixed(">q"),
}


def _counted(count: int, data: bytes, at: int) -> int:
    """`count`, if that many bytes are left: no element is smaller than one byte."""
    if count > len(data) - at:
        raise Malformed(f"a length of {count:,} where {len(data) - at:,} bytes are left")
    return count


def _uvarint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        if at >= len(data):
            raise Malformed("the bytes end too early")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise Malformed("a length has more than five bytes")


def _compact_length(data: bytes, at: int) -> tuple[int, int]:
    """A length that is written plus one; -1 is null."""
    value, at = _uvarint(data, at)
    return _counted(value - 1, data, at), at


def _length(read: Read) -> Read:
    def length(data: bytes, at: int) -> tuple[int, int]:
        value, at = read(data, at)
        if value < -1:
            raise Malformed(f"a length of {value}")
        return _counted(value, data, at), at

    return length


def _bytes_after(length: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[bytes | None, int]:
        size, at = length(data, at)
        return (None, at) if size < 0 else (data[at : at + size], at + size)

    return read


def _text_after(length: Read) -> Read:
    def read(data: bytes, at: int) -> tuple[str | None, int]:
        size, at = length(data, at)
        if size < 0:
            return None, at
        try:
            return str(data[at : at + size], "utf-8"), at + size
        except UnicodeDecodeError as error:
            raise Malformed("a text is not UTF-8") from error

    return read


_compact_string = _text_after(_compact_length)
_string = _text_after(_length(_INT16))
_compact_bytes = _bytes_after(_compact_length)
_bytes = _bytes_after(_length(_INT32))


def _uuid(data: bytes, at: int) -> tuple[str, int]:
    """32 hexadecimal digits; empty for the id of all zeros, which means none."""
    raw = data[at : at + _counted(16, data, at)]
    return raw.hex() if any(raw) else "", at + 16


def _nullable_entity(read: Read) -> Read:
    def nullable(data: bytes, at: int) -> tuple[Any, int]:
        marker, at = _FIXED["int8"](data, at)
        return (None, at) if marker < 0 else read(data, at)

    return nullable


def _array(read_item: Read, flexible: bool) -> Read:
    length = _compact_length if flexible else _length(_INT32)

    def read(data: bytes, at: int) -> tuple[tuple[Any, ...] | None, int]:
        count, at = length(data, at)
        if count < 0:
            return None, at
        items = []
        for _ in range(count):
            item, at = read_item(data, at)
            items.append(item)
        return tuple(items), at

    return read


_COMMIT = struct.Struct(">iqi")
_END = struct.Struct(">ihqqiB")


def _commit(data: bytes, at: int) -> tuple[Any, int]:
    """One partition of OffsetFetch: (partition, offset, error). Its leader epoch and metadata are passed over."""
    partition, offset, _ = _COMMIT.unpack_from(data, at)
    size, at = _compact_length(data, at + 16)
    at += max(size, 0)
    error, at = _INT16(data, at)
    return (partition, offset, error), _after_tags(data, at)


def _end(data: bytes, at: int) -> tuple[Any, int]:
    """One partition of ListOffsets: (partition, offset, error). Its time and leader epoch are passed over."""
    partition, error, _, offset, _, tags = _END.unpack_from(data, at)
    end = at + 27
    return (partition, offset, error), end if not tags else _after_tags(data, end - 1)


def _after_tags(data: bytes, at: int) -> int:
    return at + 1 if data[at : at + 1] == b"\0" else _read_tags({}, {}, data, at)


_SHORT_WAYS: dict[tuple[str, bool], Read] = {
    ("OffsetFetchResponsePartitions", True): _commit,
    ("ListOffsetsPartitionResponse", True): _end,
}
