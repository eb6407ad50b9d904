import pytest
from rich.cells import cell_len

from tmeattn.render.summary import entropy_history, summary

from .helpers import draw, epoch_event

INFO = {
    "id": "k3f9", "name": "first \x1b[2J try", "state": "finished", "model": "lstm-attn", "dataset": "imdb",
    "alpha": 0.05, "seed": 0, "best_accuracy": 0.8612, "best_epoch": 5, "epochs": 8, "seconds": 527.0,
    "parameters": 123456,
}  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 110, 160])
@pytest.mark.parametrize("epochs", [0, 1, 2, 30])
@pytest.mark.parametrize("attention", [True, False])
def test_summary_fits_whatever_the_run_was(width: int, epochs: int, attention: bool) -> None:
    events = [epoch_event(number, attention=attention) for number in range(1, epochs + 1)]
    output = draw(summary(INFO, events), width)
    assert all(cell_len(line) <= width for line in output.splitlines())
    assert "\x1b" not in output
    assert "86.12 % (epoch 5)" in output
    assert ("Cross-entropy" in output) == (epochs > 1)
    assert output.count("Attention entropy") == (min(epochs, 2) if attention else 0)
    assert "nothing to draw" not in output


def test_charts_stand_side_by_side_on_a_wide_console() -> None:
    events = [epoch_event(number) for number in (1, 2, 3)]
    assert any("Cross-entropy" in line and "Accuracy" in line for line in draw(summary(INFO, events), 110).splitlines())
    assert not any(
        "Cross-entropy" in line and "Accuracy" in line for line in draw(summary(INFO, events), 109).splitlines()
    )


def test_one_epoch_is_drawn_over_its_steps() -> None:
    steps = [{"kind": "step", "step": s, "epoch": 1, "loss": 1 / s, "accuracy": 0.5} for s in (1, 50, 100)]
    output = draw(summary({"id": "k3f9"}, [*steps, epoch_event(1)]))
    assert "Training accuracy" in output
    assert "step" in output


def test_an_epoch_logged_twice_counts_once() -> None:
    history = entropy_history([epoch_event(1), epoch_event(2), epoch_event(2)])
    assert history is not None
    assert draw(history).count("epoch 2") == 1


def test_no_history_without_attention() -> None:
    assert entropy_history([epoch_event(1, attention=False)]) is None
