"""Kafka's settings: names, defaults and refusals as Kafka says them, wherever a scenario or a command gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mqviz.commands import in_short, parse
from mqviz.kafka import settings, versions
from mqviz.kafka.settings_tables import INERT
from mqviz.model.units import Value
from mqviz.scenario import read_scenario
from mqviz.yamlfile import FileError

SCENARIO = "title: t\nuntil: 1s\nscene: partition-log\n"


def test_defaults_are_kafka_s_own() -> None:
    assert settings.of({}, "producer", "buffer.memory") == 33554432
    assert (
        settings.of({}, "broker", "log.retention.ms") == settings.of({}, "topic", "retention.ms") == 604800000
    )
    assert settings.of({}, "broker", "message.max.bytes") == 1048588
    assert settings.of({"enable.auto.commit": Value("false")}, "consumer", "enable.auto.commit") is False


@pytest.mark.parametrize(
    ("component", "name", "text", "words"),
    [
        ("producer", "retries", "-1", "Value must be at least 0"),
        ("producer", "enable.idempotence", "perhaps", "Expected value to be either true or false"),
        ("producer", "retries", "many", "Not a number of type INT"),
        ("topic", "segment.bytes", "1024", "Value must be at least 1048576"),
        ("consumer", "isolation.level", "read", "String must be one of: read_committed, read_uncommitted"),
        ("consumer", "auto.offset.reset", "by_duration:1h", "Invalid value by_duration:1h"),
    ],
)
def test_a_value_that_kafka_does_not_take_is_refused_with_its_words(
    component: str, name: str, text: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        settings.of({name: text}, component, name)
    assert words in str(settings.first_refused({name: text}, component))


def test_a_setting_is_written_by_its_own_name_and_moves_into_its_field() -> None:
    command = in_short(parse("add producer p topic=t linger.ms=20 retries=3 acks=1"))
    assert (command.linger, command.acks, command.config) == (20_000, "1", {"retries": "3"})  # type: ignore[attr-defined]


def test_a_file_names_settings_and_is_told_which_one_is_unknown() -> None:
    text = SCENARIO + "cluster:\n  settings: {broker.session.timeout.ms: 4000}\n"
    assert read_scenario(text, "x").cluster.setting("broker.session.timeout.ms") == 4000
    with pytest.raises(
        FileError, match=r"x:5:14: `broker.sesion.timeout.ms` is no broker setting.*did you mean"
    ):
        read_scenario(text.replace("session", "sesion"), "x")


def test_r7_versions_differ_and_unknown_ones_are_refused() -> None:
    assert versions.version("4.2.1").share_renew
    assert not versions.version("4.1").share_renew
    assert [v.assignment_interval_ms for v in versions.VERSIONS.values()] == [0, 0, 0, 1000, 1000]
    with pytest.raises(FileError, match=r"kafka_version 3.9 cannot be simulated"):
        read_scenario(SCENARIO + 'kafka_version: "3.9"\n', "x")


def test_settings_without_effect_are_read_nowhere_and_the_docs_list_them() -> None:
    root = Path(settings.__file__).parents[2]
    simulated = [
        path.read_text()
        for path in (root / "mqviz").rglob("*.py")
        if path.name != "settings_tables.py" and "live" not in path.parts
    ]
    page = (root / "docs" / "simulator.md").read_text()
    for name, instead in INERT.items():
        assert name in settings.SETTINGS
        assert f"| `{name}` | {instead} |" in page
        assert not any(f'"{name}"' in text for text in simulated), name
