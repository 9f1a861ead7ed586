"""Settings of a topic that the simulator carries, as the State holds them."""

from __future__ import annotations

Values = dict[str, int | float | bool | str]
"""Kafka's settings by Kafka's names, in Kafka's units."""

TOPIC_SETTINGS: Values = {}
"""Kafka's own value of each topic setting; mqviz/kafka/settings.py, which lies above, fills it."""
