"""Reproduced tables and figures on the terminal."""

import dataclasses
import math
from typing import Any

import pytest
from rich.cells import cell_len
from support.explanations import draw, explain

from tmeattn.render.reproduction import conditions, how_differences, reproduction
from tmeattn.reproduce.results import (
    Context,
    CurvePanel,
    Difference,
    HeatmapPanel,
    MatrixPanel,
    PlottedLine,
    Result,
    Ridge,
    RidgePanel,
    Row,
    verdict,
)

CONTEXT = Context(
    "report", "imdb-25k", "validation", 5021, "glove-50d", (0,), None, quick=False, machines=("cpu, 1 thread",)
)
LABELS = ("mean of word vectors", "simple attention", "CLS, dropout 0.1, twice the epochs")
ROWS = tuple(
    Row(label, "m", 0.8, (0.81,), 0.81 + 0.01 * index, None, 0.9, 3.2, 0.71, 12.3, 31.0, 50.0, 0.8, (), ("k3f9",))
    for index, label in enumerate(LABELS)
)
ROWS = tuple(dataclasses.replace(row, low=0.799, high=0.821, report_train=None) for row in ROWS)
DIFFERENCES = (
    Difference(LABELS[0], LABELS[1], 0.01, -0.001, 0.02, -0.016),
    Difference(LABELS[1], LABELS[2], 0.01, 0.005, 0.02, 0.01),
)


def result(**fields: Any) -> Result:
    values: dict[str, Any] = {"name": "t", "title": "Table", "says": None, "context": CONTEXT, "rows": ROWS}
    return Result(**(values | {"differences": DIFFERENCES, "panels": (), "notes": ()} | fields))


def told(width: int = 200, **fields: Any) -> str:
    return draw(reproduction(result(**fields)), width)


def header(output: str, ruled: int = 0) -> list[str]:
    """Names of the columns of a table."""
    lines = output.splitlines()
    rules = [index for index, line in enumerate(lines) if line.startswith("──")]
    return lines[rules[ruled] - 1].split()


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({}, "seed 0"),
        ({"options": ("--max-length 50",)}, "seed 0, --max-length 50"),
        (
            {"limit": 400, "options": ("--epochs 2",)},
            "trained on only 400 texts, --epochs 2, shortened, not comparable with the report",
        ),
        ({"quick": True}, "seed 0, quick: few texts and epochs, not comparable with the report"),
    ],
)
def test_conditions_tell_what_was_changed(fields: dict[str, Any], end: str) -> None:
    assert conditions(dataclasses.replace(CONTEXT, **fields)).endswith(end)


def test_seconds_are_told_with_their_machine() -> None:
    assert "s/epoch on cpu, 1 thread." in told()
    two = dataclasses.replace(CONTEXT, machines=("cpu, 1 thread", "cpu, 2 threads"))
    assert "s/epoch on cpu, 1 thread or cpu, 2 threads, not comparable." in " ".join(told(context=two).split())
    untimed = tuple(dataclasses.replace(row, seconds_per_epoch=None) for row in ROWS)
    assert "s/epoch" not in told(rows=untimed)


def test_differences_say_what_their_intervals_cover() -> None:
    one = told()
    assert "over the validation texts, without other seeds, not corrected for the number of comparisons." in one
    assert "one seed: " in one
    assert "not significant" in one
    assert "reversed" not in one  # the sign of a difference that may be noise says nothing
    clear = (dataclasses.replace(DIFFERENCES[0], low=0.001), DIFFERENCES[1])
    assert "reversed" in told(differences=clear)
    several = told(context=dataclasses.replace(CONTEXT, seeds=(0, 1, 2)))
    assert "paired bootstrap over seeds and texts, not corrected for the number of comparisons." in several
    assert "other seeds" not in several


@pytest.mark.parametrize("shortened", [{"quick": True}, {"limit": 400}, {"options": ("--epochs 2",)}])
def test_a_difference_of_one_seed_after_few_steps_is_no_finding(shortened: dict[str, Any]) -> None:
    found = (DIFFERENCES[0], dataclasses.replace(DIFFERENCES[1], report=None))
    context = dataclasses.replace(CONTEXT, **shortened)
    output = told(context=context, differences=found)
    rows = [line.rstrip() for line in output.splitlines() if "+1.00" in line]
    assert [row.endswith("not significant") for row in rows] == [True, False]
    assert rows[1].endswith("one seed")
    explained = '"one seed": no finding, because after so few steps another seed may give the opposite. With --seeds 3'
    assert explained in " ".join(output.split())
    assert "another seed may order the rows differently: see it with --seeds 3." in " ".join(output.split())
    for other in (CONTEXT, dataclasses.replace(context, seeds=(0, 1, 2))):
        output = " ".join(told(context=other, differences=found).split())
        assert "no finding" not in output
        assert "+0.50 to +2.00 one seed" not in output


@pytest.mark.parametrize("width", [40, 80, 140])
def test_nothing_makes_a_difference_of_one_seed_look_significant(width: int) -> None:
    found = tuple(dataclasses.replace(each, report=None) for each in DIFFERENCES)
    quick = dataclasses.replace(CONTEXT, quick=True)
    output = told(width, rows=(), differences=found, context=quick)
    if width == 40:
        assert "simple attention (a)" in output
        assert "(a) not significant (b) one seed" in " ".join(output.split())
    else:
        (line,) = (line for line in output.splitlines() if "one seed" in line and "+1.00" in line)
        assert "+0.50 to +2.00" in line
    assert "*" not in output
    bold = "\x1b[1m+1.00"
    assert bold not in draw(reproduction(result(rows=(), differences=found, context=quick)), width, colour=True)
    assert bold in draw(reproduction(result(rows=(), differences=found)), width, colour=True)


def test_the_document_has_the_remark_on_a_difference() -> None:
    found = (DIFFERENCES[0], dataclasses.replace(DIFFERENCES[1], report=None))
    document = result(differences=found, context=dataclasses.replace(CONTEXT, quick=True)).document()
    assert [each["remark"] for each in document["differences"]] == ["not significant", "one seed"]


def test_a_collapse_has_a_column() -> None:
    assert "last" not in header(told())
    fallen = (*ROWS[:2], dataclasses.replace(ROWS[2], last_accuracy=0.5))
    assert header(told(rows=fallen))[:5] == ["report", "here", "95", "%", "train"]
    assert "last" in header(told(rows=fallen))
    assert "50.00" in told(rows=fallen)


@pytest.mark.parametrize("width", [40, 50, 60, 80, 140])
def test_labels_and_accuracies_stay_at_any_width(width: int) -> None:
    rows = (*ROWS[:2], dataclasses.replace(ROWS[2], half=0.003, last_accuracy=0.5, diverged=(1,), at_chance=True))
    output = told(width, rows=rows)
    assert max(cell_len(line.rstrip()) for line in output.splitlines()) <= width
    assert {"report", "here"} <= set(header(output)) & set(header(output, 1))
    flat = " ".join(output.split())
    for word in (
        *" ".join(LABELS).split(),
        "80.00",
        "81.00",
        "-1.60",
        "+1.00",
        "not significant",
        "diverged",
        "chance",
    ):
        assert word in flat
    lines = output.splitlines()
    assert sum("80.00" in line for line in lines) == 3
    assert all(len(line.split("80.00")[0].strip()) >= len("CLS, dropout") for line in lines if "80.00" in line)
    assert ("s/epoch" in flat) == (width >= 140)


def test_accuracies_under_one_label_share_their_axis() -> None:
    low, high = (
        CurvePanel(name, "epoch", "%", (PlottedLine("a", (1, 2), ys),)) for name, ys in (("x", (0, 1)), ("y", (9, 10)))
    )
    lines = told(60, rows=(), differences=(), panels=(low, high)).splitlines()
    ticks = [line.split("┤")[0].strip() for line in lines if "┤" in line]
    assert ticks[: len(ticks) // 2] == ticks[len(ticks) // 2 :]
    assert {"0", "10"} <= set(ticks)


def test_heatmaps_come_with_their_note_and_one_key() -> None:
    uniform = explain(
        "one two three", [0.34, 0.33, 0.33], entropy=1.09, normalized_entropy=0.99, note="Nearly uniform."
    )
    plain = explain("good film", [0.9, 0.1], unknown=(1,))
    shown = result(rows=(), differences=(), panels=(HeatmapPanel("a", uniform), HeatmapPanel("b", plain)))
    output = draw(reproduction(shown), 200)
    assert "attention entropy 1.09 nats, 99 % of uniform\nNearly uniform.\n" in output
    key = output.splitlines()[-1].strip()
    assert output.count("strong word of its text") == 1
    assert "~word~: not in the vocabulary" in key
    assert "above uniform" in key
    assert "[one]" not in output
    assert "[good]" in output
    coloured = draw(reproduction(shown), 200, colour=True).splitlines()[-1]
    assert "orange" in coloured
    assert "underlined" in coloured
    known = dataclasses.replace(shown, panels=(HeatmapPanel("c", explain("good film", [0.9, 0.1])),))
    assert draw(reproduction(known), 200).splitlines()[-1].strip() == "[word]: strong word of its text"


def test_a_table_has_both_columns_of_the_report_and_the_interval() -> None:
    rows = (dataclasses.replace(ROWS[0], report_train=0.845), dataclasses.replace(ROWS[1], at_chance=True))
    output = told(rows=rows, differences=())
    assert header(output)[:7] == ["report", "here", "95", "%", "report", "train", "train"]
    assert "80.00 81.00 79.9 to 82.1 84.50 90.00" in " ".join(output.split())
    assert "One seed; 95 %: Wilson's interval over texts, without other seeds." in " ".join(output.split())
    assert "at chance" in output


def test_what_the_optimizer_is_stands_in_the_conditions() -> None:
    method = "SGD, learning rate 0.01, momentum 0.9"
    assert conditions(dataclasses.replace(CONTEXT, method=method)).startswith(f"recipe report, {method}, imdb-25k")


def test_a_formula_keeps_its_lines_and_a_histogram_its_note() -> None:
    ridge = RidgePanel("h", 0.0, 2.0, (Ridge("epoch 1", (1, 2), 1.0),), "Epoch 0 is missing: k3f9.")
    output = told(60, rows=(), differences=(), panels=(ridge,), formula=("p = sin(t)", "q = cos(t)"))
    assert "    p = sin(t)\n    q = cos(t)\n" in output
    assert "Epoch 0 is missing: k3f9." in output


def test_a_matrix_and_what_the_report_says_of_it() -> None:
    panel = MatrixPanel("dot products", "position", "dimension", ((1.0, 0.5), (0.5, 1.0)))
    output = told(
        60, rows=(), differences=(), panels=(panel,), context=None, says="They fall.", notes=("A [bold]note.",)
    )
    lines = output.splitlines()
    assert lines[:3] == ["Table", "computed without training", "Finding of the report: They fall."]
    assert "dot products" in output
    assert "dimension" in output
    assert lines[-1] == "A [bold]note."


def test_a_heatmap_tells_the_label_of_its_text() -> None:
    panels = tuple(
        HeatmapPanel(label, explain("good film", [0.9, 0.1], true_label=label)) for label in ("positive", "negative")
    )
    output = told(rows=(), differences=(), panels=panels)
    assert "predicted positive 97.3 %, ✓ right: the label is positive" in output
    assert "predicted positive 97.3 %, ✗ wrong: the label is negative" in output


@pytest.mark.parametrize(
    ("low", "high", "report", "remark"),
    [
        (math.nan, 0.02, 0.01, ""),
        (-0.01, 0.02, 0.01, "not significant"),
        (0.01, 0.02, 0.01, ""),
        (0.01, 0.02, -0.01, "reversed"),
        (0.01, 0.02, None, ""),
    ],
)
def test_the_remark_on_a_difference(low: float, high: float, report: float | None, remark: str) -> None:
    difference = Difference("a", "b", 0.015, low, high, report)
    assert verdict(difference, CONTEXT) == verdict(difference, None) == remark
    quick = dataclasses.replace(CONTEXT, quick=True)
    assert verdict(difference, quick) == (remark or ("" if math.isnan(low) else "one seed"))


def test_rows_without_a_context_have_no_word_on_their_intervals() -> None:
    assert "95 %: " not in told(differences=(), context=None)
    many = dataclasses.replace(CONTEXT, seeds=(0, 1))
    assert "Means over seeds; 95 %: Student's interval over seeds." in " ".join(told(context=many).split())
    assert how_differences(many).startswith("Points of accuracy; paired bootstrap over seeds and texts")
