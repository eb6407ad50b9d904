"""Word vectors on disk: a text file is parsed once, then memory-mapped and looked up by word.

vectors.npy    (N, D) float32, in the order of the file
words.parquet  each different word with the number of its first row
vectors.json   D, N, the SHA-256 of the text, sizes and checksums of the files: written last
"""

from __future__ import annotations

import hashlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, NotRequired

import numpy as np

from tmeattn.data.cache import DAMAGE, FileChecks, file_checks, load_array, open_or_build, read_manifest, write_manifest
from tmeattn.data.vectors.parse import VectorFormat, parse_block, vector_format
from tmeattn.data.vectors.source import reading
from tmeattn.errors import BadInput
from tmeattn.files import disk_errors
from tmeattn.limits import TEXT, VECTORS
from tmeattn.plurals import counted
from tmeattn.specs import WordVectors

if TYPE_CHECKING:
    import polars as pl

FORMAT = 1
CONTENT = "the parsed word vectors"
BLOCK = 2**23
"""Bytes of text that are parsed together."""
FEW = 3
"""By how many words the first line may be wrong."""
FIRST_WORDS = 5
AVERAGE_WORD = 32
"""With the limit of the number of words, bounds their bytes."""
_VECTORS, _WORDS, _MANIFEST = "vectors.npy", "words.parquet", "vectors.json"


class VectorManifest(FileChecks):
    """`vectors.json`. `size`: numbers a word.   `count`: words.   `note`: a doubt about the file.

    first_words: the first few.
    """

    format: int
    size: int
    count: int
    fingerprint: str
    note: NotRequired[str]
    first_words: NotRequired[list[str]]


@dataclass(frozen=True)
class VectorStore:
    """`count` parsed vectors of `size` numbers; `fingerprint` is the SHA-256 of the text that they were parsed from.

    note: a sentence for the user about the file, or empty.   first_words: a few words of the file.
    """

    folder: Path
    size: int
    count: int
    fingerprint: str
    note: str = ""
    first_words: tuple[str, ...] = ()

    def word_vectors(self, name: str) -> WordVectors:
        """The vectors as the plugin contract defines them."""
        lookup = partial(look_up, self.folder / _VECTORS, self.folder / _WORDS)
        return WordVectors(name, self.size, self.fingerprint, lookup, self.first_words)


def open_vector_store(folder: Path) -> VectorStore | None:
    """Open the vectors in this folder; None where they are missing or damaged."""
    try:
        manifest: VectorManifest = read_manifest(folder / _MANIFEST, FORMAT)
        size, count, fingerprint = int(manifest["size"]), int(manifest["count"]), str(manifest["fingerprint"])
        note, first_words = str(manifest.get("note", "")), tuple(map(str, manifest.get("first_words", ())))
        return VectorStore(folder, size, count, fingerprint, note, first_words)
    except DAMAGE:
        return None


def build_vector_store(
    folder: Path,
    source: Path,
    open_lines: Callable[[], AbstractContextManager[IO[bytes]]],
    *,
    check: Callable[[VectorStore], None] = lambda store: None,
    narrate: Callable[[str], None] = lambda line: None,
) -> VectorStore:
    """Open the vectors in `folder`; where they are missing or damaged, parse them first.

    open_lines: opens the text as a binary file.   source: names it in errors.
    check:      called before the folder is kept; raises where these are not the expected vectors.
    narrate:    called with a warning, such as a first line that states another number of words.

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

    store = open_or_build(folder, open_vector_store, build, CONTENT, narrate)
    if store.note:
        narrate(store.note)
    return store


def look_up(vectors_path: Path, words_path: Path, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Look words up as `WordVectors.lookup` does.

    vectors_path: an .npy file.   words_path: a table with the column `index` of words and, where its rows are not those
    of the array, the column `row`.
    """
    import polars as pl

    with words_path.open(
        "rb"
    ) as file:  # polars would read the name as a pattern, and knows no names that are not UTF-8
        index = pl.read_parquet(file)
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


class _Writer:
    """Writes the arrays of a file of vectors, block by block."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder, self.source = folder, source
        self.form: VectorFormat | None = None
        self.words: list[pl.Series] = []
        self.count = self.bytes = self.lines = 0
        self.digest = hashlib.sha256()

    def write(self, file: IO[bytes], target: IO[bytes]) -> None:
        """Parse all blocks of `file` and write their vectors to `target`."""
        for block in _blocks(self.source, file):
            self.digest.update(block)
            if self.lines == 0:
                block = block.removeprefix(BOM_UTF8)
            if self.form is None and (form := vector_format(self.source, block)) is not None:
                self.form = form
                _write_header(target, 0, form.size)
            if self.form is not None:
                words, vectors_ND = parse_block(self.source, block, self.lines + 1, self.form)
                self._check_size(words)
                target.write(vectors_ND.tobytes())
                self.words.append(words)
            self.lines += block.count(b"\n")
        if self.form is None or not self.count:
            raise BadInput(f"{self.source} contains no word vectors: it is empty.", hint="Check that it is complete.")
        target.seek(0)
        _write_header(target, self.count, self.form.size)

    def _check_size(self, words: pl.Series) -> None:
        """Bound what is held in memory: all words."""
        self.count += len(words)
        self.bytes += int(words.str.len_bytes().sum())
        if self.count > VECTORS.value or self.bytes > AVERAGE_WORD * VECTORS.value:
            raise VECTORS.refusal(f"{self.source} has more words, or longer ones, than usual files of")

    def note(self) -> str:
        """A warning where the first line states slightly another number of words; a published file may have one.

        Raises:
            BadInput: it states quite another number.
        """
        assert self.form is not None
        stated = self.form.stated_count
        if stated is None or stated == self.count:
            return ""
        problem = f"{self.source} contains {counted(self.count, 'vector')}, but its first line states {stated:,}."
        if abs(stated - self.count) > max(1, min(FEW, stated // 10)):
            raise BadInput(problem, hint="Check that it is complete, or correct its first line.")
        return f"Warning: {problem}"

    def repeated(self, different: int) -> str:
        """A note about words that occur more than once, of which the first vector counts."""
        more = self.count - different
        found = counted(more, "vector is of a word that occurs", "vectors are of words that occur")
        return f"{self.source.name}: {found} before; the first counts." if more else ""


def _parse(folder: Path, source: Path, file: IO[bytes]) -> None:
    with disk_errors(CONTENT, folder.parent):
        writer = _Writer(folder, source)
        with (folder / _VECTORS).open("wb") as target:
            writer.write(file, target)
        note = writer.note()
        assert writer.form is not None
        different = _write_words(folder / _WORDS, writer.words)
        note = " ".join(filter(None, [note, writer.repeated(different)]))
        manifest = VectorManifest(
            format=FORMAT,
            size=writer.form.size,
            count=writer.count,
            fingerprint=writer.digest.hexdigest(),
            note=note,
            first_words=[word[:40] for word in writer.words[0][:FIRST_WORDS].to_list()],
            **file_checks(folder),
        )
        write_manifest(folder / _MANIFEST, manifest)


def _write_header(file: IO[bytes], count: int, size: int) -> None:
    """Write the header of an .npy file. numpy pads it, so that a header with another count has the same length."""
    header = {"descr": "<f4", "fortran_order": False, "shape": (count, size)}
    np.lib.format.write_array_header_1_0(file, header)


def _write_words(path: Path, words: Sequence[pl.Series]) -> int:
    """Write the table of words, and return how many different ones there are."""
    import polars as pl

    table = pl.DataFrame({"index": pl.concat(words)}).with_row_index("row")
    different = table.unique("index", keep="first", maintain_order=True)
    with path.open("wb") as file:
        try:
            different.write_parquet(file)
        except pl.exceptions.ComputeError as error:  # polars reports a full disk so
            raise OSError(str(error)) from error
    return len(different)


def _blocks(source: Path, file: IO[bytes]) -> Iterator[bytes]:
    """The file in blocks that end with a line."""
    rest = b""
    line = 1
    while True:
        with reading(source):
            part = file.read(BLOCK)
        if not part:
            break
        cut = part.rfind(b"\n") + 1
        if cut:
            yield rest + part[:cut]
            line += part.count(b"\n")
            rest = part[cut:]
        else:
            rest += part
        if len(rest) > TEXT.value:
            raise TEXT.refusal(f"{source}, line {line}: it is longer than")
    if rest:
        yield rest
