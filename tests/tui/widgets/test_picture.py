"""Widgets that draw lines: a picture, a line of tabs, a long text."""

from __future__ import annotations

from rich.text import Text
from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.selection import Selection

from tmeattn.tui.widgets.long_text_area import LongTextArea
from tmeattn.tui.widgets.picture import Picture
from tmeattn.tui.widgets.tab_line import Tab, TabLine

TABS = [
    Tab("name", "name"),
    Tab("one", "1 One", "app.choose('one')", dimmed=1),
    Tab("two", "2 Two", "app.choose('two')"),
]


class Host(App[None]):
    CSS = "Picture { height: 4; } TabLine { height: 1; } LongTextArea { height: 6; }"

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield TabLine(TABS, "one")
        yield Picture()
        yield LongTextArea(soft_wrap=True)

    def action_choose(self, name: str) -> None:
        self.chosen.append(name)


async def test_a_picture_is_rendered_once_for_a_content_and_a_width() -> None:
    app = Host()
    async with app.run_test(size=(20, 12)) as pilot:
        picture = app.query_one(Picture)
        content = Text("one two three four five six [b]")
        layouts = 0

        def count(_: object) -> None:
            nonlocal layouts
            layouts += 1

        await pilot.pause()
        app.screen.screen_layout_refresh_signal.subscribe(app, count)
        picture.show(content)
        await pilot.pause()
        assert picture.plain == "one two three four\nfive six [b]"
        picture.show(content)
        picture.show(Text("two\nlines"))
        await pilot.pause()
        assert (picture.rendered, layouts) == (3, 0)  # the empty one, and two texts; no size has changed
        picture.show(Text("line\n" * 9))
        await pilot.pause()
        assert 1 <= layouts <= 3  # for the scrollbar, however often the screen settles it
        await pilot.resize_terminal(30, 12)
        await pilot.pause()
        assert picture.rendered <= 6


async def test_text_of_a_picture_can_be_selected() -> None:
    app = Host()
    async with app.run_test(size=(20, 12)) as pilot:
        picture = app.query_one(Picture)
        picture.show(Text("one\ntwo"))
        await pilot.pause()
        selection = Selection(Offset(1, 0), Offset(2, 1))
        assert picture.get_selection(selection) == ("ne\ntw", "\n")
        app.screen.selections = {picture: selection}
        assert [picture.render_line(y).text.rstrip() for y in range(2)] == ["one", "two"]


async def test_a_click_chooses_a_tab() -> None:
    app = Host()
    async with app.run_test(size=(40, 12)) as pilot:
        tabs = app.query_one(TabLine)
        assert tabs.start_of("two") == 13
        for x in (1, 6, 13, 39):
            await pilot.click(tabs, offset=(x, 0))
        assert app.chosen == ["one", "two"]


async def test_of_a_long_line_the_same_is_drawn_as_by_textual() -> None:
    text = " ".join(f"word{at}" for at in range(300))
    app = Host()
    async with app.run_test(size=(40, 12)) as pilot:
        area = app.query_one(LongTextArea)
        area.load_text(text)
        area.move_cursor((0, 200))
        await pilot.pause()
        lines = [area.render_line(y).text.rstrip() for y in range(5)]
        shown = " ".join(lines)
        assert shown in text
        assert len(shown) > 100
        parts = area.get_line(0).divide([10, 20])
        assert [len(parts), parts[1].plain] == [3, text[10:20]]
