"""The tokenizers that split lower-cased text at white space, and the position of each token in the original text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from tmeattn.specs import Pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

LONG_WORD = 32
"""Characters that more than a few words of a text rarely have."""
NEAR_THE_CUT = 8
"""The last tokens before a cut may be others than in the whole text."""


@dataclass(frozen=True)
class SpaceTokenizer:
    """A `tmeattn.Tokenizer` that splits lower-cased text at white space, after these changes in this order. Each word
    is one piece.

    deleted: a character that is removed, so that the parts of a word around it join.
    blanks:  strings that are replaced by white space.
    marks:   characters that are tokens of their own, also inside a word.
    """

    name: str
    deleted: str = ""
    blanks: tuple[str, ...] = ()
    marks: str = ""

    @property
    def fingerprint(self) -> str:
        """The name: what it does never changes."""
        return self.name

    def pieces(self, text: str, most: int | None = None) -> Pieces:
        """See `tmeattn.Tokenizer.pieces`."""
        spans, total = self.first_spans(text, most)
        starts, ends, tokens = zip(*spans, strict=True) if spans else ((), (), ())
        return Pieces(tokens, starts, ends, range(len(spans)), total)

    def tokens(self, text: str, most: int | None = None) -> list[str]:
        """The first `most` tokens of `text` or all; an empty list where the tokenizer removes the whole text."""
        if most is not None:
            return self.first_tokens(text, most)
        text = text.lower()
        for old, new in self._replacements:
            text = text.replace(old, new)
        return text.split()

    def first_tokens(self, text: str, most: int) -> list[str]:
        """`tokens(text)[:most]`. Of a long text, only the beginning is looked at."""
        end = LONG_WORD * most + LONG_WORD
        while end < len(text) and (cut := text.rfind(" ", 0, end)) > 0:
            tokens = self.tokens(text[:cut])
            if len(tokens) >= most + NEAR_THE_CUT:  # what is replaced by white space may have a space in it
                return tokens[:most]
            end *= 4
        return self.tokens(text)[:most]

    def spans(self, text: str) -> list[tuple[int, int, str]]:
        """`(start, end, token)` for each of `tokens(text)`: the token comes from `text[start:end]`.

        Spans are never empty, never overlap and increase. A span may contain a deleted character: with
        `basic_english`, `wo"rd` gives the token `word`.
        """
        return self.first_spans(text, None)[0]

    def first_spans(self, text: str, most: int | None) -> tuple[list[tuple[int, int, str]], int]:
        """The first `most` of `spans(text)`, or all, and the number of all. A long text takes little memory."""
        lowered, origin = _lower(text)
        if self.deleted and self.deleted in lowered:
            kept = [i for i, character in enumerate(lowered) if character != self.deleted]
            lowered, origin = lowered.replace(self.deleted, ""), [origin[i] for i in kept]
        for blank in self.blanks:
            lowered = lowered.replace(blank, " " * len(blank))
        found = self._pattern.finditer(lowered)
        first = [
            (origin[match.start()], origin[match.end() - 1] + 1, match.group())
            for match in (found if most is None else islice(found, most))
        ]
        return first, len(first) + sum(1 for _ in found)

    @cached_property
    def _replacements(self) -> list[tuple[str, str]]:
        # A chain of `str.replace` is faster than one regular expression.
        deletions = [(self.deleted, "")] if self.deleted else []
        return deletions + [(blank, " ") for blank in self.blanks] + [(mark, f" {mark} ") for mark in self.marks]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        marks = re.escape(self.marks)
        return re.compile(rf"[^\s{marks}]+|[{marks}]" if marks else r"\S+")


def _lower(text: str) -> tuple[str, Sequence[int]]:
    """The lower-cased text, and for each of its characters the position in `text` that it comes from."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered, range(len(text))
    # Some characters become two: "İ" becomes "i" and a combining dot.
    return lowered, [i for i, character in enumerate(text) for _ in character.lower()]


TOKENIZERS: dict[str, SpaceTokenizer] = {
    each.name: each
    for each in (
        # Gives the same tokens as torchtext's `get_tokenizer("basic_english")`.
        SpaceTokenizer("basic_english", deleted='"', blanks=("<br />", ";", ":"), marks="'.,()!?"),
        # The tokenizer of the report: `\S+` in the lower-cased text.
        SpaceTokenizer("whitespace"),
    )
}


def basic_english() -> SpaceTokenizer:
    """The tokenizer of torchtext for English."""
    return TOKENIZERS["basic_english"]


def whitespace() -> SpaceTokenizer:
    """The tokenizer of the report."""
    return TOKENIZERS["whitespace"]
