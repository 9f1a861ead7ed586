"""The one text notation of commands, used by keys, lessons, the palette, files and tests.

`verb kind [name] key=value …`: `close consumer c1`, `add consumer group=billing processing=400ms`. Values
carry units; lists are split by commas; a text with a space, comma, `=` or quote in it is written as a JSON
string. `parse(format(c)) == c` for every command. What does not parse is refused with its column, what was
expected and the nearest word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import msgspec

from mqviz.kafka import settings
from mqviz.model.command.any import AnyCommand
from mqviz.model.command.base import Command
from mqviz.model.command.consumer import AddConsumer
from mqviz.model.command.producer import AddProducer
from mqviz.model.command.share import AddShareConsumer
from mqviz.model.command.topic import CreateTopic
from mqviz.model.units import Duration, Quantity, Value

__all__ = ["TABLE", "Command", "GrammarError", "complete", "format", "in_short", "parse"]

TABLE: dict[tuple[str, str], type[Command]] = {(c.verb, c.kind): c for c in get_args(AnyCommand)}
"""Every command by its verb and kind: the closed table of what can be written."""

COMPONENT: dict[str, str] = {
    "cluster": "broker",
    "topic": "topic",
    "group": "group",
    "producer": "producer",
    "consumer": "consumer",
    "share-consumer": "consumer",
}
"""Whose settings the `config` of a command of this kind holds (mqviz/kafka/settings.py)."""

IN_SHORT: dict[type[Command], dict[str, str]] = {
    CreateTopic: {"min.insync.replicas": "min_insync_replicas"},
    AddProducer: {
        "acks": "acks",
        "linger.ms": "linger",
        "batch.size": "batch_size",
        "max.in.flight.requests.per.connection": "max_in_flight",
    },
    AddConsumer: {
        "max.poll.records": "max_poll_records",
        "auto.offset.reset": "auto_offset_reset",
        "session.timeout.ms": "session_timeout",
        "heartbeat.interval.ms": "heartbeat_interval",
        "max.poll.interval.ms": "max_poll_interval",
    },
    AddShareConsumer: {"max.poll.records": "max_poll_records"},
}
"""Kafka's settings that have a field of their own."""

OF_JAVA = ("batch.size", "max.in.flight.requests.per.connection")
"""Those whose field has the default of the Java client, which librdkafka does not share: there only what is
said by name counts.
"""

_BARE = re.compile(r'[^\s",=]+')
_KEY = re.compile(r"([^\s\",=]+)=")


class GrammarError(ValueError):
    """A text that is no command. `column` counts from 1; the argument is one sentence."""

    def __init__(self, sentence: str, text: str, column: int) -> None:
        super().__init__(f"column {column}: {sentence}")
        self.text = text
        self.column = column


def parse(text: str) -> Command:
    """The command that `text` says; raises GrammarError."""
    verb, kind, at = _verb_and_kind(text)
    command = TABLE[verb, kind]
    fields = {field.name: field for field in msgspec.structs.fields(command)}
    given: dict[str, Any] = {}
    for key, items, column in _arguments(text, at):
        if "config" in fields and key not in fields and key in settings.COMPONENTS[COMPONENT[kind]]:
            given.setdefault("config", {})[key] = Value(",".join(items))
            continue
        name = _field_name(key, fields, given, text, column)
        given[name] = _value(fields[name].type, items, name, text, column)
    missing = [f.name for f in fields.values() if f.required and f.name not in given]
    if missing:
        wanted = f"a {kind}'s name" if missing[0] == "name" else f"{missing[0]}=…"
        raise GrammarError(f"`{verb} {kind}` needs {wanted}", text, len(text.rstrip()) + 1)
    return command(**given)


def format(command: Command) -> str:
    """The text of a command; fields with their default are left out."""
    words = [command.verb, command.kind]
    for field in msgspec.structs.fields(type(command)):
        value = getattr(command, field.name)
        if field.name == "config":
            words += [f"{key}={_text(str(text))}" for key, text in value.items()]
            continue
        if not field.required and value == field.default:
            continue
        words.append(_text(value) if field.name == "name" else f"{field.name}={_text(value)}")
    return " ".join(words)


def in_short(command: Command) -> Command:
    """The command with settings moved from `config` into the fields that stand for them.

    What Kafka does not take stays where it is, to be refused in Kafka's words.
    """
    short = IN_SHORT.get(type(command), {})
    config: dict[str, Value] = getattr(command, "config", {})
    own = OF_JAVA if getattr(command, "partitioner", "java") != "java" else ()
    moved = {name: field for name, field in short.items() if name in config and name not in own}
    if not moved:
        return command
    kinds = {field.name: _without_none(field.type) for field in msgspec.structs.fields(type(command))}
    changes: dict[str, Any] = {}
    for name, field in moved.items():
        try:
            value: Any = settings.of(config, COMPONENT[command.kind], name)
        except ValueError:
            continue
        changes[field] = Duration(value * 1000) if kinds[field] is Duration else kinds[field](value)
    rest = {name: value for name, value in config.items() if moved.get(name) not in changes}
    return msgspec.structs.replace(command, config=rest, **changes)


def complete(text: str, names: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """Whole texts that `text` may be on its way to: the next word filled in.

    `names` gives known names by kind (`consumer`, `topic`, `group`, …) for names and for keys of that name.
    """
    words = text.split(" ")
    before, last = words[:-1], words[-1]
    return [" ".join([*before, word]) for word in _next_words(before, names or {}) if word.startswith(last)]


def nearest(word: str, valid: Sequence[str]) -> str:
    """`: did you mean …?` if a valid word is close, else the list of valid words."""
    close = get_close_matches(word, valid, 1, 0.6)
    return f": did you mean `{close[0]}`?" if close else f": write one of {', '.join(valid)}"


def _next_words(before: Sequence[str], names: Mapping[str, Sequence[str]]) -> list[str]:
    if not before:
        return sorted({verb for verb, _ in TABLE})
    if len(before) == 1:
        return sorted(kind for verb, kind in TABLE if verb == before[0])
    command = TABLE.get((before[0], before[1]))
    if command is None:
        return []
    fields = {field.name: field.type for field in msgspec.structs.fields(command)}
    choices = {name: get_args(kind) for name, kind in fields.items() if get_origin(kind) is Literal}
    used = {word.partition("=")[0] for word in before[2:]}
    keys = [name for name in fields if name not in ("name", "config") and name not in used]
    if "config" in fields:
        keys += [name for name in settings.COMPONENTS[COMPONENT[command.kind]] if name not in used]
    words = [f"{key}={value}" for key in keys for value in names.get(key, choices.get(key, ()))]
    words += [f"{key}=" for key in keys]
    if len(before) == 2 and "name" in fields:
        words = [*names.get(command.kind, ()), *words]
    return words


def _verb_and_kind(text: str) -> tuple[str, str, int]:
    words = [(found[0], found.start()) for found in re.finditer(r"\S+", text)][:2]
    verbs = sorted({verb for verb, _ in TABLE})
    if not words:
        raise GrammarError(f"a command begins with a verb: {', '.join(verbs)}", text, 1)
    verb, at = words[0]
    if verb not in verbs:
        raise GrammarError(f"`{verb}` is no command{nearest(verb, verbs)}", text, at + 1)
    kinds = sorted(kind for known, kind in TABLE if known == verb)
    if len(words) < 2:
        raise GrammarError(f"`{verb}` what? Write one of {', '.join(kinds)}", text, len(text.rstrip()) + 1)
    kind, at = words[1]
    if kind not in kinds:
        raise GrammarError(f"`{kind}` is nothing to {verb}{nearest(kind, kinds)}", text, at + 1)
    return verb, kind, at + len(kind)


def _arguments(text: str, at: int) -> Iterator[tuple[str, list[str], int]]:
    """Yield (key, items, column) of each argument; a bare one has the key ""."""
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        column = at + 1
        if at and not text[at - 1].isspace():
            raise GrammarError("a space is missing here", text, column)
        key = _KEY.match(text, at)
        items, at = _items(text, key.end() if key else at)
        yield (key[1] if key else ""), items, column


def _items(text: str, at: int) -> tuple[list[str], int]:
    items: list[str] = []
    while True:
        item, at = _item(text, at)
        items.append(item)
        if not text.startswith(",", at):
            return items, at
        at += 1


def _item(text: str, at: int) -> tuple[str, int]:
    if text.startswith('"', at):
        try:
            item, end = json.JSONDecoder().raw_decode(text, at)
        except json.JSONDecodeError:
            raise GrammarError('this quote has no end: close it with `"`', text, at + 1) from None
        return str(item), end
    found = _BARE.match(text, at)
    if not found:
        raise GrammarError("a value is missing here", text, at + 1)
    return found[0], found.end()


def _field_name(key: str, fields: Mapping[str, Any], given: Mapping[str, Any], text: str, column: int) -> str:
    name = key or "name"
    keys = [field for field in fields if field not in ("name", "config")]
    if key in ("name", "config") or name not in fields:
        what = "takes no name" if name == "name" else f"has no `{key}`"
        advice = nearest(key, keys) if keys and key else ""
        raise GrammarError(f"this command {what}{advice}", text, column)
    if name in given:
        raise GrammarError(f"the {name} is given twice", text, column)
    return name


def _value(kind: Any, items: list[str], name: str, text: str, column: int) -> Any:
    if get_origin(kind) is tuple:
        return tuple(_scalar(get_args(kind)[0], item, name, text, column) for item in items)
    if len(items) > 1:
        raise GrammarError(f"{name} takes one value, not {len(items)}", text, column)
    return _scalar(kind, items[0], name, text, column)


def _scalar(kind: Any, item: str, name: str, text: str, column: int) -> Any:
    kind = _without_none(kind)
    if get_origin(kind) is Literal:
        if item not in get_args(kind):
            raise GrammarError(f"{name} cannot be `{item}`{nearest(item, get_args(kind))}", text, column)
        return item
    if kind is bool:
        if item not in ("true", "false"):
            raise GrammarError(f"{name} is true or false", text, column)
        return item == "true"
    try:
        if issubclass(kind, Quantity):
            return kind.parse(item)
        return kind(item)
    except ValueError as error:
        sentence = str(error) if issubclass(kind, Quantity) else f"{item!r} is no whole number"
        raise GrammarError(f"{name}: {sentence}", text, column) from None


def _without_none(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is UnionType else kind


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(_text(item) for item in value)
    if isinstance(value, str) and not _BARE.fullmatch(value):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
