"""UTF-16 and UTF-32 are named, with or without a byte order mark; UTF-8 with NUL characters is read."""

import pytest
from support.text_trees import on_disk, texts
from support.user_files import ROWS, read, write_file

from tmeattn.data.readers.tables import open_table
from tmeattn.data.readers.text_encoding import unmarked_encoding
from tmeattn.errors import BadInput

CYRILLIC = "текст,метка\nхороший фильм, да\nплохой фильм, нет\n" * 20
HINDI = "पाठ,लेबल\nएक अच्छी फिल्म, हाँ\n" * 9
CHINESE = "文本,标签\n这 是 一 部 好 电影,好\n" * 20


@pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"])
@pytest.mark.parametrize("text", ["text,label\na film,pos\n", CYRILLIC, HINDI, CHINESE])
def test_an_encoding_without_a_mark_is_found(text, encoding):
    assert unmarked_encoding(text.encode(encoding)) == encoding


@pytest.mark.parametrize(
    "data",
    [
        b"", b"a\0", b"text,label\na film\0 of\0 1990,pos\n", CYRILLIC.encode(), CYRILLIC.encode() + b"\0",
        b"caf\xe9\0 is latin-1,pos\n", b"\0" * 4096, b"text,label\n" + b"\0" * 4000, "é\0".encode()[:-2] + b"\xe9",
    ],
)  # fmt: skip
def test_other_bytes_are_not_taken_for_it(data):
    assert unmarked_encoding(data) is None


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.txt", "a.csv.gz"])
def test_a_table_is_refused_with_the_command_that_converts_it(tmp_path, name):
    path = write_file(tmp_path, "text,label\na film,pos\n".encode("utf-16-le"), name)
    with pytest.raises(BadInput) as caught:
        open_table(path)
    assert str(caught.value) == (
        f"{path} is UTF-16LE, not UTF-8, and has no byte order mark. Convert it: iconv -f UTF-16LE -t UTF-8 OLD > NEW"
    )


def test_a_text_in_a_folder_of_classes_is_refused(tmp_path):
    tree = on_disk(tmp_path, {"neg/1.txt": "x", "pos/1.txt": "y"})
    for encoded in ("a film".encode("utf-16-be"), "хороший фильм".encode("utf-16-be")):
        (tree / "neg" / "1.txt").write_bytes(encoded)
        with pytest.raises(BadInput, match="is UTF-16BE, not UTF-8, and has no byte order mark"):
            texts(tree)


def test_nul_characters_of_utf8_are_read(tmp_path):
    rows = [(text.replace(" ", "\0 ", 1), label) for text, label in ROWS]
    path = write_file(tmp_path, "text,label\n" + "".join(f"{text},{label}\n" for text, label in rows), "a.csv")
    _, splits = read(path, tmp_path)
    assert sorted(splits["train"] + splits["validation"]) == sorted(rows)
