"""The texts that a person watches: chosen once, read after every epoch, without a trace in what is trained."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.models.layers import masked_softmax
from tmeattn.paths import runs_dir
from tmeattn.runs import watched_texts
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ModelOutput
from tmeattn.training.session import start
from tmeattn.training.watch_list import choose, steps_between, watched


def split_of(lengths):
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    tokens = np.arange(offsets[-1], dtype=np.int32) % 7 + 2
    labels = np.arange(len(lengths)) % 2
    return EncodedSplit(tokens, offsets, labels, np.arange(len(lengths)) * 10)


def test_one_text_of_every_part_the_nearest_in_length():
    split = split_of([5, 60, 300, 59, 61, 1, 10, 11, 12])
    assert choose(split, texts=3).tolist() == [1, 3, 8]


def test_a_split_smaller_than_the_list_is_watched_whole():
    assert choose(split_of([3, 4])).tolist() == [0, 1]


class SelfAttention(torch.nn.Module):
    """One layer, two heads; every position attends to the positions of its own id; with `cls`, CLS is before the words
    and has the id 4."""

    def __init__(self, cls=True):
        super().__init__()
        self.prefix = int(cls)

    def forward(self, tokens_BT, mask_BT, need_maps=False):
        ids_BS = torch.nn.functional.pad(tokens_BT, (self.prefix, 0), value=4)
        real_BS = torch.nn.functional.pad(mask_BT, (self.prefix, 0), value=True)
        same_BSS = (ids_BS[:, :, None] == ids_BS[:, None, :]).float() * 30
        map_BSS = masked_softmax(same_BSS, real_BS[:, None, :].expand_as(same_BSS))
        return ModelOutput(torch.zeros(len(tokens_BT), 2), None, (torch.stack([map_BSS, map_BSS], 1),))


@pytest.mark.parametrize(
    ("cls", "scores"),
    [
        (True, [0, 0, 1]),  # the words 2, 3, 4 under the row of CLS, which attends to the id 4: half on CLS itself
        (False, [1 / 3, 1 / 3, 1 / 3]),  # the mean over three rows, each of which attends to itself
    ],
)
def test_scores_of_self_attention_are_the_row_of_cls_or_the_mean_over_rows(cls, scores):
    split = split_of([3, 5])
    texts = watched(SelfAttention(cls), split, max_length=9, device=torch.device("cpu"), attention="sample")
    assert [text["index"] for text in texts] == [0, 10]
    assert texts[0]["scores"] == pytest.approx(scores, abs=1e-4)
    assert [len(text["scores"]) for text in texts] == [3, 5]
    assert texts[0]["probabilities"] == [0.5, 0.5]


@pytest.mark.parametrize("model", ["mean", "simple-attn", "transformer"])
def test_every_model_is_watched_after_every_epoch(planted, model):
    run = start(model, {**planted, "epochs": 2})
    seen = [event for event in run.events() if event["kind"] == "watched"]
    assert [event["epoch"] for event in seen] == [1, 2]
    for text in seen[-1]["texts"]:
        assert sum(text["probabilities"]) == pytest.approx(1)
        assert (text["scores"] is None) == (model == "mean")
        if model != "mean":
            assert sum(text["scores"]) == pytest.approx(1, abs=1e-3)


def test_watching_draws_no_random_number_and_leaves_the_mode():
    torch.manual_seed(1)
    model = SelfAttention().train()
    before = torch.get_rng_state()
    watched(model, split_of([3, 5]), max_length=9, device=torch.device("cpu"), attention="sample")
    assert torch.equal(before, torch.get_rng_state())
    assert model.training


def test_texts_of_the_user_are_measured_within_epochs_and_change_no_weight(planted):
    options = {**planted, "epochs": 2, "batch_size": 2, "dropout": 0.3}  # 32 steps an epoch: a look after every 10

    def edit(event):
        if event["kind"] == "step" and event["step"] == 30:
            watched_texts.add(run_of(event), "typed while it trains")

    def run_of(event):
        return RunDirectory(next(path for path in runs_dir().iterdir() if path.name != plain.id))

    plain = start("simple-attn", options)
    run = start("simple-attn", options, watch_texts=["wonderful plot"], listeners=[edit])
    for name in ("last", "best"):
        one, two = (load_file(each.checkpoints / f"{name}.safetensors") for each in (plain, run))
        assert one.keys() == two.keys()
        assert all(torch.equal(one[key], two[key]) for key in one)
    looks = run.events("watched_step")
    assert [(event["step"], event["epoch"]) for event in looks][:6] == [
        (0, 0), (10, 0), (20, 0), (30, 0), (42, 1), (52, 1)
    ]  # fmt: skip
    first = looks[0]["texts"][0]
    assert (first["text"], first["index"], first["label"]) == ("wonderful plot", None, None)
    assert len(first["scores"]) == 2
    assert sum(first["probabilities"]) == pytest.approx(1)
    assert [text["index"] for text in looks[0]["texts"][1:]] == [text["index"] for text in looks[-1]["texts"][2:]]
    assert looks[-1]["texts"][1]["text"] == "typed while it trains"


def test_a_damaged_list_is_a_warning_and_the_training_goes_on(planted):
    def damage(event):
        if event["kind"] == "started":
            (runs_dir() / event["run"] / watched_texts.FILE).write_text("{")

    run = start("mean", {**planted, "epochs": 2}, listeners=[damage])
    warnings = [event["message"] for event in run.events("warning")]
    assert len([message for message in warnings if "watch.json is damaged" in message]) == 1
    assert run.is_finished()


@pytest.mark.parametrize(("steps", "between"), [(1, 10), (80, 10), (313, 39), (100_000, 200)])
def test_long_epochs_are_measured_more_often(steps, between):
    assert steps_between(steps) == between
