"""Systems: the guide's other systems (services, queues), complete."""

from __future__ import annotations

import msgspec


class Systems(msgspec.Struct):
    """Sign-up services and whatever else of the guide a scenario has."""
