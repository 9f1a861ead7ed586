"""Lag as text and as JSON, for terminals without a screen and for programs: the same facts as the attach
screen.

The text has the columns of Kafka's own tool, in its order. A value that is not known is never 0 and never
blank: `?` in the text, with the reason under the table; `{"unknown": reason}` in JSON.

JSON, one object:
  bootstrap, cluster_id, brokers, topics, partitions, as_of_s (time of the last event), beat {number, age_s,
  took_s, requests}, lost (null, or {"unknown": reason, "for_s"}), brokers_lost [{broker, unknown, for_s}],
  other_groups {count, kinds}, groups [one object each, worst first]:
    group, type, state, members, lag, known_partitions, partitions, worst {topic, partition, lag, share, hot}
    or null, trend (up, level, down or null), in_per_s, out_per_s, eta_s (null: does not drain), age_s, stale,
    breaches, verdict {word, brief, reason, evidence, since_s, rule, lesson}, rebalances [{at_s, sentence,
    joined, left, moved, took_at_least_s, at_least, going_on}], uneven (sentence or ""), details [one object a
    partition]:
      topic, partition, current_offset (null: no commit), log_end_offset, log_start_offset, lag, kind,
      to_read, deleted_unread, beyond_end, in_per_s, out_per_s, behind_s, behind_capped, consumer (null:
      nobody), consumer_id, host, client_id.
Any value may be {"unknown": reason} instead. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mqviz.facts.watched import detail as lag_detail
from mqviz.facts.watched import lag
from mqviz.facts.watched.views import GroupDetail, GroupRow, PartitionRow, RebalanceNote, Verdict
from mqviz.facts.words import at, lasting, number, per_second, percent, several
from mqviz.model.escape import escape
from mqviz.model.observed.state import Unknown
from mqviz.model.state import State

HEADS = (
    "GROUP",
    "TOPIC",
    "PARTITION",
    "CURRENT-OFFSET",
    "LOG-END-OFFSET",
    "LAG",
    "CONSUMER-ID",
    "HOST",
    "CLIENT-ID",
)
"""Kafka's own columns, in its order."""

WIDE_HEADS = ("LOG-START-OFFSET", "IN/S", "OUT/S", "~BEHIND")
"""What the wide table adds."""

_RIGHT = {"PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", *WIDE_HEADS, "MEMBERS", "ETA"}

SUMMARY_HEADS = (
    "GROUP",
    "TYPE",
    "STATE",
    "MEMBERS",
    "LAG",
    "",
    "IN/S",
    "OUT/S",
    "ETA",
    "VERDICT",
    "EVIDENCE",
)

NONE, HIDDEN = "-", "?"


class NoSuchGroup(Exception):
    """A group was asked for that the cluster does not have; the argument is one sentence."""


# -- text ----------------------------------------------------------------------------------------------------


def heading(state: State) -> str:
    """`localhost:9092 at 12:04:31, look 7`: what is looked at and when it was; for whoever looks again and
    again.
    """
    watch, beat = lag.watch(state), state.observed.beat
    when = at(watch.wall_us, beat.ended_us, state.now_us)
    return (
        f"{watch.bootstrap} {when}, look {number(beat.number)}\n" if beat.number else f"{watch.bootstrap}\n"
    )


def summary(state: State) -> str:
    """One line a group, worst first, and what is not shown."""
    rows = [_summary_cells(row) for row in lag.group_rows(state)]
    found = [_table(SUMMARY_HEADS, rows)] if rows else ["no consumer groups"]
    return "\n".join([*found, *_notes_below(state)]) + "\n"


def table(state: State, groups: Sequence[str] = (), wide: bool = False) -> str:
    """Partitions of the groups (none named: all) as Kafka's own tool prints them, each group with its sum.

    Raises NoSuchGroup.
    """
    details = _details(state, groups)
    found = ["\n".join(_group_text(detail, wide)) for detail in details] or ["no consumer groups"]
    below = "\n".join(_notes_below(state))
    return "\n\n".join([*found, below] if below else found) + "\n"


def _details(state: State, groups: Sequence[str]) -> list[GroupDetail]:
    for name in groups:
        if name not in state.observed.groups:
            raise NoSuchGroup(
                f"there is no group {escape(name)} on "
                f"{escape(state.observed.bootstrap)}{_nearest(state, name)}"
            )
        if state.observed.groups[name].kind in lag.NO_LAG_KINDS:
            raise NoSuchGroup(
                f"{escape(name)} is a {state.observed.groups[name].kind} group: it has no lag of this kind"
            )
    names = groups or [row.group for row in lag.group_rows(state)]
    return [lag_detail.group_detail(state, name) for name in names]


def _nearest(state: State, name: str) -> str:
    from difflib import get_close_matches

    found = get_close_matches(name, list(state.observed.groups), 1)
    return f"; did you mean {escape(found[0])}?" if found else ""


def _group_text(detail: GroupDetail, wide: bool) -> list[str]:
    row = detail.row
    heads = HEADS + WIDE_HEADS if wide else HEADS
    lines = [_table(heads, [_partition_cells(row.group, p, wide) for p in detail.partitions])]
    lines.append(f"{escape(row.group)}: {_sum(row)}; {row.verdict.word}: {row.verdict.brief}")
    lines += [f"  {note}" for note in _reasons(detail)]
    if not detail.partitions:
        del lines[0]
    return lines


def _sum(row: GroupRow) -> str:
    """The sum, over how many of how many partitions, and what stands out."""
    if isinstance(row.lag, Unknown):
        return f"lag ? ({escape(row.lag.reason)})"
    amount = NONE if row.lag is None else number(row.lag)
    text = f"lag {amount} over {row.known} of {several(row.total, 'partition')}"
    if row.worst and row.worst.hot:
        text += f", {percent(row.worst.share)} of it in {escape(row.worst.topic)} p{row.worst.partition}"
    if row.stale and row.age_us is not None:
        text += f" (stale: {lasting(row.age_us)} old)"
    return text


def _reasons(detail: GroupDetail) -> list[str]:
    """Why a cell of the table is `?` or `-`, and what is wrong with a number; one line a reason."""
    places: dict[str, list[str]] = {}
    for row in detail.partitions:
        for reason in _row_reasons(row):
            places.setdefault(reason, []).append(f"{escape(row.topic)} p{row.partition}")
    return [f"{_shortened(found)}: {reason}" for reason, found in places.items()]


def _row_reasons(row: PartitionRow) -> Iterable[str]:
    if isinstance(row.lag, Unknown):
        yield escape(row.lag.reason)
    if row.kind == "no commit":
        yield _no_commit(row)
    if row.breach:
        yield f"retention breach: {several(row.breach, 'record')} deleted before the group read them"
    if row.ahead:
        yield f"committed {number(row.ahead)} beyond the end: topic recreated or truncated?"


def _no_commit(row: PartitionRow) -> str:
    if row.to_read is None:
        return "no commit"
    return f"no commit; {number(row.to_read)} to read from the start, auto.offset.reset decides"


def _shortened(places: list[str]) -> str:
    return ", ".join(places) if len(places) <= 4 else f"{', '.join(places[:3])} and {len(places) - 3} more"


def _notes_below(state: State) -> list[str]:
    watch, others = lag.watch(state), lag.other_groups(state)
    lines = [others.sentence] if others.count else []
    if watch.lost:
        age = lasting(watch.age_us) if watch.age_us is not None else "?"
        lines.append(f"nothing answers: {escape(watch.lost.reason)} (last seen {age} ago)")
    lines += [f"broker {broker} does not answer: {escape(why.reason)}" for broker, why in watch.brokers_lost]
    return lines


def _partition_cells(group: str, row: PartitionRow, wide: bool) -> list[str]:
    cells = [
        escape(group),
        escape(row.topic),
        str(row.partition),
        _cell(row.current_offset),
        _cell(row.log_end_offset),
        _cell(row.lag),
        HIDDEN if isinstance(row.consumer, Unknown) else escape(row.consumer_id) or NONE,
        HIDDEN if isinstance(row.consumer, Unknown) else escape(row.host) or NONE,
        HIDDEN if isinstance(row.consumer, Unknown) else escape(row.client_id) or NONE,
    ]
    if wide:
        cells += [_cell(row.log_start), _rate(row.in_per_s), _rate(row.out_per_s), _behind(row)]
    return cells


def _cell(value: int | None | Unknown) -> str:
    """Plain digits, as Kafka's own tool prints them, for whoever cuts columns."""
    if isinstance(value, Unknown):
        return HIDDEN
    return NONE if value is None else str(value)


def _rate(value: float | Unknown) -> str:
    return HIDDEN if isinstance(value, Unknown) else per_second(value)


def _behind(row: PartitionRow) -> str:
    if isinstance(row.behind_us, Unknown):
        return HIDDEN
    if row.behind_us is None:
        return NONE
    if not row.behind_us:
        return "0 s"
    return f"{'>' if row.behind_capped else '~'}{lasting(row.behind_us)}"


def _summary_cells(row: GroupRow) -> list[str]:
    part = f"{row.known} of {row.total}" if row.known < row.total and isinstance(row.lag, int) else ""
    hot = f"p{row.worst.partition} {percent(row.worst.share)}" if row.worst and row.worst.hot else ""
    eta = NONE if row.eta_us is None else _eta(row.eta_us)
    return [
        escape(row.group),
        _word(row.kind),
        _word(row.state),
        HIDDEN if isinstance(row.members, Unknown) else str(row.members),
        HIDDEN if isinstance(row.lag, Unknown) else NONE if row.lag is None else number(row.lag),
        part or hot,
        _rate(row.in_per_s),
        _rate(row.out_per_s),
        eta,
        row.verdict.word,
        row.verdict.brief,
    ]


def _eta(value: int | Unknown) -> str:
    if isinstance(value, Unknown):
        return HIDDEN
    return "0 s" if not value else f"~{lasting(value)}"


def _word(value: str | Unknown) -> str:
    return HIDDEN if isinstance(value, Unknown) else escape(value)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, numbers right, words left."""
    widths = [max(len(head), *(len(row[column]) for row in rows), 0) for column, head in enumerate(heads)]
    lines = [heads, *rows]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if head in _RIGHT else cell.ljust(width)
            for head, cell, width in zip(heads, line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


# -- JSON ----------------------------------------------------------------------------------------------------


def as_json(state: State, groups: Sequence[str] = (), indent: int = 2) -> str:
    """The object that the module describes, as text. Raises NoSuchGroup."""
    return msgspec.json.format(msgspec.json.encode(as_dict(state, groups)), indent=indent).decode()


def as_dict(state: State, groups: Sequence[str] = ()) -> dict[str, Any]:
    """The object that the module describes. Raises NoSuchGroup."""
    watch, others = lag.watch(state), lag.other_groups(state)
    now_us = state.now_us
    return {
        "bootstrap": watch.bootstrap,
        "cluster_id": _value(watch.cluster_id),
        "brokers": watch.brokers,
        "topics": watch.topics,
        "partitions": watch.partitions,
        "as_of_s": _seconds(now_us),
        "beat": {
            "number": watch.beat,
            "age_s": _seconds(watch.age_us),
            "took_s": _seconds(watch.beat_us),
            "requests": watch.requests,
        },
        "lost": None if watch.lost is None else _lost(watch.lost, now_us),
        "brokers_lost": [{"broker": b, **_lost(why, now_us)} for b, why in watch.brokers_lost],
        "other_groups": {"count": others.count, "kinds": list(others.kinds)},
        "groups": [_group_dict(detail) for detail in _details(state, groups)],
    }


def _lost(why: Unknown, now_us: int) -> dict[str, Any]:
    return {"unknown": why.reason, "for_s": _seconds(max(0, now_us - why.since_us))}


def _group_dict(detail: GroupDetail) -> dict[str, Any]:
    row = detail.row
    return {
        "group": row.group,
        "type": _value(row.kind),
        "state": _value(row.state),
        "members": _value(row.members),
        "lag": _value(row.lag),
        "known_partitions": row.known,
        "partitions": row.total,
        "worst": None if row.worst is None else msgspec.structs.asdict(row.worst),
        "trend": row.trend or None,
        "in_per_s": _value(row.in_per_s),
        "out_per_s": _value(row.out_per_s),
        "eta_s": _seconds(row.eta_us),
        "age_s": _seconds(row.age_us),
        "stale": row.stale,
        "breaches": row.breaches,
        "verdict": _verdict_dict(row.verdict),
        "rebalances": [_note_dict(note) for note in detail.rebalances],
        "uneven": detail.uneven,
        "details": [_partition_dict(found) for found in detail.partitions],
    }


def _verdict_dict(verdict: Verdict) -> dict[str, Any]:
    found = msgspec.structs.asdict(verdict)
    found["since_s"] = _seconds(found.pop("since_us"))
    return found


def _note_dict(note: RebalanceNote) -> dict[str, Any]:
    return {
        "at_s": _seconds(note.at_us),
        "sentence": note.sentence,
        "joined": list(note.joined),
        "left": list(note.left),
        "moved": note.moved,
        "took_at_least_s": _seconds(note.took_us),
        "at_least": note.at_least,
        "going_on": note.going_on,
    }


def _partition_dict(row: PartitionRow) -> dict[str, Any]:
    return {
        "topic": row.topic,
        "partition": row.partition,
        "current_offset": _value(row.current_offset),
        "log_end_offset": _value(row.log_end_offset),
        "log_start_offset": _value(row.log_start),
        "lag": _value(row.lag),
        "kind": row.kind,
        "to_read": row.to_read,
        "deleted_unread": row.breach,
        "beyond_end": row.ahead,
        "in_per_s": _value(row.in_per_s),
        "out_per_s": _value(row.out_per_s),
        "behind_s": _seconds(row.behind_us),
        "behind_capped": row.behind_capped,
        "consumer": _value(row.consumer),
        "consumer_id": row.consumer_id,
        "host": row.host,
        "client_id": row.client_id,
    }


def _value(value: Any) -> Any:
    return {"unknown": value.reason} if isinstance(value, Unknown) else value


def _seconds(value: int | None | Unknown) -> Any:
    return value / 1_000_000 if isinstance(value, int) else _value(value)
