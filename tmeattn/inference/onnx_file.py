"""What an exported ONNX file has in its metadata beside the network: how texts become its input, and the classes. No
torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple, NotRequired, TypedDict, cast

from tmeattn.runs.typed_json import matches

FORMAT = 1
ABOUT, VOCABULARY, TOKENIZER = "tmeattn", "vocabulary", "tokenizer.json"
"""The entries of the metadata: an object (see `OnnxAbout`), the words in the order of their ids, and, for a tokenizer
of the library `tokenizers`, its file."""
TOKENS, LOGITS, ATTENTION, MAPS = "tokens", "logits", "attention", "maps"
"""The names of the input and the outputs."""


class TokenizerSettings(TypedDict):
    """The name of a tokenizer. One that splits lower-cased text at white space also has its fields `deleted`, `blanks`
    and `marks` (see `tmeattn.data.encoding.tokenizers`).

    fingerprint: that of the tokenizer when the run was exported (see `tmeattn.Tokenizer`).
    """

    name: str
    fingerprint: NotRequired[str]


class OnnxAbout(TypedDict):
    """The object in the metadata.

    run, model: the id of the run, and the name of its model.
    classes:    the names of the classes, in the order of the logits.
    attention:  "pool", "self" or "none".
    max_length: the number of tokens of a text that the model reads.
    padding, unknown: the token ids of padding and of words outside the vocabulary.
    """

    format: int
    run: str
    model: str
    classes: list[str]
    attention: str
    max_length: int
    tokenizer: TokenizerSettings
    padding: int
    unknown: int


class FileMetadata(NamedTuple):
    """What the metadata of a file hold. tokenizer: the file of a tokenizer of the library `tokenizers`."""

    about: OnnxAbout
    words: list[str]
    tokenizer: str | None


def metadata(held: FileMetadata) -> dict[str, str]:
    """The entries of the metadata, in ASCII."""
    entries = {ABOUT: json.dumps(held.about), VOCABULARY: json.dumps(held.words)}
    return entries if held.tokenizer is None else {**entries, TOKENIZER: json.dumps(json.loads(held.tokenizer))}


def read_metadata(entries: Mapping[str, str]) -> FileMetadata:
    """What `metadata` wrote.

    Raises:
        ValueError: the file was not exported by tmeattn, by a newer version, or is damaged.
    """
    if ABOUT not in entries or VOCABULARY not in entries:
        raise ValueError("tmeattn has not exported it")
    try:
        about, words = json.loads(entries[ABOUT]), json.loads(entries[VOCABULARY])
    except RecursionError:
        raise ValueError("its metadata are nested too deeply") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ValueError("its metadata have another format than this tmeattn reads")
    if not matches(about, OnnxAbout) or not matches(words, list[str]) or about["max_length"] < 1:
        raise ValueError("its metadata are damaged")
    return FileMetadata(cast(OnnxAbout, about), words, entries.get(TOKENIZER))
