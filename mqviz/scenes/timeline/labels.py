"""What is written on an arrow or beside a deed, in fewer and fewer words, so that what fits can be chosen."""

from __future__ import annotations

from collections.abc import Sequence

from mqviz.facts.timeline import Deed, Message, Part
from mqviz.kafka.errors import Error
from mqviz.scenes.figures import thousands
from mqviz.scenes.letters import Letters, colour_key
from mqviz.scenes.style import BAD, BRIGHT, OK, PLAIN, QUIET, Style, style
from mqviz.scenes.text import width

Piece = tuple[str, Style]
Label = tuple[Piece, ...]

_PLAIN_KINDS = {
    "ConsumerGroupHeartbeat": "heartbeat",
    "ShareGroupHeartbeat": "heartbeat",
    "OffsetForLeaderEpoch": "epoch?",
    "WriteTxnMarkers": "markers",
    "InitProducerId": "InitProducerId",
}


def size(label: Label) -> int:
    """Columns that a label takes."""
    return sum(width(text) for text, _ in label)


def fitting(labels: Sequence[Label], room: int) -> Label:
    """The first that fits, else none."""
    return next((label for label in labels if size(label) <= room), ())


def letters(keys: Sequence[str | None], count: int, of: Letters) -> Label:
    """The first records as lit letters, and how many more there are."""
    signs = [of.of(key) for key in keys]
    found: list[Piece] = [(sign, style("bright", f"lit {colour_key(sign)}", True)) for sign in signs]
    return (*found, (f"+{thousands(count - len(signs))}", PLAIN)) if count > len(signs) else tuple(found)


def of_message(message: Message, of: Letters) -> list[Label]:
    """The wishes for an arrow, longest first."""
    if message.broken:
        more = f" ×{message.times}" if message.times > 1 else ""
        return [((f"✗ no answer{more}", BAD),), ((f"✗{more}", BAD),), (("✗", BAD),)]
    error = message.error or next((part.error for part in message.parts if part.error), 0)
    if error:
        return _error(int(error))
    return _answer(message, of) if message.answers else _request(message, of)


def _error(code: int) -> list[Label]:
    name = Error(code).name
    return [((f"✗ {name}", BAD),), ((f"✗ error {code}", BAD),), ((f"✗ {code}", BAD),), (("✗", BAD),)]


def _request(message: Message, of: Letters) -> list[Label]:
    parts = message.parts
    if message.kind == "Produce":
        sent = _records(parts, of)
        return [(("Produce ", PLAIN), *sent), sent, sent[:1]]
    if message.kind in ("Fetch", "ReplicaFetch") and parts:
        offset = thousands(parts[0].first)
        more = f" +{len(parts) - 1}" if len(parts) > 1 else ""
        return [
            ((f"fetch from {offset}{more}", QUIET),),
            ((f"fetch {offset}{more}", QUIET),),
            (("fetch", QUIET),),
        ]
    if message.kind == "OffsetCommit" and parts:
        more = f" +{len(parts) - 1}" if len(parts) > 1 else ""
        return [((f"commit {thousands(parts[0].first)}{more}", PLAIN),), (("commit", PLAIN),)]
    name = _PLAIN_KINDS.get(message.kind, message.kind)
    return [((name, QUIET),), ((name[:6], QUIET),)]


def _records(parts: Sequence[Part], of: Letters) -> Label:
    """The records of all parts: the first letters, and how many more."""
    count = sum(part.count for part in parts)
    return letters([key for part in parts for key in part.keys][:3], count, of)


def _answer(message: Message, of: Letters) -> list[Label]:
    parts = message.parts
    if message.kind == "Produce":
        more = f" +{len(parts) - 1}" if len(parts) > 1 else ""
        offset = thousands(parts[0].first) if parts and parts[0].first >= 0 else ""
        return [((f"✓ ack, at {offset}{more}", OK),), (("✓ ack", OK),), (("✓", OK),)]
    if message.kind in ("Fetch", "ReplicaFetch", "ShareFetch"):
        return _fetched(parts, of)
    if message.kind == "OffsetCommit":
        return [(("✓ committed", OK),), (("✓", OK),)]
    name = _PLAIN_KINDS.get(message.kind, message.kind)
    return [((f"✓ {name}", QUIET),), (("✓", QUIET),)]


def _fetched(parts: Sequence[Part], of: Letters) -> list[Label]:
    """Records with the offset of the first; without any, what the answer brings is the high watermark."""
    full = [part for part in parts if part.count]
    if not full:
        mark = max((part.high_watermark for part in parts), default=-1)
        return [((f"HW {thousands(mark)}", QUIET),)] if mark >= 0 else [(("nothing", QUIET),)]
    sent = _records(full, of)
    return [(*sent, (f" at {thousands(full[0].first)}", PLAIN)), sent, sent[:1]]


def of_deed(deed: Deed, of: Letters) -> list[Label]:
    """The wishes for what a node did, longest first."""
    if deed.what == "high watermark":
        words = f"HW {thousands(deed.end)}"
        return [((f"{words}: readable", BRIGHT),), ((words, BRIGHT),)]
    written = letters(deed.keys, deed.end - deed.first, of)
    if deed.what == "send":
        return [(("send ", QUIET), *written), written, written[:1]]
    at = f" at {thousands(deed.first)}"
    return [(("append ", QUIET), *written, (at, PLAIN)), (*written, (at, PLAIN)), written, written[:1]]
