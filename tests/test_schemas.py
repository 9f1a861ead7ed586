"""The published JSON Schemas are those of the program; MQVIZ_REWRITE_SCHEMAS=1 writes them anew."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from mqviz import folders
from mqviz.lesson.format import step_schema
from mqviz.scenario import Scenario
from mqviz.schema import schema_of

SCHEMAS = {"scenario": schema_of(Scenario), "lesson-step": step_schema()}
EXAMPLES = sorted((folders.data("assets") / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_the_programs(name: str) -> None:
    path = folders.data("assets") / "schemas" / f"{name}.json"
    text = json.dumps(SCHEMAS[name], indent=2) + "\n"
    if os.environ.get("MQVIZ_REWRITE_SCHEMAS"):
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


def plain(path: Path) -> Any:
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(path.read_text("utf-8"))))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_fits_and_a_misspelt_key_does_not(path: Path) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMAS["scenario"])
    assert list(validator.iter_errors(plain(path))) == []
    assert list(validator.iter_errors({**plain(path), "untl": "3s"}))
