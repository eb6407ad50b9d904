"""Labelled texts in files of every kind, and the dataset that is read from them."""

from __future__ import annotations

import gzip

import pytest

from tmeattn.data.readers.labelled_table import ImportOptions
from tmeattn.data.readers.user_files import open_user_dataset
from tmeattn.errors import BadInput

ROWS = [(f"text number {i} é", ["bad", "fair", "good"][i % 3]) for i in range(60)]


def write_file(tmp_path, content, name):
    path = tmp_path / name
    data = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def write_csv(path, rows=ROWS, header="text,label"):
    lines = [header, *(",".join(f'"{value}"' for value in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_tree(path, rows, prefix=""):
    for number, (text, label) in enumerate(rows):
        file = path / prefix / label / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return path


def read(path, tmp_path, narrated=None, **how):
    dataset = open_user_dataset(
        path, ImportOptions(**how), tmp_path / "cache", (narrated if narrated is not None else []).append
    )
    splits = {name: list(zip(split.texts, split.labels, strict=True)) for name, split in dataset.read().items()}
    return dataset, {name: [(text, dataset.classes[label]) for text, label in rows] for name, rows in splits.items()}


def refused(path, tmp_path, **how):
    with pytest.raises(BadInput) as caught:
        read(path, tmp_path, **how)
    left = list((tmp_path / "cache").iterdir()) if (tmp_path / "cache").exists() else []
    assert not left
    return str(caught.value)
