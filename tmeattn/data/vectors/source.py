"""Files of word vectors: plain text, compressed text, or a zip with one text file; other files are refused by name."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from tmeattn.data.readers.archives import COMPRESSED, damage_errors
from tmeattn.data.readers.text_encoding import HEAD, refuse_other_encoding
from tmeattn.data.readers.text_io import COMPLETE, LFS_POINTER
from tmeattn.errors import BadInput
from tmeattn.limits import CountedFile, Unpacking, open_zip
from tmeattn.plurals import counted, listed

_HEAD = 2**16
_CONVERT_BIN = (
    "Write it as text, with gensim: KeyedVectors.load_word2vec_format(FILE, binary=True).save_word2vec_format('v.txt')"
)
_OTHERS = {
    b"\x93NUMPY": ("a NumPy array, which has no words", "Give a text file with a word and its numbers on each line."),
    b"\xba\x16\x4f\x2f": ("a model of fastText", "Give the .vec file that fastText writes beside it."),
    b"PAR1": ("a Parquet file", "Write it as text: a word and its numbers on each line."),
    b"\x89HDF": ("an HDF5 file", "Write it as text: a word and its numbers on each line."),
    b"\x80": ("a pickle", "Write it as text: a word and its numbers on each line."),
    b"7z\xbc\xaf": ("a 7z archive", "Unpack it and give the text file."),
    b"\x04\x22\x4d\x18": ("compressed by lz4", "Unpack it and give the text file."),
    b"\x1f\x9d": ("compressed by compress", "Unpack it and give the text file."),
    LFS_POINTER: ("a pointer of Git LFS", "Fetch the file: git lfs pull"),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", "Unpack it and give the text file."),
    b"Rar!": ("a rar archive", "Unpack it and give the text file."),
}
"""What a file is, by its first bytes, and what to do."""


@contextmanager
def open_vector_text(path: Path, member: str | None = None) -> Iterator[IO[bytes]]:
    """Open the text of a file of word vectors.

    The compression of a file is found by its first bytes, not by its name. Errors of reading are those of the
    libraries: see `reading`.

    member: the file in a zip; None: its only file.

    Raises:
        BadInput: the file cannot be read, or is no text of word vectors; the message names what it is.
    """
    with ExitStack() as stack:
        with reading(path):
            file: Any = stack.enter_context(path.open("rb"))
            head = file.peek(8)
            if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
                archive = stack.enter_context(open_zip(path))
                info = archive.getinfo(member or _only_member(path, archive))
                Unpacking(str(path)).count(info.file_size, info.compress_size)
                file = stack.enter_context(archive.open(info))
            elif opener := next((opener for mark, opener in COMPRESSED.items() if head.startswith(mark)), None):
                file = stack.enter_context(io.BufferedReader(CountedFile(file, str(path), opener), _HEAD))
            elif path.suffix.lower() == ".gz":
                raise BadInput(f"{path} cannot be read: it is not a gzip file.", hint="Correct the end of its name.")
            _refuse_other_content(path, file.peek(_HEAD)[:_HEAD])
        yield file


def reading(path: Path) -> AbstractContextManager[None]:
    """A context in which errors of reading a file of vectors become a `BadInput` that names the file."""
    return damage_errors(path, kind="", hint=COMPLETE)


def _only_member(path: Path, archive: zipfile.ZipFile) -> str:
    names = [
        info.filename
        for info in archive.infolist()
        if not info.is_dir() and not info.filename.startswith("__MACOSX/") and info.file_size
    ]
    if len(names) != 1:
        shown = listed([name[:60] for name in names], 5)
        raise BadInput(
            f"{path} contains {counted(len(names), 'file')}" + (f": {shown}." if names else "."),
            hint="Unpack it and give the path of one text file.",
        )
    return names[0]


def _refuse_other_content(path: Path, head: bytes) -> None:
    for mark, (kind, hint) in _OTHERS.items():
        if head.startswith(mark):
            raise BadInput(f"{path} is {kind}, not a text file of word vectors.", hint=hint)
    first, _, rest = head.partition(b"\n")
    numbers = first.split()
    if len(numbers) == 2 and all(number.isdigit() for number in numbers) and _is_binary(rest):
        raise BadInput(f"{path} is in the binary form of word2vec, which is not read.", hint=_CONVERT_BIN)
    refuse_other_encoding(str(path), head[:HEAD])
    if head[257:262] == b"ustar":
        raise BadInput(
            f"{path} is a tar archive, not a text file of word vectors.", hint="Unpack it and give the text file."
        )
    if head.startswith((b"PK\x03\x04", *COMPRESSED)):
        raise BadInput(f"{path} is compressed twice.", hint="Unpack it once.")
    if b"\0" in head:
        raise BadInput(f"{path} is no text file: it contains NUL bytes.", hint="Give a GloVe or word2vec text file.")


def _is_binary(rest: bytes) -> bool:
    """Whether the bytes after the first line are float32 numbers rather than text."""
    return any(byte < 9 or 13 < byte < 32 for byte in rest)
