"""A disk that is full at any write of an import, an encoding or a parse of word vectors: one error that names the
folder, nothing half-made, and the earlier entry is kept."""

import sys
from contextlib import contextmanager

import pytest
from support.user_files import write_csv

from tmeattn.data.encoding.corpus import open_corpus
from tmeattn.data.encoding.encode import CorpusSettings
from tmeattn.data.readers.user_files import ImportOptions, open_user_dataset
from tmeattn.data.vectors.pretrained import vectors_from_file
from tmeattn.errors import EnvironmentProblem

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of the size of a file")
ROWS = [(f"text {i} word{i} " + "more words of the text " * 8, "ab"[i % 2]) for i in range(80)]


@contextmanager
def files_of_at_most(size):
    """Each write past `size` bytes of a file fails, as on a full disk."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def import_it(tmp_path):
    write_csv(tmp_path / "a.csv", ROWS) if not (tmp_path / "a.csv").exists() else None
    return lambda: open_user_dataset(tmp_path / "a.csv", ImportOptions(), tmp_path / "home/cache", lambda line: None)


def encode_it(tmp_path):
    dataset = open_user_dataset(
        write_csv(tmp_path / "a.csv", ROWS), ImportOptions(), tmp_path / "texts", lambda line: None
    )
    return lambda: open_corpus(dataset, CorpusSettings(), None, tmp_path / "home/cache")


def parse_it(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("".join(f"word{i} {i} 0.5 0.25\n" for i in range(400)))
    return lambda: vectors_from_file(path)


@pytest.mark.parametrize("prepare", [import_it, encode_it, parse_it])
def test_a_full_disk_at_any_write(tmp_path, prepare):
    work = prepare(tmp_path)
    work()
    cache = tmp_path / "home/cache"
    (entry,) = cache.iterdir()
    sizes = sorted({0, *(end for file in entry.iterdir() for end in (100, file.stat().st_size - 1))})
    entry.rename(cache / "away")
    for size in sizes:
        with (
            files_of_at_most(size),
            pytest.raises(EnvironmentProblem, match=r"^Cannot write the .* to .*: File too large") as caught,
        ):
            work()
        assert str(cache) in caught.value.message
        assert [path.name for path in cache.iterdir()] == ["away"]
    work()
    assert sorted(path.name for path in cache.iterdir()) == sorted(["away", entry.name])


def test_a_damaged_entry_stays_until_it_can_be_replaced(tmp_path):
    work = import_it(tmp_path)
    work()
    (entry,) = (tmp_path / "home/cache").iterdir()
    texts = entry / "texts.bin"
    texts.write_bytes(texts.read_bytes().replace(b"word1 ", b"word9 "))
    with files_of_at_most(100), pytest.raises(EnvironmentProblem):
        work()
    assert [path.name for path in (tmp_path / "home/cache").iterdir()] == [entry.name]
    work()
    assert b"word1 " in texts.read_bytes()
