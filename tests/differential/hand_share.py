"""A real share consumer (KIP-932) that is led by hand: polls, acknowledgements and commits one by one."""

from __future__ import annotations

from typing import Any

from confluent_kafka import AcknowledgeType, IllegalStateException, KafkaException, ShareConsumer

from mqviz.live.drive.child.protocol import now_us
from mqviz.live.drive.plan import Names
from mqviz.model.command.base import Command
from mqviz.model.command.share import (
    AcknowledgeShareConsumer,
    AddShareConsumer,
    CommitShareConsumer,
    PollShareConsumer,
)
from tests.differential.hand import QUIET, Tell
from tests.differential.side import named

TYPES = {
    "accept": AcknowledgeType.ACCEPT,
    "release": AcknowledgeType.RELEASE,
    "reject": AcknowledgeType.REJECT,
}


class HandShareConsumer:
    """One member of a share group."""

    def __init__(self, command: AddShareConsumer, config: dict[str, str], names: Names, tell: Tell) -> None:
        self._names = names
        self._tell = tell
        self._last: list[tuple[str, int, int]] = []
        """What the last poll returned and is not acknowledged."""
        settings: dict[str, Any] = {
            **config,
            "client.id": command.name,
            "group.id": names.real(command.group),
            "max.poll.records": str(command.max_poll_records),
            "logger": QUIET,
            **{name: str(value) for name, value in command.config.items()},
        }
        self._consumer = ShareConsumer(settings)
        self._consumer.subscribe([names.real(command.topic)])

    def obey(self, command: Command) -> None:
        """Poll, acknowledge or commit."""
        match command:
            case PollShareConsumer(timeout=timeout):
                self._poll(int(timeout) / 1_000_000)
            case AcknowledgeShareConsumer():
                self._acknowledge(command)
            case CommitShareConsumer():
                self._commit()
            case _:
                raise ValueError(f"a share consumer led by hand cannot {command.verb}")

    def pump(self) -> None:
        """It does nothing by itself."""

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()
        self._tell("ended", ())

    def _poll(self, timeout_s: float) -> None:
        """Polls until something comes."""
        end_us = now_us() + int(timeout_s * 1_000_000)
        found: list[Any] = []
        try:
            while not found and now_us() < end_us:
                found = [m for m in self._consumer.poll(min(0.5, timeout_s)) if m.error() is None]
        except IllegalStateException:
            self._tell("failed", "ILLEGAL_STATE")
            return
        for message in found:
            self._last.append((message.topic(), message.partition(), message.offset()))
            place = f"{self._names.plain(message.topic())}-{message.partition()}"
            self._tell("delivered", (place, message.offset(), message.delivery_count()))

    def _acknowledge(self, command: AcknowledgeShareConsumer) -> None:
        chosen = [p for p in self._last if not command.offsets or p[2] in command.offsets]
        self._last = [place for place in self._last if place not in chosen]
        for place in chosen:
            self._consumer.acknowledge_offset(*place, TYPES[command.type])

    def _commit(self) -> None:
        found = self._consumer.commit_sync(timeout=15.0)
        self._tell("called", ["commit", *sorted(map(_outcome, found.values()))])


def _outcome(error: KafkaException | None) -> str:
    return "ok" if error is None else named(error.args[0].code(), error.args[0].name())
