"""Imported texts on disk: a sequence, for several threads, rebuilt where damaged."""

import json
import threading

import pytest
from support.user_files import read, write_csv

from tmeattn.data.readers.user_files import ImportOptions, import_texts


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
