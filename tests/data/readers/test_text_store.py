"""Imported texts on disk: a sequence, for several threads, rebuilt where damaged."""

import json
import threading

import numpy as np
import pytest
from support.user_files import read, write_csv

from tmeattn.data.readers.labelled_table import ImportOptions
from tmeattn.data.readers.text_store import open_text_store
from tmeattn.data.readers.user_files import import_texts


def test_stored_texts_are_a_sequence(tmp_path):
    store = import_texts(write_csv(tmp_path / "a.csv"), ImportOptions(), tmp_path / "cache", lambda line: None)
    texts = store.splits["train"].texts
    assert len(texts) == 48
    assert texts[-1] == list(texts)[-1] == texts[-2:][1]
    with pytest.raises(IndexError):
        texts[48]
    found = []
    readers = [threading.Thread(target=lambda: found.append(list(texts))) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert found == [list(texts)] * 8


@pytest.mark.parametrize("damage", ["short", "gone", "manifest"])
def test_a_damaged_store_is_made_again(tmp_path, damage):
    path = write_csv(tmp_path / "a.csv")
    first, rows = read(path, tmp_path)
    (folder,) = (tmp_path / "cache").iterdir()
    victim = folder / ("texts.json" if damage == "manifest" else "texts.bin")
    victim.write_bytes(victim.read_bytes()[:-3])
    if damage == "gone":
        victim.unlink()
    again, same = read(path, tmp_path)
    assert (again.fingerprint, same) == (first.fingerprint, rows)


def test_odd_texts_survive(tmp_path):
    odd = ["a\0b", "x" * 1_000_000, "\ud800 half", "line\r\nline\u2028line", '"quoted"', "<b>&amp;</b>", "\x1b[31m"]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": text, "label": i % 2}) + "\n" for i, text in enumerate(odd)))
    _, splits = read(path, tmp_path)
    assert sorted(text for rows in splits.values() for text, _ in rows) == sorted(odd)


def test_a_store_of_version_0_1_still_opens(tmp_path):
    import_texts(write_csv(tmp_path / "a.csv"), ImportOptions(), tmp_path / "cache", lambda line: None)
    (folder,) = (tmp_path / "cache").iterdir()
    manifest = json.loads((folder / "texts.json").read_text())
    np.save(folder / "train.hashes.npy", np.zeros(48, dtype=np.uint64))
    sizes = manifest["sizes"] | {"train.hashes.npy": (folder / "train.hashes.npy").stat().st_size}
    del manifest["checksums"], manifest["checksum"]
    (folder / "texts.json").write_text(json.dumps(manifest | {"passed_over": "", "sizes": sizes}, indent=1))
    store = open_text_store(folder)
    assert store.fingerprint == manifest["fingerprint"]
    assert len(store.splits["train"].texts) == 48
