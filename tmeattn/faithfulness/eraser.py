"""Human rationales in the files of ERASER (DeYoung et al. 2020): movies, and the other datasets in its layout.

A file has an annotation on each line: `evidences`, a list of lists of pieces with `docid`, `start_token` and
`end_token`; `classification`; and `docids`, where a text has several documents, as in e-SNLI. The documents are in the
same folder: in the folder `docs`, in files named by their ids, or in `docs.jsonl` (`docid`, `document`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tmeattn.errors import BadInput, shortened
from tmeattn.faithfulness.annotation_files import FORMATS_HINT, records
from tmeattn.faithfulness.annotations import Annotations, Rationale, note_of
from tmeattn.files import open_regular
from tmeattn.limits import TEXT
from tmeattn.plurals import plural

Documents = Mapping[str, str] | Path
"""The documents by id, or the folder of their files."""
Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class _Piece:
    """A piece of evidence: the tokens from `start` to before `end`, and their text where the file has it."""

    docid: str
    start: int
    end: int
    quoted: str | None


def read_eraser(path: Path) -> Annotations:
    """Read the annotations of a file. Empty pieces of evidence, which have no token, and annotations without any other
    evidence are left out and counted.

    Raises:
        BadInput: the file cannot be read, has another format, or does not fit its documents; the message has the line.
    """
    documents = _documents(path.parent)
    rationales: list[Rationale] = []
    empty = without = joined = 0
    queries = set()
    for where, record in records(path):
        pieces, empty_here = _pieces(where, record)
        empty += empty_here
        if not pieces:
            without += 1
            continue
        rationale, several = _rationale(where, record, pieces, documents)
        rationales.append(rationale)
        joined += several
        queries.add(record.get("query"))
    if not rationales:
        raise BadInput(f"--rationales: {path} has no annotation with evidence.")
    notes = [
        *note_of(
            empty,
            "piece of evidence has no token and is left out.",
            "pieces of evidence have no token and are left out.",
        ),
        *note_of(without, "annotation without evidence is left out.", "annotations without evidence are left out."),
        *note_of(
            joined,
            "text has several documents, one after the other.",
            "texts have several documents, one after the other.",
        ),
    ]
    if len(queries) > 1:
        notes.append(
            "The annotations have queries, which are no part of the texts: the model reads the documents alone."
        )
    return Annotations(rationales, "ERASER", tuple(notes))


def _pieces(where: str, record: Mapping[str, Any]) -> tuple[list[_Piece], int]:
    """The pieces of evidence of an annotation that have a token, and the number of those that have none."""
    evidences = record.get("evidences")
    if not isinstance(evidences, list):
        raise BadInput(f"{where}: the field 'evidences' is missing.", hint=FORMATS_HINT)
    pieces, empty = [], 0
    for piece in (one for group in evidences for one in (group if isinstance(group, list) else [group])):
        start, end = (piece.get(key) if isinstance(piece, dict) else None for key in ("start_token", "end_token"))
        if type(start) is not int or type(end) is not int or start > end or (start < 0 and start != end):
            raise BadInput(f"{where}: a piece of evidence has no 'start_token' below its 'end_token'.")
        if start == end:
            empty += 1
            continue
        docid = piece.get("docid") or record.get("annotation_id")
        if docid is None:
            raise BadInput(f"{where}: a piece of evidence names no document: it has no 'docid'.")
        quoted = piece.get("text")
        pieces.append(_Piece(str(docid), start, end, quoted if isinstance(quoted, str) and quoted.strip() else None))
    return pieces, empty


def _rationale(
    where: str, record: Mapping[str, Any], pieces: list[_Piece], documents: Documents
) -> tuple[Rationale, bool]:
    """The text of an annotation with its marked spans, and whether it has several documents."""
    listed = record.get("docids")
    named = [*map(str, listed if isinstance(listed, list) else []), *(piece.docid for piece in pieces)]
    marked: Spans = []
    texts: list[str] = []
    begin = 0
    for docid in dict.fromkeys(named):
        text = _document(where, docid, documents)
        own = [piece for piece in pieces if piece.docid == docid]
        marked += [(begin + start, begin + end) for start, end in _marked(where, docid, text, own)]
        texts.append(text)
        begin += len(text) + 1
    label = record.get("classification")
    return Rationale("\n".join(texts), tuple(marked), None if label is None else str(label)), len(texts) > 1


def _marked(where: str, docid: str, text: str, pieces: list[_Piece]) -> Spans:
    """The span of each piece in the characters of its document.

    ERASER's tokens are what stands between spaces and line breaks. In files of others they may be what stands between
    any white space: so they are counted if the pieces fit only then.
    """
    tokens, by_space = eraser_tokens(text), [match.span() for match in re.finditer(r"\S+", text)]
    misfit = _misfit(docid, text, pieces, tokens)
    if misfit is not None and tokens != by_space and _misfit(docid, text, pieces, by_space) is None:
        tokens, misfit = by_space, None
    if misfit is not None:
        raise BadInput(f"{where}: {misfit}", hint="Are these the documents that were annotated?")
    return [(tokens[piece.start][0], tokens[piece.end - 1][1]) for piece in pieces]


def eraser_tokens(text: str) -> Spans:
    """The tokens of a document as ERASER reads it: each line without the white space around it, divided at spaces."""
    spans = []
    for line in re.finditer(r"[^\r\n]+", text):
        within = line.group()
        first = len(within) - len(within.lstrip())
        inner = within.strip()
        spans += [
            (line.start() + first + token.start(), line.start() + first + token.end())
            for token in re.finditer("[^ ]+", inner)
        ]
    return spans


def _misfit(docid: str, text: str, pieces: list[_Piece], tokens: Spans) -> str | None:
    """Why the pieces do not fit the tokens of a document; None if they do."""
    for piece in pieces:
        if piece.end > len(tokens):
            return (
                f"evidence up to token {piece.end}, but the document {shortened(docid)!r} has "
                f"{len(tokens)} {plural(len(tokens), 'token')}."
            )
        found = text[tokens[piece.start][0] : tokens[piece.end - 1][1]]
        if piece.quoted is not None and piece.quoted.split() != found.split():
            return (
                f"the text of the evidence is {_short(piece.quoted)!r}, but the document {shortened(docid)!r} has "
                f"{_short(found)!r} at this position."
            )
    return None


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
    for where, record in records(path):
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
    except (OSError, ValueError, RuntimeError):  # a loop of links is a RuntimeError before Python 3.13
        _missing(where, docid, documents)
    if len(data) > TEXT.value:
        raise TEXT.refusal(f"{where}: the document {shortened(docid)!r} is longer than")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{where}: the document {shortened(docid)!r} is not UTF-8 at byte {error.start}.") from None


def _missing(where: str, docid: str, place: object) -> NoReturn:
    raise BadInput(f"{where}: there is no document {shortened(docid)!r} in {place}.")


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 40 else words[:39] + "…"
