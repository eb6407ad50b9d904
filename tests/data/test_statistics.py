"""The statistics of a dataset with known statistics."""

import numpy as np

from tmeattn.data import statistics
from tmeattn.data.statistics import describe
from tmeattn.specs import Dataset, Split, WordVectors

TRAIN = Split(
    ["a good film", "a good film", "a good plot indeed", "good good"] * 5
    + ["a bad film", "bad plot", "a bad bad plot"] * 5,
    [1] * 20 + [0] * 15,
)
VALIDATION = Split(["a good film", "unheard words"], [1, 0])
DATASET = Dataset("films", ("bad", "good"), "f", lambda: {"train": TRAIN, "validation": VALIDATION})


def lookup(words):
    known = np.array([word in ("good", "bad") for word in words])
    return np.zeros((len(words), 2), dtype=np.float32), known


def test_statistics_of_a_known_dataset():
    found = describe(DATASET, {"toy": WordVectors("toy", 2, "v", lookup)}, samples=2)
    assert found["splits"]["train"] == {"texts": 35, "classes": {"bad": 15, "good": 20}, "duplicates": 29}
    assert found["splits"]["validation"]["duplicates"] == 0
    assert found["shared"] == {"validation in train": 1}
    assert found["lengths"]["quantiles"] == {"0": 2, "0.05": 2, "0.25": 2, "0.5": 3, "0.75": 4, "0.95": 4, "1": 4}
    bins = found["lengths"]["histogram"]
    assert (bins["low"], bins["high"], bins["counts"][:2], sum(bins["counts"])) == (0, 5, [0, 0], 35)
    assert len(bins["counts"]) == 5  # a bin for each length from 0 to 4
    assert {name: words[0] for name, words in found["typical"].items()} == {"bad": "bad", "good": "good"}
    by_tokenizer = {row["tokenizer"]: row for row in found["unknown"]}
    assert by_tokenizer.keys() == {"basic_english", "whitespace"}
    tokens = sum(len(text.split()) for text in TRAIN.texts)
    planted = sum(text.split().count("good") + text.split().count("bad") for text in TRAIN.texts)
    assert by_tokenizer["whitespace"]["without_vector"] == {"toy": 1 - planted / tokens}
    assert by_tokenizer["whitespace"]["validation"] == 2 / 5
    assert [sample["label"] for sample in found["samples"]] == ["bad", "bad", "good", "good"]


def test_large_splits_are_sampled(monkeypatch):
    monkeypatch.setattr(statistics, "SAMPLE", 7)
    found = describe(DATASET, {})
    assert found["sampled"] == {"train": 7, "validation": 2}
    assert found["splits"]["train"]["texts"] == 35
    assert sum(found["lengths"]["histogram"]["counts"]) <= 7
