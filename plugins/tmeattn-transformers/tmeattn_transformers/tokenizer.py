"""The fast tokenizer of a checkpoint: pieces with their offsets in the text and the word that each belongs to.

Special tokens such as [CLS] are not among the pieces: the model adds them. Nothing here imports torch or transformers.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tmeattn.errors import BadInput, shortened
from tmeattn.foreign import one_line
from tmeattn.specs import UNKNOWN_PIECE, Pieces
from tmeattn_transformers.checkpoints import TOKENIZER, Source, find, not_installed

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from tmeattn_transformers import Config

VERSION = 1
"""Part of the fingerprint: raise it whenever the pieces or words of a text change."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
"""Characters of scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, Kana, Chinese characters."""


class CheckpointTokenizer:
    """See `tmeattn.TokenizerSpec` for the attributes."""

    def __init__(self, name: str, content: bytes) -> None:
        """content: that of a file `tokenizer.json`. Its truncation and padding are switched off.

        Raises:
            BadInput: the file is damaged, or of an unknown kind.
            EnvironmentProblem: the package `tokenizers` is not installed.
        """
        try:
            from tokenizers import Tokenizer
        except ImportError:
            raise not_installed("tokenizers") from None
        try:
            self.tokenizer_json = content.decode("utf-8")
            self._tokenizer: Tokenizer = Tokenizer.from_str(self.tokenizer_json)
        except BaseException as error:  # what Rust raises is no Exception
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            raise BadInput(
                f"The {TOKENIZER} of the checkpoint {shortened(name)} cannot be read: {one_line(error)}."
            ) from None
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._tokenizer.encode_special_tokens = True  # "[SEP]" in a text is text
        self.name = name
        self.fingerprint = f"{VERSION}-{hashlib.sha256(content).hexdigest()}"
        ids = self._tokenizer.get_vocab(with_added_tokens=True)
        self.vocabulary = [f"<unused {index}>" for index in range(max(ids.values(), default=-1) + 1)]
        for piece, index in ids.items():
            self.vocabulary[index] = piece
        self.unknown = self._unknown(ids)

    def _unknown(self, ids: dict[str, int]) -> int | None:
        """The id of the piece that stands for what the tokenizer does not know; None: it knows everything."""
        model = self._tokenizer.model
        named = getattr(model, "unk_token", None)
        known = [name for name in (named, "[UNK]", "<unk>") if name in ids]
        return ids[known[0]] if known else None

    @functools.cached_property
    def special(self) -> tuple[list[int], list[int]]:
        """The ids of the special tokens in front of a text, and behind it."""
        encoded = self._tokenizer.encode("a", add_special_tokens=True)
        own = [index for index, mask in enumerate(encoded.special_tokens_mask) if not mask]
        if not own:
            return list(encoded.ids), []
        return encoded.ids[: own[0]], encoded.ids[own[-1] + 1 :]

    def tokens(self, text: str, most: int | None = None) -> list[str]:
        """The first `most` pieces (None: all)."""
        encoded = self._encode(text)
        return self._pieces(encoded.ids[:most], encoded.tokens[:most])

    def pieces(self, text: str, most: int | None = None) -> Pieces:
        """The first `most` pieces (None: all) with their offsets and words."""
        encoded = self._encode(text)
        total = len(encoded.ids)
        spans = [_trimmed(text, start, end) for start, end in encoded.offsets[:most]]
        words = _words(text, spans, encoded.word_ids[:most])
        pieces = self._pieces(encoded.ids[: len(words)], encoded.tokens[: len(words)])
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
        return Pieces(pieces, starts, ends, words, total)

    def _encode(self, text: str):  # type: ignore[no-untyped-def]
        # Rust has no lone surrogates; each is replaced by one character, so that offsets stay.
        return self._tokenizer.encode(_SURROGATES.sub("\ufffd", text), add_special_tokens=False)

    def _pieces(self, ids: Sequence[int], tokens: Sequence[str]) -> list[str]:
        if self.unknown not in ids:
            return list(tokens)
        return [UNKNOWN_PIECE if id_ == self.unknown else token for id_, token in zip(ids, tokens, strict=True)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the white space that byte-level and SentencePiece tokenizers count to a piece."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _words(text: str, spans: Sequence[tuple[int, int]], ids: Sequence[int | None]) -> list[int]:
    """The number of the word of each piece, from 0.

    A word ends where the tokenizer says so and, in scripts without spaces, behind each piece. A piece without
    characters of its own belongs to a word beside it, so that the spans of words are not empty, increase and do not
    overlap.
    """
    words: list[int] = []
    word, begin, reached = 0, 0, 0  # the number of the word, its start, the end of its pieces so far
    current = ids[0] if ids else None  # the tokenizer's number of the word, by the last piece that has characters
    for index, (start, end) in enumerate(spans):
        if index == 0:
            begin = start
        else:
            apart = start >= reached and end > start and reached > begin
            other = ids[index] != current or _is_unspaced(text, start, reached)
            if apart and other:
                word, begin = word + 1, start
        if end > start:
            current = ids[index]
        reached = max(reached, end)
        words.append(word)
    return words


def _is_unspaced(text: str, start: int, reached: int) -> bool:
    return bool(_UNSPACED.match(text, start)) or bool(reached and _UNSPACED.match(text, reached - 1))


@functools.lru_cache(maxsize=8)
def _load(name: str, path: str, size: int, modified: int) -> CheckpointTokenizer:
    with open(path, "rb") as file:  # noqa: PTH123
        return CheckpointTokenizer(name, file.read())


def tokenizer_in(source: Source) -> CheckpointTokenizer:
    """The tokenizer of a checkpoint, read once in a process."""
    path = source.folder / TOKENIZER
    status = path.stat()
    return _load(source.name, str(path), status.st_size, status.st_mtime_ns)


def tokenizer_of(config: Config) -> CheckpointTokenizer:
    """The tokenizer of the checkpoint that a model's options name."""
    return tokenizer_in(find(config.checkpoint))
