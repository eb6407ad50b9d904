"""The manual: one Markdown page a topic, read by `tmeattn docs`, by the screens and on the web."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Topic:
    """One page. name: what `tmeattn docs NAME` takes; title: its first heading; text: its Markdown source."""

    name: str
    title: str
    text: str


def topics() -> list[Topic]:
    """All pages, in the order in which a reader needs them."""
    return [_read(path) for path in sorted(FOLDER.glob("*.md"))]


def _read(path: Path) -> Topic:
    text = path.read_text(encoding="utf-8")
    title = text.partition("\n")[0].removeprefix("# ").strip()
    return Topic(path.stem, title, text)
