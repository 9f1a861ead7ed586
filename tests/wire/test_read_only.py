"""Read-only shows in what wire can send: a closed list of requests, and nothing of kio beside it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mqviz.wire
from mqviz.wire import codec
from mqviz.wire.apis import READ_ONLY, Api

ALLOWED = {
    "ApiVersions",
    "Metadata",
    "ListGroups",
    "DescribeGroups",
    "ConsumerGroupDescribe",
    "ShareGroupDescribe",
    "OffsetFetch",
    "FindCoordinator",
    "ListOffsets",
    "DescribeCluster",
    "DescribeTopicPartitions",
    "DescribeConfigs",
    "Fetch",
}
FOLDER = Path(mqviz.wire.__file__).parent
NOT_REQUESTS = {"kio.serial", "kio.schema.errors", "kio.schema.consumer_protocol_assignment.v0.data"}


def test_every_request_that_can_be_sent_only_reads() -> None:
    assert {api.name for api in READ_ONLY} <= ALLOWED


def test_the_table_says_what_kio_and_kafka_say() -> None:
    for api in READ_ONLY:
        for version in range(api.oldest, api.newest + 1):
            request = getattr(codec.schema(api, version, "request"), f"{api.name}Request")
            assert (request.__api_key__, request.__version__) == (api.key, version)


def test_a_request_that_writes_is_refused() -> None:
    with pytest.raises(LookupError, match="CreateTopics"):
        codec.schema(Api(19, "CreateTopics", "create_topics", 2, 7), 7, "request")


def test_only_the_codec_names_kio() -> None:
    named = {
        (path.name, node.value)
        for path in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("kio.")
    }
    assert named == {("codec.py", name) for name in NOT_REQUESTS} | {("codec.py", "kio.schema.")}
    imported = {
        (path.name, name.split(".")[0])
        for path in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imports(node)
    }
    assert not [pair for pair in imported if pair[1] == "kio"]
    assert {where for where, name in imported if name == "importlib"} == {"codec.py"}


def _imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def test_importing_wire_does_not_import_kio() -> None:
    modules = [f"mqviz.wire.{path.stem}" for path in FOLDER.glob("*.py") if path.stem != "__init__"]
    code = f"import sys, {', '.join(modules)}; print('kio' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
