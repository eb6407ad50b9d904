"""Attention maps on the terminal and in files."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console
from support.attention_maps import drawn_map, drawn_overview

from tmeattn.render.attention_map import choices_text, column_names, map_notes, map_page, row_lines
from tmeattn.render.export.attention_map import FORMATS, csv_text, html_page, write
from tmeattn.render.map_cells import NAMES_UNIFORM, map_legend, weight_scale


def printed(shown, width: int = 80, overview=None, *, colour: bool = False) -> list[str]:
    console = Console(
        file=io.StringIO(),
        width=width,
        color_system="truecolor" if colour else None,
        force_terminal=colour,
        highlight=False,
        legacy_windows=False,
    )
    console.print(map_page(shown, overview))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, "Choose one map with --layer 1 to 2 and --head 1 to 3."),
        ({"layer": 1}, "Choose one map with --head 1 to 2."),
        ({"head": 3}, "Choose one map with --layer 1 to 2."),
        ({"layer": 2, "head": 1}, ""),
        ({"heads": (1,)}, ""),
        ({"heads": ()}, ""),
    ],
)
def test_only_what_is_not_chosen_yet_is_offered(chosen: dict[str, Any], said: str) -> None:
    assert choices_text(drawn_map(["a", "film"], **{"heads": (2, 3), **chosen})) == said


@pytest.mark.parametrize("width", [24, 40, 80, 200])
@pytest.mark.parametrize("words", [1, 12, 90, 500])
def test_the_map_fits_its_console_and_counts_what_has_no_name(words: int, width: int) -> None:
    shown = drawn_map([f"word{at}" for at in range(words)], prefix=1)
    lines = printed(shown, width)
    assert max(map(cell_len, lines)) <= width
    said = " ".join(" ".join(lines).split())
    blocks = "A cell is the mean of a block of" in said
    room = width - min(14, len(f"word{words - 1}")) - 1
    assert blocks == (words + 1 > room)
    if words == 500 and width == 80:
        assert "A cell is the mean of a block of 8 by 8 words. 437 of 501 positions have no name" in said


def test_names_weights_and_shades() -> None:
    shown = drawn_map(["so", "good"], weights=[[0.5, 0.5], [0.0, 1.0]])
    lines = printed(shown)
    start = lines.index("       o")
    assert lines[start - 1 : start + 5] == ["       g", "       o", "     s o", "     o d", "  so ▒▒▒▒", "good   ██"]
    assert any("good" in line and line.endswith("100.0 %") for line in lines)
    assert "CLS" not in "\n".join(lines)
    hostile = "\n".join(printed(drawn_map(["\x1b[31mred", "[bold]", "日本"])))
    assert "\x1b" not in hostile
    assert "[bold]" in hostile


@pytest.mark.parametrize(
    ("prefix", "classifies", "note"),
    [
        (1, True, "CLS is the position before the words, from which the class is predicted."),
        (1, False, "CLS is a special token of the model, not of the text."),
        (2, True, "CLS and SEP are special tokens of the model, not of the text; the class is predicted from CLS."),
        (2, False, "CLS and SEP are special tokens of the model, not of the text."),
    ],
)
def test_special_tokens_are_told(prefix: int, classifies: bool, note: str) -> None:
    shown = replace(drawn_map(["so", "good"], prefix=prefix), classifies_by_prefix=classifies)
    assert map_notes(shown)[-1] == note


def test_nearly_uniform_rows_are_coloured_above_uniform() -> None:
    cells = np.full((4, 4), 0.25, np.float32)
    scale = weight_scale(cells, 4, float(np.log(4)))
    assert (scale.base, scale.full) == (0.25, 0.75)
    assert weight_scale(cells, 4, 0.5).base == 0
    assert weight_scale(np.ones((1, 1), np.float32), 1, 0.0).full == 1
    legends = [map_legend(scale, colour=True, room=room).plain.split(" %   ")[-1] for room in (99, 60, 50)]
    assert legends == list(NAMES_UNIFORM)
    assert "nearly uniform" in "\n".join(printed(drawn_map(list("abcdef"), weights=np.full((6, 6), 1 / 6).tolist())))


def test_a_row_names_its_largest_weights_and_the_column_at_the_cursor() -> None:
    shown = drawn_map(list("abcdef"), weights=[[0.5, 0.2, 0.1, 0.1, 0.06, 0.04]] * 6)
    lines = [line.plain for line in row_lines(shown, 0, 5, 30, 4, colour=False)]
    assert [line.split()[:2] for line in lines] == [["a", "50.0"], ["b", "20.0"], ["f", "4.0"], ["3", "others:"]]
    assert lines[-1] == "3 others: 26.0 %"
    assert len(list(row_lines(shown, 0, 0, 30, 6, colour=False))) == 6
    assert list(column_names(["ab", "日"], 1)) == ["a", "b·"]
    twice = drawn_map(list("abcabd"), weights=[[0.5, 0.2, 0.1, 0.1, 0.06, 0.04]] * 6)
    names = [line.plain[:8].strip() for line in row_lines(twice, 0, 0, 30, 6, colour=False)]
    assert names == ["a #1", "b #2", "c", "a #4", "b #5", "d"]


def test_files_have_every_weight_or_say_what_they_show(tmp_path: Path) -> None:
    shown, overview = drawn_map(["=1+1", "<b>", "good"], prefix=1), drawn_overview(3)
    rows = csv_text(shown).splitlines()
    assert len(rows) == 1 + 16
    assert "'=1+1" in rows[2]
    page = html_page(shown, overview)
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert page.count("<figure>") == 3
    assert "block of 5 words" in html_page(drawn_map([f"w{at}" for at in range(500)]), None)
    write(shown, tmp_path / "map.json", overview)
    document = json.loads((tmp_path / "map.json").read_text())
    assert np.array(document["weights"]).shape == (4, 4)
    assert set(FORMATS) == {".html", ".svg", ".png", ".json", ".csv"}
    pytest.importorskip("matplotlib")
    write(drawn_map(["$w", "<b>", "\x1b"], prefix=1), tmp_path / "map.svg", overview)
    assert b"</svg>" in (tmp_path / "map.svg").read_bytes()
