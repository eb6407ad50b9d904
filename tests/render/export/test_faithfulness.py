"""The tables of `tmeattn faithfulness` in a paper."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tmeattn.faithfulness.results import BoundsCount, Estimate, FaithfulnessResults, MethodResults
from tmeattn.render.export.faithfulness import paper_tables
from tmeattn.render.export.paper import latex, markdown

ONE = Estimate(0.3, 0.2, 0.4, 0.1, 0.05, 0.2)
HINT = "Not assessed: lime (name it in --methods to assess it)."


def results(run: str = "k3f9", data: str = "imdb_25k & co", **fields: Any) -> FaithfulnessResults:
    measures = dict.fromkeys(("comprehensiveness", "normalized_comprehensiveness", "auprc", "token_f1"), ONE)
    rows = tuple(MethodResults(method, measures, 0.01) for method in ("attention", "random"))
    values: dict[str, Any] = {
        "run": run, "model": "lstm-attn", "data": data, "texts": 200, "words": 120.0, "accuracy": 0.8, "entropy": None,
        "rows": rows, "passed_over": (("lime", "slow (name it in --methods to assess it)"),), "twins": None,
        "no_twins": "Add --twin.", "notes": (HINT,), "bounds": BoundsCount(50, 3, 47, {}, 2, 0.01),
    }  # fmt: skip
    return FaithfulnessResults(**(values | fields))


@pytest.mark.parametrize("several", [[results()], [results(), results("m2p7")]])
@pytest.mark.parametrize("write", [latex, markdown])
def test_no_hint_no_option_and_no_command(write: Any, several: list[FaithfulnessResults]) -> None:
    text = write(paper_tables(several))
    body = "\n".join(line for line in text.splitlines() if not line.startswith("% Needs"))
    assert not re.search(r"--[a-z]|-\{\}-|lime|add |Add |tmeattn|Not assessed", body)


def test_the_caption_says_what_was_measured() -> None:
    erasure, ranks_or_normalized, *_ = paper_tables([results()])
    assert erasure.caption.startswith("Faithfulness of explanations of lstm-attn: raw erasure (words left out). ")
    for part in ("200 texts of imdb_25k & co", "delete (words are left out)", "95 % interval over texts", "80.0 %"):
        assert part in erasure.caption
    assert ranks_or_normalized.label != erasure.label
    (normalized,) = (one for one in paper_tables([results()]) if one.label.startswith("normalized"))
    assert "50 of 200 texts, bounds of 3 exact, of 47 by beam." in normalized.caption


def test_plausibility_has_a_table_of_its_own() -> None:
    tables = paper_tables([results()])
    (human,) = (one for one in tables if one.title.startswith("Plausibility"))
    assert [column.heading for column in human.columns] == ["Method", "AUPRC", "token F1"]
    assert not any("AUPRC" in column.heading for one in tables if one is not human for column in one.columns)
    several = paper_tables([results(), results("m2p7")])
    assert {one.title.split(" ")[0] for one in several} == {"Faithfulness", "Plausibility"}


def test_several_runs_on_different_texts_name_them() -> None:
    first, *_ = paper_tables([results(), results("m2p7", "other")])
    assert "200 texts of other" in first.caption
    assert "not to be compared between models." in first.caption


def test_a_definition_stands_alone() -> None:
    measures = {"sufficiency": ONE}
    rows = tuple(MethodResults(method, measures, 0.01) for method in ("attention", "random"))
    table, *_ = paper_tables([results(rows=rows), results("m2p7", rows=rows)])
    assert table.caption.index("compr.: by how much") < table.caption.index("suff.: the same")


def test_latex_is_balanced_and_escaped() -> None:
    text = latex(paper_tables([results()]))
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == text.count(r"\label{tab:")
    assert r"imdb\_25k \& co" in text
    assert len(re.findall(r"(?<!\\)\{", text)) == len(re.findall(r"(?<!\\)\}", text))
