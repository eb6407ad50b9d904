"""Text in exported pictures: unsafe characters are replaced, and lines are broken by their measured width."""

from __future__ import annotations

from functools import lru_cache

from tmeattn.render.console import safe

_MOST = 2000  # characters that are measured: no line of a picture holds more


def plain(text: str) -> str:
    """A text without characters that control a terminal or that XML, and so SVG, cannot hold, replaced one for one."""
    return safe(text)


def wrapped(text: str, width: float, size: float, *, lines: int = 1, bold: bool = False) -> str:
    """A text in at most `lines` lines, none wider than `width` points in sans-serif letters of `size` points.

    Lines break at spaces, and within words that are wider than a line. A text that does not fit ends in an ellipsis.
    """
    most = width / size
    rows = [""]
    for word in plain(text[:_MOST]).split():
        joined = f"{rows[-1]} {word}".lstrip()
        if _width(joined, bold) <= most:
            rows[-1] = joined
            continue
        if rows[-1]:
            rows.append("")
        for character in word:
            if rows[-1] and _width(rows[-1] + character, bold) > most:
                rows.append("")
            rows[-1] += character
    if len(rows) > lines:
        last = rows[lines - 1]
        while last and _width(last + " …", bold) > most:
            last = last[:-1]
        rows[lines - 1 :] = [f"{last.rstrip()} …"]
    return "\n".join(rows)


def _width(text: str, bold: bool) -> float:
    return sum(_advance(character, bold) for character in text)


@lru_cache(maxsize=4096)
def _advance(character: str, bold: bool) -> float:
    """Width of a letter, in ems."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="sans-serif", weight="bold" if bold else "normal", size=100)
    return float(text_to_path.get_text_width_height_descent(character, font, False)[0]) / 100
