"""The lesson beside the stage, and its strip where there is no room: pure functions of a TutorView."""

from __future__ import annotations

from collections.abc import Sequence

from mqviz.lesson.view import GoalView, Phase, PredictionView, Truth, TutorView
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.style import style
from mqviz.scenes.text import shorten, width
from mqviz.ui.sheet import Sheet, Span

Hint = tuple[str, str]
TRUTHS = {Truth.REACHED: ("✓", "ok"), Truth.OPEN: ("○", "accent"), Truth.UNKNOWN: ("?", "wait")}


def lesson_sheet(view: TutorView, columns: int, choice: int, focused: bool, full: bool) -> Sheet:
    """The lesson as rows. `choice`: the answer in focus; `full`: with real life and what is simplified."""
    sheet = Sheet(columns)
    sheet.text(view.heading, "bright", bold=True)
    _paragraphs(sheet, view.text)
    if view.prediction is not None:
        sheet.rule("PREDICT", lit=focused and view.phase is Phase.PREDICT)
        _prediction(sheet, view, view.prediction, choice)
    if view.goals:
        sheet.rule("GOAL", lit=focused and view.phase is Phase.GOALS)
        _goals(sheet, view)
    _help(sheet, view)
    if view.explain:
        if view.phase is Phase.DONE:
            sheet.here()
        _paragraphs(sheet, view.explain)
        if view.phase is Phase.DONE:
            sheet.so_far()
    finished = view.phase is Phase.FINISHED
    if finished:
        sheet.here()
    if finished or (full and view.phase is Phase.DONE and view.step == view.steps):
        _aside(sheet, "IN REAL LIFE", view.real_life, "ink")
    if finished or full:
        _aside(sheet, "SIMPLIFIED", view.simplified, "quiet")
    if finished:
        sheet.so_far()
    return sheet


def _paragraphs(sheet: Sheet, texts: Sequence[str], fg: str = "ink") -> None:
    for text in texts:
        sheet.blank()
        sheet.text(text, fg)


def _aside(sheet: Sheet, label: str, texts: Sequence[str], fg: str) -> None:
    if texts:
        sheet.rule(label)
        for number, text in enumerate(texts):
            if number:
                sheet.blank()
            sheet.text(text, fg)


# -- prediction ------------------------------------------------------------------------------------------


def _prediction(sheet: Sheet, view: TutorView, found: PredictionView, choice: int) -> None:
    sheet.text(found.question)
    if view.phase is Phase.PREDICT:
        sheet.here()
    picked = choice if view.phase is Phase.PREDICT else found.bet
    _answers(sheet, found.answers, picked)
    sheet.so_far()
    if found.dropped:
        sheet.blank()
        sheet.text("no bet in this step", "quiet")
    elif found.bet is not None:
        sheet.blank()
        sheet.row(
            Span(0, "your bet", sheet.ink("quiet")),
            Span(10, found.answers[found.bet], sheet.ink("accent", True)),
        )
        _outcome(sheet, found)


def _answers(sheet: Sheet, answers: Sequence[str], picked: int | None) -> None:
    inline = sum(width(answer) + 3 for answer in answers) <= sheet.room
    spans, column = [], 0
    for number, answer in enumerate(answers):
        chosen = number == picked
        look = style("bright" if chosen else "quiet", "sel" if chosen else sheet.ground, chosen)
        text = f" {answer} "
        if inline:
            spans.append(Span(column, text, look, ("answer", number)))
            column += width(text) + 1
        else:
            sheet.row(Span(0, shorten(text, sheet.room), look, ("answer", number)))
    if inline:
        sheet.row(*spans)


def _outcome(sheet: Sheet, found: PredictionView) -> None:
    if not found.outcome:
        sheet.row(
            Span(0, "outcome", sheet.ink("quiet")),
            Span(10, "░░░", sheet.ink("wait")),
            Span(14, "running", sheet.ink("quiet")),
        )
        return
    sign, fg = ("✓", "ok") if found.right else ("✗", "bad")
    spans = [Span(0, "outcome", sheet.ink("quiet")), Span(10, found.outcome, sheet.ink("bright", True))]
    if found.right is not None:
        spans.append(Span(11 + width(found.outcome), sign, sheet.ink(fg)))
    sheet.row(*spans)
    if found.equation:
        sheet.text(found.equation, "quiet")
    if found.simulated:
        sheet.labelled("simulated", found.simulated, 10, "quiet")
    if found.because and not found.right:
        sheet.text(found.because, "ink")


# -- goals and help --------------------------------------------------------------------------------------


def _goals(sheet: Sheet, view: TutorView) -> None:
    for number, goal in enumerate(view.goals):
        is_open = number == view.open_goal
        if is_open and view.phase is Phase.GOALS:
            sheet.here()
        sign, fg = TRUTHS[goal.truth]
        words = "bright" if is_open else "quiet"
        _bullet(sheet, sign, fg, goal.say, words, is_open)
        if is_open and goal.suggest:
            sheet.text(goal.suggest, "accent", indent=3)
        if goal.reason:
            sheet.text(goal.reason, "wait", indent=3)


def _bullet(sheet: Sheet, sign: str, sign_fg: str, text: str, fg: str, bold: bool) -> None:
    begin = len(sheet.rows)
    sheet.text(text, fg, bold, indent=3)
    if len(sheet.rows) > begin:
        sheet.rows[begin].insert(0, Span(sheet.margin, sign, sheet.ink(sign_fg)))


def _help(sheet: Sheet, view: TutorView) -> None:
    for number, hint in enumerate(view.hints, 1):
        sheet.blank()
        if number == len(view.hints) and view.phase is Phase.GOALS:
            sheet.here()
        sheet.labelled(f"hint {number}", hint, 8, "ink", "accent")
        sheet.so_far()
    if view.solution:
        sheet.blank()
        sheet.text("solution", "accent")
        for line in view.solution:
            sheet.text(line, "ink", indent=3)
        if view.phase is Phase.GOALS:
            sheet.text("s again does it", "quiet")
        sheet.so_far()
    for said in (view.nudge, view.notice):
        if said:
            sheet.blank()
            sheet.text(said, "wait")
            sheet.so_far()


def key_hints(view: TutorView, more: bool = False) -> list[Hint]:
    """The keys that a lesson offers now; `more`: there are words below those that show."""
    if view.phase is Phase.PREDICT:
        return [("↑ ↓", "answer"), ("enter", "bet")]
    if view.phase is Phase.RUNNING:
        return [("space", "play, pause"), ("→", "step")]
    if view.phase is Phase.DONE:
        return [("enter", "next step" if view.step < view.steps else "finish"), ("r", "reset")]
    if view.phase is Phase.FINISHED:
        return [("enter", "read on"), ("esc", "home")] if more else [("enter", "home")]
    return [("h", "hint"), ("s", "solution"), ("r", "reset")]


def draw_lesson(
    canvas: Canvas, view: TutorView, choice: int, focused: bool, full: bool, scroll: int
) -> tuple[Canvas, int, int]:
    """The pane: the lesson, scrolled so that what is asked for is in sight, and its keys.

    Returns the scroll used, too, and the one of the next page (the same where nothing is left below).
    """
    canvas.fill(0, 0, canvas.columns, canvas.rows, style("ink", "raised"))
    sheet = lesson_sheet(view, canvas.columns, choice, focused, full)
    rows = max(1, canvas.rows - 4)
    if len(sheet.rows) <= canvas.rows - 3:
        rows = canvas.rows - 3
    scroll = (
        sheet.follow(min(scroll, sheet.most(rows)), rows) if scroll < 0 else min(scroll, sheet.most(rows))
    )
    sheet.draw(canvas, 1, rows, scroll)
    onward = min(scroll + max(1, rows - 1), sheet.most(rows))
    _keys(canvas, view, canvas.rows - 2, onward > scroll)
    return canvas, scroll, onward


def _keys(canvas: Canvas, view: TutorView, row: int, more: bool) -> None:
    column = 2
    for key, says in key_hints(view, more):
        lit = key == "h" and view.offer_hint
        begin = column
        column = canvas.put(column, row, key, style("accent", "raised", True))
        column = canvas.put(column + 1, row, says, style("accent" if lit else "quiet", "raised", lit))
        canvas.mark(begin, row, column - begin, 1, ("key", key))
        column += 2


# -- the strip -------------------------------------------------------------------------------------------


def draw_strip(canvas: Canvas, view: TutorView, choice: int) -> Canvas:
    """Bet and open goal in two rows, for when the lesson itself is not in sight."""
    canvas.fill(0, 0, canvas.columns, canvas.rows, style("ink", "bar"))
    if view.prediction is not None and view.phase is Phase.PREDICT:
        _strip_question(canvas, view.prediction, choice)
        return canvas
    column = 1
    if view.prediction is not None:
        column = _strip_bet(canvas, view.prediction)
    key, says = ("enter", "read on") if view.phase is Phase.DONE else key_hints(view)[0]
    begin = canvas.right(canvas.columns - 1, 0, f"{key} {says}", style("quiet", "bar"))
    if view.prediction is not None and view.prediction.equation and column + 3 < begin:
        canvas.put(
            column + 3, 0, shorten(view.prediction.equation, begin - column - 5), style("quiet", "bar")
        )
    _strip_goal(canvas, view)
    return canvas


def _strip_question(canvas: Canvas, found: PredictionView, choice: int) -> None:
    canvas.put(1, 0, shorten(found.question, canvas.columns - 2), style("ink", "bar"))
    column = 1
    for number, answer in enumerate(found.answers):
        chosen = number == choice
        look = style("bright" if chosen else "quiet", "sel" if chosen else "bar", chosen)
        after = canvas.put(column, 1, f" {answer} ", look)
        canvas.mark(column, 1, after - column, 1, ("answer", number))
        column = after + 1
    canvas.right(canvas.columns - 1, 1, "↑ ↓ answer   enter bet", style("quiet", "bar"))


def _strip_bet(canvas: Canvas, found: PredictionView) -> int:
    if found.bet is None:
        return canvas.put(1, 0, "no bet in this step", style("quiet", "bar"))
    column = canvas.put(1, 0, "your bet ", style("quiet", "bar"))
    column = canvas.put(column, 0, found.answers[found.bet], style("accent", "bar", True))
    column = canvas.put(column + 3, 0, "outcome ", style("quiet", "bar"))
    if not found.outcome:
        return canvas.put(column, 0, "░░░", style("wait", "bar"))
    column = canvas.put(column, 0, found.outcome, style("bright", "bar", True))
    if found.right is not None:
        sign, fg = ("✓", "ok") if found.right else ("✗", "bad")
        column = canvas.put(column + 1, 0, sign, style(fg, "bar"))
    return column


def _strip_goal(canvas: Canvas, view: TutorView) -> None:
    goal = _shown_goal(view)
    if goal is None:
        said = (
            "the step runs to its outcome"
            if view.phase is Phase.RUNNING
            else "✓ all goals of this step are reached"
        )
        canvas.put(1, 1, said, style("quiet", "bar"))
        return
    sign, fg = TRUTHS[goal.truth]
    canvas.put(1, 1, sign, style(fg, "bar"))
    said = f"goal {(view.open_goal or 0) + 1} of {len(view.goals)}"
    begin = canvas.right(canvas.columns - 1, 1, said, style("quiet", "bar"))
    after = canvas.put(3, 1, shorten(goal.say, begin - 5), style("bright", "bar", True))
    if goal.suggest and after + 3 + width(goal.suggest) < begin:
        canvas.put(after + 3, 1, goal.suggest, style("accent", "bar"))


def _shown_goal(view: TutorView) -> GoalView | None:
    return view.goals[view.open_goal] if view.open_goal is not None and view.phase is Phase.GOALS else None
