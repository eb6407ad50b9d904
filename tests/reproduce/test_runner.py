"""Reproductions for real, on the planted dataset: what is trained, reused, continued, and found."""

import os
import socket
import time
from contextlib import contextmanager

import pytest

from tmeattn.errors import BadInput, Interrupted
from tmeattn.reproduce.plan import Settings
from tmeattn.reproduce.results import CurvePanel, HeatmapPanel, RidgePanel
from tmeattn.reproduce.runner import reproduce
from tmeattn.reproduce.targets import Run, Target, find_target
from tmeattn.runs.index import all_runs
from tmeattn.training.session import start

PAIR = (Run(label="mean", model="mean", report=90.0), Run(label="attention", model="simple-attn", report=80.0))
ALL = ("table", "differences", "curves", "validation", "collapse", "entropy-by-epoch", "entropy-by-variant", "heatmaps")


@pytest.fixture
def settings(planted):
    def make(**changes):
        overrides = {key: planted[key] for key in ("dataset", "vectors", "vector_size", "max_length", "threads")}
        return Settings(**{"overrides": {**overrides, "epochs": 2}, **changes})

    return make


@pytest.fixture
def bench():
    """`bench(target, settings)` reproduces; `bench.titles` are the runs trained, `bench.said` the narration."""

    class Bench:
        def __init__(self):
            self.titles, self.said, self.listener = [], [], lambda event: None

        @contextmanager
        def watch(self, title):
            self.titles.append(title)
            yield lambda event: self.listener(event)

        def __call__(self, target, settings):
            self.titles, self.said = [], []
            return list(reproduce(target, settings, watch=self.watch, narrate=self.said.append))

    return Bench()


def target(*show, runs=PAIR):
    return Target(name="t", title="T", show=show, runs=runs)


def test_a_table_beside_the_reports_values(settings, bench):
    (result,) = bench(target("table"), settings(seeds=(0, 1)))
    assert bench.titles == [f"{n} of 4: {name}, seed {seed}" for n, name, seed in
                            ((1, "mean", 0), (2, "mean", 1), (3, "attention", 0), (4, "attention", 1))]  # fmt: skip
    mean, attention = result.rows
    assert (mean.report, attention.report) == (0.9, 0.8)
    assert mean.entropy is None
    assert 0 < attention.normalized_entropy <= 1
    assert len(mean.accuracies) == len(set(mean.runs)) == 2
    assert mean.accuracy == pytest.approx(sum(mean.accuracies) / 2)
    assert mean.half is not None
    assert (mean.epochs, mean.diverged) == (2, ())
    assert mean.seconds_per_epoch > 0
    assert (result.context.texts, result.context.split, result.context.seeds) == (16, "validation", (0, 1))


def test_finished_runs_are_reused_whoever_trained_them(settings, bench):
    first = settings()
    start("mean", {**first.overrides, "recipe": "report", "checkpoint_every": 1})
    (one,) = bench(target("table"), first)
    assert bench.titles == ["1 of 1: attention, seed 0"]
    (again,) = bench(target("table"), first)
    assert bench.titles == []
    assert again == one


def test_an_interrupted_reproduction_continues(settings, bench):
    def stop_in_the_second_run(event):
        if event["kind"] == "epoch" and len(bench.titles) == 2:
            (all_runs()[0].path / "control" / "stop").touch()

    bench.listener = stop_in_the_second_run
    with pytest.raises(Interrupted, match="Continue with the same command"):
        bench(target("table"), settings())
    finished, stopped = sorted(all_runs(), key=lambda run: run.state() == "stopped")
    assert (finished.state(), stopped.state()) == ("finished", "stopped")
    bench.listener = lambda event: None
    (result,) = bench(target("table"), settings())
    assert bench.titles == ["1 of 1: attention, seed 0"]
    assert [row.runs for row in result.rows] == [(finished.id,), (stopped.id,)]
    assert any(event["kind"] == "resumed" for event in stopped.events())


def test_a_run_that_diverges_leaves_the_others_alone(settings, bench):
    wild = Run(label="wild", model="mean", options={"lr": 1e30, "tune_embeddings": True})
    (result,) = bench(target("table", "differences", runs=(wild, PAIR[1])), settings())
    assert result.rows[0].diverged == (0,)
    assert result.rows[1].diverged == ()
    assert any("diverged" in line for line in bench.said)
    bench(target("table", runs=(wild, PAIR[1])), settings())
    assert bench.titles == []  # it would diverge again


def test_every_kind_of_show(settings, bench):
    (result,) = bench(target(*ALL), settings())
    curves = [panel for panel in result.panels if isinstance(panel, CurvePanel)]
    assert [panel.y_label for panel in curves] == [
        *("loss (cross-entropy)", "accuracy, %") * 2,
        "validation loss (cross-entropy)",
        "validation accuracy, %",
    ]
    assert [line.name for line in curves[0].lines] == ["train", "validation"]
    assert [line.name for line in curves[-1].lines] == ["mean", "attention"]
    assert curves[0].lines[0].xs == (1, 2)
    validation, training, by_variant = [panel for panel in result.panels if isinstance(panel, RidgePanel)]
    assert [row.label for row in validation.rows] == ["epoch 0", "epoch 1", "epoch 2"]
    assert [sum(row.counts) for row in validation.rows] == [16, 16, 16]
    assert [sum(row.counts) for row in training.rows] == [64, 64]  # all training texts, in both epochs
    assert (by_variant.title, by_variant.rows, by_variant.note) == ("attention", validation.rows, None)
    heatmaps = [panel for panel in result.panels if isinstance(panel, HeatmapPanel)]
    assert len(heatmaps) == 2 * 2 * 2  # models, classes, texts
    assert {panel.explanation.true_label for panel in heatmaps} == {"negative", "positive"}
    document = result.document()
    assert {panel["kind"] for panel in document["panels"]} == {"curve", "ridge", "heatmap"}


def test_the_alpha_study_names_collapse(settings, bench):
    chosen = find_target("fig10").model_copy(update={"runs": (Run(label="s", model="simple-attn"),)})
    (result,) = bench(chosen, settings())
    assert len(result.rows) == 9
    assert len({run for row in result.rows for run in row.runs}) == 9
    titles = ["s, penalty from the first step", "s, with warm-up"]
    assert [panel.title for panel in result.panels] == [title for title in titles for _ in range(2)]
    assert [panel.y_label for panel in result.panels[:2]] == [
        "validation loss (cross-entropy)",
        "validation accuracy, %",
    ]
    assert all(len(panel.lines) == 5 for panel in result.panels)
    assert result.notes


def test_a_finished_run_without_its_best_weights_is_trained_again(settings, bench):
    (first,) = bench(target("table", runs=PAIR[:1]), settings())
    (all_runs()[0].checkpoints / "best.safetensors").unlink()
    (again,) = bench(target("table", runs=PAIR[:1]), settings())
    assert bench.titles == ["1 of 1: mean, seed 0"]
    assert again.rows[0].accuracies == first.rows[0].accuracies


def test_a_run_that_another_process_trains_is_not_touched(settings, bench):
    bench(target("table", runs=PAIR[:1]), settings())
    (run,) = all_runs()
    log = [line for line in run.events_path.read_text().splitlines() if '"finished"' not in line]
    run.events_path.write_text("\n".join(log) + "\n")
    run.write_status({"state": "running", "pid": os.getpid(), "host": socket.gethostname(), "heartbeat": time.time()})
    with pytest.raises(BadInput, match=r"being trained by another process. Run the same command again"):
        bench(target("table", runs=PAIR[:1]), settings())


def test_damaged_best_weights_are_left_out_of_the_comparison(settings, bench):
    bench(target("table"), settings())
    mean = next(run for run in all_runs() if run.config["model"] == "mean")
    (mean.checkpoints / "best.safetensors").write_bytes(b"damaged")
    (result,) = bench(target("table", "differences"), settings())
    assert result.differences == ()
    assert any(f"The run {mean.id} is left out of the comparison." in line for line in bench.said)


def test_seeds_are_summed_in_histograms_and_averaged_in_curves(settings, bench):
    (result,) = bench(target("validation", "entropy-by-epoch", runs=PAIR[1:]), settings(seeds=(0, 1, 2)))
    _, curve = [panel for panel in result.panels if isinstance(panel, CurvePanel)]
    ridge = next(panel for panel in result.panels if isinstance(panel, RidgePanel))
    assert sum(ridge.rows[0].counts) == 3 * 16
    accuracies = [run.events() for run in all_runs()]
    first = [next(e["validation"]["accuracy"] for e in events if e["kind"] == "epoch") for events in accuracies]
    assert curve.lines[0].ys[0] == pytest.approx(100 * sum(first) / 3)
    assert curve.lines[0].halves is not None


def test_a_run_without_epoch_0_is_used_and_its_panel_says_what_is_missing(settings, bench):
    bench(target("entropy-by-epoch", runs=PAIR[1:]), settings())
    (run,) = all_runs()
    log = [line for line in run.events_path.read_text().splitlines() if '"entropy",' not in line.replace(" ", "")[:60]]
    run.events_path.write_text("\n".join(log) + "\n")
    (result,) = bench(target("entropy-by-epoch", runs=PAIR[1:]), settings())
    assert bench.titles == []
    assert [row.label for row in result.panels[0].rows] == ["epoch 1", "epoch 2"]
    assert result.panels[0].note == f"Epoch 0 is missing: {run.id} was trained by a version that did not measure it."


def test_every_batch_has_a_histogram_on_request(settings, bench):
    (result,) = bench(target("entropy-by-epoch", runs=PAIR[1:]), settings(per_batch=True))
    batches = result.panels[2]
    assert batches.title == "attention, training batches, before each step"
    assert [row.label for row in batches.rows] == ["batch 1", "batch 2"]
    assert [sum(row.counts) for row in batches.rows] == [64, 64]
    bench(target("entropy-by-epoch", runs=PAIR[1:]), settings())
    assert bench.titles == []  # the run has what is wanted without batches, too


def test_rows_at_chance_are_named_and_not_compared(settings, bench):
    (result,) = bench(target("table", "differences"), settings())
    assert result.context.chance == 0.5
    assert [row.at_chance for row in result.rows] == [True, True]
    assert result.differences == ()
    assert result.notes[0].startswith("At chance: all rows. The 95 % interval includes always predicting")
    learnt = Run(label="learns", model="simple-attn", options={"lr": 0.5, "epochs": 40}, report=80.0)
    (result,) = bench(
        target("table", "differences", runs=(PAIR[0], learnt)),
        settings(overrides={key: value for key, value in settings().overrides.items() if key != "epochs"}),
    )
    assert [row.at_chance for row in result.rows][1] is False
    (difference,) = result.differences
    assert (difference.above, difference.label) == ("mean", "learns")
    assert difference.report == pytest.approx(-0.1)
    assert difference.low <= difference.difference <= difference.high
    # measured again from the weights, the difference is that of the accuracies that training logged
    assert difference.difference == pytest.approx(result.rows[1].accuracy - result.rows[0].accuracy)
