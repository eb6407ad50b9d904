"""The evaluation of a run, key by key, from stored results. Nothing here needs torch: see scripted_reader.py."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.scripted_reader import Driver, ScriptedReader, opened
from support.waiting import until
from textual.widgets import Input

from tmeattn.errors import BadInput
from tmeattn.evaluation.intervals import accuracy_interval
from tmeattn.evaluation.quality import quality
from tmeattn.tui.messages import GoBack
from tmeattn.tui.screens.evaluation import EvaluationScreen
from tmeattn.tui.screens.evaluation_panes import EvaluationPanes
from tmeattn.tui.services import run_assessments
from tmeattn.tui.services.background import BackgroundCommand
from tmeattn.tui.services.dataset_view import SplitTexts
from tmeattn.tui.widgets.confusion import ConfusionView
from tmeattn.tui.widgets.explanation_pane import ExplanationPane
from tmeattn.tui.widgets.footer import KeyFooter
from tmeattn.tui.widgets.picture import Picture
from tmeattn.tui.widgets.text_table import TextTable
from tmeattn.tui.wording import evaluation as wording

pytestmark = pytest.mark.usefixtures("quick_and_coloured")
TEXTS = ("a good film", "so bad", "a dull film", "great", "bad music", "good plot")
LABELS = (1, 0, 1, 1, 0, 0)
POSITIVE = (0.9, 0.2, 0.25, 0.8, 0.4, 0.7)


def stored(run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The results of an evaluation, as `tmeattn evaluate` writes them."""
    command = run_assessments.evaluation_command(run)
    predictions, document = command.results
    predictions.parent.mkdir(parents=True)
    probabilities_NC = np.array([[1 - each, each] for each in POSITIVE])
    labels_N = np.array(LABELS)
    classes = tuple(run.data["classes"])
    confusion: dict[str, dict[str, int]] = {name: dict.fromkeys(classes, 0) for name in classes}
    rows = []
    for at, (label, each) in enumerate(zip(LABELS, probabilities_NC, strict=True)):
        confusion[classes[label]][classes[int(each.argmax())]] += 1
        rows.append({"index": at, "probabilities": dict(zip(classes, each.tolist(), strict=True))})
    predictions.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    found: dict[str, Any] = {
        "run": run.id,
        "model": "lstm-attn",
        "dataset": "planted",
        "split": "validation",
        "texts": 6,
        "accuracy": 4 / 6,
        "accuracy_interval": accuracy_interval(4 / 6, 6),
        "cross_entropy": 0.5,
        "loss": 0.5,
        "entropy": None,
        "normalized_entropy": None,
        "limit": None,
        "confusion": confusion,
        **quality(probabilities_NC, labels_N, classes),
    }
    document.write_text(json.dumps(found))
    texts = SplitTexts(run.config["train"]["dataset"], "validation", classes, TEXTS, labels_N)
    monkeypatch.setattr(run_assessments, "open_texts", lambda dataset, run: {"validation": texts})


def open_evaluation(run, size: tuple[int, int] = (80, 24), pane: str = "confusion") -> Any:
    return opened(lambda session: EvaluationScreen(session, run, pane), size)


def page(driver: Driver, pane: str) -> str:
    return driver.screen.query_one(f"#{pane}", Picture).plain


async def test_stored_results_fill_every_pane(runs, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    stored(runs[0], monkeypatch)
    started: list[BackgroundCommand] = []
    monkeypatch.setattr(BackgroundCommand, "start", lambda self, **options: started.append(self))
    async with open_evaluation(runs[0]) as driver:
        assert not started
        assert "accuracy 66.7 %" in driver.said("#summary")
        view = driver.screen.query_one(ConfusionView)
        assert view.cell(0, 0)[0].split() == ["2"]
        lines = [view.render_line(y).text.split() for y in range(3)]
        assert lines[:2] == [["predicted", "→"], ["true", "↓", "negative", "positive"]]
        assert lines[2][:3] == ["negative", "2", "1"]
        await driver.press("home", "right")
        assert driver.said("#cell").startswith("negative predicted as positive: 1 of 3 texts (33.3 %), ")
        assert view.after_row(0).strip() == "66.7 % of 3 correct"
        assert driver.screen.is_applicable("mistakes")
        await driver.press("percent_sign")
        assert view.cell(0, 1)[0].split() == ["33.3"]
        await driver.press("enter")
        table = driver.screen.query_one(TextTable)
        assert [TEXTS[row] for row in table.rows] == ["good plot"]
        assert driver.said("#cell").startswith("1 text of negative predicted as positive")
        await driver.press("m")
        assert [TEXTS[row] for row in table.rows] == ["a dull film", "good plot"]  # the most confident first
        assert not driver.screen.is_applicable("mistakes")  # all are shown
        assert driver.screen.query_one(ExplanationPane).explanation.text == "a dull film"
        await driver.press("down")
        assert driver.screen.query_one(ExplanationPane).explanation.text == "good plot"
        await driver.press("enter")
        assert driver.app.opened[-1].text == "good plot"
        await driver.press("2")
        assert "precision" in page(driver, "classes")
        await driver.press("tab")
        assert "Reliability: calibration error" in page(driver, "reliability")
        await driver.press("e")
        driver.app.screen.query_one(Input).value = "found.json"
        await driver.press("enter")
        assert json.loads((tmp_path / "found.json").read_text())["texts"] == 6
        await driver.press("5")
        assert "v measures it on as many validation texts as you choose" in driver.said("#message")
        await driver.press("v")
        number = driver.app.screen.query_one(Input)
        number.value = "1"
        await driver.press("enter")
        assert not started
        number.value = "30"
        await driver.press("enter")
        assert started[0].arguments[0] == "faithfulness"
        assert started[0].arguments[2:4] == ("--limit", "30")


async def test_escape_leads_from_the_texts_of_a_cell_to_the_matrix(runs, monkeypatch) -> None:
    stored(runs[0], monkeypatch)
    async with open_evaluation(runs[0]) as driver:
        await driver.press("home", "right", "enter")
        assert driver.screen.pane == "mistakes"
        await driver.press("m", "escape")
        assert driver.screen.pane == "confusion"
        left = []
        monkeypatch.setattr(EvaluationPanes, "post_message", lambda screen, message: left.append(type(message)))
        driver.screen.action_back()
        monkeypatch.undo()
        assert left == [GoBack]


async def test_the_summary_and_the_note_of_a_mistake_are_whole_in_80_columns(runs, monkeypatch) -> None:
    stored(runs[0], monkeypatch)
    note = "The first note about the text is this sentence. The second one makes the note longer than a line."
    explained = ScriptedReader._explanation
    monkeypatch.setattr(ScriptedReader, "_explanation", lambda *asked: replace(explained(*asked), note=note))
    async with open_evaluation(runs[0], pane="mistakes") as driver:
        await until(driver.pilot, lambda: "longer than a line." in " ".join(shown(driver).split()))
        lines = shown(driver).splitlines()
        assert lines[2].rstrip().endswith("macro-F1 66.7 %")
        assert "attention, run aaaa-lstm-attn; attention entropy 2.50 nats, 60 % of uniform" in shown(driver)


def shown(driver: Driver) -> str:
    return "\n".join(strip.text for strip in driver.screen._compositor.render_strips())


async def test_slow_and_unreadable_results_are_read_once(runs, monkeypatch) -> None:
    stored(runs[0], monkeypatch)
    read = []

    def changed(dataset, run):
        read.append(dataset)
        raise BadInput("The dataset has changed.")

    monkeypatch.setattr(run_assessments, "open_texts", changed)
    async with open_evaluation(runs[0]) as driver:
        for _ in range(3):
            driver.screen._look()  # as its timer does, also before the texts have been read
            await driver.pilot.pause()
        await driver.settle()
        assert driver.said("#message") == "The dataset has changed."
        assert len(read) == 1


async def test_a_study_that_ends_leaves_the_cursor_of_the_mistakes(runs, monkeypatch) -> None:
    stored(runs[0], monkeypatch)
    async with open_evaluation(runs[0], pane="mistakes") as driver:
        table = driver.screen.query_one(TextTable)
        await driver.press("down")
        assert table.cursor == 1
        (path,) = run_assessments.faithfulness_command(runs[0]).results
        path.write_text("{}")
        driver.screen._look()
        await driver.settle()
        assert "cannot be read" in driver.screen.problems["faithfulness"]
        assert table.cursor == 1


async def test_the_reliability_diagram_is_as_high_as_the_screen_has_room(runs, monkeypatch) -> None:
    stored(runs[0], monkeypatch)
    found = {}
    for lines in (24, 45):
        async with open_evaluation(runs[0], (80, lines), "reliability") as driver:
            found[lines] = page(driver, "reliability")
    async with open_evaluation(runs[0], (80, 24), "reliability") as driver:
        assert page(driver, "reliability") == found[24] != found[45]
        await driver.pilot.resize_terminal(80, 45)
        await until(driver.pilot, lambda: page(driver, "reliability") == found[45])


async def test_progress_failure_and_a_run_without_weights(runs, monkeypatch, write_run) -> None:
    state, said = {"now": "absent"}, ["64 of 500 texts"]
    monkeypatch.setattr(BackgroundCommand, "start", lambda self, **options: state.update(now="running"))
    monkeypatch.setattr(BackgroundCommand, "state", lambda self: state["now"])
    monkeypatch.setattr(BackgroundCommand, "is_running", lambda self: state["now"] == "running")
    monkeypatch.setattr(BackgroundCommand, "tail", lambda self, lines: said)
    monkeypatch.setattr(BackgroundCommand, "stop", lambda self: state.update(now="failed"))
    async with open_evaluation(runs[0]) as driver:
        assert driver.said("#message").startswith("Evaluating: 64 of 500 texts")
        said[:] = ["9,592 of 9,766 different words (98.2 %) have a vector in glove-6b-50d."]
        driver.screen._look()
        assert driver.said("#message").startswith("Evaluating: preparing the texts  (")
        said[:] = ["64 of 500 texts, ETA 2 s"]
        for path in driver.screen.command.results:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        driver.screen._look()
        assert driver.said("#message").startswith("Evaluating: writing the results")
        assert driver.screen.query_one(KeyFooter).keys[0].action == "stop"
        assert "s stops it" in driver.said("#message")
        await driver.press("s")
        driver.screen._look()
        assert "was not measured" in driver.said("#message")
        assert "v starts it again" in driver.said("#message")
        assert "64 of 500" not in driver.said("#message")  # an ordinary line of the log
        driver.screen.command.is_stopping = False
        for said[-1], shown_as in (
            ("Error: No data.", "Error: No data."),
            ("64 of 500 texts", "The process was killed"),
        ):
            driver.screen._look()
            assert shown_as in driver.said("#message")
        await driver.press("v")
        assert state["now"] == "running"
    fresh = write_run("cccc-lstm-attn", done=0)
    async with open_evaluation(fresh) as driver:
        assert "has no checkpoint yet" in driver.said("#message")


def test_the_line_about_a_cell_is_whole_in_80_columns() -> None:
    said = [wording.confusion("negative", "positive", 2520, 2520, 5021, room).plain for room in (120, 78, 60)]
    assert said[0] == "negative predicted as positive: 2,520 of 2,520 texts (100.0 %), 50.2 % of the column"
    assert said[1] == "negative predicted as positive: 2,520 of 2,520 (100.0 %), 50.2 % of the column"
    assert said[2] == "negative predicted as positive: 2,520 of 2,520 (100.0 %)"


def test_many_classes_scroll_and_rare_pairs_are_seen() -> None:
    view = ConfusionView()
    names = [f"class {at}" for at in range(150)]
    confusion = {name: {name: 9} for name in names}
    confusion["class 7"]["class 140"] = 3
    view.post_message = lambda message: True  # type: ignore[method-assign]
    view.follow = lambda: None  # type: ignore[method-assign]
    view.show({"confusion": confusion})  # type: ignore[typeddict-item]
    assert view.chosen == ("class 7", "class 140", 3, 12, 12)
    assert view.at == (7, 140)
