"""Word vectors on disk: a text file parsed once, then memory-mapped and looked up by word.

vectors.npy    (N, D) float32, in the file's order
words.parquet  each different word with the first of its rows
vectors.json   width, number, SHA-256 of the text, sizes of the files: written last
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from tmeattn.data.cache import entry, load_array, writing
from tmeattn.data.vectors.parse import Layout, layout, numbered, parsed
from tmeattn.errors import BadInput
from tmeattn.specs import WordVectors

if TYPE_CHECKING:
    import polars as pl

FORMAT = 1
WHAT = "The parsed word vectors"
BLOCK = 2**25
_VECTORS, _WORDS, _MANIFEST = "vectors.npy", "words.parquet", "vectors.json"


@dataclass(frozen=True)
class VectorStore:
    """Parsed vectors: N words of width `size`; `fingerprint` is the SHA-256 of the text they were parsed from."""

    folder: Path
    size: int
    count: int
    fingerprint: str

    def word_vectors(self, name: str) -> WordVectors:
        """As the plugin contract wants them."""
        lookup = partial(look_up, self.folder / _VECTORS, self.folder / _WORDS)
        return WordVectors(name, self.size, self.fingerprint, lookup)


def open_vector_store(folder: Path) -> VectorStore | None:
    """The vectors in this folder; None where they are missing or damaged."""
    try:
        about = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            return None
        if any((folder / name).stat().st_size != size for name, size in about["sizes"].items()):
            return None
        return VectorStore(folder, int(about["size"]), int(about["count"]), str(about["fingerprint"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def build_vector_store(
    folder: Path,
    source: Path,
    lines: Callable[[], Any],
    *,
    check: Callable[[VectorStore], None] = lambda store: None,
) -> VectorStore:
    """The vectors in `folder`, parsed where they are not there yet.

    lines: opens the text, a context manager whose value is a binary file; `source` names it in errors.
    check: called before anything is kept; raises where these are not the vectors expected.

    Raises:
        BadInput: a line that is no word with its numbers, by its number.
        EnvironmentProblem: the folder cannot be written.
    """

    def build(temporary: Path) -> None:
        with lines() as file:
            _parse(temporary, source, file)
        store = open_vector_store(temporary)
        assert store is not None
        check(store)

    return entry(folder, open_vector_store, build, WHAT)


def look_up(vectors_path: Path, words_path: Path, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """What `WordVectors.lookup` returns, from a table of words (column `index`) and the rows of an array."""
    import polars as pl

    index = pl.read_parquet(words_path)
    if "row" not in index.columns:
        index = index.with_row_index("row")
    # A word with a lone surrogate has no UTF-8 form; null joins nothing.
    wanted = pl.DataFrame({"index": [word if _has_utf8(word) else None for word in words]}, {"index": pl.String})
    rows = wanted.join(index, on="index", how="left", maintain_order="left")["row"]
    known = rows.is_not_null().to_numpy()
    table = load_array(vectors_path)
    vectors = np.zeros((len(words), table.shape[1]), dtype=np.float32)
    vectors[known] = table[rows.drop_nulls().to_numpy()]
    return vectors, known


def _has_utf8(word: str) -> bool:
    return word.isascii() or not any("\ud800" <= character <= "\udfff" for character in word)


def _parse(folder: Path, source: Path, file: IO[bytes]) -> None:
    digest = hashlib.sha256()
    about: Layout | None = None
    words: list[pl.Series] = []
    count, line = 0, 1
    with writing(WHAT, folder.parent):
        target = (folder / _VECTORS).open("wb")
    with target:
        for block in _blocks(source, file):
            digest.update(block)
            if about is None and (about := layout(source, block)) is not None:
                _header(target, 0, about.size)
            if about is None:
                line += block.count(b"\n")
                continue
            found, vectors_ND = parsed(source, block, line, about)
            with writing(WHAT, folder.parent):
                target.write(vectors_ND.tobytes())
            words.append(found)
            count += len(found)
            line += block.count(b"\n")
        if about is None:
            raise BadInput(f"{source} holds no word vectors: it is empty.")
        if about.stated not in (None, count):
            raise BadInput(
                f"{source} holds {count} vectors, but its first line says {about.stated}.", hint="Is it complete?"
            )
        with writing(WHAT, folder.parent):
            target.seek(0)
            _header(target, count, about.size)
    _write_words(folder, words)
    with writing(WHAT, folder.parent):
        manifest = {"format": FORMAT, "size": about.size, "count": count, "fingerprint": digest.hexdigest()}
        sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
        (folder / _MANIFEST).write_text(json.dumps({**manifest, "sizes": sizes}, indent=1), encoding="utf-8")


def _header(file: IO[bytes], count: int, size: int) -> None:
    """The head of an .npy file, which numpy pads so that any number of rows fits in its place."""
    head = {"descr": "<f4", "fortran_order": False, "shape": (count, size)}
    np.lib.format.write_array_header_1_0(file, head)


def _write_words(folder: Path, words: Sequence[pl.Series]) -> None:
    import polars as pl

    table = pl.DataFrame({"index": pl.concat(words)}).with_row_index("row")
    with writing(WHAT, folder.parent):
        table.unique("index", keep="first", maintain_order=True).write_parquet(folder / _WORDS)


def _blocks(source: Path, file: IO[bytes]) -> Iterator[bytes]:
    """The file in parts that end with a line."""
    rest = b""
    for part in numbered(source, file, BLOCK):
        cut = part.rfind(b"\n") + 1
        if cut:
            yield rest + part[:cut]
            rest = part[cut:]
        else:
            rest += part
    if rest:
        yield rest
