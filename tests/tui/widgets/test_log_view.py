"""The log in the width and the height that it has."""

from rich.text import Text
from textual.app import App, ComposeResult

from tmeattn.tui.widgets.log_view import LogView

ENTRIES = [Text(f"12:00:{at:02}  checkpoint at step {100 * at}") for at in range(12)]


class Host(App[None]):
    """It shows the entries at once, as a screen does whose run has ended."""

    def __init__(self, entries: list[Text] | None = None) -> None:
        super().__init__()
        self.entries = entries or []

    def compose(self) -> ComposeResult:
        yield LogView(indent=10)

    def on_mount(self) -> None:
        self.query_one(LogView).show(self.entries)


def lines(view: LogView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


async def test_the_end_is_seen_first():
    app = Host(ENTRIES)
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.pause()
        assert lines(app.query_one(LogView))[-1] == "12:00:11  checkpoint at step 1100"


async def test_the_end_is_seen_also_after_the_view_got_lower():
    app = Host()
    async with app.run_test(size=(40, 20)) as pilot:
        view = app.query_one(LogView)
        view.show(ENTRIES)
        assert lines(view)[0].startswith("12:00:00")
        await pilot.resize_terminal(40, 5)
        await pilot.pause()
        assert lines(view)[-1] == "12:00:11  checkpoint at step 1100"
        view.scroll_to(y=2, animate=False, immediate=True)
        view.show([*ENTRIES, Text("12:00:12  the end")])
        assert lines(view)[0].startswith("12:00:02")  # the user reads there
        await pilot.resize_terminal(40, 4)
        await pilot.pause()
        assert lines(view)[0].startswith("12:00:02")


async def test_a_long_entry_continues_below_its_text():
    app = Host()
    async with app.run_test(size=(30, 6)):
        view = app.query_one(LogView)
        view.show([Text("12:00:00  started: 8,000 training texts, one thread")])
        assert lines(view)[:3] == ["12:00:00  started: 8,000", "          training texts, one", "          thread"]
