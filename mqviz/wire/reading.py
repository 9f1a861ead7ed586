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
from typing import Any, NamedTuple, get_args, get_origin

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

    return _remembering(entity, read) if entity.__name__ == "OffsetFetchResponseGroup" else read


_MOST_REMEMBERED = 4096
_remembered: dict[tuple[Any, str | None], tuple[bytes, Any]] = {}


def _remembering(entity: Any, read: Read) -> Read:
    """`read`, for a group's answer, of which there are many and most are the same as last time.

    What begins with the same bytes has the same value and the same end.
    """

    def remembering(data: bytes, at: int) -> tuple[Any, int]:
        name, _ = _compact_string(data, at)
        raw, value = _remembered.get((entity, name), (b"", None))
        if raw and data.startswith(raw, at):
            return value, at + len(raw)
        value, end = read(data, at)
        if len(_remembered) >= _MOST_REMEMBERED:
            _remembered.clear()
        _remembered[entity, name] = (data[at:end], value)
        return value, end

    return remembering


def _read_tags(tags: dict[int, tuple[str, Read]], values: dict[str, Any], data: bytes, at: int) -> int:
    if data[at : at + 1] == b"\0":
        return at + 1
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
        item = get_args(kind)[0]
        short = _SHORT_WAYS.get((getattr(item, "__name__", ""), flexible))
        read = short or _array(_one_reader(field, item, flexible), flexible)
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
    """A length that is written plus one; -1 is null. The first lines are the usual case, for speed."""
    left = len(data) - at
    if left > 0 and data[at] < 0x80 and data[at] <= left:
        return data[at] - 1, at + 1
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


class Offsets(NamedTuple):
    """Offsets of one topic's partitions, as packed numbers: a large answer mostly repeats the one before.

    Two that are equal tell the same; only one that is not need be unpacked.
    """

    form: str
    packed: bytes

    def columns(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """(partitions, offsets, errors), in the order of the answer."""
        width, partition, offset, error = _COLUMNS[self.form]
        numbers = _numbers(self.form, len(self.packed)).unpack(self.packed)
        return numbers[partition::width], numbers[offset::width], numbers[error::width]

    def rows(self) -> list[tuple[int, int, int]]:
        """(partition, offset, error), …"""
        return list(zip(*self.columns(), strict=True))


_COMMITS = "iqiBhB"
"""A commit: partition, offset, leader epoch, length of its metadata (1: none), error, number of tagged
fields.
"""
_ENDS = "ihqqiB"
"""An answer of ListOffsets: partition, error, time, offset, leader epoch, number of tagged fields."""
_PLAIN = "iqh"
_COLUMNS = {_COMMITS: (6, 0, 1, 4), _ENDS: (6, 0, 3, 1), _PLAIN: (3, 0, 1, 2)}


@cache
def _numbers(form: str, size: int) -> struct.Struct:
    one = struct.calcsize(">" + form)
    return struct.Struct(">" + form * (size // one))


def _some(data: bytes, at: int) -> tuple[int, int]:
    """The length of a compact array that may not be null."""
    count, at = _compact_length(data, at)
    if count < 0:
        raise Malformed("partitions is missing")
    return count, at


def _commits(data: bytes, at: int) -> tuple[Offsets, int]:
    """The partitions of a topic in OffsetFetch: all of one size where no commit has metadata."""
    count, at = _some(data, at)
    end = at + 20 * count
    if data[at + 16 : end : 20] == b"\1" * count and data[at + 19 : end : 20] == b"\0" * count:
        return Offsets(_COMMITS, data[at:end]), end
    rows = []
    for _ in range(count):
        partition, offset, _ = _COMMIT.unpack_from(data, at)
        size, at = _compact_length(data, at + 16)
        error, at = _INT16(data, at + max(size, 0))
        at = _read_tags({}, {}, data, at)
        rows.append(_ROW.pack(partition, offset, error))
    return Offsets(_PLAIN, b"".join(rows)), at


def _ends(data: bytes, at: int) -> tuple[Offsets, int]:
    """The partitions of a topic in ListOffsets: all of one size while Kafka tags nothing on."""
    count, at = _some(data, at)
    end = at + 27 * count
    if data[at + 26 : end : 27] == b"\0" * count:
        return Offsets(_ENDS, data[at:end]), end
    rows = []
    for _ in range(count):
        partition, error, _, offset, _ = _END.unpack_from(data, at)
        at = _read_tags({}, {}, data, at + 26)
        rows.append(_ROW.pack(partition, offset, error))
    return Offsets(_PLAIN, b"".join(rows)), at


_COMMIT, _END, _ROW = struct.Struct(">iqi"), struct.Struct(">ihqqi"), struct.Struct(">iqh")


def _topics_of_commits(data: bytes, at: int) -> tuple[tuple[tuple[str, Offsets], ...], int]:
    """The topics of a group in OffsetFetch, each (name, offsets)."""
    count, at = _some(data, at)
    topics = []
    for _ in range(count):
        name, at = _compact_string(data, at)
        offsets, at = _commits(data, at)
        at = _read_tags({}, {}, data, at)
        if name is None:
            raise Malformed("name is missing")
        topics.append((name, offsets))
    return tuple(topics), at


_SHORT_WAYS: dict[tuple[str, bool], Read] = {
    ("OffsetFetchResponseTopics", True): _topics_of_commits,
    ("ListOffsetsPartitionResponse", True): _ends,
}
