"""Rows of every format, well and badly formed."""

import gzip
import io
import json

import polars as pl
import pytest

from tmeattn.data.readers.tables import Problem, format_of, open_table
from tmeattn.data.readers.text_io import not_utf8
from tmeattn.errors import BadInput


def write(tmp_path, content, name):
    path = tmp_path / name
    data = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def rows(path, *names, **options):
    table = open_table(path, **options)
    return [
        (number, values.reason if isinstance(values, Problem) else list(values))
        for number, values in table.select(names or table.columns)
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.CSV"])
@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_csv(tmp_path, name, delimiter):
    lines = ["\ufefftext,label", '"one, two ""quoted""",1', "", "three,", '"four\nlines",2']
    content = "\r\n".join(lines).replace(",", delimiter)
    path = write(tmp_path, content, name)
    assert open_table(path).columns == ("text", "label")
    quoted = f'one{delimiter} two "quoted"'
    assert rows(path) == [(2, [quoted, "1"]), (4, ["three", None]), (5, ["four\nlines", "2"])]
    assert rows(path, "label") == [(2, ["1"]), (4, [None]), (5, ["2"])]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"text,label\na,1\r\nb,2\rc,3\n", [(2, ["a", "1"]), (3, ["b", "2"]), (4, ["c", "3"])]),  # mixed line ends
        (b"text,label\na\0b,1\n", [(2, ["a\0b", "1"])]),
        (b"text,label\n" + b"x" * 1_000_000 + b",1\n", [(2, ["x" * 1_000_000, "1"])]),
        ("text,label\na\u2028b\x85c,1\n".encode(), [(2, ["a\u2028b\x85c", "1"])]),
        (b"text,label\na,1,2\nb,2\nc\n", [
            (2, "3 fields where the first line has 2"), (3, ["b", "2"]), (4, "1 field where the first line has 2")
        ]),
        (b'text,label\na,1\n"b,2\nc,3\n', [
            (2, ["a", "1"]), (3, "a quote is opened in this row and never closed")
        ]),
        (b'text,label\n"a"b,1\nc,3\n', [
            (2, "a closing quote is not followed by ',' or the end of the line; a quote within a field is doubled"),
            (3, ["c", "3"]),
        ]),
    ],
)  # fmt: skip
def test_difficult_csv(tmp_path, content, expected):
    assert rows(write(tmp_path, content, "a.csv")) == expected


def test_an_endless_field_ends(tmp_path, monkeypatch):
    monkeypatch.setattr("tmeattn.data.readers.tables.LONGEST_FIELD", 1000)
    path = write(tmp_path, 'text,label\n"' + "x" * 2000 + "\n" * 50, "a.csv")
    assert rows(path)[0] == (2, "a quote is opened in this row and never closed")


def test_tsv_keeps_commas(tmp_path):
    assert rows(write(tmp_path, "text\tlabel\na, b\t1\n", "a.tsv")) == [(2, ["a, b", "1"])]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("", "a.csv", "is empty"),
        ("\n\n", "a.csv", "is empty"),
        ("a,a\n", "a.csv", "names the column 'a' twice"),
        ('"a', "a.csv", "line 1: a quote is opened"),
        ("", "a.jsonl", "is empty"),
        ("[1]\n", "a.jsonl", "line 1: list, not a JSON object"),
        ("x\n", "a.jsonl", "line 1: no JSON"),
        ("", "a.txt", "is empty"),
        ("x", "a.parquet", "is no readable Parquet file"),
        ("x", "a.docx", "is in no format known by its name"),
        ("x", "a.csv.zip", "is in no format known by its name"),
        (b"\xff\xfea\0", "a.csv", "is UTF-16, not UTF-8: its bytes at offset 0 are ff fe"),
        (b"\xff\xfe\0\0", "a.jsonl", "is UTF-32, not UTF-8"),
        (b"t\xe9xt,label\n", "a.csv", "is not UTF-8: the byte at offset 1 is 0xe9"),
    ],
)
def test_no_table(tmp_path, content, name, said):
    path = write(tmp_path, content, name)
    with pytest.raises(BadInput) as caught:
        rows(path)
    assert said in caught.value.message
    assert str(path) in caught.value.message


def test_unreadable(tmp_path):
    cut = write(tmp_path, "text,label\n" + "a,1\n" * 5000, "cut.csv.gz")
    cut.write_bytes(cut.read_bytes()[:-12])
    for path in (tmp_path / "missing.csv", cut):
        with pytest.raises(BadInput, match="cannot be read"):
            rows(path)


@pytest.mark.parametrize(
    ("content", "offset", "byte"),
    [
        (b"ascii \x92 more", 6, "0x92"),
        ("é".encode() * 600_000 + b"\xff", 1_200_000, "0xff"),  # beyond the first block, and across its border
        (b"x" + "é".encode() * 600_000 + b"\xe9 ", 1_200_001, "0xe9"),
    ],
)
def test_where_a_file_is_not_utf8(tmp_path, content, offset, byte):
    said = not_utf8(write(tmp_path, content, "a.csv"))
    assert f"the byte at offset {offset} is {byte}" in said.message
    assert "iconv" in (said.hint or "")
    assert "in the middle of a character" in not_utf8(write(tmp_path, b"abc\xc3", "a.csv")).message


def test_jsonl(tmp_path):
    content = '{"text": "a", "label": 1}\r\n\n{"label": true}\n{"text": 3\n[]\n{"text": "\\ud800", "label": null}\n\xff'
    path = write(tmp_path, content.encode("latin-1"), "a.jsonl")
    assert open_table(path).columns == ("text", "label")
    found = rows(path)
    assert found[:2] == [(1, ["a", 1]), (3, [None, True])]
    assert [reason for _, reason in found[2:4]] == ["no JSON (Expecting ',' delimiter)", "list, not a JSON object"]
    assert found[4:] == [(6, ["\ud800", None]), (7, "not UTF-8")]


def test_parquet_streams_rows_and_knows_the_names_of_labels(tmp_path):
    path = tmp_path / "a.parquet"
    features = {"info": {"features": {"label": {"names": ["bad", "good"]}, "text": {"dtype": "string"}}}}
    frame = pl.DataFrame({"text": ["a", None] * 10_000, "label": [1, 0] * 10_000})
    frame.write_parquet(path, metadata={"huggingface": json.dumps(features)})
    table = open_table(path)
    assert (table.columns, table.unit, table.names) == (("text", "label"), "row", {"label": ["bad", "good"]})
    found = rows(path, "label", "text")
    assert found[:2] == [(1, [1, "a"]), (2, [0, None])]
    assert found[-1] == (20_000, [0, None])
    frame.write_parquet(path)
    assert open_table(path).names == {}


def test_text_lines_and_fasttext(tmp_path):
    assert rows(write(tmp_path, "a b\n\nc\n", "a.txt")) == [(1, ["a b"]), (2, [""]), (3, ["c"])]
    content = "__label__good a film\n__label__bad\nno label\n__label__a __label__b x\n"
    path = write(tmp_path, content, "b.txt")
    assert open_table(path).columns == ("label", "text")
    assert rows(path) == [
        (1, ["good", "a film"]),
        (2, ["bad", ""]),
        (3, "it does not begin with __label__"),
        (4, "it has several labels; a text belongs to one class"),
    ]


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("csv", b"text,x\na,1\nb,2\n", [(2, ["a"]), (3, ["b"])]),
        ("jsonl", b'{"text": "a"}\n{"text": "b"}\n', [(1, ["a"]), (2, ["b"])]),
        ("txt", b"a\nb\n", [(1, ["a"]), (2, ["b"])]),
    ],
)
def test_a_stream_is_read_once(tmp_path, kind, content, expected):
    assert rows(tmp_path / "pipe", "text", kind=kind, stream=io.BytesIO(content)) == expected


def test_parquet_from_a_pipe_is_refused(tmp_path):
    with pytest.raises(BadInput, match="pipe"):
        open_table(tmp_path / "pipe", "parquet", stream=io.BytesIO(b""))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "csv"),
        ("a.ft.txt.gz", "txt"),
        ("a.b.NDJSON", "jsonl"),
        ("a.parquet.gz", None),
        ("a", None),
        (".gz", None),
    ],
)
def test_format_of(tmp_path, name, kind):
    assert format_of(tmp_path / name) == kind
