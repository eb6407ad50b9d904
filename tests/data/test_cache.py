"""Cache folders: the unfinished folders of killed processes are removed."""

import os
import time

from tmeattn.data.cache import STALE, open_or_build


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
