"""The command `tmeattn tui` before its screens open."""

from tmeattn.cli import tui as command


def test_a_terminal_that_cannot_show_a_full_screen_is_refused(tmeattn, monkeypatch):
    monkeypatch.setattr(command, "_is_terminal", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    refused = tmeattn("tui")
    assert refused.code == 3
    assert refused.err.startswith("Error: The terminal cannot show a full screen: TERM is dumb.")


def test_without_a_terminal_it_names_what_scripts_use(tmeattn):
    refused = tmeattn("tui")
    assert refused.code == 2
    assert "needs a terminal" in refused.err
