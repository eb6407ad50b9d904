"""The states of frozen layers, computed once and kept in the cache folder in half precision.

A store belongs to one checkpoint, one number of frozen layers and one encoded corpus. Its texts are looked up by their
token ids, so a model reads the states of any batch of them. A computation that was ended, also by a kill, goes on where
it was: texts are computed in a fixed order, and a small file says how many are done.

Shapes: B texts of a batch, R rows of states of a text, D dimensions of a state.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from filelock import FileLock, Timeout
from torch import Tensor

from tmeattn.data.encoding.batches import collate
from tmeattn.errors import EnvironmentProblem
from tmeattn.files import disk_errors, read_json, write_atomically
from tmeattn.paths import cache_dir
from tmeattn.plurals import counted

if TYPE_CHECKING:
    import tmeattn

FORMAT = 2
CONTENT = "the states of the frozen layers"
BATCH_TOKENS = 4096
"""Tokens that the encoder reads at once."""
SAVE_EVERY, REPORT_EVERY = 5.0, 30.0
"""Seconds between two notes of what is done, and between two lines for the user."""
LEFT_FREE = 2**29
"""Bytes that stay free on the disk."""
_STATES, _DONE = "states.f16", "done.json"


@dataclass(frozen=True)
class Key:
    """What determines the states, beside the texts.

    weights: the SHA-256 of those of the encoder.   lower: the last frozen layer, from 1; 0: all layers are frozen.
    rows:    "all" positions of a text, or "mean" or "cls": one vector for each text.
    """

    weights: str
    lower: int
    rows: str
    precision: str
    width: int

    def folder(self, texts: Texts) -> Path:
        """The folder of the states of these texts in the cache."""
        content = json.dumps([FORMAT, *astuple(self)]).encode() + b"".join(texts.place)
        return cache_dir() / f"states-{hashlib.sha256(content).hexdigest()[:32]}"


@dataclass(frozen=True)
class Texts:
    """The different texts of a corpus as the model reads them.

    ids: the token ids of each.   place: the number of a text, by the digest of its ids.
    """

    ids: list[np.ndarray]
    place: dict[bytes, int]


def texts_of(corpus: tmeattn.Corpus, max_length: int) -> Texts:
    """The texts of the training and the validation split, each cut after `max_length` tokens."""
    ids: list[np.ndarray] = []
    place: dict[bytes, int] = {}
    for name in ("train", "validation"):
        split = corpus.splits[name]
        for start, end in zip(split.offsets[:-1], split.offsets[1:], strict=True):
            tokens = split.tokens[start : min(end, start + max_length)]
            key = digest(tokens)
            if key not in place:
                place[key] = len(ids)
                ids.append(tokens)
    return Texts(ids, place)


def digest(tokens: np.ndarray) -> bytes:
    """What a text is looked up by."""
    return hashlib.blake2b(np.ascontiguousarray(tokens, dtype=np.int32), digest_size=16).digest()


class Store:
    """The states of the texts of a corpus, in a file that is read through memory.

    A copy of a model shares its store.
    """

    def __init__(self, path: Path, texts: Texts, rows_N: np.ndarray, width: int) -> None:
        self.place, self.rows_N, self.width = texts.place, rows_N, width
        self.first_N = np.concatenate([[0], np.cumsum(rows_N)])
        self.states_RD = np.memmap(path, dtype=np.float16, mode="r", shape=(int(self.first_N[-1]), width))

    def __deepcopy__(self, memo: object) -> Store:
        return self

    def of(self, tokens_BT: Tensor, mask_BT: Tensor, least: int) -> Tensor | None:
        """The states (B, R, D) float32 of the texts of a batch, zero behind the rows of a text; None where one of the
        texts is not here.

        least: the least number R.
        """
        lengths = mask_BT.sum(dim=1).tolist()
        ids_BT = tokens_BT.cpu().numpy()
        places = [self.place.get(digest(row[:length])) for row, length in zip(ids_BT, lengths, strict=True)]
        if None in places:
            return None
        most = max(least, *(int(self.rows_N[place]) for place in places))
        found_BRD = np.zeros((len(places), most, self.width), dtype=np.float16)
        for row, place in enumerate(places):
            found_BRD[row, : self.rows_N[place]] = self.states_RD[self.first_N[place] : self.first_N[place + 1]]
        return torch.from_numpy(found_BRD).to(tokens_BT.device).float()


def open_store(
    key: Key,
    texts: Texts,
    rows_of: Callable[[int], int],
    compute: Callable[[Tensor, Tensor], Tensor],
    narrate: Callable[[str], None],
) -> Store:
    """The store of these texts; where states are missing, they are computed first.

    rows_of: the number of rows of a text of so many tokens.
    compute: tokens_BT, mask_BT -> the states (B, R, D), of which the first `rows_of` of each text are kept.

    Raises:
        EnvironmentProblem: the disk has too little space, or the cache cannot be written.
    """
    if (found := complete_store(key, texts, rows_of)) is not None:
        narrate(f"{CONTENT.capitalize()} of {counted(len(texts.ids), 'text')} are read from the cache.")
        return found
    folder, rows_N = key.folder(texts), _rows(texts, rows_of)
    size = _size(rows_N, key)
    with disk_errors(CONTENT, folder.parent):
        folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder, narrate):
        if (done := _done(folder, size)).texts < len(texts.ids):
            _compute(folder, texts, rows_N, key.width, compute, narrate, done, size)
    return Store(folder / _STATES, texts, rows_N, key.width)


def complete_store(key: Key, texts: Texts, rows_of: Callable[[int], int]) -> Store | None:
    """The store of these texts; None where states are missing."""
    folder, rows_N = key.folder(texts), _rows(texts, rows_of)
    if _done(folder, _size(rows_N, key)).texts < len(texts.ids):
        return None
    return Store(folder / _STATES, texts, rows_N, key.width)


def _rows(texts: Texts, rows_of: Callable[[int], int]) -> np.ndarray:
    return np.array([rows_of(len(ids)) for ids in texts.ids], dtype=np.int64)


def _size(rows_N: np.ndarray, key: Key) -> int:
    """The bytes of the states in the file."""
    return int(rows_N.sum()) * key.width * np.dtype(np.float16).itemsize


class _only_one:  # noqa: N801
    """In this block no other process computes the same states."""

    def __init__(self, folder: Path, narrate: Callable[[str], None]) -> None:
        self.lock, self.narrate = FileLock(folder / "lock"), narrate

    def __enter__(self) -> None:
        try:
            self.lock.acquire(timeout=0.5)
        except Timeout:
            self.narrate("Another process computes the states of the frozen layers: this one waits for them.")
            self.lock.acquire()

    def __exit__(self, *error: object) -> None:
        self.lock.release()


class Done(NamedTuple):
    """What was computed: the number of texts, in the order of `_order`, and the CPU seconds for them."""

    texts: int = 0
    cpu_seconds: float = 0.0


def _done(folder: Path, size: int) -> Done:
    """What is in the file of the states."""
    try:
        if (folder / _STATES).stat().st_size != size:
            return Done()
    except OSError:
        return Done()
    noted = read_json(folder / _DONE)
    if not isinstance(noted, dict):
        return Done()
    texts, seconds = noted.get("texts"), noted.get("cpu_seconds")
    return Done(texts if isinstance(texts, int) else 0, seconds if isinstance(seconds, int | float) else 0.0)


def _order(texts: Texts) -> np.ndarray:
    """The longest texts first, so that a lack of memory shows at once."""
    return np.argsort([-len(ids) for ids in texts.ids], kind="stable")


def _batches(texts: Texts, order: np.ndarray, done: int) -> Iterator[np.ndarray]:
    """The positions of the texts of each batch, from the text number `done` of the order."""
    while done < len(order):
        size = max(BATCH_TOKENS // max(len(texts.ids[order[done]]), 1), 1)
        yield order[done : done + size]
        done += size


def _reserve(path: Path, size: int) -> None:
    """Make a file of that size whose blocks are on the disk: a write through memory to a full disk ends a process."""
    free = shutil.disk_usage(path.parent).free
    if free < size + LEFT_FREE:
        raise EnvironmentProblem(
            f"{CONTENT.capitalize()} take {_gigabytes(size)}, and {_gigabytes(free)} are free in {path.parent.parent}.",
            hint="Lower --max-length, use --pool mean or cls (one vector for each text), or --no-cache-states.",
        )
    with disk_errors(CONTENT, path.parent.parent), path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _compute(
    folder: Path,
    texts: Texts,
    rows_N: np.ndarray,
    width: int,
    compute: Callable[[Tensor, Tensor], Tensor],
    narrate: Callable[[str], None],
    earlier: Done,
    size: int,
) -> None:
    """Compute the states behind those of `earlier`, and note from time to time what is done."""
    path, order, count, done = folder / _STATES, _order(texts), len(texts.ids), earlier.texts
    if not done:
        narrate(f"Computing {CONTENT} of {counted(count, 'text')}, once; the cache keeps them ({_gigabytes(size)}).")
        (folder / _DONE).unlink(missing_ok=True)
        _reserve(path, size)
    else:
        narrate(f"Computing {CONTENT}: {done:,} of {counted(count, 'text')} are in the cache.")
    first_N = np.concatenate([[0], np.cumsum(rows_N)])
    states_RD = np.memmap(path, dtype=np.float16, mode="r+", shape=(int(first_N[-1]), width))
    lengths = np.array([len(texts.ids[index]) for index in order])
    left, began, cpu = int(lengths[done:].sum()), time.monotonic(), time.process_time()
    total, saved, reported = left, began, began

    def note() -> None:
        states_RD.flush()
        noted = Done(done, round(earlier.cpu_seconds + time.process_time() - cpu, 2))
        with disk_errors(CONTENT, folder.parent):
            write_atomically(folder / _DONE, json.dumps(noted._asdict()).encode(), durable=True)

    try:
        for indices in _batches(texts, order, done):
            tokens_BT, mask_BT = collate([texts.ids[index] for index in indices], len(texts.ids[indices[0]]))
            rows_BRD = compute(tokens_BT, mask_BT).to(torch.float16).cpu().numpy()
            for row, index in enumerate(indices):
                states_RD[first_N[index] : first_N[index + 1]] = rows_BRD[row, : rows_N[index]]
            done += len(indices)
            left -= sum(len(texts.ids[index]) for index in indices)
            now = time.monotonic()
            if now - saved > SAVE_EVERY:
                note()
                saved = now
            if now - reported > REPORT_EVERY and done < count:
                minutes = left * (now - began) / max(total - left, 1) / 60
                narrate(f"States of {done:,} of {counted(count, 'text')}; about {minutes:.0f} min left.")
                reported = now
    finally:
        note()
    narrate(f"The states of {counted(count, 'text')} are in the cache ({(time.monotonic() - began) / 60:.1f} min).")
