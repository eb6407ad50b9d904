"""Mistakes on the terminal: every text as a heatmap under its prediction and label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.render.console import safe
from tmeattn.render.heatmap import HeatmapKey, told_method
from tmeattn.render.methods import titled
from tmeattn.render.tables import count, percent

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation
    from tmeattn.explain.findings import Mistakes


def mistakes(found: Mistakes) -> Group:
    """How many there are, then the texts of either kind, the worst first, and what the colours mean."""
    share = percent(found.wrong / max(found.texts, 1))
    where = f"{found.dataset}, {found.split} split"
    heading = (
        f"{found.model} (run {found.run}): {count(found.wrong)} of {count(found.texts)} texts wrong ({share}), {where}"
    )
    shown = [explanation for _, explanation in (*found.confident, *found.uncertain)]
    parts: list[RenderableType] = [Text(safe(heading), style="bold")]
    if found.note:
        parts.append(Text(found.note, style="dim"))
    if shown:
        parts.append(Text(f"Words are scored by {safe(told_method(shown[0]))}.", style="dim"))
    parts += _texts("The most confident errors", found.confident)
    parts += _texts("The least certain texts", found.uncertain)
    return Group(*parts, HeatmapKey(tuple(shown)))


def _texts(title: str, texts: Sequence[tuple[int, Explanation]]) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(), Text(title, style="bold underline"), Text()]
    for index, explanation in texts:
        parts += [titled(f"Text {index}", explanation), Text()]
    return parts if texts else [*parts, Text("There is none."), Text()]
