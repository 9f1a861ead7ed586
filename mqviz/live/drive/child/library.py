"""How a child keeps the client library's errors and log away from the terminal: as reports."""

import logging
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError

from mqviz.live.drive.child import protocol
from mqviz.live.drive.child.protocol import now_us

Emit = Callable[[protocol.Report], None]


class LogReports(logging.Handler):
    """Makes reports of the client library's log, which would else go to the terminal."""

    def __init__(self, emit: Emit) -> None:
        super().__init__()
        self._emit = emit

    def emit(self, record: logging.LogRecord) -> None:
        """Report one line."""
        self._emit(protocol.LogLine(now_us(), record.levelname.lower(), record.getMessage()))


def quiet_settings(config: dict[str, str], emit: Emit) -> dict[str, Any]:
    """The client's settings, with errors and log lines reported instead of printed."""
    logger = logging.Logger("client")
    logger.addHandler(LogReports(emit))

    def failed(error: KafkaError) -> None:
        emit(protocol.Failed(now_us(), error.name(), error.str(), error.fatal()))

    return {**config, "error_cb": failed, "logger": logger, "allow.auto.create.topics": "false"}
