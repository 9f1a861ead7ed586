"""Panels that every run has, as pure functions: header, why, ledger, biography, branches, keys."""

from __future__ import annotations

from collections.abc import Sequence

from mqviz import commands
from mqviz.facts.views import Biography, Ledger, Station, Why
from mqviz.history import Branch
from mqviz.model.observed.state import Unknown
from mqviz.scenes import letters
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.figures import duration, seconds
from mqviz.scenes.style import BRIGHT, PLAIN, QUIET, style
from mqviz.scenes.text import shorten, width, wrap
from mqviz.ui import keys
from mqviz.ui.sheet import Sheet, Span

BAR = style("ink", "bar")
SAYS = 9
"""Column where the words of `why` begin, after its time."""


def draw_header(canvas: Canvas, name: str, facts: Sequence[str], done: int = 0, steps: int = 0) -> Canvas:
    """One row: mqviz, what is open, how far, and at the right where the picture comes from."""
    canvas.fill(0, 0, canvas.columns, 1, BAR)
    after = canvas.put(1, 0, "mqviz", style("accent", "bar", bold=True))
    said = " · ".join(facts)
    left = canvas.columns - 1 - width(said)
    after = canvas.put(
        after + 2, 0, shorten(name, max(8, left - after - 4)), style("bright", "bar", bold=True)
    )
    if steps and left - after > steps + 24:
        after = canvas.put(after + 3, 0, "●" * done, style("accent", "bar"))
        after = canvas.put(after, 0, "○" * (steps - done), style("quiet", "bar"))
        after = canvas.put(after + 2, 0, f"step {done} of {steps}", style("quiet", "bar"))
    if left > after + 1:
        canvas.right(canvas.columns - 1, 0, said, style("quiet", "bar"))
    return canvas


def draw_why(canvas: Canvas, found: Why | None, when: str = "") -> Canvas:
    """The event that was stepped on: time (or `when`), headline, reason, rule, what changed."""
    room = canvas.columns - 2
    canvas.rule(1, 0, room, "why")
    if found is None:
        canvas.put(1, 1, shorten("nothing to explain yet", room), QUIET)
        return canvas
    when = when or seconds(found.at_us)
    at = 1 + max(SAYS, width(when) + 2)
    canvas.put(1, 1, when, QUIET)
    canvas.put(at, 1, shorten(found.headline, room - at + 1), BRIGHT)
    rows = _why_rows(found, room - at + 1, canvas.rows - 2)
    beside = max((width(label) for label, _ in rows), default=0) + 2
    for row, (label, text) in enumerate(rows, 2):
        indent = beside if label else 0
        canvas.put(at, row, label, QUIET)
        canvas.put(at + indent, row, shorten(text, room - at - indent + 1), PLAIN)
    return canvas


def _why_rows(found: Why, columns: int, rows: int) -> list[tuple[str, str]]:
    """Reason, rule and change as labelled rows; a long reason takes two, the change is the first to go."""
    ends = [("rule", found.rule)] if found.rule else []
    if found.change:
        ends.append(("now", found.change))
    lines = wrap(found.reason, columns)
    most = max(1, rows - len(ends), min(2, rows - 1))
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [*(("", line) for line in lines), *ends][:rows]


_LEDGER = (
    ("done", "█", "done", "ink", "read, processed and committed"),
    ("in_hand", "▒", "in hand", "ok", "delivered, still to do or commit"),
    ("waiting", "░", "waiting", "wait", "in the log, not yet delivered"),
    ("not_readable", "╎", "not yet readable", "quiet", "above the high watermark"),
    ("in_flight", "━", "in flight", "bright", "on its way to the log"),
    ("lost", "✗", "lost", "bad", "gone, or committed and never done"),
)


def ledger_sheet(columns: int, found: Ledger | Unknown, group: str) -> Sheet:
    """Where every record is; the six counts add up to what was sent."""
    sheet = Sheet(columns, margin=3)
    sheet.row(
        Span(0, "ledger", sheet.ink("bright", True)), Span(9, f"as {group} sees it", sheet.ink("quiet"))
    )
    sheet.blank()
    if isinstance(found, Unknown):
        sheet.labelled("?", found.reason, 3, "ink", "wait")
        return sheet
    for field, sign, word, fg, meaning in _LEDGER:
        count = getattr(found, field)
        lit = fg if count else "quiet"
        sheet.row(
            Span(0, f"{count:>8,}", sheet.ink("bright" if count else "quiet", bool(count))),
            Span(10, sign, sheet.ink(lit)),
            Span(12, word, sheet.ink(lit)),
            Span(30, meaning, sheet.ink("quiet")),
        )
    sheet.row(Span(0, f"{'─' * 8}", sheet.ink("rule")))
    sheet.row(Span(0, f"{found.sent:>8,}", sheet.ink("bright", True)), Span(12, "sent", sheet.ink("ink")))
    sheet.blank()
    twice = "wait" if found.twice else "quiet"
    sheet.row(
        Span(0, f"{found.twice:>8,}", sheet.ink(twice, bool(found.twice))),
        Span(10, "×2", sheet.ink(twice)),
        Span(13, "delivered twice", sheet.ink(twice)),
    )
    return sheet


_SIGNS = {"done": ("●", "ink"), "wait": ("●", "wait"), "bad": ("✗", "bad"), "unseen": ("?", "quiet")}
OFTEN = ("not yet", "once", "twice", *(f"{count} times" for count in range(3, 100)))


def biography_sheet(columns: int, found: Biography, keys_seen: Sequence[str]) -> Sheet:
    """What happened to one record, line by line, and why it was delivered so often."""
    sheet = Sheet(columns, margin=3)
    sign, name = _letter(found, keys_seen)
    sheet.row(
        Span(0, f" {sign} ", style("base", f"key {letters.colour_key(sign)}", True)),
        Span(4, name, sheet.ink("bright", True)),
        Span(
            4 + width(name) + 3, f"{found.topic} P{found.partition} offset {found.offset}", sheet.ink("ink")
        ),
        _right(sheet, _delivered(found), "wait" if found.delivered > 1 else "quiet", True),
    )
    sheet.blank()
    for before, station in zip((None, *found.stations), found.stations, strict=False):
        _station(sheet, station, before is not None and _is_gap(before))
    sheet.blank()
    label, text = _split(found.verdict)
    fg = "wait" if found.delivered > 1 else "ok" if label == "once:" else "quiet"
    if label:
        sheet.labelled(label, text, width(label) + 1, "ink", fg)
    else:
        sheet.text(text)
    return sheet


def _letter(found: Biography, keys_seen: Sequence[str]) -> tuple[str, str]:
    """The letter of its key, and its key."""
    if not found.seen:
        return letters.UNSEEN, "not read"
    if found.key is None:
        return letters.NULL, "null key"
    return letters.letters_of(keys_seen).get(found.key, letters.MANY), found.key


def _delivered(found: Biography) -> str:
    if found.delivered < 2:
        return ("not delivered" if found.seen else "", "delivered")[found.delivered]
    return f"delivered ×{found.delivered}"


def _split(verdict: str) -> tuple[str, str]:
    """How often, and why; ("", all of it) where several groups read the record."""
    head, because, tail = verdict.partition(", because ")
    if because and head in OFTEN:
        return f"{head}, because", tail
    head, colon, tail = verdict.partition(": ")
    return (f"{head}:", tail) if colon and head in OFTEN else ("", verdict)


def _is_gap(station: Station) -> bool:
    """Whether the line is a time in which nothing happened."""
    return station.sign == "wait" and station.after_us is None


def _station(sheet: Sheet, station: Station, after_gap: bool) -> None:
    sign, fg = _SIGNS[station.sign]
    if _is_gap(station):
        bar = "░" * min(32, max(4, sheet.room - 12 - width(station.detail)))
        sheet.row(
            Span(0, station.what, sheet.ink("wait", True)),
            Span(10, bar, sheet.ink("wait")),
            Span(11 + len(bar), station.detail, sheet.ink("wait")),
        )
        return
    at = 12 + max(11, width(station.what) + 1)
    seen = station.sign != "unseen"
    spans = [
        Span(0, seconds(station.at_us)[:-2] if seen else "", sheet.ink("quiet")),
        Span(10, sign, sheet.ink(fg)),
        Span(12, station.what, sheet.ink("bright" if station.sign == "done" else fg, True)),
        Span(at, shorten(station.detail, sheet.room - at - (9 if seen else 0)), sheet.ink("ink")),
    ]
    if station.after_us is not None and seen and not after_gap:
        spans.append(_right(sheet, f"+{duration(station.after_us)}", "quiet"))
    sheet.row(*spans)


def _right(sheet: Sheet, text: str, fg: str, bold: bool = False) -> Span:
    return Span(max(0, sheet.room - width(text)), text, sheet.ink(fg, bold))


def branches_sheet(columns: int, branches: Sequence[Branch], current: Branch, at: int) -> Sheet:
    """All branches of the run: where each left its parent, and what was done in it."""
    sheet = Sheet(columns, margin=3)
    sheet.row(Span(0, "branches", sheet.ink("bright", True)))
    sheet.text("acting in the past makes a new one; the old one stays", "quiet")
    sheet.blank()
    for number, branch in enumerate(branches):
        chosen = number == at
        if chosen:
            sheet.here()
        text = f"{'►' if chosen else ' '} {'●' if branch is current else ' '} {_branch(branches, number)}"
        text = f"{shorten(text, sheet.room):<{sheet.room}}"
        sheet.row(Span(0, text, sheet.item(chosen), ("item", number)))
    return sheet


def _branch(branches: Sequence[Branch], at: int) -> str:
    """Its number, where it left its parent, and the last command that was submitted in it."""
    branch, numbers = branches[at], [branch.number for branch in branches]
    came = "the beginning"
    if branch.parent in numbers:
        came = f"left {numbers.index(branch.parent) + 1} at {seconds(branch.forked_at_us)}"
    given = commands.format(branch.commands[-1][1]) if branch.commands else "no command yet"
    return f"{at + 1:>2}  {came:<20}  {given}"


def keys_sheet(columns: int, places: Sequence[str]) -> Sheet:
    """The keys that work here, from the one table."""
    sheet = Sheet(columns, margin=3)
    sheet.row(Span(0, "keys", sheet.ink("bright", True)))
    seen: set[str] = set()
    for place in places:
        rows = [key for key in keys.of(place) if key.shown not in seen]
        if rows:
            sheet.rule(keys.PLACES[place])
        for key in rows:
            seen.add(key.shown)
            sheet.row(Span(0, key.shown, sheet.ink("accent", True)), Span(10, key.says, sheet.ink("ink")))
    sheet.blank()
    scrubs = ", the time bar scrubs" if "run" in places else ""
    sheet.text(f"Mouse: a click selects{scrubs}.", "quiet")
    return sheet


def draw_keys(
    canvas: Canvas,
    first: Sequence[tuple[str, str]],
    second: Sequence[tuple[str, str]],
    said: str = "",
    beside: str = "",
) -> Canvas:
    """Two rows of keys; what was just said takes the place of the first."""
    canvas.fill(0, 0, canvas.columns, canvas.rows, BAR)
    if said:
        canvas.put(1, 0, shorten(said, canvas.columns - 2), style("wait", "bar"))
    else:
        after = _key_row(canvas, 0, first)
        if after + width(beside) < canvas.columns:
            canvas.right(canvas.columns - 1, 0, beside, style("quiet", "bar"))
    _key_row(canvas, 1, second)
    return canvas


def _key_row(canvas: Canvas, row: int, hints: Sequence[tuple[str, str]]) -> int:
    column = 1
    for key, says in hints:
        begin = column
        column = canvas.put(column, row, key, style("accent", "bar", True))
        column = canvas.put(column + 1, row, says, style("quiet", "bar"))
        canvas.mark(begin, row, column - begin, 1, ("key", key))
        column += 3
    return column


def draw_too_small(canvas: Canvas) -> Canvas:
    """The one sentence for a terminal in which nothing can be read."""
    for row, line in enumerate(
        wrap("mqviz needs 60x16; make this window larger, or q quits.", canvas.columns)
    ):
        canvas.put(0, row, line, PLAIN)
    return canvas
