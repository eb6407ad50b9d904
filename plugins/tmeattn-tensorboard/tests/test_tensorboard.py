"""What TensorBoard reads back is what the run logged."""

import numpy as np
import pytest

from tmeattn.testing import check_tracker, sandbox
from tmeattn.testing.toy import QUICK, dataset_name
from tmeattn.training.session import start
from tmeattn.training.trackers import track

event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")

from tmeattn_tensorboard import tmeattn_trackers  # noqa: E402
from tmeattn_tensorboard.images import heads_image  # noqa: E402

(SPEC,) = tmeattn_trackers()


def test_the_contract_holds():
    check_tracker(SPEC)


def read(run):
    found = event_accumulator.EventAccumulator(str(run.path / "exports" / "tensorboard"))
    found.Reload()
    return found


@pytest.mark.parametrize("live", [True, False])
def test_curves_histograms_and_heatmaps_are_the_runs(live):
    with sandbox(SPEC):
        options = {**QUICK, "dataset": dataset_name(2), "lr": 0.05}
        run = start("simple-attn", options, trackers=["tensorboard"] if live else [])
        if not live:
            track(run, SPEC)
            track(run, SPEC)  # a second time replaces, and doubles nothing
        shown = read(run)
        epochs = [event for event in run.events() if event["kind"] == "epoch"]
        logged = [(event["epoch"], event["validation"]["accuracy"]) for event in epochs]
        assert [(one.step, one.value) for one in shown.Scalars("validation/accuracy")] == [
            (epoch, pytest.approx(accuracy)) for epoch, accuracy in logged
        ]
        steps = [event["step"] for event in run.events() if event["kind"] == "step"]
        assert [one.step for one in shown.Scalars("step/loss")] == steps
        histogram = shown.Histograms("validation/entropy of a text")[-1].histogram_value
        assert histogram.num == sum(epochs[-1]["validation"]["histogram"]["counts"])
        assert len([tag for tag in shown.Tags()["images"] if tag.startswith("attention/")]) == 8
        assert shown.Images("attention/text 0")[0].encoded_image_string.startswith(b"\x89PNG")


def test_heads_are_layers_by_heads():
    image = heads_image([[1.0, 0.5], [0.0]], cell=4)
    assert image.shape == (8, 8, 3)
    assert image[0, 0].tolist() == [222, 120, 20]
    assert image[4, 0].tolist() == [255, 255, 255]
    assert np.all(image[4:, 4:] == 255)


def test_a_disk_that_cannot_be_written_stops_no_training(monkeypatch):
    from tmeattn_tensorboard import tracker

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tracker, "SummaryWriter", full)
    with sandbox(SPEC):
        run = start("mean", {**QUICK, "dataset": dataset_name(2)}, trackers=["tensorboard"])
        assert run.is_finished()
        (warning,) = [event["message"] for event in run.events() if event["kind"] == "warning"]
        assert warning.startswith("The tracker 'tensorboard' (from ")
        assert "No space left on device" in warning
