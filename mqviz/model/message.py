"""Message: what every request to a broker has in common."""

from __future__ import annotations

import msgspec


class Request(msgspec.Struct, frozen=True, gc=False, tag_field="request"):
    """Base of all requests."""
