import csv
import dataclasses
import io
import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tmeattn.render.console import safe
from tmeattn.render.export.reproduction import csv_text, latex, markdown
from tmeattn.reproduce.results import Context, Difference, Result, Row

CONTEXT = Context("report", "imdb-25k", "validation", 5021, "glove-50d", (0, 1, 2), None, False)
MEAN = Row(
    label="Mean of vectors",
    model="mean",
    report=0.7961,
    accuracies=(0.79, 0.8, 0.81),
    accuracy=0.7913,
    half=0.0031,
    train_accuracy=0.9,
    entropy=None,
    normalized_entropy=None,
    seconds_per_epoch=12.34,
    best_epoch=31.333,
    epochs=50.0,
    last_accuracy=0.79,
    diverged=(),
    runs=("k3f9", "a8c2", "zz01"),
    low=0.7882,
    high=0.7944,
)
SIMPLE = dataclasses.replace(
    MEAN, label="Simple attention", report=0.78, accuracy=0.8034, entropy=4.87, normalized_entropy=0.9161, diverged=(2,)
)
NOTHING = Row("Nothing", "x", None, (), None, None, None, None, None, None, None, None, None, (), ())
DIFFERENCE = Difference("Mean of vectors", "Simple attention", 0.0121, -0.001, 0.02, -0.0161)

# Every special character of the three formats, the beginnings of a formula, and what steers a terminal.
TEXTS = st.text(st.characters() | st.sampled_from("\\|`*_[]<>&#$%{}~^\"',;=+-@\t\r\n\x1b\u202e1. "), max_size=12)
HARD = ("=1+1", "-2", "\t=1", "a|b", "\\|", "\\", "`x", "<b>", "a\nb", "[1em]", "*", "a--b", "100% $x_1$ {~^}#&", "")


def result(*rows: Row, **fields: object) -> Result:
    values: dict[str, object] = {
        "name": "table-1",
        "title": "Table 1",
        "says": None,
        "context": CONTEXT,
        "rows": rows,
        "differences": (),
        "panels": (),
        "notes": (),
    }
    return Result(**(values | fields))  # type: ignore[arg-type]


def labelled(label: str) -> Result:
    """The label wherever a text can stand."""
    row = dataclasses.replace(SIMPLE, label=label, model=label)
    difference = dataclasses.replace(DIFFERENCE, label=label, above=label)
    context = dataclasses.replace(CONTEXT, dataset=label)
    return result(
        row, MEAN, title=label, says=label, context=context, differences=(difference,), notes=(label, "a note")
    )


def records(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def hard(test):
    for text in HARD:
        test = example(text)(test)
    return test


def test_markdown_in_full() -> None:
    text = markdown(result(MEAN, SIMPLE, NOTHING, says="better.", differences=(DIFFERENCE,), notes=("One.", "- Two.")))
    lines = text.split("\n")
    assert lines[0] == "## Table 1"
    assert "5,021" in lines[2]
    assert "glove-50d" in lines[2]
    assert "The report: better. " in lines[2]
    assert "| Report, % | Here, % |" in lines[4]
    assert lines[6] == (
        "| Mean of vectors | 79.61 | 79.13 | 78.8 to 79.4 | -0.48 | 90.00 | – | – | 31.3/50 | 12.3 | k3f9, a8c2, zz01 |"
    )
    assert lines[7].startswith(
        "| Simple attention | 78.00 | 80.34 | 78.8 to 79.4 | +2.34 | 90.00 | 4.87 | 0.916 | 31.3/50 |"
    )
    assert "diverged: seed 2" in lines[7]
    assert lines[8] == "| Nothing |" + " – |" * 10
    assert lines[10] == "## Differences of accuracies: Table 1"
    assert lines[16].startswith("| Simple attention | Mean of vectors | +1.21 | -0.10 to +2.00 | -1.61 |")
    assert lines[16].endswith("| not significant |")
    assert "Two." not in text  # notes are for the terminal


def test_csv_has_six_decimals_and_the_difference_of_the_row() -> None:
    first, second, third = records(csv_text(result(MEAN, SIMPLE, NOTHING, differences=(DIFFERENCE,))))
    assert float(first["accuracy"]) == MEAN.accuracy
    assert first["best_epoch"] == "31.333"
    assert first["accuracies"] == "0.79 0.8 0.81"
    assert first["last_accuracy"] == "0.79"
    assert first["difference"] == first["entropy"] == ""
    assert second["minus"] == "Mean of vectors"
    assert second["difference_low"] == "-0.001"
    assert second["diverged"] == "2"
    assert second["seeds"] == "0 1 2"
    assert third["accuracy"] == third["runs"] == third["report"] == ""
    assert all(re.fullmatch("[a-z_]+", name) for name in first)


def test_latex_in_full() -> None:
    text = latex(result(MEAN, SIMPLE, NOTHING, differences=(DIFFERENCE,), title="50 % of A_B"))
    assert r"\caption{50 \% of A\_B. Conditions: recipe report" in text
    assert r"\label{tab:table-1}" in text
    assert r"\label{tab:table-1-differences}" in text
    assert (
        r"Mean of vectors & 79.61 & 79.13 {[}78.8 to 79.4{]} & \ensuremath{-}0.48 & 90.00 & -- & 31.3/50 & 12.3 \\"
        in text
    )
    assert r"Nothing & -- & -- & -- & -- & -- & -- & -- \\" in text
    assert "79.4{]} (1 diverged)" in text
    assert r"\ensuremath{-}0.10 to +2.00" in text
    for name in ("table", "tabular"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") > 0
    assert text.count(r"\toprule") == text.count(r"\midrule") == text.count(r"\bottomrule") == 2


@pytest.mark.parametrize("write", [markdown, csv_text, latex])
def test_numbers_that_are_none(write) -> None:
    broken = dataclasses.replace(
        SIMPLE, report=math.inf, accuracy=math.nan, half=-math.inf, entropy=math.nan, seconds_per_epoch=math.inf
    )
    difference = Difference("a", broken.label, math.nan, math.nan, math.inf, None)
    text = write(result(broken, differences=(difference,)))
    assert not re.search(r"\b(nan|inf)\b", text)
    assert "None" not in text


@pytest.mark.parametrize("write", [markdown, csv_text, latex])
def test_a_result_without_rows(write) -> None:
    context = dataclasses.replace(CONTEXT, seeds=(), limit=20, quick=True)
    text = write(result(context=context))
    assert text.endswith("\n")
    assert "Simple attention" not in text


def test_a_result_for_which_nothing_was_trained() -> None:
    untrained = result(MEAN, context=None)
    assert records(csv_text(untrained))[0]["recipe"] == records(csv_text(untrained))[0]["quick"] == ""
    assert "without training" in markdown(untrained)
    assert "without training" in latex(untrained)


def test_no_minus_zero() -> None:
    row = dataclasses.replace(MEAN, report=0.8, accuracy=0.79999)
    assert "+0.00" in markdown(result(row))
    assert "-0.00" not in markdown(result(row))


@hard
@given(TEXTS)
def test_csv_gives_labels_back(label: str) -> None:
    rows = records(csv_text(labelled(label)))
    assert len(rows) == 2
    assert rows[1]["label"] == MEAN.label
    for column in ("label", "model", "minus", "dataset"):
        cell = rows[0][column]
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell.removeprefix("'") == safe(label).removeprefix("'")
    assert float(rows[0]["accuracy"]) == SIMPLE.accuracy


def test_csv_quotes_formulas_and_nothing_else() -> None:
    for label in ("=1+1", "+a", "-a", "@a"):
        assert records(csv_text(labelled(label)))[0]["label"] == f"'{label}"
    assert records(csv_text(labelled("a=1")))[0]["label"] == "a=1"
    difference = dataclasses.replace(DIFFERENCE, difference=-0.5)
    assert records(csv_text(result(SIMPLE, differences=(difference,))))[0]["difference"] == "-0.5"


@hard
@given(TEXTS)
def test_markdown_shows_labels_as_they_are(label: str) -> None:
    text = markdown(labelled(label))
    lines = text.split("\n")
    tables = [line for line in lines if line.startswith("| ")]
    assert len(tables) == 4 + 3
    # Readers differ on whether a backslash before a backslash counts: both ways the number of cells must be right.
    for columns, table in ((11, tables[:4]), (6, tables[4:])):
        for line in table:
            assert len(re.findall(r"(?<!\\)\|", line)) == columns + 1
            assert len(re.sub(r"\\.", "", line).split("|")) == columns + 2
    shown = re.sub(r"\\(.)", "", text)
    assert not re.search(r"[`<>~$\[\]*_]", shown)
    assert not re.search(r"&(?!(amp|lt|gt);)", shown)
    unescaped = re.sub(r"\\(.)", r"\1", lines[0].removeprefix("## "))
    for name, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        unescaped = unescaped.replace(name, character)
    assert unescaped == " ".join(safe(label).split())


@hard
@given(TEXTS)
def test_latex_shows_labels_as_they_are(label: str) -> None:
    lines = latex(labelled(label)).split("\n")
    (row,) = (line for line in lines if line.endswith(r" & 4.87 & 31.3/50 & 12.3 \\"))
    cell = row.split(r" & 78.00 & ")[0]
    back = cell
    for name, character in (
        *((r"\textasciitilde{}", "~"), (r"\textasciicircum{}", "^"), (r"\textless{}", "<"), (r"\textgreater{}", ">")),
        *(
            (r"\textbar{}", "|"),
            (r"\textasciigrave{}", "`"),
            (r"\ensuremath{\alpha}", "α"),
            (r"\ensuremath{\tau}", "τ"),
            (r"\ensuremath{\pm}", "±"),
            (r"\ensuremath{^\circ}", "°"),
            (r"\ensuremath{-}", "-"),
        ),
        *(("-{}", "-"), ("{[}", "["), ("{]}", "]"), ("{*}", "*"), (r"\textbackslash{}", "\0")),
        *((f"\\{special}", special) for special in "&%$#_{}"),
    ):
        # Whatever is taken away here leaves a mark that is no special character, so that the rest can be searched.
        back = back.replace(name, chr(0xE000 + ord(character)))
    assert not re.search(r"[\\&%$#_{}~^<>|`\[\]*]|--", back)
    back = "".join(chr(ord(c) - 0xE000) if 0xE000 <= ord(c) < 0xE400 else c for c in back).replace("\0", "\\")
    if not re.search("[\ue000-\ue3ff]", label):
        assert back == re.sub("[\u2400-\u2421\ufffd]", "?", " ".join(safe(label).split()))
    text = "\n".join(line for line in lines if not line.startswith("%"))
    assert text.count("\\begin{table}") == 2
    assert len(re.findall(r"(?<!\\)\{", text)) == len(re.findall(r"(?<!\\)\}", text))


def test_columns_that_are_empty_are_left_out() -> None:
    alone = dataclasses.replace(MEAN, half=None, report=None, train_accuracy=None, low=None, high=None)
    head = markdown(result(alone)).split("\n")[4]
    assert head == "| Configuration | Here, % | Epoch, best/trained | s/epoch | Runs |"
    assert r"Configuration & Here & Epoch & s/epoch \\" in latex(result(alone))


def test_shortened_runs_are_not_held_against_the_report() -> None:
    context = dataclasses.replace(CONTEXT, options=("--epochs 2",), machines=("cpu, 1 thread",))
    for write in (markdown, latex):
        assert "Minus report" in write(result(MEAN))
        text = write(result(MEAN, context=context))
        assert "To " not in text
        assert "epochs 2, shortened, not comparable with the report; s/epoch on cpu, 1 thread." in text
    (row,) = records(csv_text(result(MEAN, context=context)))
    assert (row["options"], row["machines"]) == ("epochs 2", "cpu, 1 thread")


def test_a_significant_difference_of_one_seed_after_few_steps_is_marked() -> None:
    clear = dataclasses.replace(DIFFERENCE, low=0.003, report=None)
    one = dataclasses.replace(CONTEXT, seeds=(0,), quick=True)
    for context, remark in ((one, "one seed"), (dataclasses.replace(one, seeds=(0, 1, 2)), "")):
        shown = result(MEAN, SIMPLE, differences=(clear,), context=context)
        tables = (
            markdown(shown).rpartition("## Differences")[2],
            latex(shown).rpartition(r"\caption{Differences")[2],
        )
        for text in tables:
            assert text.count("no finding, because after so few steps") == bool(remark)
        assert tables[0].rstrip().endswith(f"| +0.30 to +2.00 | {remark} |" if remark else "| +0.30 to +2.00 |")
        assert (r"& one seed \\" in tables[1]) == bool(remark)
        assert [row["difference_remark"] for row in records(csv_text(shown))] == ["", remark]


def test_csv_numbers_are_rounded() -> None:
    row = dataclasses.replace(MEAN, report=74.55 / 100 - 1e-16, accuracies=(0.1 + 0.2, 1 / 3))
    (written,) = records(csv_text(result(row)))
    assert (written["report"], written["accuracies"]) == ("0.7455", "0.3 0.333333")


def test_a_wide_latex_table_is_shrunk() -> None:
    text = latex(result(MEAN, differences=(DIFFERENCE,)))
    assert text.count(r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%") == 2
    assert text.count(r"\end{tabular}}") == 2
    assert "graphicx" in text
