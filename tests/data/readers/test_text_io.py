"""Text files that are not UTF-8, incomplete or missing."""

import gzip

import pytest
from support.user_files import write_file as write

from tmeattn import limits
from tmeattn.data.readers.tables import open_table
from tmeattn.data.readers.text_io import not_utf8, open_binary, read_text
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


def test_a_file_that_is_compressed_twice_or_is_no_text(tmp_path):
    twice = write(tmp_path, gzip.compress(gzip.compress(b"text\n")), "a.csv.gz")
    with pytest.raises(BadInput) as caught:
        open_table(twice)
    assert caught.value.message == f"{twice} contains a gzip file."
    assert caught.value.hint == "It seems to be compressed twice. Unpack it once."
    named_wrong = write(tmp_path, gzip.compress(b"text\n"), "a.csv")
    with pytest.raises(BadInput) as caught:
        open_table(named_wrong)
    assert caught.value.message == f"{named_wrong} is a gzip file, not a text file."


def test_a_whole_file_is_read_within_the_limit(tmp_path, monkeypatch):
    monkeypatch.setenv("TMEATTN_MAX_TEXT_MIB", "1")
    assert read_text(write(tmp_path, b"\xef\xbb\xbf" + b"x" * 10, "a.txt")) == "x" * 10
    long = write(tmp_path, b"x" * (2**20 + 1), "a.txt")
    with pytest.raises(BadInput) as caught:
        read_text(long)
    assert caught.value.message == f"{long} is longer than 1 MiB."


def test_what_cannot_be_read_again_has_no_offset(tmp_path):
    assert not_utf8(tmp_path / "pipe").message == f"{tmp_path / 'pipe'} is not UTF-8."
