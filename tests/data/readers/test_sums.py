"""In every format, the rows read and the rows skipped are the rows of the file, whatever their quotes and line ends."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmeattn.data.readers.rows import RowProblem, SkippedRow
from tmeattn.data.readers.tables import open_table

hostile = st.text(alphabet="\"'ab ,;|\\\u2028\x0b\x00é", max_size=12)
labels = st.sampled_from(["pos", "neg", '"pos"', ""])
lines = st.lists(st.tuples(hostile, labels) | st.none(), max_size=25)
ends = st.sampled_from(["\n", "\r\n"])


def read(content, name, stream=False):
    """The numbers of the rows of a table, the rows, and its notes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        data = content.encode()
        path.write_bytes(data)
        table = open_table(path, stream=io.BytesIO(data) if stream else None)
        found = list(table.select(["text"]))
        return found, table.notes()


@settings(max_examples=40)
@given(lines, ends, st.booleans())
def test_each_line_of_a_tsv_file_is_one_row(rows, end, stream):
    body = ["" if row is None else "\t".join(row) for row in rows]
    found, _ = read(end.join(["text\tlabel", *body]) + end, "a.tsv", stream)
    assert [number for number, _ in found] == list(range(2, len(rows) + 2))
    assert [isinstance(values, SkippedRow) for _, values in found] == [row is None for row in rows]


@settings(max_examples=40)
@given(lines, ends, st.booleans())
def test_each_line_of_a_csv_file_is_in_one_row(rows, end, stream):
    """Rows of RFC 4180, some without their closing quotes: no line is lost, none is read twice."""
    body = ["" if row is None else ",".join(row) for row in rows]
    found, notes = read(end.join(["text,label", *body]) + end, "a.csv", stream)
    numbers = [number for number, _ in found]
    assert numbers == sorted(set(numbers))
    after = [*numbers, len(rows) + 2][1:]
    assert bool(numbers) == bool(rows)
    joined = 0
    for (number, values), following in zip(found, after, strict=True):
        taken = following - number
        if isinstance(values, RowProblem) and "field" not in values.reason:
            assert taken == values.lines
        joined += taken > 1 and not isinstance(values, RowProblem)
    assert not joined or any("with line breaks" in note for note in notes)
    assert not numbers or numbers[0] == 2


@settings(max_examples=40)
@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=4)), max_size=20), ends)
def test_what_a_csv_writer_wrote_is_read(rows, end):
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "label"), *rows])
    found, _ = read(buffer.getvalue().encode("utf-8", "replace").decode(), "a.csv")
    expected = [text.encode("utf-8", "replace").decode() or None for text, label in rows]
    assert [values[0] for _, values in found if not isinstance(values, SkippedRow)] == [
        text for text, (given_text, label) in zip(expected, rows, strict=True) if not is_header(given_text, label)
    ]
    assert len(found) == len(rows)


def is_header(text, label):
    return (text.strip(), label.strip()) == ("text", "label")


@settings(max_examples=40)
@given(st.lists(st.tuples(hostile, labels), max_size=20), ends)
def test_a_tsv_file_with_all_fields_in_quotes_is_unquoted(rows, end):
    quoted = ["\t".join('"' + field.replace('"', '""') + '"' for field in row) for row in [("text", "label"), *rows]]
    found, notes = read(end.join(quoted) + end, "a.tsv")
    assert [values[0] for _, values in found] == [text or None for text, _ in rows]
    assert any("read as quoting" in note for note in notes)


@settings(max_examples=40)
@given(lines, ends)
def test_each_line_of_other_files_is_one_row(rows, end):
    texts = [row and row[0].replace("\x00", "") for row in rows]
    plain = [text if text is not None else "" for text in texts]
    jsonl = ['{"text": "first"}', *("" if text is None else json.dumps({"text": text}) for text in texts), '{"text": ']
    for name, written in (
        ("a.txt", ["first", *plain]),
        ("b.txt", ["__label__a first", *(f"__label__a {text}" if text is not None else "" for text in texts)]),
        ("a.jsonl", jsonl),
    ):
        found, _ = read(end.join(written) + end, name)
        assert [number for number, _ in found] == list(range(1, len(written) + 1)), name
        skipped = [isinstance(values, SkippedRow) for _, values in found]
        assert skipped == [not line.strip() for line in written], name


@settings(max_examples=40)
@given(st.lists(st.none() | hostile, min_size=1, max_size=30))
def test_each_row_of_a_parquet_file_is_one_row(texts):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.parquet")
        pl.DataFrame({"text": texts}, schema={"text": pl.String}).write_parquet(path)
        assert list(open_table(path).select(["text"])) == [(n, (text,)) for n, text in enumerate(texts, start=1)]


@pytest.mark.parametrize("stream", [False, True])
def test_an_unclosed_quote_takes_one_line_and_a_wrongly_closed_one_says_which(stream):
    found, _ = read('text,label\n"a,1\nb,2\n', "a.csv", stream)
    assert [(number, isinstance(values, RowProblem)) for number, values in found] == [(2, True), (3, False)]
    found, _ = read('text,label\n"a,1\nb,2\nc "d" e,3\nf,4\n', "a.csv", stream)
    assert [number for number, _ in found] == [2, 5]
    assert found[0][1].lines == 3
    assert "the quote that it opens is closed in line 4" in found[0][1].reason


def test_a_field_over_many_lines_is_named():
    found, notes = read('text,label\na,1\n"b,2\nc,3\nd",4\n"e\nf",5\n', "a.csv")
    assert [number for number, _ in found] == [2, 3, 6]
    assert notes[0] == "a.csv: 2 quoted fields with line breaks: lines 3 to 5 (the first) and lines 6 to 7 (the last)."
    assert notes[1].startswith("Warning: a.csv: the quotation mark of line 3 is closed in line 5, and lines between")


@pytest.mark.parametrize(
    ("body", "texts", "note"),
    [
        (['"a b\tpos', 'c\tneg', 'd "\tpos'], ['"a b', "c", 'd "'], "(first: line 2) are read as text, because line 2"),
        (['"a" b\tpos', '"c"\tneg'], ['"a" b', '"c"'], "in 2 lines (first: line 2) are read as text, because line 2"),
        (['"a"\tpos', '"b ""c"""\tneg', "d"], ["a", 'b "c"', None], "are read as quoting"),
        (['"a\nb"\tpos', "c\tneg"], ["a\nb", "c"], "are read as quoting"),
        (['a "b"\tpos', "c\tneg"], ['a "b"', "c"], None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
def test_a_tsv_file_proves_its_quoting(body, texts, note, stream):
    found, notes = read("\n".join(["text\tlabel", *body]) + "\n", "a.tsv", stream)
    assert [None if isinstance(values, RowProblem) else values[0] for _, values in found] == texts
    assert bool(notes) == (note is not None)
    assert (note or "") in "".join(notes)
