"""Which tokenizer fits the script of texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tmeattn.spacing import midpoints

MOST_TEXTS = 2_000
"""Texts that are looked at, evenly spaced."""
MOST_CHARACTERS = 2_000
"""Characters of each of them that are looked at."""
LATIN_SHARE = 0.98
"""From this share of Latin letters on, the texts are in Latin letters: a text may quote words of another script."""
LATIN_LETTERS = "A-Za-zªºÀ-ÖØ-öø-ʯḀ-ỿⱠ-Ɀꜣ-ꞿＡ-Ｚａ-ｚ"
"""As in a set of a regular expression."""
_LETTERS, _OTHER_LETTERS = re.compile(r"[^\W\d_]+"), re.compile(rf"[^\W\d_{LATIN_LETTERS}]+")


def latin_share(texts: Sequence[str]) -> float:
    """The share (0 to 1) of Latin letters among the letters of a sample of the texts; 1 where there is no letter."""
    letters = others = 0
    for row in midpoints(len(texts), MOST_TEXTS):
        found = "".join(_LETTERS.findall(texts[row][:MOST_CHARACTERS]))
        letters += len(found)
        if not found.isascii():
            others += sum(map(len, _OTHER_LETTERS.findall(found)))
    return 1 - others / letters if letters else 1.0


def fitting_tokenizer(share: float) -> str:
    """The name of the tokenizer for texts with this share of Latin letters."""
    return "basic_english" if share >= LATIN_SHARE else "unicode"
