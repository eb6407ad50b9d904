"""The tokenizer of an exported ONNX file: one of tmeattn or of a plugin, by its name; or one of the library
`tokenizers`, whose own file is kept in the ONNX file, so that no plugin and no checkpoint is needed. No torch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from tmeattn.data.encoding.open_tokenizer import open_tokenizer
from tmeattn.data.encoding.tokenizers import TOKENIZERS
from tmeattn.errors import EnvironmentProblem, shortened
from tmeattn.foreign import one_line

if TYPE_CHECKING:
    from tmeattn.inference.onnx_file import TokenizerSettings

_SURROGATES = re.compile("[\ud800-\udfff]")


class FileTokenizer(Protocol):
    """What turns a text into the tokens of a file's vocabulary."""

    def tokens(self, text: str, most: int | None = None) -> list[str]:
        """The first `most` tokens of a text, or all."""


class PieceTokenizer:
    """The pieces of a tokenizer of the library `tokenizers`, without special tokens."""

    def __init__(self, content: str) -> None:
        """content: that of a file `tokenizer.json`.

        Raises:
            ValueError: it is damaged.
            EnvironmentProblem: the library is not installed.
        """
        try:
            from tokenizers import Tokenizer
        except ImportError:
            raise EnvironmentProblem(
                "The tokenizer of this ONNX file needs the package tokenizers, which is not installed.",
                hint="Install it: pip install tokenizers",
            ) from None
        try:
            self._tokenizer = Tokenizer.from_str(content)
        except BaseException as error:  # what Rust raises is no Exception
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            raise ValueError(f"its tokenizer cannot be read: {shortened(one_line(error))}") from None
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._tokenizer.encode_special_tokens = True  # "[SEP]" in a text is text

    def tokens(self, text: str, most: int | None = None) -> list[str]:
        """The first `most` pieces of a text, or all."""
        encoded = self._tokenizer.encode(_SURROGATES.sub("\ufffd", text), add_special_tokens=False)
        return list(encoded.tokens[:most])


def tokenizer_of(settings: TokenizerSettings, content: str | None) -> tuple[FileTokenizer, str | None]:
    """The tokenizer of a file, and a sentence for the user where it is another one than that of the run.

    content: the file of the tokenizer, where the ONNX file has one.

    Raises:
        UnknownName: no plugin provides it.
        EnvironmentProblem: a package that it needs is not installed.
        ValueError: the content is damaged.
    """
    if content is not None:
        return PieceTokenizer(content), None
    if (own := TOKENIZERS.get(settings["name"])) is not None:  # without a look at the plugins, which takes time
        return own, None
    found = open_tokenizer(settings["name"])
    if settings.get("fingerprint", found.fingerprint) == found.fingerprint:
        return found, None
    return found, (
        f"The tokenizer {found.name} has changed since the run was exported, so that predictions may differ."
    )
