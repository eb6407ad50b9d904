"""Words that are hidden in training: how many, by which operator, the same after a stop and in several processes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tmeattn.data.encoding.batches import BucketedBatches, Share
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.errors import BadInput, Interrupted
from tmeattn.run_config import resolve_run, stored_config
from tmeattn.runs.control import request
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import all_runs
from tmeattn.runs.reuse import identity
from tmeattn.specs import UNKNOWN
from tmeattn.training.erasure import hidden_words, split_with_hidden_words, with_hidden_words
from tmeattn.training.session import resume, start

LENGTHS = np.array([7, 1, 4, 12, 3, 9, 5])


@pytest.fixture
def split() -> EncodedSplit:
    """Texts of these lengths, whose words are numbered from 2."""
    offsets = np.concatenate([[0], LENGTHS.cumsum()])
    texts = len(LENGTHS)
    return EncodedSplit(
        np.arange(2, 2 + offsets[-1], dtype=np.int32), offsets, np.zeros(texts, np.int64), np.arange(texts)
    )


def shares(split: EncodedSplit, *, rank: int = 0, size: int = 1) -> list[Share]:
    return list(BucketedBatches(split, 4, 10, seed=0).shares(0, rank=rank, size=size))


def changed(split: EncodedSplit, share: Share, operator: Any, step: int, rank: int = 0, size: int = 1) -> Share:
    lengths_W = np.minimum(split.lengths[share.indices_W], 10)
    return with_hidden_words(share, lengths_W, [0, step], operator, rank=rank, size=size)


def test_half_of_the_texts_lose_a_share_that_is_uniform() -> None:
    lengths_W = np.full(400, 50)
    hidden_WT = hidden_words(lengths_W, [3, 8]).reshape(400, 50)
    shares_W = np.sort(hidden_WT.mean(axis=1)[hidden_WT.any(axis=1)])
    assert 190 <= len(shares_W) <= 200  # a text with a low rate may stay whole
    assert np.abs(shares_W - np.linspace(0, 1, len(shares_W))).max() < 0.12
    assert np.array_equal(hidden_words(lengths_W, [3, 8]).reshape(400, 50), hidden_WT)
    assert not np.array_equal(hidden_words(lengths_W, [3, 9]).reshape(400, 50), hidden_WT)


def test_a_batch_of_one_text_is_erased_in_half_of_the_steps() -> None:
    erased = sum(bool(hidden_words(np.array([30]), [0, step]).any()) for step in range(400))
    assert 160 < erased < 230


def test_deleted_words_leave_the_others_in_their_order_and_no_text_empty(split: EncodedSplit) -> None:
    empty = 0
    for step in range(40):
        for share in shares(split):
            found, whole = changed(split, share, "delete", step).batch, share.batch
            assert found.tokens_BT.shape[1] == int(found.mask_BT.sum(dim=1).max())
            for row, before in enumerate(whole.tokens_BT):
                left = found.tokens_BT[row][found.mask_BT[row]].tolist()
                words = before[whole.mask_BT[row]].tolist()
                assert (found.tokens_BT[row][~found.mask_BT[row]] == 0).all()
                if left == [UNKNOWN]:
                    empty += 1
                else:
                    assert left
                    assert left == [word for word in words if word in left]
            assert torch.equal(found.labels_B, whole.labels_B)
    assert empty


def test_unknown_words_take_the_places_of_the_hidden_ones(split: EncodedSplit) -> None:
    for share in shares(split):
        deleted, found = changed(split, share, "delete", 5).batch, changed(split, share, "unknown", 5).batch
        assert torch.equal(found.mask_BT, share.batch.mask_BT)
        for row in range(len(found.tokens_BT)):
            kept = found.tokens_BT[row][found.mask_BT[row]]
            left = [word for word in kept.tolist() if word != UNKNOWN]
            assert (left or [UNKNOWN]) == deleted.tokens_BT[row][deleted.mask_BT[row]].tolist()


@pytest.mark.parametrize("operator", ["delete", "unknown"])
def test_the_shares_of_several_processes_are_the_batch_of_one(split: EncodedSplit, operator: str) -> None:
    for number, share in enumerate(shares(split)):
        whole = changed(split, share, operator, 2).batch
        for rank in range(3):
            own = changed(split, shares(split, rank=rank, size=3)[number], operator, 2, rank, 3).batch
            assert torch.equal(own.tokens_BT, whole.tokens_BT[rank::3])
            assert torch.equal(own.mask_BT, whole.mask_BT[rank::3])


@pytest.mark.parametrize("operator", ["delete", "unknown"])
def test_a_split_for_a_model_that_is_fitted_before_training(split: EncodedSplit, operator: Any) -> None:
    emptied = False
    for seed in range(30):
        found = split_with_hidden_words(split, seed, operator)
        assert found.tokens.dtype == split.tokens.dtype
        assert len(found.tokens) == found.offsets[-1]
        whole = 0
        for row in range(len(split)):
            before = split.tokens[split.offsets[row] : split.offsets[row + 1]].tolist()
            after = found.tokens[found.offsets[row] : found.offsets[row + 1]].tolist()
            whole += before == after
            emptied |= after == [UNKNOWN]
            left = [word for word in after if word != UNKNOWN]
            assert left == [word for word in before if word in left]
            assert after
        assert whole >= 3
    assert emptied
    assert split.tokens.tolist() == list(range(2, 43))


def weights(run: RunDirectory) -> dict[str, torch.Tensor]:
    return load_file(run.checkpoints / "last.safetensors")


@pytest.mark.parametrize("operator", ["delete", "unknown"])
def test_a_resumed_run_equals_an_undisturbed_one(planted: dict[str, Any], operator: str) -> None:
    options = {**planted, "batch_size": 4, "epochs": 2, "dropout": 0.3, "checkpoint_every": 5}
    options |= {"word_dropout_erasure": True, "erasure_operator": operator}
    undisturbed = start("simple-attn", options)

    def stop(event: Any) -> None:
        if event["kind"] == "step":
            request(next(run for run in all_runs() if run.id != undisturbed.id), "stop")

    with pytest.raises(Interrupted):
        start("simple-attn", options, listeners=[stop])
    run = resume(next(run for run in all_runs() if run.id != undisturbed.id))
    one, other = weights(run), weights(undisturbed)
    assert one.keys() == other.keys()
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    plain = weights(start("simple-attn", {**options, "word_dropout_erasure": False, "erasure_operator": "delete"}))
    assert not all(torch.equal(value, other[name]) for name, value in plain.items())


@pytest.mark.parametrize(
    "model", ["mean", "simple-attn", "query-attn", "lstm", "lstm-attn", "transformer", "nb-logreg"]
)
def test_every_model_trains_on_erased_texts(planted: dict[str, Any], model: str) -> None:
    run = start(model, {**planted, "word_dropout_erasure": True})
    assert run.status()["state"] == "finished"
    assert stored_config(run.id, run.config).train.word_dropout_erasure


def test_the_operator_needs_the_erasure_and_tells_runs_apart() -> None:
    with pytest.raises(BadInput, match="--erasure-operator unknown has no effect without --word-dropout-erasure"):
        resolve_run("mean", {"erasure_operator": "unknown"})
    plain, deleted, unknown = (
        identity(resolve_run("mean", options))
        for options in (
            {},
            {"word_dropout_erasure": True},
            {"word_dropout_erasure": True, "erasure_operator": "unknown"},
        )
    )
    assert len({plain, deleted, unknown}) == 3
