"""What a tokenizer of a plugin is, and what it returns: the part of the contract in `specs.py` that is about texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Pieces(NamedTuple):
    """The T pieces of a text, in text order.

    pieces: the strings by which pieces are looked up in the vocabulary. They need not be parts of the text: they may be
            in lower case, and be marked as "##able".
    starts, ends: piece t comes from `text[starts[t]:ends[t]]` of the user's own text, in characters. Pieces of one word
            may have the same offsets, as the bytes of one character have.
    words:  the index of the word of each piece: it begins with 0, and each is the one before or the next. A word has at
            least one character, and words do not overlap.
    total:  the number of pieces of the whole text; more than T where only the first were wanted.
    """

    pieces: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]
    words: Sequence[int]
    total: int


class Tokenizer(Protocol):
    """What `TokenizerSpec.load` and `ModelSpec.tokenizer` return. It is pickled for the processes that encode a
    dataset; one that cannot be pickled is used in one process.

    name:        its name, for messages.
    fingerprint: a string that changes whenever pieces or ids change: settings and versions. Encoded texts are cached
                 under it, and checkpoints name it.

    It may also have these attributes:

    vocabulary:  a fixed vocabulary: its pieces, in the order of its ids (see `FIRST_OWN_ID`). Pieces that it does not
                 have are `UNKNOWN`. Without it, the vocabulary is made of the training texts.
    tokens:      a method `tokens(text, most=None)` that returns the list of `pieces(text, most).pieces`, but faster.
    tokenizer_json: the content of the file `tokenizer.json` of a tokenizer of the library `tokenizers`, whose pieces
                 without special tokens it returns. ONNX files keep it, and then need no plugin.
    """

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def pieces(self, text: str, most: int | None = None) -> Pieces:
        """The first `most` pieces of a text (None: all), without special tokens such as [CLS]: a model that needs these
        adds them itself, as the first positions of its maps."""
