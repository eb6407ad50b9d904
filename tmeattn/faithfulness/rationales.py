"""Human rationales: the words that annotators marked as the reason for a label, in the files of ERASER (DeYoung et al.
2020). No torch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tmeattn.data.readers.text_input import MOST_HELD
from tmeattn.errors import BadInput, shortened
from tmeattn.files import open_regular, read_error
from tmeattn.limits import TEXT
from tmeattn.plurals import counted

Documents = Mapping[str, str] | Path
"""The documents by id, or the folder of their files."""


@dataclass(frozen=True)
class Rationale:
    """A document, and the `(start, end)` of each annotated span in characters."""

    text: str
    marked: tuple[tuple[int, int], ...]

    def words(self, spans: tuple[tuple[int, int, str], ...]) -> np.ndarray:
        """(N,) bool: whether each of the words at `spans` overlaps with an annotated span."""
        return np.array([any(start < e and s < end for s, e in self.marked) for start, end, _ in spans], dtype=bool)


def read_rationales(path: Path) -> list[Rationale]:
    """Read the annotations of a `.jsonl` file, each for one document. The positions in `evidences` count its tokens,
    separated by white space.

    The documents are in the same folder: in the folder `docs`, in files named by their ids, or in `docs.jsonl`
    (`docid`, `document`). Annotations without evidence are skipped.

    Raises:
        BadInput: the file cannot be read, has another format, or does not fit its documents; the message has the line.
    """
    documents = _documents(path.parent)
    rationales = []
    for where, record in _records(path):
        evidences = record.get("evidences")
        if not isinstance(evidences, list):
            raise BadInput(
                f"{where}: the field 'evidences' is missing.", hint="--rationales takes ERASER's .jsonl files."
            )
        pieces = [piece for group in evidences for piece in (group if isinstance(group, list) else [group])]
        if pieces:
            rationales.append(_rationale(where, record, pieces, documents))
    if not rationales:
        raise BadInput(f"--rationales: {path} has no annotation with evidence.")
    return rationales


def _rationale(
    where: str, record: Mapping[str, Any], pieces: list[Any], documents: Mapping[str, str] | Path
) -> Rationale:
    named = {str(piece.get("docid") or record.get("annotation_id")) for piece in pieces if isinstance(piece, dict)}
    if len(named) != 1:
        names = shortened(", ".join(sorted(named)) or "none")
        raise BadInput(f"{where}: all its evidence must be in one document, but it names {names}.")
    (docid,) = named
    text = _document(where, docid, documents)
    tokens = [match.span() for match in re.finditer(r"\S+", text)]
    return Rationale(text, tuple(_annotated_span(where, piece, docid, text, tokens) for piece in pieces))


def _annotated_span(where: str, piece: Any, docid: str, text: str, tokens: list[tuple[int, int]]) -> tuple[int, int]:
    start, end = (piece.get(key) if isinstance(piece, dict) else None for key in ("start_token", "end_token"))
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end):
        raise BadInput(f"{where}: a piece of evidence has no 'start_token' below its 'end_token'.")
    if end > len(tokens):
        raise BadInput(
            f"{where}: evidence up to token {end}, but the document {shortened(docid)!r} has "
            f"{counted(len(tokens), 'token')}.",
            hint="Are these the documents that were annotated?",
        )
    begin, finish = tokens[start][0], tokens[end - 1][1]
    quoted = piece.get("text")
    if isinstance(quoted, str) and quoted.split() != text[begin:finish].split():
        raise BadInput(
            f"{where}: the text of the evidence is {_short(quoted)!r}, but the document {shortened(docid)!r} has "
            f"{_short(text[begin:finish])!r} at this position.",
            hint="Are these the documents that were annotated?",
        )
    return begin, finish


def _documents(folder: Path) -> Documents:
    if (folder / "docs").is_dir():
        return folder / "docs"
    path = folder / "docs.jsonl"
    if not path.exists():
        raise BadInput(
            f"--rationales: the folder {folder} has neither a folder docs nor a file docs.jsonl.",
            hint="Keep the annotations and the documents of ERASER in one folder.",
        )
    texts = {}
    for where, record in _records(path):
        if not isinstance(record.get("document"), str):
            raise BadInput(f"{where}: the field 'document' is missing.")
        texts[str(record.get("docid"))] = record["document"]
    return texts


def _document(where: str, docid: str, documents: Documents) -> str:
    if not isinstance(documents, Path):
        return documents[docid] if docid in documents else _missing(where, docid, "docs.jsonl")
    try:
        path = (documents / docid).resolve()
        if not path.is_relative_to(documents.resolve()):
            _missing(where, docid, documents)
        with open_regular(path) as file:
            data = file.read(TEXT.value + 1)
        text = data.decode("utf-8")
    except (OSError, ValueError, RuntimeError):  # a loop of links is a RuntimeError before Python 3.13
        _missing(where, docid, documents)
    if len(data) > TEXT.value:
        raise TEXT.refusal(f"{where}: the document {shortened(docid)!r} is longer than")
    return text


def _missing(where: str, docid: str, place: object) -> NoReturn:
    raise BadInput(f"{where}: there is no document {shortened(docid)!r} in {place}.")


def _records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a file with one JSON object on each line, each with its file and line for messages."""
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            where = f"--rationales: {path}, line {number}"
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                raise BadInput(
                    f"{where}: this is not JSON.", hint="--rationales takes ERASER's .jsonl files."
                ) from None
            if not isinstance(record, dict):
                raise BadInput(f"{where}: this is not a JSON object.", hint="--rationales takes ERASER's .jsonl files.")
            yield where, record


def _lines(path: Path) -> Iterator[str]:
    """The lines of a regular file in UTF-8, which are bounded one by one and together."""
    size = number = 0
    try:
        with open_regular(path) as file:
            while line := file.readline(TEXT.value + 1):
                size, number = size + len(line), number + 1
                if len(line) > TEXT.value:
                    raise TEXT.refusal(f"--rationales: {path}, line {number}: it is longer than")
                if size > MOST_HELD:
                    raise BadInput(f"--rationales: {path} is longer than {MOST_HELD // 2**20} MiB.")
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
    except OSError as error:
        raise read_error(path, error, what="--rationales: ") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"--rationales: {path}, line {number}: not UTF-8 at byte {error.start}.") from None


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 40 else words[:39] + "…"
