"""The tokenizer `unicode`: words by the default boundaries of Unicode (UAX 29), for texts in every script.

Boundaries are those of the package `regex`. They are found in the text as it was written, and each word is then changed
on its own, so that offsets need no correction: canonically equivalent texts have the same boundaries.

- Letters of alphabets, with their marks, digits and what joins them (`isn't`, `3.5`, `a_b`) are a word. So are the
  words of Hangul and of Katakana, and an emoji with its modifiers.
- Chinese characters and Hiragana have boundaries on both sides: each is a word.
- Thai, Lao, Khmer and Burmese are written without spaces: each letter with its marks is a word.
- A punctuation mark or a symbol is a word. White space, control characters and lone marks are none.
- A word becomes its lower case in the normal form NFC, without soft hyphens and marks of direction. Nothing else is
  changed: accents, Arabic vowel signs and full-width forms are kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from tmeattn.specs import Pieces

if TYPE_CHECKING:
    from collections.abc import Callable

LONG_WORD = 64
"""Characters of the longest word that is remembered with its token."""
_REMOVED = dict.fromkeys([0xAD, 0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF])
"""The soft hyphen, the marks of direction, the word joiner and the byte-order mark."""
_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]{128}")
"""A row of 64 flags, each of two regional indicators."""


@dataclass(frozen=True)
class UnicodeTokenizer:
    """A `tmeattn.Tokenizer`; each word is one piece."""

    name: str = "unicode"
    fingerprint: str = "unicode, 1"

    def pieces(self, text: str, most: int | None = None) -> Pieces:
        """See `tmeattn.Tokenizer.pieces`."""
        found = self._words(text)
        first = list(islice(found, most))
        starts, ends, tokens = zip(*first, strict=True) if first else ((), (), ())
        return Pieces(tokens, starts, ends, range(len(first)), len(first) + sum(1 for _ in found))

    def tokens(self, text: str, most: int | None = None) -> list[str]:
        """The first `most` tokens of a text, or all."""
        if most is not None:
            return [token for *_, token in islice(self._words(text), most)]
        between = _patterns()[0].findall
        return [token for _, part in _parts(text) for token in map(_token, between(part)) if token]

    def _words(self, text: str) -> Iterator[tuple[int, int, str]]:
        for offset, part in _parts(text):
            for match in _patterns()[0].finditer(part):
                if token := _token(match.group()):
                    yield offset + match.start(), offset + match.end(), token


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """The text in parts that are cut at a boundary, with their offsets: in long rows of flags, as `regex` looks back to
    the beginning of the row for each of them."""
    begin = 0
    if not text.isascii():
        for row in _FLAGS.finditer(text):
            yield begin, text[begin : row.end()]
            begin = row.end()
    yield begin, text[begin:] if begin else text


@cache
def _patterns() -> tuple[Any, Any]:
    """A part of a text between two boundaries, and a character that makes it a word."""
    import regex

    return regex.compile(r"(?sw).+?\b"), regex.compile(r"[^\s\p{Z}\p{M}\p{Cc}\p{Cf}]")


def _token(part: str) -> str:
    """The token of a part of a text between two boundaries; empty for white space and the like."""
    return _remembered(part) if len(part) <= LONG_WORD else _normal(part)


def _normal(part: str) -> str:
    if not _patterns()[1].search(part):
        return ""
    if part.isascii():
        return part.lower()
    return unicodedata.normalize("NFC", part.translate(_REMOVED).lower())


_remembered: Callable[[str], str] = lru_cache(maxsize=2**16)(_normal)


def unicode() -> UnicodeTokenizer:
    """The tokenizer of the words of UAX 29."""
    return UnicodeTokenizer()
