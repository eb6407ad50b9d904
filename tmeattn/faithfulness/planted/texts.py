"""Datasets with planted shortcuts, made from the texts of another dataset and written as files.

Their folder is a dataset for every command: train.jsonl and validation.jsonl have shortcuts in a share of their
texts, test.jsonl in all of them. The same options give the same bytes, so a dataset is written once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tmeattn.data.encoding.tokenizers import TOKENIZERS
from tmeattn.data.sources import open_dataset
from tmeattn.errors import BadInput
from tmeattn.faithfulness.planted.shortcuts import Example, Kind, Words, plant, plant_everywhere, unused_words
from tmeattn.files import disk_errors, write_atomically
from tmeattn.foreign import plugin_call
from tmeattn.paths import planted_dir
from tmeattn.plurals import counted
from tmeattn.spacing import evenly_spaced
from tmeattn.specs import Dataset, Split

VERSION = 1
"""Part of the name of a folder: raise it whenever other texts are written for the same options."""
LONGEST = 20
"""Base texts are cut to this many words, so that the table takes minutes and every planted word is read."""
HELD_OUT = 500
"""The largest number of validation texts, and of test texts."""
LEAST = 8
"""Base texts of a split; with fewer, a share of them is no share."""

Narrate = Callable[[str], None]


@dataclass(frozen=True)
class Base:
    """The texts to plant shortcuts in.

    splits: pairs of a text and its class.   words: made-up ones, in none of the texts.
    """

    name: str
    classes: tuple[str, ...]
    splits: Mapping[str, Sequence[tuple[str, int]]]
    words: Words


@dataclass(frozen=True)
class PlantedData:
    """A dataset with shortcuts of a kind.

    path: its folder.   classes: those of the base texts.   test: the texts that all have a shortcut.
    """

    kind: Kind
    path: Path
    classes: tuple[str, ...]
    words: Words
    test: Sequence[Example]


def read_base(name: str, train_texts: int, narrate: Narrate = lambda line: None) -> Base:
    """The texts of a dataset, or of a path, to plant shortcuts in.

    train_texts: how many to train on, at most. There are at most `HELD_OUT` to validate and as many to test, which are
    those of the test split or else a half of the validation split.

    Raises:
        UnknownName, BadInput, EnvironmentProblem: there is no such dataset, or it has too few texts.
    """
    dataset = open_dataset(name, narrate=narrate)
    with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
        splits = dataset.read()
    train, validation = splits["train"], splits["validation"]
    chosen = {"train": _texts(train, evenly_spaced(len(train.texts), train_texts))}
    if "test" in splits:
        test = splits["test"]
        chosen["validation"] = _texts(validation, evenly_spaced(len(validation.texts), HELD_OUT))
        chosen["test"] = _texts(test, evenly_spaced(len(test.texts), HELD_OUT))
    else:
        both = evenly_spaced(len(validation.texts), 2 * HELD_OUT)
        chosen |= {"validation": _texts(validation, both[::2]), "test": _texts(validation, both[1::2])}
    for split, texts in chosen.items():
        if len(texts) < LEAST:
            raise BadInput(
                f"The dataset {name} has {counted(len(texts), 'text')} for the {split} split of texts with planted "
                f"shortcuts, which needs {LEAST}.",
                hint="Give a larger --dataset.",
            )
    return Base(_short_name(dataset), dataset.classes, chosen, unused_words(_used(chosen)))


def _texts(split: Split, rows: Sequence[int]) -> list[tuple[str, int]]:
    """The first words of the texts at these positions that have any."""
    cut = [(" ".join(split.texts[row].split()[:LONGEST]), int(split.labels[row])) for row in rows]
    return [(text, label) for text, label in cut if text]


def _used(splits: Mapping[str, Sequence[tuple[str, int]]]) -> set[str]:
    """All words of the texts, with either tokenizer."""
    words: set[str] = set()
    for split in TOKENIZERS.values():
        for texts in splits.values():
            for text, _ in texts:
                words.update(token.lower() for token in split.first_tokens(text, 16 * LONGEST))
    return words


def write_planted(base: Base, kind: Kind) -> PlantedData:
    """Plant shortcuts of a kind, and write the dataset unless it is there.

    Raises:
        EnvironmentProblem: it cannot be written.
    """
    examples = {
        "train": plant(kind, base.words, base.splits["train"], 0),
        "validation": plant(kind, base.words, base.splits["validation"], 1),
        "test": plant_everywhere(kind, base.words, base.splits["test"], 2),
    }
    contents = {f"{split}.jsonl": _lines(base, rows) for split, rows in examples.items()}
    digest = hashlib.sha256(str(VERSION).encode())
    for content in contents.values():
        digest.update(content)
    folder = planted_dir() / f"{kind}-{base.name}-{digest.hexdigest()[:8]}"
    with disk_errors("the texts with planted shortcuts", folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            path = folder / name
            if not (path.is_file() and path.read_bytes() == content):
                write_atomically(path, content)
    return PlantedData(kind, folder, base.classes, base.words, examples["test"])


def _lines(base: Base, examples: Sequence[Example]) -> bytes:
    rows = ({"text": each.text, "label": base.classes[each.label], "planted": each.planted} for each in examples)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8", "replace")


def _short_name(dataset: Dataset) -> str:
    """The name of a dataset, or of the file or folder that it was read from, as a part of a name of a folder."""
    return re.sub(r"[^\w.-]+", "-", Path(dataset.name).name).strip("-.")[:40] or "texts"
