"""One blocking connection to a real broker that sends any of kio's requests; mqviz itself (mqviz/wire) can only read."""

from __future__ import annotations

import select
import socket
import struct
from importlib import import_module
from io import BytesIO
from typing import Any

from kio.serial import entity_reader, entity_writer

KEYS = {
    "produce": (0, 12, "Produce"),
    "fetch": (1, 12, "Fetch"),
    "list_offsets": (2, 9, "ListOffsets"),
    "metadata": (3, 12, "Metadata"),
    "offset_commit": (8, 9, "OffsetCommit"),
    "offset_fetch": (9, 9, "OffsetFetch"),
    "find_coordinator": (10, 4, "FindCoordinator"),
    "join_group": (11, 9, "JoinGroup"),
    "heartbeat": (12, 4, "Heartbeat"),
    "leave_group": (13, 5, "LeaveGroup"),
    "sync_group": (14, 4, "SyncGroup"),
    "create_topics": (19, 5, "CreateTopics"),
    "delete_topics": (20, 5, "DeleteTopics"),
    "init_producer_id": (22, 5, "InitProducerId"),
    "end_txn": (26, 5, "EndTxn"),
    "txn_offset_commit": (28, 5, "TxnOffsetCommit"),
    "create_partitions": (37, 3, "CreatePartitions"),
    "describe_transactions": (65, 0, "DescribeTransactions"),
    "consumer_group_heartbeat": (68, 1, "ConsumerGroupHeartbeat"),
    "share_group_heartbeat": (76, 1, "ShareGroupHeartbeat"),
    "share_fetch": (78, 1, "ShareFetch"),
    "share_acknowledge": (79, 1, "ShareAcknowledge"),
}
"""Key, version and name of each request. The last versions with names of topics, those of transaction version 2, and SyncGroup without the
name of the protocol, which the model leaves out."""


def types(name: str, kind: str = "request") -> Any:
    """kio's module with the types of a request or its answer."""
    return import_module(f"kio.schema.{name}.v{KEYS[name][1]}.{kind}")


def written(value: Any) -> bytes:
    """The bytes of one of kio's values."""
    buffer = BytesIO()
    entity_writer(type(value))(buffer, value)
    return buffer.getvalue()


class Line:
    """One request at a time."""

    def __init__(self, host: str, port: int, name: str) -> None:
        self._socket = socket.create_connection((host, port), 10)
        self._name = name
        self._asked = ""

    def send(self, name: str, request: Any) -> None:
        """Write the request."""
        assert not self._asked, "one request at a time"
        key, version, _ = KEYS[name]
        header = type(request).__header_schema__(
            request_api_key=key, request_api_version=version, correlation_id=1, client_id=self._name
        )
        frame = written(header) + written(request)
        self._socket.sendall(struct.pack(">i", len(frame)) + frame)
        self._asked = name

    def answer(self, within_s: float) -> Any:
        """The answer as kio's value; None if there is none in this time."""
        name, frame = self._asked, self.answered_bytes(within_s)
        if frame is None:
            return None
        kind = getattr(types(name, "response"), f"{KEYS[name][2]}Response")
        _, at = entity_reader(kind.__header_schema__)(frame, 0)
        value, _ = entity_reader(kind)(frame, at)
        return value

    def answered_bytes(self, within_s: float) -> bytes | None:
        """The same as bytes, with its header."""
        ready, _, _ = select.select([self._socket], [], [], within_s)
        if not ready:
            return None
        frame = self._read(struct.unpack(">i", self._read(4))[0])
        self._asked = ""
        return frame

    def ask(self, name: str, request: Any) -> Any:
        """Send, and the answer."""
        self.send(name, request)
        return self.answer(10)

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise ConnectionError(f"the broker closed the connection on {self._asked}")
            data += more
        return data

    def close(self) -> None:
        """End it."""
        self._socket.close()
