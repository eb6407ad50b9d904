import pytest
from rich.cells import cell_len
from support.explanations import draw, epoch_event

from tmeattn.render.summary import entropy_heads, entropy_history, summary
from tmeattn.runs.summary import RunSummary

RUN = RunSummary(
    id="k3f9", name="first \x1b[2J try", state="finished", model="lstm-attn", dataset="imdb", recipe="modern",
    alpha=0.05, uniform_attention=False, seed=0, limit=None, epoch=8, epochs=8, best_accuracy=0.8612, best_epoch=5,
    seconds=527.0, created=0.0, path="runs/k3f9",
)  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 110, 160])
@pytest.mark.parametrize("epochs", [0, 1, 2, 30])
@pytest.mark.parametrize("attention", [True, False])
def test_summary_fits_whatever_the_run_was(width: int, epochs: int, attention: bool) -> None:
    events = [epoch_event(number, attention=attention) for number in range(1, epochs + 1)]
    output = draw(summary(RUN, events), width)
    assert all(cell_len(line) <= width for line in output.splitlines())
    assert "\x1b" not in output
    assert "86.12 % (epoch 5)" in output
    assert ("Cross-entropy" in output) == (epochs > 1)
    assert output.count("Attention entropy") == (min(epochs, 2) if attention else 0)
    assert "no data yet" not in output


def test_charts_stand_side_by_side_on_a_wide_console() -> None:
    events = [epoch_event(number) for number in (1, 2, 3)]
    assert any("Cross-entropy" in line and "Accuracy" in line for line in draw(summary(RUN, events), 110).splitlines())
    assert not any(
        "Cross-entropy" in line and "Accuracy" in line for line in draw(summary(RUN, events), 109).splitlines()
    )


def test_one_epoch_is_drawn_over_its_steps() -> None:
    steps = [{"kind": "step", "step": s, "epoch": 1, "loss": 1 / s, "accuracy": 0.5} for s in (1, 50, 100)]
    output = draw(summary(RUN, [*steps, epoch_event(1)]))
    assert "Accuracy  ● train 50.0 %" in output
    assert "step" in output


def test_an_epoch_logged_twice_counts_once() -> None:
    history = entropy_history([epoch_event(1), epoch_event(2), epoch_event(2)])
    assert history is not None
    assert draw(history).count("epoch 2") == 2  # once in training, once in validation


def test_no_history_without_attention() -> None:
    assert entropy_history([epoch_event(1, attention=False)]) is None


TRAINING = "Attention entropy on training texts, while training"
VALIDATION = "Attention entropy on the validation texts"


@pytest.mark.parametrize("width", [60, 80, 109, 110, 140])
@pytest.mark.parametrize("epochs", [1, 4, 100])
def test_history_shows_training_and_validation_a_row_an_epoch(width: int, epochs: int) -> None:
    events = [epoch_event(number) for number in range(1, epochs + 1)]
    for event in events:
        event["validation"] = event["validation"] | {"entropy": 5.5}
    lines = draw(entropy_history(events), width).splitlines()  # type: ignore[arg-type]
    assert all(cell_len(line) <= width for line in lines)
    shown = min(epochs, 24)
    titled = [index for index, line in enumerate(lines) if TRAINING in line or VALIDATION in line]
    if width >= 110:
        assert titled == [0]
        assert lines[0].index(TRAINING) < lines[0].index(VALIDATION)
        rows = lines[1 : 1 + shown]
        assert all(line.index("mean") < line.index("mean 5.50") for line in rows)
    else:
        training, validation = titled
        assert TRAINING in lines[training]
        rows = lines[training + 1 : training + 1 + shown]
        assert not any("mean 5.50" in line for line in rows)
        assert all("mean 5.50" in line for line in lines[validation + 1 : validation + 1 + shown])
    assert "epoch 1│" in rows[0]
    assert f"epoch {epochs}│" in rows[-1]
    assert sum("└" in line for line in lines) == len(titled)


def test_history_without_training_histograms_is_of_validation_alone() -> None:
    events = [epoch_event(number) | {"train": {"entropy": 1.0, "histogram": None}} for number in (1, 2)]
    output = draw(entropy_history(events), 140)  # type: ignore[arg-type]
    assert VALIDATION in output
    assert TRAINING not in output
    assert output.count("epoch 2│") == 1


@pytest.mark.parametrize("width", [110, 111, 140, 163])
def test_histograms_side_by_side_have_the_same_axis(width: int) -> None:
    lines = draw(summary(RUN, [epoch_event(1), epoch_event(2)]), width).splitlines()
    left, right = lines[-2].split("└")[1:]
    assert left.rstrip() == right.rstrip()


def test_a_heading_has_a_whole_number_of_texts_or_none() -> None:
    events = [epoch_event(1), epoch_event(12)]
    for width in range(44, 180):
        headings = [line for line in draw(summary(RUN, events), width).splitlines() if "Attention entropy, ep" in line]
        assert headings
        assert "…" not in "".join(headings)
    assert headings[0].count("texts") == 2


@pytest.mark.parametrize(
    ("best", "fields", "shown"),
    [
        ((2, 3), {}, "1.33 nats, 83 % of uniform (epoch 3)"),
        ((1, 2), {}, "2.00 nats, 83 % of uniform (epoch 2)"),
        ((2,), {"normalized_entropy": None}, "2.00 nats (epoch 2)"),
        ((2,), {"entropy": 0.0, "normalized_entropy": 0.0}, "0.00 nats, 0 % of uniform (epoch 2)"),
        ((), {}, None),
        ((2,), {"entropy": None, "normalized_entropy": None}, None),
        ((2,), {"entropy": float("nan")}, None),
    ],
)
def test_key_figures_tell_the_entropy_at_the_best_epoch(
    best: tuple[int, ...], fields: dict[str, object], shown: str | None
) -> None:
    events = [epoch_event(number, best=number in best) for number in (1, 2, 3, 4)]
    for event in events:
        event["validation"] = event["validation"] | {"normalized_entropy": 0.83} | fields
    lines = draw(summary(RUN, events), 80).splitlines()
    found = [line.removeprefix("attention entropy").strip() for line in lines if line.startswith("attention entropy")]
    assert found == ([shown] if shown else [])


def test_entropy_of_every_layer_and_head():
    event = epoch_event(2)
    event["validation"] = {**event["validation"], "heads": [[4.0, 3.0], [2.0, 1.5]]}
    lines = draw(entropy_heads([epoch_event(1), event]), 80).splitlines()
    assert [line.split() for line in lines[-2:]] == [
        ["layer", "1", "3.50", "4.00", "3.00"],
        ["layer", "2", "1.75", "2.00", "1.50"],
    ]
    assert lines[0].rstrip() == "Attention entropy by layer and head after epoch 2, nats"
    assert entropy_heads([epoch_event(1)]) is None
    assert entropy_heads([]) is None
