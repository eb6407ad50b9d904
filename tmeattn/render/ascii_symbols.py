"""Charts, bars and signs in ASCII, for what can show no others: the console of Linux, old terminals, other encodings.

Each character stands for one of the same width, so that nothing moves.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from functools import cache

from rich.cells import cell_len
from rich.segment import Segment

PLAIN_TERMINALS = ("linux", "vt52", "vt100", "vt102", "vt220", "vt320", "vt420", "ansi", "cons25", "sun")
"""Values of TERM whose fonts have few characters beside those of their language."""

_SIGNS = {
    "─━═╌┄‐‑–—▔": "-",
    "│┃║▏▎▕▐▌┊┆": "|",
    "┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛┣┫┳┻╋╔╗╚╝╠╣╦╩╬╞╡╪╟╢╫┡┩╇┢┪╈┠┨": "+",
    "▁": "_",
    "▂": ".",
    "▃": ":",
    "▄": "-",
    "▅": "=",
    "▆": "+",
    "▇": "*",
    "█▉▊▋▍■▮▓◼": "#",
    "▀": '"',
    "░": ".",
    "▒": ":",
    "●◉⬤": "*",
    "◐": "o",
    "∑": "S",
    "○◌": "o",
    "◆◇": "%",
    "▲△↑⇡": "^",
    "▼▽↓▾": "v",
    "★☆": "*",
    "□◻": "o",
    "✓✔": "v",
    "✗✘×": "x",
    "→⇒▶▸►": ">",
    "←⇐◀◂": "<",
    "…": ".",
    "·•": "-",
    "‹«": "<",
    "›»": ">",
    "‘’": "'",
    "“”": '"',
    "≤": "<",
    "≥": ">",
    "−": "-",
    "±": "~",
    "≈": "~",
    "␛␀�": "?",
    "α": "a",
    "τ": "t",
    "\u00a0": " ",
}
_BRAILLE = 0x2800
_ROWS = (0x09, 0x12, 0x24, 0xC0)
"""The bits of the four rows of dots of a braille character."""


def _braille(bits: int) -> str:
    """The ASCII character that has ink where the dots are."""
    rows = [bool(bits & row) for row in _ROWS]
    if not any(rows):
        return " "
    if sum(rows) >= 3:
        return "|" if not (bits & 0x47 and bits & 0xB8) else "#"
    upper, lower = rows[0] or rows[1], rows[2] or rows[3]
    if upper and lower:
        return "-" if rows[1] and rows[2] else ":"
    if upper:
        return "'" if rows[0] else "-"
    return "." if rows[3] else "-"


@cache
def _table() -> dict[int, str]:
    signs = {ord(sign): plain for group, plain in _SIGNS.items() for sign in group}
    return signs | {_BRAILLE + bits: _braille(bits) for bits in range(256)}


def in_ascii(text: str) -> str:
    """The text with the signs that tmeattn draws in ASCII; letters of other languages stay."""
    return text if text.isascii() else text.translate(_table())


def for_encoding(text: str, encoding: str) -> str:
    """The text in characters that an encoding has: signs in ASCII, letters without their accents, else ?."""
    plain = in_ascii(text)
    if plain.isascii():
        return plain
    return "".join(character if _has(encoding, character) else _letter(character, encoding) for character in plain)


@cache
def _has(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


@cache
def _letter(character: str, encoding: str) -> str:
    """A letter of the same width without accents, or else as many ? as the character is wide."""
    base = unicodedata.normalize("NFKD", character)[:1]
    if base and _has(encoding, base) and cell_len(base) == cell_len(character):
        return base
    return "?" * cell_len(character)


def is_plain_terminal() -> bool:
    """Whether TERM names a terminal whose font has none of the signs that charts are drawn with."""
    return os.environ.get("TERM", "").partition("-")[0] in PLAIN_TERMINALS


def is_utf(encoding: str | None) -> bool:
    """Whether an encoding has all characters; without one, text is not encoded at all."""
    return (encoding or "utf-8").lower().replace("-", "").replace("_", "").startswith("utf")


def segments_in_ascii(segments: Iterable[Segment], encoding: str | None) -> list[Segment]:
    """Segments in ASCII signs. encoding: of the stream; None where it has all characters."""
    return [
        segment
        if segment.control or segment.text.isascii()
        else Segment(
            in_ascii(segment.text) if encoding is None else for_encoding(segment.text, encoding), segment.style
        )
        for segment in segments
    ]
