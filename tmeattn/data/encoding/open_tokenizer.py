"""Open a tokenizer, of tmeattn or of a plugin: its pieces are checked, and its errors become one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tmeattn.errors import BadInput
from tmeattn.foreign import plugin_call, plugin_error
from tmeattn.plugin import OWN_DISTRIBUTION
from tmeattn.plurals import counted
from tmeattn.registry import registry, resolve
from tmeattn.specs import Pieces, Tokenizer, TokenizerSpec

Token = tuple[int, int, str]
"""`(start, end, piece)`: the piece comes from `text[start:end]`."""


@dataclass(frozen=True)
class OpenTokenizer:
    """A tokenizer as the rest of tmeattn calls it.

    source: what the plugin returned.   whose: its name with that of the plugin, for messages.
    own:    whether it is one of tmeattn's own, whose results need no check.
    """

    source: Tokenizer
    whose: str
    own: bool = False

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def fingerprint(self) -> str:
        return self.source.fingerprint

    @property
    def key(self) -> str:
        """The part of the key of a cached corpus; of tmeattn's first two tokenizers the name, as it always was."""
        return self.name if self.own and self.name == self.fingerprint else f"{self.name}: {self.fingerprint}"

    @cached_property
    def vocabulary(self) -> Sequence[str] | None:
        """The fixed vocabulary; None where that of a run is made of its training texts.

        Raises:
            BadInput: it is not a sequence of different strings.
        """
        pieces = getattr(self.source, "vocabulary", None)
        if pieces is None:
            return None
        with plugin_call(self.whose, "has no usable vocabulary"):
            pieces = list(pieces)
            strings = all(isinstance(piece, str) for piece in pieces)
            different = len(set(pieces)) if strings else 0
        if not strings or different < len(pieces):
            raise BadInput(
                f"{self.whose}: its vocabulary of {counted(len(pieces), 'piece')} has {different:,} different strings.",
                hint="Each piece must be a string that occurs once.",
            )
        return pieces

    def tokens(self, text: str, most: int | None = None) -> list[str]:
        """The first `most` pieces of a text, or all."""
        quick: Callable[[str, int | None], list[str]] | None = getattr(self.source, "tokens", None)
        if quick is None:
            return list(self.pieces(text, most).pieces)
        try:
            return quick(text, most)
        except Exception as error:
            raise plugin_error(error, self.whose, "fails") from error

    def pieces(self, text: str, most: int | None = None) -> Pieces:
        """The first `most` pieces of a text (None: all), see `tmeattn.Tokenizer.pieces`.

        Raises:
            BadInput: the tokenizer fails, or what it returns is not as the contract says.
            EnvironmentProblem: the computer is the cause, such as too little memory.
        """
        try:
            found = self.source.pieces(text, most)
            problem = None if self.own else pieces_problem(found, text, most)
        except Exception as error:
            raise plugin_error(error, self.whose, "fails") from error
        if problem is not None:
            raise BadInput(f"{self.whose}: {problem}.", hint="Correct or remove the plugin.")
        return found


def pieces_problem(found: Any, text: str, most: int | None) -> str | None:
    """What is wrong with the pieces of a text; None: they are as `Pieces` says."""
    if not isinstance(found, Pieces):
        return f"pieces returned {type(found).__name__}, not tmeattn.Pieces"
    pieces, starts, ends, words, total = found
    if not len(pieces) == len(starts) == len(ends) == len(words):
        return (
            f"pieces returned lists of different lengths: pieces {len(pieces)}, starts {len(starts)}, "
            f"ends {len(ends)}, words {len(words)}"
        )
    expected = len(pieces) if most is None else max(len(pieces), min(total, most))
    if (most is not None and len(pieces) > most) or expected != len(pieces) or total < len(pieces):
        wanted = "all" if most is None else most
        return f"pieces returned {counted(len(pieces), 'piece')} of {total}, and {wanted} were wanted"
    if not all(isinstance(piece, str) for piece in pieces):
        return "a piece is no string"
    return _words_problem(starts, ends, words, len(text))


def _words_problem(starts: Sequence[int], ends: Sequence[int], words: Sequence[int], length: int) -> str | None:
    word, first, last = -1, 0, 0  # the word so far, its first character, and the one after its last
    for start, end, of in zip(starts, ends, words, strict=True):
        if not 0 <= start <= end <= length:
            return f"a piece has the offsets ({start}, {end}) in a text of {length} characters"
        if of == word + 1:
            if word >= 0 and first >= last:
                return f"the word {word} has no characters"
            if start < last:
                return f"the words {word} and {of} overlap"
            word, first, last = of, start, end
        elif of != word or word < 0:
            return f"the word {of} follows the word {word}" if word >= 0 else f"the first word is {of}, not 0"
        elif start < first:
            return f"a piece of the word {word} is before its first piece"
        else:
            last = max(last, end)
    return f"the word {word} has no characters" if word >= 0 and first >= last else None


def open_tokenizer(name: str) -> OpenTokenizer:
    """The tokenizer that a plugin provides under a name.

    Raises:
        UnknownName: no plugin provides it.
        BadInput: the plugin fails, or returns no tokenizer.
        EnvironmentProblem: something that it needs is not installed.
    """
    spec = registry().get(TokenizerSpec, name)
    distribution = registry().plugin_of(spec).distribution
    return opened(spec.load, (), f"Tokenizer {name!r} (from {distribution})", own=distribution == OWN_DISTRIBUTION)


def opened(target: str, arguments: tuple[Any, ...], whose: str, *, own: bool = False) -> OpenTokenizer:
    """The tokenizer that the function `target` ("package.module:name") returns. Raises as `open_tokenizer`."""
    load = resolve(target, wanted_by=whose)
    with plugin_call(whose, "cannot be loaded"):
        source = load(*arguments)
        missing = [
            each
            for each, kind in (("name", str), ("fingerprint", str), ("pieces", Callable))
            if not isinstance(getattr(source, each, None), kind)  # type: ignore[arg-type]
        ]
    if missing:
        raise BadInput(
            f"{whose}: {target} returned {type(source).__name__}, which is no tmeattn.Tokenizer: it has no "
            f"{' and no '.join(missing)}.",
            hint="Correct or remove the plugin.",
        )
    return OpenTokenizer(source, whose, own)
