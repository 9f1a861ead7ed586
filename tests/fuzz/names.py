"""Names: ids that brokers make are told by the order in which they were heard of, so that both sides say the same."""

from __future__ import annotations

from typing import Any

import msgspec

from mqviz.model.kafka.protocol.requests import AnyRequest, ProduceRequest, SyncGroupRequest

FIRST_OWNER = 1_000_000
"""Producer ids are called 1000000, 1000001 …; other numbers stand for themselves: ids that nobody gave."""


class Names:
    """One side's ids and how both sides call them."""

    def __init__(self) -> None:
        self._members: dict[str, str] = {}
        self._owners: dict[int, int] = {}

    def heard_member(self, actual: str) -> str:
        """The name of a member id that an answer brought."""
        if not actual or actual.startswith("own-"):
            return actual
        return self._members.setdefault(actual, f"#{len(self._members)}")

    def heard_owner(self, actual: int) -> int:
        """The name of a producer id that an answer brought."""
        return -1 if actual < 0 else self._owners.setdefault(actual, FIRST_OWNER + len(self._owners))

    def member(self, name: str) -> str:
        """The member id."""
        return next((actual for actual, known in self._members.items() if known == name), name)

    def owner(self, name: int) -> int:
        """The producer id."""
        return next((actual for actual, known in self._owners.items() if known == name), name)

    def put_in(self, request: AnyRequest) -> AnyRequest:
        """The request with the ids of this side."""
        new: dict[str, Any] = {}
        if hasattr(request, "member_id"):
            new["member_id"] = self.member(request.member_id)
        if hasattr(request, "producer_id"):
            new["producer_id"] = self.owner(request.producer_id)
        if isinstance(request, SyncGroupRequest):
            new["assignments"] = tuple((self.member(name), parts) for name, parts in request.assignments)
        if isinstance(request, ProduceRequest):
            new["batches"] = tuple(
                (topic, n, msgspec.structs.replace(batch, producer_id=self.owner(batch.producer_id)))
                for topic, n, batch in request.batches
            )
        return msgspec.structs.replace(request, **new) if new else request
