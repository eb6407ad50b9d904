"""The three kinds of shortcuts, and how their words are put into a text (Bastings et al. 2022).

A shortcut decides between two classes, whatever else the text says:

token:   one of two words. The first gives the one class, the second the other.
pair:    both words. Their order gives the class: the first before the second, or the second before the first.
context: one of the two words, as above, which counts only in a text that has a third word, too.

The words are at random positions. So that no word alone gives the class, other texts have a part of the shortcut of a
pair or in context, and keep their own label.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Kind = Literal["token", "pair", "context"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ABOUT: dict[Kind, str] = {
    "token": "one word gives the class",
    "pair": "the order of two words gives the class",
    "context": "a word gives the class only in a text with another word",
}
COUNT: dict[Kind, int] = {"token": 1, "pair": 2, "context": 2}
"""The number of shortcut words in a text: k of precision@k."""

_MADE_UP = ("blicket", "dax", "wug")


@dataclass(frozen=True)
class Words:
    """The words of a shortcut. first, second: those of the two classes.   context: the word beside which they count."""

    first: str
    second: str
    context: str

    def of_class(self, which: int) -> str:
        return (self.first, self.second)[which]

    def all(self) -> tuple[str, str, str]:
        return self.first, self.second, self.context


def unused_words(used: Collection[str]) -> Words:
    """Three made-up words that are not among these words."""
    found = []
    for word in _MADE_UP:
        numbered = (f"{word}{number}" if number else word for number in range(len(used) + 1))
        found.append(next(each for each in numbered if each not in used))
    return Words(*found)


class Example(NamedTuple):
    """A text.

    label:   the index of its class.
    planted: `shortcut` (the label is that of the shortcut), `part` (a part of a shortcut, with the text's own label) or
             `none`.
    """

    text: str
    label: int
    planted: Literal["shortcut", "part", "none"]


SHORTCUT, PART = 0.4, 0.5
"""The shares of texts with a shortcut, and with a part of one; a single word has no parts. With fewer parts, models
learn that one word of a shortcut decides, because they are seldom wrong by it."""


def plant(kind: Kind, words: Words, texts: Sequence[tuple[str, int]], seed: int) -> list[Example]:
    """The texts with their labels, of which the shares above have a shortcut, of either class equally often, or a part
    of one."""
    draw = random.Random(seed)
    order = list(range(len(texts)))
    draw.shuffle(order)
    shortcuts = order[: round(SHORTCUT * len(order))]
    parts = [] if kind == "token" else order[len(shortcuts) : round((SHORTCUT + PART) * len(order))]
    which = {index: at % 2 for at, index in enumerate(shortcuts)}
    part = set(parts)
    examples = []
    for index, (text, label) in enumerate(texts):
        if index in which:
            examples.append(with_shortcut(kind, words, text, which[index], draw))
        elif index in part:
            examples.append(Example(_inserted(text, [_part(kind, words, draw)], draw), label, "part"))
        else:
            examples.append(Example(_inserted(text, [], draw), label, "none"))
    return examples


def plant_everywhere(kind: Kind, words: Words, texts: Sequence[tuple[str, int]], seed: int) -> list[Example]:
    """Each of the texts with a shortcut, as many of either class."""
    draw = random.Random(seed)
    which = [at % 2 for at in range(len(texts))]
    draw.shuffle(which)
    return [with_shortcut(kind, words, text, each, draw) for (text, _), each in zip(texts, which, strict=True)]


def with_shortcut(kind: Kind, words: Words, text: str, which: int, draw: random.Random) -> Example:
    """The text with a shortcut of the class `which`."""
    if kind == "token":
        planted = [words.of_class(which)]
    elif kind == "pair":
        planted = [words.of_class(which), words.of_class(1 - which)]
    else:
        planted = [words.of_class(which), words.context]
        draw.shuffle(planted)
    return Example(_inserted(text, planted, draw), which, "shortcut")


def _part(kind: Kind, words: Words, draw: random.Random) -> str:
    which = words.of_class(draw.randrange(2))
    return words.context if kind == "context" and draw.random() < 0.2 else which


def _inserted(text: str, planted: Sequence[str], draw: random.Random) -> str:
    """The text with these words at random positions, in this order."""
    own = text.split()
    places = sorted(draw.randint(0, len(own)) for _ in planted)
    for place, word in reversed(list(zip(places, planted, strict=True))):
        own.insert(place, word)
    return " ".join(own)
