"""The report's targets on the screen."""

from __future__ import annotations

from tmeattn.reproduce.plan import Settings, overview
from tmeattn.reproduce.targets import all_targets
from tmeattn.tui.services.reproduction import read_targets


def test_the_runs_are_those_of_the_command_line_under_the_labels_of_their_target() -> None:
    settings = Settings(seeds=(0, 1))
    shown = {one.target.name: [(run.label, run.seed) for run in one.runs] for one in read_targets(settings)}
    printed = overview(all_targets().values(), settings, [])
    assert shown == {one["name"]: [(run["label"], run["seed"]) for run in one["runs"]] for one in printed}
    assert shown["table3"][0] == ("1 head", 0)  # the run that is "transformer, 3 layers" in table2
    assert shown["table2"][0] == ("transformer, 3 layers", 0)
