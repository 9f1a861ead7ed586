"""Scenario files: strict, with places, and with a schema for editors."""

import json

import pytest

from mqviz.model.units import Duration, Rate
from mqviz.scenario import Scenario, read_scenario
from mqviz.schema import schema_of
from mqviz.yamlfile import FileError

GOOD = """\
title: x
until: 30s
scene: partition-log
topics:
  - name: t
    partitions: 3
producers:
  - name: u
    topic: t
    rate: 2/s
    keys: [alice, on, 22:30]
timetable:
  - at: 5s
    do: add consumer c4
"""


def test_a_good_file_is_read_with_units_and_texts_as_they_stand() -> None:
    scenario = read_scenario(GOOD, "f.yaml")
    assert scenario.until == Duration(30_000_000)
    assert scenario.producers[0].rate == Rate(2)
    assert scenario.producers[0].keys == ("alice", "on", "22:30")


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("rate: 2/s", "rte: 2/s", "10:5", "did you mean `rate`?"),
        ("2/s", "2", "10:5", "needs a unit"),
        ("30s", "30 parsecs", "2:1", "is no duration"),
        ("add consumer", "ad consumer", "14:5", "did you mean `add`?"),
        ("  - name: t\n", "  - \n", "6:5", "missing here: `name`"),
        ("partitions: 3", "partitions: x", "6:5", "Expected a whole number, got text"),
        ("rate: 2/s", "arrivals: evn", "10:5", "this cannot be `evn`: did you mean `even`?"),
        ("rate: 2/s", "acks: 1", "10:5", "put it in quotes"),
        ("title: x\n", "", "1:1", "missing here: `title`"),
        (GOOD, "", "1:1", "Expected keys with values"),
        (GOOD, "a: [", "1:5", ""),
        ("title: x", "title: x\ntitle: y", "2:1", "duplicate"),
    ],
)
def test_what_is_wrong_is_told_with_line_column_and_word(old: str, new: str, place: str, words: str) -> None:
    with pytest.raises(FileError) as caught:
        read_scenario(GOOD.replace(old, new, 1), "f.yaml")
    assert str(caught.value).startswith(f"f.yaml:{place}: ")
    assert words in str(caught.value)


def test_the_schema_knows_every_field_and_writes_defaults_as_people_do() -> None:
    schema = json.loads(json.dumps(schema_of(Scenario)))
    producer = schema["$defs"]["AddProducer"]["properties"]
    assert producer["linger"]["default"] == "5ms"
    assert set(schema["$defs"]["Scenario"]["required"]) == {"title", "until", "scene"}
