"""Cache folders: the unfinished folders of killed processes are removed."""

import json
import os
import re
import subprocess
import sys
import time
import types

import pytest

from tmeattn.data import cache, checksums
from tmeattn.data.cache import DAMAGE, STALE, file_checks, open_or_build, read_manifest, write_manifest
from tmeattn.errors import EnvironmentProblem


def open_done(folder):
    path = folder / "done"
    return path.read_text() if path.exists() else None


def test_stale_unfinished_folders_are_removed(tmp_path):
    old, young = tmp_path / "corpus-1.99-ab.tmp", tmp_path / "corpus-2.99-ab.tmp"
    for folder in (old, young):
        folder.mkdir()
        (folder / "half").write_text("x")
    past = time.time() - STALE - 60
    os.utime(old, (past, past))
    assert (
        open_or_build(tmp_path / "corpus-3", open_done, lambda folder: (folder / "done").write_text("x") and None, "It")
        == "x"
    )
    assert {path.name for path in tmp_path.iterdir()} == {young.name, "corpus-3"}


def test_unfinished_folders_of_dead_processes_are_removed_at_once(tmp_path):
    process = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead, here = int(process.stdout), cache._computer()
    kept = [f"a.{here}-{os.getpid()}-0000000a.tmp", f"b.ffffffff-{dead}-0000000a.tmp", "c.tmp"]
    for name in [*kept, f"d.{here}-{dead}-0000000a.tmp", f"e.{here}-{dead}-0000000a.tmp.damaged"]:
        (tmp_path / name).mkdir()
    open_or_build(tmp_path / "done", open_done, lambda folder: (folder / "done").write_text("x") and None, "it")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "done"])


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """A folder with a file of 1,000 bytes and its manifest, as another process finds it."""
    (tmp_path / "data.bin").write_bytes(bytes(1000))
    write_manifest(tmp_path / "m.json", {"format": 1, "words": ["a"], **file_checks(tmp_path)})
    monkeypatch.setattr(cache, "_verified", set())
    return tmp_path


def test_every_changed_byte_of_an_entry_is_noticed(entry):
    assert read_manifest(entry / "m.json", 1)["words"] == ["a"]
    stat = (entry / "data.bin").stat()
    for place in range(0, 1000, 37):
        cache._verified.clear()
        content = bytearray(1000)
        content[place] ^= 4
        (entry / "data.bin").write_bytes(content)
        os.utime(entry / "data.bin", ns=(stat.st_atime_ns, stat.st_mtime_ns))
        with pytest.raises(ValueError, match="another checksum"):
            read_manifest(entry / "m.json", 1)
    (entry / "data.bin").write_bytes(bytes(1000))
    text = (entry / "m.json").read_text()
    for changed in (text.replace('"a"', '"b"'), text.replace("1000", "100"), text[:-3], "[" * 10**5, "[]"):
        (entry / "m.json").write_text(changed)
        with pytest.raises(DAMAGE):
            read_manifest(entry / "m.json", 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes and devices")
@pytest.mark.parametrize("name", ["m.json", "data.bin"])
def test_an_entry_that_never_ends_is_damaged(entry, name):
    (entry / "data.bin").write_bytes(b"")  # a pipe has the same size
    (entry / "m.json").unlink()
    write_manifest(entry / "m.json", {"format": 1, "words": ["a"], **file_checks(entry)})
    (entry / name).unlink()
    os.mkfifo(entry / name)
    with pytest.raises(DAMAGE):
        read_manifest(entry / "m.json", 1)
    (entry / name).unlink()
    (entry / name).symlink_to("/dev/zero")
    with pytest.raises(DAMAGE):
        read_manifest(entry / "m.json", 1)


def test_an_entry_without_checksums_is_read(entry):
    manifest = json.loads((entry / "m.json").read_text())
    del manifest["checksums"], manifest["checksum"]
    (entry / "m.json").write_text(json.dumps(manifest))
    assert read_manifest(entry / "m.json", 1)["words"] == ["a"]


def test_a_large_file_is_sampled(tmp_path, monkeypatch):
    monkeypatch.setattr(checksums, "BLOCK", 10)
    monkeypatch.setattr(checksums, "BLOCKS", 4)
    path = tmp_path / "large"
    content = bytearray(1000)
    digests = set()
    for place in (None, 0, 9, 333, 995):  # nothing, the first block twice, one between, the last
        changed = bytearray(content)
        if place is not None:
            changed[place] = 1
        path.write_bytes(changed)
        digests.add(checksums.sampled_sha256(path))
    assert len(digests) == 5


def test_a_damaged_entry_is_built_again_and_told(tmp_path):
    (tmp_path / "entry").mkdir()
    lines = []
    open_or_build(
        tmp_path / "entry",
        open_done,
        lambda folder: (folder / "done").write_text("x") and None,
        "the texts",
        lines.append,
    )
    assert lines == [f"A file of the texts in {tmp_path / 'entry'} is damaged; it is built again."]


def test_an_entry_of_another_format_is_damaged(entry):
    with pytest.raises(ValueError, match="format 1, not 2"):
        read_manifest(entry / "m.json", 2)


def test_without_a_name_of_its_process_numbers_a_computer_is_known_by_its_own(monkeypatch):
    with_numbers = cache._computer()

    def fail(path):
        raise OSError

    monkeypatch.setattr(cache.Path, "readlink", fail)
    without = cache._computer()
    assert re.fullmatch("[0-9a-f]{8}", without)
    assert without == cache._computer()
    monkeypatch.setattr(cache.socket, "gethostname", lambda: "another")
    assert len({with_numbers, without, cache._computer()}) >= 2


def test_where_the_system_cannot_say_a_process_counts_as_alive(monkeypatch):
    def fail(pid, number):
        raise PermissionError  # it belongs to another user

    assert cache._is_alive(0)
    assert cache._is_alive(10**30)
    assert cache._is_alive(os.getpid())
    monkeypatch.setattr(cache.os, "kill", fail)
    assert cache._is_alive(12345)
    monkeypatch.setattr(cache, "os", types.SimpleNamespace(name="nt"))
    assert cache._is_alive(12345)


def test_an_entry_that_is_damaged_as_soon_as_it_is_built_is_an_error(tmp_path):
    built = []

    def build(folder):
        built.append(folder)

    with pytest.raises(EnvironmentProblem, match="Cannot write the texts to"):
        open_or_build(tmp_path / "entry", lambda folder: None, build, "the texts")
    assert len(built) == 1
    assert not (tmp_path / "entry").exists()
