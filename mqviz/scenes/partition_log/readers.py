"""Readers at the right: each lane's owner, partitions that nobody reads, members without a partition."""

from __future__ import annotations

from mqviz.facts.views import InHand, MemberView
from mqviz.model.observed.state import Unknown
from mqviz.scenes import tiles
from mqviz.scenes.canvas import Target
from mqviz.scenes.edges import draw_edge
from mqviz.scenes.partition_log.layout import Frame
from mqviz.scenes.partition_log.picture import Crew, Lane
from mqviz.scenes.style import EDGE, IDLE, WAIT
from mqviz.scenes.text import shorten, width
from mqviz.scenes.tiles import Tile


def draw_readers(frame: Frame) -> None:
    """Tiles of all groups beside the lanes."""
    crews = frame.shown.outline.crews
    if crews:
        _first_group(frame, crews[0])
    for number, crew in enumerate(crews[1 : 1 + frame.plan.others], 1):
        for place, lane in enumerate(frame.shown.lanes):
            _other_reader(frame, number, crew, place, lane)


def draw_unassigned(frame: Frame) -> None:
    """Members without a partition, below the lanes, in the column of the members."""
    canvas, plan, columns = frame.canvas, frame.plan, frame.columns
    members = frame.shown.outline.below()
    if plan.roomy and any(m.state == "idle" for m in members):
        canvas.right(columns.tile - 2, plan.block, "no partition left", WAIT)
    pitch, rows = (3, 2) if plan.roomy else (1, 1)
    room = (plan.bottom - plan.block + pitch - rows) // pitch
    seen = members if len(members) <= room else members[: max(0, room - 1)]
    for number, member in enumerate(seen):
        _unassigned(frame, member, plan.block + number * pitch, rows)
    if len(seen) < len(members):
        text = f"+{len(members) - len(seen)} without a partition"
        row = plan.block + len(seen) * pitch
        canvas.put(columns.tile + 2, row, shorten(text, columns.tile_columns - 2), IDLE)


def _unassigned(frame: Frame, member: MemberView, row: int, rows: int) -> None:
    tile = Tile(frame.columns.tile, row, frame.columns.tile_columns, rows)
    tiles.draw_unassigned(frame.canvas, tile, member, frame.shown.outline.topic.name, _prefix(frame, member))
    _focus(frame, tile, ("member", member.group, member.name))


def _focus(frame: Frame, tile: Tile, target: Target) -> None:
    frame.canvas.mark(tile.column, tile.row, tile.columns, tile.rows, target)
    if frame.view.focus == target:
        tiles.draw_focus(frame.canvas, tile)


def _prefix(frame: Frame, member: MemberView) -> str:
    """The group of a member that is not of the first group, whose name heads the column."""
    return "" if member.group == frame.shown.outline.crews[0].group.name else f"{member.group} "


def _member(crew: Crew, name: str | None | Unknown) -> MemberView | None:
    return next((m for m in crew.members if m.name == name), None)


def _first_group(frame: Frame, crew: Crew) -> None:
    """A tile a lane; lanes of one owner that lie together share one tile, unless other groups stand between
    them.
    """
    apart = frame.plan.others > 0
    waiting = list(frame.shown.outline.beside())
    owners = [_member(crew, lane.holds[0].owner) for lane in frame.shown.lanes]
    for number, (lane, owner) in enumerate(zip(frame.shown.lanes, owners, strict=True)):
        if owner is None:
            _unread(frame, number, lane, waiting.pop(0) if waiting else None)
        elif apart or number == 0 or owners[number - 1] is not owner:
            _owned(frame, number, owner, 1 if apart else _stretch(owners, number))


def _stretch(owners: list[MemberView | None], number: int) -> int:
    """How many lanes from `number` on have the same owner."""
    end = number
    while end < len(owners) and owners[end] is owners[number]:
        end += 1
    return end - number


def _tile(frame: Frame, number: int, lanes: int = 1) -> Tile:
    columns, plan = frame.columns, frame.plan
    return Tile(columns.tile, plan.row(number), columns.tile_columns, (lanes - 1) * plan.pitch + 2)


def _owned(frame: Frame, first: int, member: MemberView, count: int) -> None:
    tile = _tile(frame, first, count)
    sign = "╎" if member.state == "dead" else "▌"
    tiles.draw_ground(frame.canvas, tile, tiles.edge_role(member, True), sign)
    for number in range(first, first + count):
        _owned_lane(frame, number, member, member.name if number == first else "")
    _focus(frame, tile, ("member", member.group, member.name))


def _owned_lane(frame: Frame, number: int, member: MemberView, title: str) -> None:
    """One lane's two lines inside its owner's tile, and the edge that leads there."""
    canvas, columns = frame.canvas, frame.columns
    lane, tile, row = frame.shown.lanes[number], _tile(frame, number), frame.plan.row(number)
    lag = lane.holds[0].lag
    tiles.draw_title(canvas, tile, row, title, f"P{lane.tape.partition}", lag if frame.compact else None)
    work, to_read = _work_here(member, lane), _to_read(lane)
    letter = frame.shown.letters.of(work.key if work else None)
    tiles.draw_doing(canvas, tile, row + 1, member, lag, to_read, work, frame.view.now_us, letter)
    if member.state == "dead":
        canvas.put(columns.reach, row, "╎" * columns.reach_columns, EDGE)
    else:
        draw_edge(canvas, columns.reach, row, columns.reach + columns.reach_columns - 1)


def _to_read(lane: Lane) -> int | None:
    """Readable records beyond the position of the first group; None where that is not known."""
    position, high = lane.holds[0].position, lane.tape.high_watermark
    return max(0, high - position) if isinstance(position, int) and isinstance(high, int) else None


def _work_here(member: MemberView, lane: Lane) -> InHand | None:
    work = member.in_hand
    here = work is not None and (work.topic, work.partition) == (lane.tape.topic, lane.tape.partition)
    return work if here else None


def _unread(frame: Frame, number: int, lane: Lane, member: MemberView | None) -> None:
    """Nobody reads this partition: the edge is waiting, and beside it stands a member that joins, if one
    does.
    """
    canvas, columns, tile = frame.canvas, frame.columns, _tile(frame, number)
    canvas.put(columns.reach, tile.row, "░" * columns.reach_columns, WAIT)
    if member is not None:
        _unassigned(frame, member, tile.row, 2)
    else:
        owner = lane.holds[0].owner
        words = f"? {owner.reason}" if isinstance(owner, Unknown) else _nobody(tile)
        tiles.draw_nobody(canvas, tile, words)
        _focus(frame, tile, ("partition", lane.tape.topic, lane.tape.partition))
    if frame.compact:
        _unread_lag(frame, tile, lane)


def _unread_lag(frame: Frame, tile: Tile, lane: Lane) -> None:
    """Where lag stands in the tile: its number, or the reason why there is none."""
    row, lag = tile.row + 1, lane.holds[0].lag
    if isinstance(lag.value, Unknown):
        tiles.draw_reason(frame.canvas, tile, row, lag.value)
        return
    begin = tiles.draw_lag(frame.canvas, tile.after, row, lag, "bar") - 1
    frame.canvas.fill(begin, row, tile.after - begin, 1, tiles.PLAIN)
    tiles.draw_lag(frame.canvas, tile.after, row, lag, "bar")


def _nobody(tile: Tile) -> str:
    return "nobody reads" if width("nobody reads") <= tile.room else "nobody"


def _other_reader(frame: Frame, number: int, crew: Crew, place: int, lane: Lane) -> None:
    """One line a lane for each further group: the group, who of it reads the lane, and its lag."""
    columns, plan = frame.columns, frame.plan
    hold = lane.holds[number]
    row = plan.row(place) + plan.others_row + number - 1
    tile = Tile(columns.tile, row, columns.tile_columns, 1)
    member = _member(crew, hold.owner)
    if member is None:
        tiles.draw_nobody(frame.canvas, tile, f"{shorten(crew.group.name, tile.room - 8)} nobody")
    else:
        tiles.draw_ground(frame.canvas, tile, tiles.edge_role(member, True))
        tiles.draw_reader(frame.canvas, tile, crew.group.name, member.name, hold.lag)
        draw_edge(frame.canvas, columns.reach, row, columns.reach + columns.reach_columns - 1)
        _focus(frame, tile, ("member", crew.group.name, member.name))
