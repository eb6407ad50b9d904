"""A PNG of many texts: they are laid out some at a time. No clock."""

from __future__ import annotations

import io

import pytest
from support.explanations import explain

from tmeattn.errors import BadInput
from tmeattn.render.export import figures
from tmeattn.render.export.figures import picture_bytes
from tmeattn.reproduce.results import HeatmapPanel

pytest.importorskip("matplotlib")


def test_many_texts_are_laid_out_in_parts_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    monkeypatch.setattr(figures, "_BATCH", 2)
    panels = tuple(HeatmapPanel(f"Text {number}", explain(f"text {number}")) for number in range(5))
    drawn: list[tuple[str, str, int]] = []
    original = figures._figure

    def counted(title: str, footer: str, some: tuple[HeatmapPanel, ...], dpi: int) -> object:
        drawn.append((title, footer, len(some)))
        return original(title, footer, some, dpi)

    monkeypatch.setattr(figures, "_figure", counted)
    picture = figures.picture_bytes("Title", "footer", panels, "png")
    assert drawn == [("Title", "", 2), ("", "", 2), ("", "footer", 1)]
    assert picture == figures.picture_bytes("Title", "footer", panels, "png")
    width, height = Image.open(io.BytesIO(picture)).size
    assert (width, height > 5 * 100) == (1500, True)


def test_a_png_that_would_take_gigabytes_is_refused_before_it_is_drawn() -> None:
    panels = tuple(HeatmapPanel("a", explain("a text")) for _ in range(3)) * 2000
    with pytest.raises(BadInput, match=r"6,000 pictures .* the limit is 150 million"):
        picture_bytes("title", "", panels, "png")
