"""The list of many runs: what is read and drawn, and what is not."""

import os

import pytest
from support.run_screen import an_app, rows

from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.services import run_list
from tmeattn.tui.services.run_list import RunList
from tmeattn.tui.widgets.run_table import RunTable


async def test_only_changed_rows_are_drawn_again_and_only_moved_ones_move(three, write_run, isolated, monkeypatch):
    for at in range(30):
        write_run(f"m{at:03d}-mean", model="mean", created=at / 100)
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        while not app.session.runs.caught_up:
            await pilot.pause()
        await pilot.press("down")
        table = app.screen.table
        await pilot.pause()
        refreshed: list[int] = []
        original = RunTable.refresh

        def refresh(self, *regions, **more):
            refreshed.extend(region.y for region in regions)
            return original(self, *regions, **more)

        monkeypatch.setattr(RunTable, "refresh", refresh)
        drawn = table.drawn
        assert drawn < 30  # only the lines that are seen are made
        for _ in range(6):
            app.screen.refresh_runs()
            app.screen._show()
        assert (table.drawn, refreshed) == (drawn, [])
        run = RunDirectory(isolated / "runs" / "m029-mean")
        run.rename("other")
        for _ in range(12):
            app.screen.refresh_runs()
        await pilot.pause()
        assert refreshed == [table.ids.index("m029-mean") + 1]
        assert table.drawn == drawn + 1
        write_run("zzzz-mean", model="mean", created=50.0)
        run.delete()
        app.session.runs.forget()
        for _ in range(3):
            app.screen.refresh_runs()
        expected = [one.run.id for one in app.session.runs.sorted("newest", "")]
        assert table.ids == expected
        assert table.selected == "bbbb-mean"
        await pilot.press("o")
        expected = [one.run.id for one in app.session.runs.sorted("best accuracy", "")]
        assert table.ids == expected
        assert table.selected == "bbbb-mean"


async def test_of_many_runs_the_newest_are_shown_and_read_first(write_run, monkeypatch):
    monkeypatch.setattr(run_list, "FOLDERS", 5)
    for at in range(20):
        os.utime(write_run(f"m{at:03d}-mean", model="mean", created=float(at)).path / "run.json", (at, at))
    looks = RunList.refresh
    monkeypatch.setattr(RunList, "refresh", lambda self: False)  # each look is made by the test
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        screen, runs = app.screen, app.session.runs
        for _ in range(2):
            looks(runs)
            screen._show()
            await pilot.pause()
            runs.wanted = screen.table.seen
        assert [row[0] for row in rows(app)][:5] == ["m019-mean", "m018-mean", "m017-mean", "m016-mean", "m015-mean"]
        assert {row[3] for row in rows(app)[:5]} == {"3/5"}  # read while folders are not opened yet
        assert {row[3] for row in rows(app)[5:]} == {"…/5"}
        assert "10 runs · reading 10 more" in str(screen.query_one("#summary").render())
        await pilot.press("down")
        assert screen.table.selected == "m018-mean"
        while not runs.caught_up:
            looks(runs)
        screen._show()
        assert (screen.table.line_count, screen.table.selected) == (20, "m018-mean")
        assert "reading" not in str(screen.query_one("#summary").render())


async def test_to_mark_or_to_move_sorts_nothing_and_makes_only_the_lines_that_change(write_run, monkeypatch):
    for at in range(30):
        write_run(f"m{at:03d}-mean", model="mean", created=float(at))
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        while not app.session.runs.caught_up:
            await pilot.pause()
        await pilot.press("down")
        monkeypatch.setattr(RunList, "_sort", lambda *arguments: pytest.fail("the runs are sorted"))
        table = app.screen.table
        drawn = table.drawn
        await pilot.press("space")
        assert table.drawn == drawn + 1
        assert "1 marked" in str(app.screen.query_one("#summary").render())
        await pilot.press("end")
        assert table.drawn <= drawn + 1 + table.size.height
        await pilot.press("escape")
        assert "marked" not in str(app.screen.query_one("#summary").render())
