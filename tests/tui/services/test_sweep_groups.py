"""The runs of a sweep as one line of the list."""

import json

from tmeattn.tui.services.run_list import RunList
from tmeattn.tui.services.sweep_groups import StudyFacts, SweepGroup, grouped


def in_sweep(run, trial):
    info = json.loads((run.path / "run.json").read_text())
    info["sweep"] = {"format": 1, "study": "lr", "trial": trial, "seed": 0}
    (run.path / "run.json").write_text(json.dumps(info))


def test_a_sweep_is_one_line_where_its_first_run_would_be(write_run):
    for at in range(3):
        in_sweep(write_run(f"t{at}", model="mean", created=10.0 + at, done=at + 1), at)
    write_run("new", model="mean", created=20.0)
    write_run("old", model="mean", created=1.0)
    listing = RunList()
    while not listing.caught_up:
        listing.refresh()
    runs = listing.sorted("newest", "")
    new, group, old = grouped(runs, (), {})
    assert isinstance(group, SweepGroup)
    assert (new.run.id, group.id, old.run.id) == ("new", "sweep:lr", "old")
    assert [one.run.id for one in group.runs] == ["t2", "t1", "t0"]
    assert group.folded
    assert group.best.run.id == "t2"  # by accuracy, without the study
    opened = grouped(runs, {"lr"}, {"lr": StudyFacts(0, "86 %", 3, 5)})
    assert [getattr(one, "id", None) or one.run.id for one in opened] == ["new", "sweep:lr", "t2", "t1", "t0", "old"]
    assert opened[1].best.run.id == "t0"
    assert [one.run.id for one in grouped(listing.sorted("newest", "-sweep:lr"), (), {})] == ["new", "old"]
    assert len(grouped(listing.sorted("newest", "trial>0"), (), {}, every=True)) == 3
