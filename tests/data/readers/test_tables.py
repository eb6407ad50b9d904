"""Rows of every format, well and badly formed."""

import io
import json

import polars as pl
import pytest
from support.user_files import write_file as write

from tmeattn.data.readers import parquet
from tmeattn.data.readers.rows import BLANK, HEADER_AGAIN, SEPARATOR, RowProblem, SkippedRow
from tmeattn.data.readers.tables import format_of, open_table
from tmeattn.errors import BadInput
from tmeattn.limits import COLUMNS, Limit


def rows(path, *names, **options):
    table = open_table(path, **options)
    return [
        (number, values.reason if isinstance(values, RowProblem | SkippedRow) else list(values))
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
    assert rows(path) == [(2, [quoted, "1"]), (3, BLANK), (4, ["three", None]), (5, ["four\nlines", "2"])]
    assert rows(path, "label") == [(2, ["1"]), (3, BLANK), (4, [None]), (5, ["2"])]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"text,label\na,1\r\nb,2\rc,3\n", [(2, ["a", "1"]), (3, ["b", "2"]), (4, ["c", "3"])]),  # mixed line ends
        (b"text,label\na\0b,1\n", [(2, ["a\0b", "1"])]),
        (b"text,label\n" + b"x" * 1_000_000 + b",1\n", [(2, ["x" * 1_000_000, "1"])]),
        ("text,label\na\u2028b\x85c,1\n".encode(), [(2, ["a\u2028b\x85c", "1"])]),
        (b"text,label\na,1,2\nb,2\nc\n", [
            (2, "it has 3 fields, but the first line has 2"),
            (3, ["b", "2"]),
            (4, "it has 1 field, but the first line has 2"),
        ]),
        (b'text,label\na,1\n"b,2\nc,3\n', [
            (2, ["a", "1"]), (3, "this row opens a quote and never closes it"), (4, ["c", "3"])
        ]),
        (b'text,label\n"a"b,1\nc,3\n', [
            (2, "a closing quote is not followed by ',' or the end of the line; "
                "write a quote inside a field as two quotes"),
            (3, ["c", "3"]),
        ]),
    ],
)  # fmt: skip
def test_difficult_csv(tmp_path, content, expected):
    assert rows(write(tmp_path, content, "a.csv")) == expected


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;\r", "\ufeffsep=;"])
def test_the_line_that_states_the_separator_is_no_row(tmp_path, line):
    content = f'{line}\ntext;label\n"a; b, c\nd";1\ne;2\n'
    expected = [(1, SEPARATOR), (3, ["a; b, c\nd", "1"]), (5, ["e", "2"])]
    path = write(tmp_path, content, "a.csv")
    assert rows(path) == expected
    assert open_table(path).columns == ("text", "label")
    with path.open("rb") as stream:
        assert rows(path, kind="csv", stream=stream) == expected


def test_a_separator_that_csv_would_not_guess(tmp_path):
    assert rows(write(tmp_path, "sep=^\ntext^label\na, b^1\n", "a.csv")) == [(1, SEPARATOR), (3, ["a, b", "1"])]
    assert rows(write(tmp_path, "sep=\ntext\n", "a.csv"), "sep=") == [(2, ["text"])]


def test_a_header_that_is_repeated_is_no_row(tmp_path):
    assert rows(write(tmp_path, "Text,Label\na,1\n\ufeff text ,LABEL\u200b\nb,2\n", "a.csv")) == [
        (2, ["a", "1"]), (3, HEADER_AGAIN), (4, ["b", "2"])
    ]  # fmt: skip
    assert rows(write(tmp_path, "text\na\nText\nb\n", "a.csv")) == [(2, ["a"]), (3, HEADER_AGAIN), (4, ["b"])]
    assert rows(write(tmp_path, "good\na\ngood\n", "a.csv")) == [(2, ["a"]), (3, ["good"])]  # texts without a header


@pytest.fixture
def small_limits(monkeypatch):
    monkeypatch.setattr(Limit, "value", property(lambda limit: 20 if limit is COLUMNS else 1000))


def test_an_unclosed_quote_is_bounded(tmp_path, small_limits):
    path = write(tmp_path, 'text,label\n"' + "x\n" * 800 + "\n" * 50, "a.csv")
    found = rows(path)
    assert found[0] == (2, "this row opens a quote and never closes it")
    assert [number for number, _ in found] == list(range(2, 852))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "text,label\n" + "x" * 1001 + ",1\n", "line 2: it is longer than"),
        (
            "a.csv",
            "text,label\n" + '"x\n",' * 500 + "1\n",
            "line 2: this row has quotes around line breaks and exceeds",
        ),
        ("a.csv", "," * 20 + "\n", "line 1: it has 21 columns"),
        ("a.jsonl", '{"text": "a"}\n{"text": "' + "x" * 1000 + '"}\n', "line 2: it is longer than"),
        ("a.txt", "a\n" * 2 + "x" * 1001, "line 3: it is longer than"),
    ],
)
def test_lines_rows_and_columns_are_bounded(tmp_path, small_limits, name, content, message):
    with pytest.raises(BadInput, match=message) as error:
        rows(write(tmp_path, content, name))
    assert "raise the limit with the environment variable TMEATTN_MAX_" in error.value.hint


def test_keys_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setenv("TMEATTN_MAX_COLUMNS", "2")
    with pytest.raises(BadInput, match="line 2: it has 3 columns, which are more than 2 columns"):
        rows(write(tmp_path, '{"text": "a", "label": 1}\n{"text": "b", "label": 2, "c": 3}\n', "a.jsonl"))


@pytest.mark.parametrize(
    ("value", "reason"),
    [("9" * 5000, "one of its numbers has more than 4,300 digits"), ("[" * 10**5, "its lists or objects are nested")],
)
def test_json_that_python_cannot_hold(tmp_path, value, reason):
    path = write(tmp_path, '{"text": "a", "label": 1}\n{"text": "b", "label": ' + value + "}\n", "a.jsonl")
    assert rows(path)[1][1].startswith(reason)


def test_tsv_keeps_commas(tmp_path):
    assert rows(write(tmp_path, "text\tlabel\na, b\t1\n", "a.tsv")) == [(2, ["a, b", "1"])]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "a.csv", "is empty"),
        ("\n\n", "a.csv", "is empty"),
        ('"a', "a.csv", "line 1: this row opens a quote"),
        ("", "a.jsonl", "is empty"),
        ("[1]\n", "a.jsonl", "line 1: it is a list, not a JSON object"),
        ("x\n", "a.jsonl", "line 1: it is not JSON"),
        ("", "a.txt", "is empty"),
        ("x", "a.parquet", "cannot be read as a Parquet file"),
        ("x", "a.docx", "is in no known format: its name must end in .csv"),
        (
            "version https://git-lfs.github.com/spec/v1\noid sha256:a\n",
            "a.csv",
            "is a pointer of Git LFS, not the file",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a.csv", "is an Excel (.xls) file, not a text file"),
        ("x", "a.csv.zip", "is in no known format: its name must end in .csv"),
        (b"\xff\xfea\0", "a.csv", "is UTF-16, not UTF-8: the bytes at offset 0 are ff fe"),
        (b"\xff\xfe\0\0", "a.jsonl", "is UTF-32, not UTF-8"),
        (b"t\xe9xt,label\n", "a.csv", "is not UTF-8: the byte at offset 1 is 0xe9"),
    ],
)
def test_invalid_tables(tmp_path, content, name, message):
    path = write(tmp_path, content, name)
    with pytest.raises(BadInput) as caught:
        rows(path)
    assert message in caught.value.message
    assert str(path) in caught.value.message


def test_jsonl(tmp_path):
    content = '{"text": "a", "label": 1}\r\n\n{"label": true}\n{"text": 3\n[]\n{"text": "\\ud800", "label": null}\n\xff'
    path = write(tmp_path, content.encode("latin-1"), "a.jsonl")
    assert open_table(path).columns == ("text", "label")
    found = rows(path)
    assert found[:3] == [(1, ["a", 1]), (2, BLANK), (3, [None, True])]
    assert [reason for _, reason in found[3:5]] == [
        "it is not JSON (Expecting ',' delimiter)",
        "it is a list, not a JSON object",
    ]
    assert found[5:] == [(6, ["\ud800", None]), (7, "it is not UTF-8")]


def test_parquet_rows_and_class_names(tmp_path):
    path = tmp_path / "a.parquet"
    features = {"info": {"features": {"label": {"names": ["bad", "good"]}, "text": {"dtype": "string"}}}}
    frame = pl.DataFrame({"text": ["a", None] * 10_000, "label": [1, 0] * 10_000})
    frame.write_parquet(path, metadata={"huggingface": json.dumps(features)})
    table = open_table(path)
    assert (table.columns, table.unit, table.class_names) == (("text", "label"), "row", {"label": ["bad", "good"]})
    found = rows(path, "label", "text")
    assert found[:2] == [(1, [1, "a"]), (2, [0, None])]
    assert found[-1] == (20_000, [0, None])
    frame.write_parquet(path)
    assert open_table(path).class_names == {}


def test_text_lines_and_fasttext(tmp_path):
    assert rows(write(tmp_path, "a b\n\nc\n", "a.txt")) == [(1, ["a b"]), (2, BLANK), (3, ["c"])]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("__label__bad", ["bad", ""]),
        ("__label__bad\u200ba film", ["bad", "a film"]),
        ("__label__bad\ufeff a film", ["bad", "a film"]),
        ("__label__bad\ta film", ["bad", "a film"]),
        ("__label__bad \u3000\xa0 a film", ["bad", "a film"]),
        ("__label__bad\0a film", ["bad", "a film"]),
        (" \t __label__bad a  film ", ["bad", "a  film "]),
        ("\ufeff__label__bad a", ["bad", "a"]),
        ("__LABEL__bad a", ["bad", "a"]),
        ("a film __label__bad", ["bad", "a film"]),
        ("a __label__bad\tfilm", ["bad", "a film"]),
        ("no label", "it has no label that begins with __label__"),
        ("__label__a __label__b x", "it has several labels, but a text has only one class"),
        ("__label__a x __label__b", "it has several labels, but a text has only one class"),
        ("__label__a\tx\t__label__b y", "it has several labels, but a text has only one class"),
        ("__label__a,__label__b x", "it has several labels, but a text has only one class"),
        ("x__label__b y", "it has __label__ inside a word"),
        (" \t ", BLANK),
        ("", BLANK),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["b.txt", "b.ft.txt.gz"])
def test_fasttext(tmp_path, line, expected, end, name):
    path = write(tmp_path, end.join(["", "  ", "__label__good a film", line]) + end, name)
    assert open_table(path).columns == ("label", "text")
    assert rows(path) == [(1, BLANK), (2, BLANK), (3, ["good", "a film"]), (4, expected)]


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


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("a.XLSX", "Save it as CSV"),
        ("a.csv.zst", "Unpack it first."),
        ("a.feather", "Convert it to Parquet"),
        ("a", "Rename"),
    ],
)
def test_files_of_other_kinds_get_their_own_advice(tmp_path, name, hint):
    with pytest.raises(BadInput, match="is in no known format") as caught:
        open_table(write(tmp_path, "x", name))
    assert caught.value.hint.startswith(hint)


def test_json_lines_that_were_glued_together_are_read(tmp_path):
    path = write(tmp_path, '\ufeff{"text": "a"}\n\ufeff{"text": "b"}\n', "a.jsonl")
    assert rows(path) == [(1, ["a"]), (2, ["b"])]


def test_a_list_of_objects_gets_the_command_that_converts_it(tmp_path):
    for content in ('[{"text": "a"}]', '[\n {"text": "a"}\n]'):
        with pytest.raises(BadInput, match="line 1: it is") as caught:
            open_table(write(tmp_path, content, "a.json"))
        assert "jq -c '.[]' OLD > NEW.jsonl" in caught.value.hint


def test_a_key_that_occurs_twice_is_found_in_any_spelling(tmp_path):
    path = write(tmp_path, '{"text": "a", "t\\u0065xt": "b"}\n{"text": "\\u0065"}\n', "a.jsonl")
    assert rows(path) == [(1, "it has the key 'text' twice"), (2, ["e"])]


def test_long_rows_of_parquet_are_made_one_by_one(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "MOST_BYTES", 1000)
    path = tmp_path / "a.parquet"
    pl.DataFrame({"text": ["x" * 1000, "b", None] * 3, "label": [1, 2, 3] * 3}).write_parquet(path)
    assert parquet._rows_at_once(pl.read_parquet(path)) == 1
    assert parquet._rows_at_once(pl.DataFrame({"^t.*$": ["aaaaa" * 9]})) == 1000 // 46
    for small in ({"text": ["a"], "label": [1]}, {"label": [None]}):
        assert parquet._rows_at_once(pl.DataFrame(small)) in (500, parquet.MOST_ROWS)
    assert [(number, len(text or "")) for number, (text,) in rows(path, "text")][:3] == [(1, 1000), (2, 1), (3, 0)]
