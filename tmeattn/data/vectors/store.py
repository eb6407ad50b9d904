"""Word vectors on disk: a text file is parsed once, then memory-mapped and looked up by word.

vectors.npy    (N, D) float32, in the order of the file
words.parquet  each different word with the number of its first row
vectors.json   D, N, the SHA-256 of the text, and the sizes of the files: written last
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypedDict

import numpy as np

from tmeattn.data.cache import DAMAGE, file_sizes, load_array, open_or_build, read_manifest, write_manifest, writing
from tmeattn.data.readers.text_io import read_errors
from tmeattn.data.vectors.parse import VectorFormat, parse_block, vector_format
from tmeattn.errors import BadInput
from tmeattn.specs import WordVectors

if TYPE_CHECKING:
    import polars as pl

FORMAT = 1
CONTENT = "The parsed word vectors"
BLOCK = 2**25
"""Bytes of text that are parsed together."""
_VECTORS, _WORDS, _MANIFEST = "vectors.npy", "words.parquet", "vectors.json"


class VectorManifest(TypedDict):
    """`vectors.json`. `size`: numbers a word.   `count`: words.   `sizes`: bytes of each file."""

    format: int
    size: int
    count: int
    fingerprint: str
    sizes: dict[str, int]


@dataclass(frozen=True)
class VectorStore:
    """`count` parsed vectors of `size` numbers; `fingerprint` is the SHA-256 of the text that they were parsed from."""

    folder: Path
    size: int
    count: int
    fingerprint: str

    def word_vectors(self, name: str) -> WordVectors:
        """The vectors as the plugin contract defines them."""
        lookup = partial(look_up, self.folder / _VECTORS, self.folder / _WORDS)
        return WordVectors(name, self.size, self.fingerprint, lookup)


def open_vector_store(folder: Path) -> VectorStore | None:
    """Open the vectors in this folder; None where they are missing or damaged."""
    try:
        manifest: VectorManifest = read_manifest(folder / _MANIFEST, FORMAT)
        return VectorStore(folder, int(manifest["size"]), int(manifest["count"]), str(manifest["fingerprint"]))
    except DAMAGE:
        return None


def build_vector_store(
    folder: Path,
    source: Path,
    open_lines: Callable[[], AbstractContextManager[IO[bytes]]],
    *,
    check: Callable[[VectorStore], None] = lambda store: None,
) -> VectorStore:
    """Open the vectors in `folder`; where they are missing or damaged, parse them first.

    open_lines: opens the text as a binary file.   source: names it in errors.
    check:      called before the folder is kept; raises where these are not the expected vectors.

    Raises:
        BadInput: a line is not a word with its numbers; the message gives the line.
        EnvironmentProblem: the folder cannot be written.
    """

    def build(temporary: Path) -> None:
        with open_lines() as file:
            _parse(temporary, source, file)
        store = open_vector_store(temporary)
        assert store is not None
        check(store)

    return open_or_build(folder, open_vector_store, build, CONTENT)


def look_up(vectors_path: Path, words_path: Path, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Look words up as `WordVectors.lookup` does.

    vectors_path: an .npy file.   words_path: a table with the column `index` of words and, where its rows are not those
    of the array, the column `row`.
    """
    import polars as pl

    index = pl.read_parquet(words_path)
    if "row" not in index.columns:
        index = index.with_row_index("row")
    # A word with a lone surrogate has no UTF-8 form; null joins no row.
    keys = pl.DataFrame({"index": [word if _has_utf8(word) else None for word in words]}, {"index": pl.String})
    rows = keys.join(index, on="index", how="left", maintain_order="left")["row"]
    known_N = rows.is_not_null().to_numpy()
    table = load_array(vectors_path)
    vectors_ND = np.zeros((len(words), table.shape[1]), dtype=np.float32)
    vectors_ND[known_N] = table[rows.drop_nulls().to_numpy()]
    return vectors_ND, known_N


def _has_utf8(word: str) -> bool:
    return word.isascii() or not any("\ud800" <= character <= "\udfff" for character in word)


def _parse(folder: Path, source: Path, file: IO[bytes]) -> None:
    digest = hashlib.sha256()
    form: VectorFormat | None = None
    words: list[pl.Series] = []
    count, line = 0, 1
    with writing(CONTENT, folder.parent):
        target = (folder / _VECTORS).open("wb")
    with target:
        for block in _blocks(source, file):
            digest.update(block)
            if form is None and (form := vector_format(source, block)) is not None:
                _write_header(target, 0, form.size)
            if form is not None:
                block_words, vectors_ND = parse_block(source, block, line, form)
                with writing(CONTENT, folder.parent):
                    target.write(vectors_ND.tobytes())
                words.append(block_words)
                count += len(block_words)
            line += block.count(b"\n")
        if form is None:
            raise BadInput(f"{source} contains no word vectors: it is empty.", hint="Check that it is complete.")
        if form.stated_count not in (None, count):
            raise BadInput(
                f"{source} contains {count} vectors, but its first line states {form.stated_count}.",
                hint="Check that it is complete.",
            )
        with writing(CONTENT, folder.parent):
            target.seek(0)
            _write_header(target, count, form.size)
    with writing(CONTENT, folder.parent):
        _write_words(folder / _WORDS, words)
        manifest = VectorManifest(
            format=FORMAT, size=form.size, count=count, fingerprint=digest.hexdigest(), sizes=file_sizes(folder)
        )
        write_manifest(folder / _MANIFEST, manifest)


def _write_header(file: IO[bytes], count: int, size: int) -> None:
    """Write the header of an .npy file. numpy pads it, so that a header with another count has the same length."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (count, size)}
    np.lib.format.write_array_header_1_0(file, header)


def _write_words(path: Path, words: Sequence[pl.Series]) -> None:
    import polars as pl

    table = pl.DataFrame({"index": pl.concat(words)}).with_row_index("row")
    table.unique("index", keep="first", maintain_order=True).write_parquet(path)


def _blocks(source: Path, file: IO[bytes]) -> Iterator[bytes]:
    """The file in blocks that end with a line."""
    rest = b""
    with read_errors(source):
        while part := file.read(BLOCK):
            cut = part.rfind(b"\n") + 1
            if cut:
                yield rest + part[:cut]
                rest = part[cut:]
            else:
                rest += part
    if rest:
        yield rest
