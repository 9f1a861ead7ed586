"""The stage redraws what changed, in the colours of the theme, and knows what was clicked."""

from textual.app import App, ComposeResult
from textual.geometry import Region

from mqviz.scenes import palette
from mqviz.scenes.canvas import Canvas
from mqviz.scenes.style import style
from mqviz.ui.app import PLAIN_THEME, theme_of
from mqviz.ui.stage import PLAIN, Stage, changed_part, rich_style


class Watched(Stage):
    """A stage that remembers what it sent for drawing."""

    regions: list[Region] = []
    selected: list[Stage.Selected] = []

    def refresh(self, *regions: Region, **more: bool) -> "Watched":
        self.regions = [*self.regions, *regions]
        super().refresh(*regions, **more)
        return self


class OneStage(App[None]):
    """A stage alone."""

    def __init__(self) -> None:
        super().__init__()
        self.word = "first"
        self.selected: list[object] = []

    def compose(self) -> ComposeResult:
        yield Watched(self.draw, id="stage")

    def on_mount(self) -> None:
        self.register_theme(theme_of("dark"))
        self.register_theme(theme_of("light"))
        self.register_theme(PLAIN_THEME)
        self.theme = "dark"

    def draw(self, columns: int, rows: int) -> Canvas:
        canvas = Canvas(columns, rows)
        canvas.put(0, 0, "same")
        canvas.put(0, 3, self.word, style("accent", "sel", True))
        canvas.mark(0, 3, 5, 1, ("word", 7))
        return canvas

    def on_stage_selected(self, event: Stage.Selected) -> None:
        self.selected.append(event.target)


async def test_only_the_rows_that_changed_are_drawn_again() -> None:
    app = OneStage()
    async with app.run_test(size=(40, 10)) as pilot:
        stage = app.query_one(Watched)
        await pilot.pause()
        stage.regions = []
        stage.redraw()
        assert stage.regions == []
        app.word = "other"
        stage.redraw()
        assert stage.regions == [Region(0, 3, 5, 1)]


def test_the_changed_part_of_a_row_ends_where_the_rows_agree_again() -> None:
    quiet, loud = style("quiet"), style("accent")
    before = [("abc", quiet), ("D", loud), ("efg", quiet)]
    assert changed_part(2, before, [("ab", quiet), ("cD", loud), ("efg", quiet)], 7) == Region(0, 2, 4, 1)
    assert changed_part(2, before, [("abc", quiet), ("X", loud), ("efg", quiet)], 7) == Region(3, 2, 1, 1)
    assert changed_part(2, before, [("abc", quiet), ("漢", loud), ("fg", quiet)], 7) == Region(0, 2, 7, 1)


async def test_a_click_tells_what_stands_there() -> None:
    app = OneStage()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        await pilot.click("#stage", offset=(2, 3))
        await pilot.click("#stage", offset=(20, 8))
        assert app.selected == [("word", 7)]


async def test_what_lies_under_something_else_is_faded_and_takes_no_clicks() -> None:
    app = OneStage()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        stage = app.query_one(Watched)
        stage.sunk = True
        await pilot.click("#stage", offset=(2, 3))
        assert app.selected == []
        segment = stage.render_line(3)._segments[0]
        assert segment.style is not None
        assert segment.style.color is not None
        assert segment.style.color.name == palette.sink(palette.colour("accent", "dark"), "dark")
        assert not segment.style.bold


async def test_a_row_beyond_the_picture_is_blank() -> None:
    app = OneStage()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert app.query_one(Watched).render_line(99).text == " " * 40


def test_each_theme_has_its_colours_and_the_plain_one_has_none() -> None:
    focused = style("bright", "sel", True)
    for theme in ("dark", "light"):
        found = rich_style(focused, theme, False)
        assert found.bgcolor is not None
        assert found.bgcolor.name == palette.ROLES[theme]["sel"]
    plain = rich_style(focused, PLAIN, False)
    assert plain.color is None
    assert plain.bgcolor is None
    assert plain.reverse
    assert plain.bold
