"""Bytes to values and back. kio, generated from Apache's own message definitions, is behind these functions.

Requests are written by kio; answers are read by `reading`, which follows kio's definitions.
kio is heavy, so it is imported when the first request is made, never with this module; and it is only
ever asked for the kinds of request that `apis.READ_ONLY` lists.
"""

import struct
from functools import cache
from importlib import import_module
from io import BytesIO
from types import ModuleType
from typing import Any

from mqviz.wire import reading
from mqviz.wire.apis import READ_ONLY, Api


class NotDecodable(ValueError):
    """The bytes are not the answer they should be; the text says why."""


@cache
def schema(api: Api, version: int, kind: str) -> ModuleType:
    """kio's module with the types of one version of a request ("request") or its answer ("response")."""
    if api not in READ_ONLY:
        raise LookupError(f"{api.name} is not among the requests that mqviz sends")
    return import_module(f"kio.schema.{api.schema}.v{version}.{kind}")


def load(*apis: Api) -> None:
    """Import what these requests need in their newest versions, which takes a moment: before a deadline runs,
    not within it.
    """
    for api in apis:
        for kind in ("request", "response"):
            schema(api, api.newest, kind)


def body(request: Any) -> bytes:
    """The bytes of one of kio's requests, without a header."""
    buffer = BytesIO()
    import_module("kio.serial").entity_writer(type(request))(buffer, request)
    return buffer.getvalue()


def encode(api: Api, version: int, number: int, client_id: str, request: bytes) -> bytes:
    """The whole frame of a request: length, header with the correlation id `number`, body."""
    header = _request_type(api, version).__header_schema__(
        request_api_key=api.key,
        request_api_version=version,
        correlation_id=number,
        client_id=client_id,
    )
    frame = body(header) + request
    return struct.pack(">i", len(frame)) + frame


def correlation_id(frame: bytes) -> int:
    """Which request a frame (without its length) answers. Raises NotDecodable."""
    if len(frame) < 4:
        raise NotDecodable(f"a frame of {len(frame)} bytes holds no correlation id")
    return int.from_bytes(frame[:4], "big", signed=True)


def error_code(frame: bytes) -> int:
    """The error number of an answer that begins with one (ApiVersions does, in every version)."""
    if len(frame) < 6:
        raise NotDecodable("the answer ends before its error code")
    return int.from_bytes(frame[4:6], "big", signed=True)


def decode(api: Api, version: int, frame: bytes) -> Any:
    """The value that an answer's frame (without its length) holds.

    Raises NotDecodable when a byte is missing, too many, or out of place.
    """
    response = _response_type(api, version)
    try:
        _, at = reading.read_entity(response.__header_schema__, frame)
        value, at = reading.read_entity(response, frame, at)
    except reading.Malformed as error:
        raise NotDecodable(str(error)) from error
    if at != len(frame):
        raise NotDecodable(f"{len(frame) - at} bytes too many")
    return value


def decode_assignment(data: bytes) -> list[tuple[str, tuple[int, ...]]]:
    """The partitions, by topic, in a classic member's assignment. Raises NotDecodable.

    The bytes are the member's own: it need not be a consumer, and may be of any version. Versions only
    append fields, so the oldest reading holds for all of them.
    """
    if not data:
        return []
    module = import_module("kio.schema.consumer_protocol_assignment.v0.data")
    try:
        value, _ = reading.read_entity(module.ConsumerProtocolAssignment, data, 2)
    except reading.Malformed as error:
        raise NotDecodable(str(error)) from error
    return [(topic.topic, topic.partitions or ()) for topic in value.assigned_partitions or ()]


def error_name(code: int) -> str:
    """Kafka's name of an error number, like NOT_COORDINATOR; "error 999" for a number unknown here."""
    errors = import_module("kio.schema.errors")
    try:
        return str(errors.ErrorCode(code).name).upper()
    except ValueError:
        return f"error {code}"


@cache
def _response_type(api: Api, version: int) -> Any:
    return getattr(schema(api, version, "response"), f"{api.name}Response")


@cache
def _request_type(api: Api, version: int) -> Any:
    return getattr(schema(api, version, "request"), f"{api.name}Request")
