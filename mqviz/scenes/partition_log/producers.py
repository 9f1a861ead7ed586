"""Producers at the left, their edges to the partitions, and whatever flies on any edge."""

from __future__ import annotations

from collections.abc import Iterator

from mqviz.facts.views import Flight, ProducerView
from mqviz.scenes.edges import Way, draw_edge, draw_flight, draw_spine, progress, straight
from mqviz.scenes.figures import thousands
from mqviz.scenes.partition_log.layout import Frame
from mqviz.scenes.partition_log.picture import Lane
from mqviz.scenes.style import BAD, EDGE, QUIET, WAIT, style
from mqviz.scenes.text import shorten

_HASHES = {"java": "murmur2(key)", "murmur2_random": "murmur2(key)", "librdkafka": "crc32(key)"}


def producer_rows(frame: Frame) -> dict[str, int]:
    """Rows of the producers that show, by name, spread over the lanes."""
    producers, plan = frame.shown.outline.producers, frame.plan
    lanes = len(frame.shown.lanes)
    reach = (lanes - 1) * plan.pitch
    seen = producers[: reach // (1 if frame.compact else 2) + 1]
    if len(seen) <= lanes:
        return {p.name: plan.row(_spread(n, len(seen), lanes)) for n, p in enumerate(seen)}
    return {p.name: plan.top + _spread(n, len(seen), reach + 1) for n, p in enumerate(seen)}


def draw_producers(frame: Frame) -> None:
    """Names, states and edges; nothing where no producer is seen."""
    producers, canvas = frame.shown.outline.producers, frame.canvas
    if not producers:
        return
    rows = producer_rows(frame)
    for producer in producers:
        if producer.name in rows:
            _producer(frame, producer, rows[producer.name], rows[producer.name] + 1 in rows.values())
    lanes = [frame.plan.row(number) for number in range(len(frame.shown.lanes))]
    draw_spine(canvas, frame.columns.spine, rows.values(), lanes)
    for row, lane in zip(lanes, frame.shown.lanes, strict=True):
        _branch(frame, row, lane)
    if len(rows) < len(producers):
        canvas.put(1, frame.plan.block - 1, f"+{len(producers) - len(rows)} more", QUIET)
    if not frame.compact:
        _hash(frame, set(rows.values()))


def draw_flights(frame: Frame) -> None:
    """Records on their way, by arithmetic on the moment shown."""
    now_us = frame.view.motion_us
    rows = producer_rows(frame) if frame.shown.outline.producers else {}
    for flight in frame.shown.flights:
        lane = flight.partition - frame.shown.first
        if 0 <= lane < len(frame.shown.lanes) and flight.sent_at_us <= now_us < flight.arrives_at_us:
            part = progress(flight.sent_at_us, flight.arrives_at_us, now_us)
            signs = "".join(frame.shown.letters.of(key) for key in flight.keys) or " "
            for way in _ways(frame, rows, flight, lane):
                draw_flight(frame.canvas, way, part, signs)


def _ways(frame: Frame, rows: dict[str, int], flight: Flight, lane: int) -> Iterator[Way]:
    columns = frame.columns
    if flight.kind == "produce" and flight.client in rows:
        row = rows[flight.client]
        yield Way(columns.edge, row, columns.spine, frame.plan.row(lane), columns.label - 1)
    elif flight.kind == "deliver":
        reader = _row_of_reader(frame, lane, flight.client)
        if reader is not None:
            yield straight(columns.reach, reader, columns.reach + columns.reach_columns - 1)


def _row_of_reader(frame: Frame, lane: int, client: str) -> int | None:
    """The row of the member's group in this lane, or None where the group has none."""
    plan = frame.plan
    for number, crew in enumerate(frame.shown.outline.crews[1:]):
        if any(member.name == client for member in crew.members):
            return plan.row(lane) + plan.others_row + number if number < plan.others else None
    return plan.row(lane)


def _spread(number: int, count: int, places: int) -> int:
    return 0 if count <= 1 else round(number * (places - 1) / (count - 1))


def _producer(frame: Frame, producer: ProducerView, row: int, crowded: bool) -> None:
    canvas, columns = frame.canvas, frame.columns
    target = ("producer", producer.name)
    focus = frame.view.focus == target
    role = "bright" if producer.state == "running" else "quiet"
    name = shorten(producer.name, columns.names)
    canvas.put(1, row, name, style(role, "sel" if focus else "base", True))
    if focus:
        canvas.put(0, row, "►", style("accent", "sel", True))
    canvas.mark(0, row, columns.names + 1, 1, target)
    canvas.put(columns.edge, row, "╌" * (columns.spine - columns.edge), EDGE)
    _state(frame, producer, row, crowded)


def _state(frame: Frame, producer: ProducerView, row: int, crowded: bool) -> None:
    """Below the name; where another producer stands there, a sign on the edge."""
    canvas = frame.canvas
    if producer.state not in ("running", "unknown"):
        sign, look = ("✗", BAD) if producer.state == "dead" else ("▮", WAIT)
        if crowded:
            canvas.put(frame.columns.edge, row, sign, look)
        else:
            canvas.put(1, row + 1, f"{sign} {producer.state}", look)
    elif not frame.compact and producer.in_flight:
        canvas.put(1, row + 1, f"{thousands(producer.in_flight)} in flight", QUIET)


def _branch(frame: Frame, row: int, lane: Lane) -> None:
    begin, end = frame.columns.spine + 1, frame.columns.label - 1
    if lane.tape.partition_leader is None:
        frame.canvas.put(begin, row, "╎" * (end - begin) + "✗", BAD)
    else:
        draw_edge(frame.canvas, begin, row, end)


def _hash(frame: Frame, taken: set[int]) -> None:
    """The rule that chooses the partition, on a free row near the middle lane."""
    shown, plan = frame.shown.outline, frame.plan
    rules = list(dict.fromkeys(_HASHES.get(p.partitioner, p.partitioner) for p in shown.producers))
    text = f"{rules[0]} % {shown.topic.partitions}"
    if len(rules) > 1 or len(text) > frame.columns.spine - 2:
        return
    middle = plan.row(len(frame.shown.lanes) // 2)
    for row in (middle, middle + 2, plan.top + 2):
        if row not in taken and row - 1 not in taken and row < plan.block:
            frame.canvas.put(1, row, text, QUIET)
            return
