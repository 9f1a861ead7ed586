"""Reading YAML strictly: what is wrong is told with file, line, column and the nearest valid word.

ruamel.yaml is used because it reads YAML 1.2 (`on` and `22:30` stay text) and keeps the place of every
node; msgspec validates, and its path (`$.producers[0].rate`) is mapped back to that place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import msgspec

from mqviz.commands import nearest
from mqviz.model.units import decode_hook

Kind = TypeVar("Kind")

_PATH = re.compile(r" - at `\$([^`]*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_CHOICE = re.compile(r"Invalid enum value '?(.*?)'?")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")


class FileError(ValueError):
    """A file that does not say what it should; `source`, `line` and `column` (from 1) are its place."""

    def __init__(self, source: str, line: int, column: int, sentence: str) -> None:
        super().__init__(f"{source}:{line}:{column}: {sentence}")
        self.source = source
        self.line = line
        self.column = column
        self.sentence = sentence


def read(text: str, kind: type[Kind], source: str, first_line: int = 1) -> Kind:
    """The value of type `kind` that the YAML `text` holds; raises FileError.

    `first_line` is the line of the file where `text` begins (a block inside a lesson).
    """
    tree = _tree(text, source, first_line)
    try:
        return msgspec.convert(_plain(tree), kind, dec_hook=decode_hook)
    except msgspec.ValidationError as error:
        raise _located(error, tree, kind, source, first_line) from None


def place(text: str, path: Sequence[str], first_line: int = 1) -> tuple[int, int]:
    """Line and column (from 1) of the node at `path` in a YAML text that was read before."""
    line, column = _place(_tree(text, "", first_line), path)
    return first_line + line, column + 1


def text_of(path: Path) -> str:
    """The text of a file; raises FileError with a sentence if it cannot be read or is no UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FileError(str(path), 1, 1, f"this is no UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise FileError(str(path), 1, 1, f"cannot be read: {error.strerror}") from None


def _tree(text: str, source: str, first_line: int) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        problem = (error.problem or "this is no YAML").splitlines()[0]
        raise FileError(source, first_line + line, column + 1, f"{problem}") from None
    except YAMLError as error:
        raise FileError(source, first_line, 1, str(error).splitlines()[0]) from None


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, str):
        return str(node)
    if isinstance(node, bool) or node is None:
        return node
    return float(node) if isinstance(node, float) else int(node) if isinstance(node, int) else str(node)


def _located(error: msgspec.ValidationError, tree: Any, kind: Any, source: str, first_line: int) -> FileError:
    sentence = str(error)
    found = _PATH.search(sentence)
    path = [name or index for name, index in _STEP.findall(found[1])] if found else []
    if found:
        sentence = sentence[: found.start()]
    unknown = _UNKNOWN.fullmatch(sentence)
    if unknown:
        path.append(unknown[1])
        sentence = f"`{unknown[1]}` is not known here{nearest(unknown[1], _fields(kind, path[:-1]))}"
    invalid = _CHOICE.fullmatch(sentence)
    if invalid:
        sentence = f"this cannot be `{invalid[1]}`{nearest(invalid[1], _choices(kind, path))}"
    line, column = _place(tree, path)
    return FileError(source, first_line + line, column + 1, _in_plain_words(sentence))


_WORDS = {
    "`object`": "keys with values",
    "`array`": "a list",
    "`int`": "a whole number",
    "`float`": "a number",
    "`str`": "text",
    "`null`": "nothing",
    "Object missing required field": "missing here:",
}


def _in_plain_words(sentence: str) -> str:
    sentence = sentence.replace(" | null`", "`")
    for word, plain in _WORDS.items():
        sentence = sentence.replace(word, plain)
    return f"{sentence}: put it in quotes" if sentence.startswith("Expected text, got a") else sentence


def _place(tree: Any, path: Sequence[str]) -> tuple[int, int]:
    """Line and column (from 0) of the node at `path`, or of the last one on the way that exists."""
    line, column, node = 0, 0, tree
    for step in path:
        try:
            key = int(step) if isinstance(node, list) else step
            places: Any = getattr(node, "lc")  # noqa: B009  (not in the types of ruamel's nodes)
            line, column = places.item(key) if isinstance(node, list) else places.key(key)
            node = node[key]
        except (AttributeError, KeyError, IndexError, TypeError, ValueError):
            break
    return line, column


def _fields(kind: Any, path: Sequence[str]) -> list[str]:
    """Names that a struct of type `kind` knows at `path`."""
    for step in path:
        kind = _inside(kind, step)
    structs = [k for k in (kind, *get_args(kind)) if isinstance(k, type) and issubclass(k, msgspec.Struct)]
    return sorted({field.encode_name for struct in structs for field in msgspec.structs.fields(struct)})


def _choices(kind: Any, path: Sequence[str]) -> list[str]:
    """The words that the field at `path` may be."""
    for step in path:
        kind = _inside(kind, step)
    return [str(word) for word in get_args(kind)]


def _inside(kind: Any, step: str) -> Any:
    for option in (kind, *get_args(kind)):
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            for field in msgspec.structs.fields(option):
                if field.encode_name == step:
                    return field.type
    items = [option for option in get_args(kind) if option is not Ellipsis]
    return items[-1] if items else kind
