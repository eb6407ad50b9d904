"""The screen Explain, key by key. Nothing here needs torch: see scripted_reader.py."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest
from support.explain_screen import REVIEW, heatmap, open_screen
from support.scripted_reader import CLASSES, Driver, ScriptedReader
from support.waiting import until
from textual.widgets import OptionList, TextArea

from tmeattn.explain.explanation import ExplainRequest, Explanation
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.widgets.choice import Picker
from tmeattn.tui.widgets.explanation_pane import ExplanationPane

pytestmark = pytest.mark.usefixtures("quick_and_coloured")


def said(driver: Driver, of: str = "#first .verdict") -> str:
    return driver.said(of)


async def test_without_a_run_it_says_how_to_get_one() -> None:
    async with open_screen() as driver:
        assert "There is no trained run yet, so nothing can read this text. Press F2" in driver.said("#first .message")


async def test_without_a_text_it_says_what_to_do(runs) -> None:
    async with open_screen() as driver:
        assert "A sample review: type or paste your own" in driver.said("#sample")
        assert driver.screen.query_one("#first").explanation.text.startswith("I wanted to like this film")
        await driver.press("backspace")  # the sample is selected
        await driver.settle()
        assert "Type or paste a text above" in driver.said("#first .message")
        assert not driver.screen.query_one("#sample").display
        assert driver.app.focused is driver.screen.query_one(TextArea)


async def test_the_prediction_follows_as_one_types(runs) -> None:
    async with open_screen() as driver:
        await driver.press(*"good")
        assert said(driver).startswith("positive 73.1 %")
        await driver.press("space", *"bad", "space", *"dull")
        assert said(driver).startswith("negative 73.1 %")


async def test_only_the_last_of_quick_keys_is_read(runs) -> None:
    async with open_screen() as driver:
        area = driver.screen.query_one(TextArea)
        for end in range(1, 12):
            area.load_text("a good film"[:end])
            await asyncio.sleep(0)
        await driver.settle()
        typed = [asked.text for asked in driver.reader.questions if "a good film".startswith(asked.text)]
        assert typed == ["a good film"]  # the sample is read before


async def test_a_stale_answer_is_dropped(runs) -> None:
    async with open_screen() as driver:
        driver.reader.gate.clear()
        driver.app.explain("so bad")
        await driver.pilot.pause(0.05)
        driver.app.explain("so good")
        await driver.pilot.pause(0.05)
        driver.reader.gate.set()
        await driver.settle()
        assert said(driver).startswith("positive")


async def test_a_key_pressed_before_an_opened_text_is_read_is_no_text(runs) -> None:
    async with open_screen() as driver:
        area = driver.screen.query_one(TextArea)
        area.focus()
        driver.reader.gate.clear()
        driver.app.explain("so bad")
        await driver.pilot.press("f", "s")  # no keys of the screen: e would export the sample
        assert area.text == "so bad"
        driver.reader.gate.set()
        await driver.settle()
        assert driver.screen.active.heatmap.has_focus
        await driver.press("t")
        assert area.has_focus


async def test_a_changed_text_has_all_its_words_and_no_label(runs) -> None:
    async with open_screen() as driver:
        await driver.explain("so dull", true_label="positive")
        assert "✗ wrong, label positive" in said(driver)
        await driver.press("d", "t", "end", "space", *"bad")
        assert "deleted" not in said(driver)
        assert "wrong" not in said(driver)
        assert "correct" not in said(driver)
        assert "label positive" not in said(driver)
        assert driver.reader.questions[-1].text == "so dull bad"


async def test_methods_are_tried_in_turn_but_for_those_that_cannot_serve(runs) -> None:
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        seen = []
        for _ in range(4):
            seen.append(driver.reader.questions[-1].method)
            await driver.press("M")
        assert seen == [None, "attention", "oracle", None]


async def test_a_method_that_cannot_serve_says_why(runs) -> None:
    async with open_screen() as driver:
        offers = [text for text, _ in driver.screen.asking.choice("method").offers]
        assert offers == [
            "default",
            "attention",
            "oracle",
            "maps (unavailable: the model 'mean' has no self-attention)",
        ]


async def test_the_class_is_asked_about(runs) -> None:
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        await driver.choose("target", "negative")
        assert driver.reader.questions[-1].target == "negative"
        assert "for the class negative" in said(driver)


async def test_layers_and_heads_are_offered_where_there_are_any(runs) -> None:
    async with open_screen(heads=(4, 2)) as driver:
        await driver.explain(REVIEW)
        assert [value for _, value in driver.screen.asking.choice("layer").offers] == [None, 1, 2]
        assert [value for _, value in driver.screen.asking.choice("head").offers] == [None, 1, 2]
        await driver.choose("layer", 2)
        await driver.choose("head", 1)
        assert (driver.reader.questions[-1].layer, driver.reader.questions[-1].head) == (2, 1)
        await driver.choose("method", "oracle")
        assert driver.reader.questions[-1].layer is None
    async with open_screen() as driver:
        assert not driver.screen.asking.choice("layer").display


async def test_two_runs_beside_each_other_share_a_cursor_a_method_and_a_class(runs) -> None:
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        await driver.press("c")
        assert driver.app.screen._texts == ["none", "bbbb-mean"]  # not the run itself
        await driver.press("down", "enter")
        beside = driver.screen.asking.choice("beside")
        await until(driver.pilot, lambda: "bbbb-mean" in str(beside.render()))
        await driver.settle()
        second = driver.screen.query_one("#second", ExplanationPane)
        assert second.display
        assert "run bbbb-mean" in driver.said("#second .verdict")
        assert driver.said("#differences").startswith("aaaa | bbbb, % of scores:  good ")
        await driver.press("escape", "asterisk")
        assert second.heatmap.item.word.token == "good"
        assert driver.said("#word").count("if deleted: ") == 2
        await driver.choose("run", "bbbb-mean")
        assert not second.display
        assert [value for _, value in beside.offers] == [None, "aaaa-lstm-attn"]


async def test_both_runs_are_explained_for_the_class_of_the_first(runs, monkeypatch) -> None:
    def differ(self, run: RunDirectory, question: ExplainRequest) -> Explanation:
        found = original_explanation(self, run, question)
        target = CLASSES.index(question.target) if question.target else 0
        return found if run.id.startswith("aaaa") else replace(found, predicted=0, target=target)

    original_explanation = ScriptedReader._explanation
    monkeypatch.setattr(ScriptedReader, "_explanation", differ)
    async with open_screen((140, 45)) as driver:
        await driver.explain("good film")
        await driver.choose("beside", "bbbb-mean")
        assert driver.reader.questions[-1].target == "positive"
        assert "class positive" in driver.said("#differences")
        assert "class" not in driver.said("#first .verdict") + driver.said("#second .verdict")
        assert driver.said("#word").count("positive") == 2
        await driver.choose("target", "negative")
        assert {question.target for question in driver.reader.questions[-2:]} == {"negative"}
        assert "class negative" in driver.said("#differences")


async def test_another_run_is_taken_up_everywhere(runs) -> None:
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        await driver.choose("run", "bbbb-mean")
        assert "attention, mean, run bbbb-mean" in said(driver)
        assert driver.app.session.selected_run.id == "bbbb-mean"


async def test_a_run_deleted_under_the_screen_is_one_line(runs) -> None:
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        runs[0].delete()
        await driver.press("t", "space", *"good")
        assert "The run aaaa-lstm-attn was deleted" in driver.said("#first .message")
        await driver.choose("run", "bbbb-mean")
        assert said(driver).startswith("positive")


async def test_a_run_without_a_checkpoint_says_so(write_run) -> None:
    run = write_run("cccc-lstm-attn", done=0, state="running")
    async with open_screen() as driver:
        driver.app.session.selected_run = run
        await driver.explain(REVIEW)
        assert "no checkpoint yet" in driver.said("#first .message")


async def test_escape_leaves_the_text_then_the_screen(runs) -> None:
    async with open_screen() as driver:
        await driver.press(*"good")
        await driver.press("escape")
        assert driver.app.focused is heatmap(driver)
        await driver.pilot.press("escape")
        assert driver.app.modes == ["runs"]


async def test_text_is_data(runs) -> None:
    hostile = "[bold red]good[/] \x1b[31mfilm\u202e {a} $x"
    async with open_screen() as driver:
        await driver.explain(hostile)
        assert driver.reader.questions[-1].text == hostile
        assert "\x1b" not in driver.screen.query_one(TextArea).text
        drawn = "\n".join(heatmap(driver).render_line(y).text for y in range(heatmap(driver).size.height))
        assert "[bold red]good[/] ␛[31mfilm" in drawn
        assert "\x1b" not in drawn
        driver.screen.query_one(TextArea).load_text("pasted \x1b[2J")
        await driver.settle()
        assert "\x1b" not in driver.screen.query_one(TextArea).text


async def test_n_begins_an_empty_text(runs) -> None:
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        await driver.press("n")
        assert driver.screen.query_one(TextArea).text == ""
        assert "Type or paste" in driver.said("#first .message")


async def test_it_survives_resizing_and_themes(runs) -> None:
    async with open_screen((140, 45)) as driver:
        await driver.explain(REVIEW * 10)
        lines = heatmap(driver).virtual_size.height
        await driver.pilot.resize_terminal(60, 16)
        await driver.settle()
        assert heatmap(driver).virtual_size.height > lines
        await driver.pilot.press("f9", "f9")
        await driver.settle()
        assert heatmap(driver).size.height >= 2


async def test_without_colour_words_stand_in_brackets(runs, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        assert "[good]" in heatmap(driver).render_line(0).text


async def test_the_popup_of_a_choice_by_key_and_mouse(runs) -> None:
    async with open_screen() as driver:
        method = driver.screen.asking.choice("method")
        method.focus()
        await driver.press("enter")
        assert isinstance(driver.app.screen, Picker)
        await driver.press("down", "down", "enter")
        assert method.value == "oracle"
        await driver.press("enter", *"att", "enter")
        assert method.value == "attention"
        await driver.press("left")
        assert method.value is None
        await driver.pilot.click(method)
        await driver.settle()
        await driver.pilot.click(driver.app.screen.query_one(OptionList), offset=(3, 3))
        await driver.settle()
        assert method.value == "oracle"
        await driver.press("enter", "down", "escape")
        assert method.value == "oracle"


@pytest.mark.slow
def test_no_torch_before_a_text_is_read(environment: dict[str, str]) -> None:
    code = "import sys, tmeattn.tui.app; print(sorted(m for m in ('torch', 'captum') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "[]"
