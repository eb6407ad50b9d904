"""Text files that are not UTF-8, incomplete or missing."""

import gzip

import pytest
from support.user_files import write_file as write

from tmeattn import limits
from tmeattn.data.readers.tables import open_table
from tmeattn.data.readers.text_io import not_utf8, open_binary
from tmeattn.errors import BadInput


@pytest.mark.parametrize(
    ("content", "offset", "byte"),
    [
        (b"ascii \x92 more", 6, "0x92"),
        ("é".encode() * 600_000 + b"\xff", 1_200_000, "0xff"),  # beyond the first block, and across its border
        (b"x" + "é".encode() * 600_000 + b"\xe9 ", 1_200_001, "0xe9"),
    ],
)
def test_where_a_file_is_not_utf8(tmp_path, content, offset, byte):
    error = not_utf8(write(tmp_path, content, "a.csv"))
    assert f"the byte at offset {offset} is {byte}" in error.message
    assert "iconv" in (error.hint or "")
    assert "in the middle of a character" in not_utf8(write(tmp_path, b"abc\xc3", "a.csv")).message


def test_unreadable(tmp_path):
    cut = write(tmp_path, "text,label\n" + "a,1\n" * 5000, "cut.csv.gz")
    cut.write_bytes(cut.read_bytes()[:-12])
    for path in (tmp_path / "missing.csv", cut):
        with pytest.raises(BadInput, match="cannot be read"):
            list(open_table(path).select([]))


def test_padding_is_read_within_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MOST_PADDING", 2**16)
    member = gzip.compress(b"text\n")
    for name, head in (("t.csv.xz", b""), ("t.csv.gz", member)):
        with (tmp_path / name).open("wb") as file:
            file.write(head)
            file.truncate(2**20)
        with pytest.raises(BadInput, match="unpack to nothing"), open_binary(tmp_path / name) as file:
            file.read()
    (tmp_path / "t.csv.gz").write_bytes(member + bytes(1000) + member)
    with open_binary(tmp_path / "t.csv.gz") as file:
        assert file.read() == b"text\ntext\n"
