"""Comparing what was recorded with what the simulator shows: exact, shape (weaker), bound, info."""

from __future__ import annotations

from typing import Any

from tests.golden.registry import SHAPES, Args

WHOLE = (
    "assignment",
    "committed",
    "coordinator_partition",
    "delivered_counts",
    "delivered_offsets",
    "group_events",
    "member_epochs",
    "share_start",
    "target_assignment",
)
"""Facts that name all there is: what was not recorded was not there. Of others only the recorded fields are compared."""


def agrees(read: Args, found: Any) -> bool:
    """Whether `found` says what the recording expects of this read."""
    expected, how = read["expect"], read["compare"]
    if how == "info":
        return True
    if how == "bound":
        low, high = read["bounds"]
        return found is not None and low <= found <= high
    expected, found = tidy(read, expected), tidy(read, found)
    if how == "shape":
        return SHAPES[read["fact"]](expected, found)
    if read["fact"] in WHOLE and isinstance(expected, dict) and set(expected) != set(found):
        return False
    return same(expected, found)


def same(expected: Any, found: Any) -> bool:
    """Equal, where a table of named fields may have more fields than were recorded."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(key in found and same(value, found[key]) for key, value in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(same, expected, found))
    return outcome(expected) == outcome(found) or _same_class(expected, found)


def _same_class(expected: Any, found: Any) -> bool:
    """Whether one gives an exception with its error and the other the exception alone."""
    if not isinstance(expected, str) or not isinstance(found, str) or ("/" in expected) == ("/" in found):
        return False
    return expected.partition("/")[0] == found.partition("/")[0]


LIBRDKAFKA = {
    "INVALID_MSG": "CORRUPT_MESSAGE",
    "MSG_SIZE_TOO_LARGE": "MESSAGE_TOO_LARGE",
    "NOT_LEADER_FOR_PARTITION": "NOT_LEADER_OR_FOLLOWER",
    "UNKNOWN_TOPIC_OR_PART": "UNKNOWN_TOPIC_OR_PARTITION",
    "_FENCED": "PRODUCER_FENCED",
    "_MSG_TIMED_OUT": "REQUEST_TIMED_OUT",
    "_STATE": "IllegalStateException",
    "_TIMED_OUT": "REQUEST_TIMED_OUT",
    "_TRANSPORT": "NETWORK_EXCEPTION",
    "_UNKNOWN_PARTITION": "UNKNOWN_TOPIC_OR_PARTITION",
}
"""librdkafka's names of errors that the protocol or Java calls otherwise."""


def outcome(value: Any) -> Any:
    """An outcome's error: `Class/ERROR` is ERROR, `A<-B` is B, success has several spellings."""
    if not isinstance(value, str):
        return value
    value = value.rpartition("<-")[2].strip()
    value = value.rpartition("/")[2] if "/" in value else value
    value = LIBRDKAFKA.get(value.removeprefix("KafkaError "), value)
    return "ok" if value in ("ok", "OK", "NONE") else value


def tidy(read: Args, value: Any) -> Any:
    """The value without what is not compared: empty callbacks, silent members, the order of partitions.

    Of records whose shape is compared, only keys and values are left.
    """
    if read["fact"] == "group_events" and isinstance(value, dict):
        members = {member: _events(events) for member, events in value.items()}
        return {member: events for member, events in members.items() if events}
    if read["fact"] in ("assignment", "target_assignment") and isinstance(value, dict):
        return {member: sorted(partitions) for member, partitions in value.items() if partitions}
    if (read["fact"], read["compare"]) == ("records", "shape"):
        columns = [index for index, name in enumerate(read["fields"]) if name in ("key", "value")]
        return [[row[index] for index in columns] for row in value] if isinstance(value, list) else value
    if read["fact"] == "delivered_offsets" and isinstance(value, dict):
        return {partition: offsets for partition, offsets in value.items() if offsets}
    return value


def _events(events: list[list[Any]]) -> list[list[Any]]:
    found: list[list[Any]] = []
    for kind, *rest in events:
        partitions = sorted(rest[0]) if rest and isinstance(rest[0], list) else rest
        if kind in ("assign", "revoke") and not partitions:
            continue
        found.append([kind, partitions])
    return found
