"""What a notebook shows: escaped, self-contained HTML, and the progress of a training."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest

import tmeattn
from tmeattn.render.export.html_curves import Line, curves
from tmeattn.render.notebook_progress import NotebookProgress, in_notebook, progress_listeners

VOID = {"br", "meta", "path", "circle", "polyline"}


class Balanced(HTMLParser):
    """Notes elements that are not closed in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        assert tag != "script"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: Any) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def checked(html: str) -> str:
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    assert "http" not in html
    return html


def test_explanations_a_model_and_an_evaluation(trained: Any) -> None:
    model = tmeattn.load(trained.path)
    one = checked(model.explain("a <b>good</b> film & more")._repr_html_())
    assert "&lt;b&gt;good&lt;/b&gt;" in one
    assert 'style="--heat:' in one
    several = checked(model.explain(["good", "bad"])._repr_html_())
    assert several.count("<section>") == 2
    assert 'class="tmeattn-shown several"' in several
    assert "10 more are not shown" in tmeattn.Explanations(model.explain(["good"]) * 60)._repr_html_()
    assert "No explanation" in tmeattn.Explanations()._repr_html_()
    shown = checked(model._repr_html_())
    assert shown.count("<polyline") == 6
    assert "best validation accuracy" in shown
    assert "AttentionPooling" in shown
    assert "parameters" in shown
    assert "of them trained" not in shown, "only the word vectors were not trained, which the heading leaves out"
    result = model.evaluate(["a good film", "bad"], ["positive", "negative"])
    table = checked(result._repr_html_())  # type: ignore[attr-defined]
    assert "100.00 %" in table
    assert "macro-F1" in table
    assert isinstance(result, dict)


def test_the_style_has_no_effect_outside_of_what_is_shown() -> None:
    from tmeattn.render.export.style import NOTEBOOK_STYLE

    outside = re.sub(r"\{[^{}]*(\{[^{}]*\}[^{}]*)*\}", "", NOTEBOOK_STYLE)
    selectors = [part.strip() for line in outside.splitlines() for part in line.split(",") if part.strip()]
    assert all(".tmeattn-shown" in selector or selector.startswith("@media") for selector in selectors), selectors


def test_curves_leave_out_what_is_not_finite() -> None:
    drawn = curves("loss", [Line("a", [(1, 1.0), (2, float("nan")), (3, 0.5)]), Line("<b>", [(2, 0.7)])])
    assert "nan" not in drawn
    assert "&lt;b&gt;" in drawn
    assert ("<polyline" in drawn, "<circle" in drawn) == (True, True)
    assert curves("loss", [Line("a", [])]) == ""


def test_progress_in_a_notebook(planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, str]] = []
    progress = NotebookProgress(lambda html, text: shown.append((html, text)), clock=lambda: 0.0)
    tmeattn.train("mean", listeners=[progress], **{**planted, "epochs": 2})
    html, text = shown[-1]
    assert "finished: best validation accuracy" in text
    checked(html)
    assert html.count("<tr>") == 3
    assert re.search(r'<progress value="(\d+)" max="\1"', html)
    assert not in_notebook()
    shell = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "IPython", shell)  # type: ignore[arg-type]
    assert in_notebook()
    with progress_listeners(False) as none:
        assert none == []


def test_progress_elsewhere_is_shown_only_on_request(
    planted: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    tmeattn.train("mean", **planted)
    assert capsys.readouterr() == ("", "")
    tmeattn.train("mean", progress=True, **planted)
    assert "Training mean" in capsys.readouterr().err
