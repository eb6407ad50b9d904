"""Links, loops, pipes and folders without permission below a folder of texts: read once, or counted, never a hang."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
from support.user_files import ROWS, read, write_tree

from tmeattn.data.readers.folder_walk import files_below
from tmeattn.data.readers.skip_count import SkipCount
from tmeattn.data.readers.text_io import BadInput


def walk(root):
    skips = SkipCount()
    return [str(path.relative_to(root)) for path in files_below(root, skips)], str(skips)


@pytest.fixture
def root(tmp_path):
    for name in ("tree/a/1.txt", "tree/b/1.txt", "other/5.txt", "other/6.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path / "tree"


def test_links_are_followed_once(root):
    (root / "c").symlink_to("../other")
    (root / "a/d").symlink_to("../../other")
    (root / "b/2.txt").symlink_to("../a/1.txt")
    (root / "b/9.txt").symlink_to("../../other/5.txt")
    found, skips = walk(root)
    assert found == ["a/1.txt", "b/1.txt", "c/5.txt", "c/6.txt"]  # the shortest name of a folder first
    assert skips == "3 links to what is read already (first: a/d)"


def test_loops_and_links_that_lead_out(root):
    (root / "a/up").symlink_to("..")
    (root / "a/top").symlink_to("/")
    (root / "a/above").symlink_to("../..")
    (root / "b/self").symlink_to("self")
    (root / "README").symlink_to("/nonexistent")
    found, skips = walk(root)
    assert found == ["a/1.txt", "b/1.txt"]
    assert "2 links to a folder above (first: a/above)" in skips
    assert "1 link to what is read already (first: a/up)" in skips
    assert "1 link in a circle (first: b/self)" in skips
    assert "1 dangling link (first: README)" in skips


def test_pipes_sockets_and_devices_are_not_opened(root, monkeypatch):
    os.mkfifo(root / "a/pipe.txt")
    (root / "b/zero.txt").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(root / "a")  # the path of a socket is short
        server.bind("s.txt")
    found, skips = walk(root)
    assert found == ["a/1.txt", "b/1.txt"]
    for reason in ("1 pipe (first: a/pipe.txt)", "1 device (first: b/zero.txt)", "1 socket (first: a/s.txt)"):
        assert reason in skips


WITHOUT_PRIVILEGES = """
import os, sys
from pathlib import Path
from tmeattn.data.readers.folder_walk import files_below
from tmeattn.errors import BadInput
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
try:
    print(files_below(Path(".")))
except BadInput as error:
    print("refused", error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_an_unreadable_folder_of_a_class_is_an_error(root):
    (root / "b").chmod(0)
    try:
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_PRIVILEGES], cwd=root, capture_output=True, text=True, check=True, timeout=60
        )
    finally:
        (root / "b").chmod(0o755)
    assert "refused b cannot be read: Permission denied." in done.stdout


def test_a_folder_that_cannot_be_listed_is_an_error(root, monkeypatch):
    monkeypatch.setattr(os, "scandir", lambda path: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(BadInput, match="tree cannot be read: Permission denied"):
        files_below(root)


def test_the_dataset_is_read_again_when_what_is_skipped_changes(tmp_path):
    tree = write_tree(tmp_path / "tree", ROWS)
    (tree / "README").symlink_to("/nonexistent")
    narrated = []
    read(tree, tmp_path, narrated)
    assert narrated[-1] == "Skipped 1 of 61 files: 1 dangling link (first: README)."
    narrated.clear()
    read(tree, tmp_path, narrated)
    assert narrated == ["Skipped 1 of 61 files: 1 dangling link (first: README)."]  # each time
    (tree / "README").unlink()
    os.mkfifo(tree / "good/x.txt")
    read(tree, tmp_path, narrated)
    assert narrated[-1] == "Skipped 1 of 61 files: 1 pipe (first: good/x.txt)."


def test_an_empty_folder_is_named(root):
    """Three folders of classes of which one is empty are two classes, which nobody may overlook."""
    (root / "c").mkdir()
    _, skips = walk(root)
    assert skips == "1 empty folder (first: c)"
