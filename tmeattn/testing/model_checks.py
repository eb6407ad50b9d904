"""The checks of a model: from its options to the equality of a resumed and an uninterrupted run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tmeattn.data.encoding.batches import collate
from tmeattn.data.sources import open_dataset, open_training_corpus
from tmeattn.errors import BadInput, Interrupted
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.models.building import build_model, check_contract
from tmeattn.run_config import RunConfig, config_class, resolve_run, spec_of
from tmeattn.runs import control
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event
from tmeattn.runs.index import all_runs
from tmeattn.specs import ModelOutput, ModelSpec, Space
from tmeattn.sweep.space import RECIPE as SPACE
from tmeattn.sweep.space import default_space
from tmeattn.sweep.space_text import parse_space
from tmeattn.testing import toy
from tmeattn.testing.checks import Check, Problem, Step, check_import, run_in_sandbox
from tmeattn.training import checkpoint
from tmeattn.training.checkpoint import Progress
from tmeattn.training.prepared import prepare
from tmeattn.training.session import resume, start

CLOSE = 1e-4
"""Tolerance of equal outputs: batches of other sizes add numbers in another order."""
MASK_ADVICE = (
    "Do not use positions where mask_BT is False: pool with tmeattn.layers.masked_softmax or masked_mean, and compute "
    "no statistics over the batch."
)


def model_checks(spec: ModelSpec, options: Mapping[str, Any]) -> list[Check]:
    """All checks of a model, in the order in which its author should correct them."""
    model = _Model(spec, options)
    steps: list[Step] = [
        ("options", model.options_are_valid),
        ("listing", lambda: check_import(spec.config)),
        ("build", model.can_be_built),
        ("output", model.output_is_valid),
        ("padding", model.padding_has_no_effect),
        ("gradients", model.gradients_reach_all_parameters),
        ("repeatable", model.evaluation_is_deterministic),
        ("checkpoint", model.checkpoint_restores_the_model),
        ("resume", model.resumed_run_equals_an_uninterrupted_one),
        ("explain", model.can_be_explained),
    ]
    random_state, threads = torch.get_rng_state(), torch.get_num_threads()
    try:
        return run_in_sandbox(spec, steps, required=4)
    finally:
        torch.set_rng_state(random_state)
        torch.set_num_threads(threads)


class _Model:
    """A model and its checks, for two and for three classes."""

    def __init__(self, spec: ModelSpec, options: Mapping[str, Any]) -> None:
        self.spec, self.given = spec, options

    def config(self, classes: int, **more: Any) -> RunConfig:
        options = {**toy.QUICK, "dataset": toy.dataset_name(classes), **more, **self.given}
        return resolve_run(self.spec.name, options)

    @cached_property
    def own_spec(self) -> ModelSpec:
        """The spec with the kind of attention that the given options make."""
        return spec_of(self.config(3))

    def space(self, classes: int) -> Space:
        config = self.config(classes)
        corpus = open_training_corpus(config, open_dataset(config.train.dataset), None, lambda line: None)
        return Space(
            vocabulary_size=len(corpus.vocabulary),
            num_classes=classes,
            vector_size=config.train.vector_size or 8,
            tune=config.train.tune_embeddings,
            prepared=prepare(self.spec, config, corpus),
        )

    def built(self, classes: int = 3, space: Space | None = None) -> nn.Module:
        torch.manual_seed(0)
        return build_model(self.config(classes), space or self.space(classes))

    def options_are_valid(self) -> None:
        fields = config_class(self.spec).model_fields
        if silent := [name for name, info in fields.items() if not info.description]:
            raise Problem(
                f"no help for {', '.join(silent)}.", "Give each field a description: Field(..., description=)"
            )
        for recipe in ("modern", "report"):
            self.config(3, recipe=recipe)
        if SPACE in config_class(self.spec).recipes:
            self._check_space()

    def _check_space(self) -> None:
        try:
            parse_space(self.spec.name, default_space(self.spec.name), {**toy.QUICK, "dataset": toy.dataset_name(3)})
        except BadInput as error:
            raise Problem(
                f"its default space is not valid: {error.message}",
                f'Write values in recipes["{SPACE}"] as behind --space: "lr": "1e-3..1e-2:log".',
            ) from None

    def can_be_built(self) -> None:
        for classes in (2, 3):
            self.built(classes)

    def output_is_valid(self) -> None:
        for classes in (2, 3):
            space = self.space(classes)
            check_contract(self.own_spec, self.built(classes, space), space, torch.device("cpu"))
        space = self.space(3)
        with _evaluating(self.built(3, space)) as model:
            output = self.output(model, *collate(_texts(space), 100))
        if not output.logits_BC.isfinite().all():
            raise Problem("logits are not finite for texts of 1 to 12 words.", "Avoid divisions by zero and ln(0).")
        weights_BT = output.attention_BT
        if weights_BT is not None and not torch.allclose(
            weights_BT.sum(dim=1), torch.ones(len(weights_BT)), atol=CLOSE
        ):
            raise Problem("the attention weights of a text do not sum to 1.", "Normalise over the tokens of each text.")

    def output(self, model: nn.Module, tokens_BT: Tensor, mask_BT: Tensor) -> ModelOutput:
        output: ModelOutput = model(tokens_BT, mask_BT, need_maps=self.own_spec.attention == "self")
        return output

    def padding_has_no_effect(self) -> None:
        space = self.space(3)
        texts = _texts(space)
        tokens_BT, mask_BT = collate(texts, 100)
        noisy_BT = torch.where(mask_BT, tokens_BT, space.vocabulary_size - 1)
        with _evaluating(self.built(3, space)) as model:
            together = self.output(model, tokens_BT, mask_BT)
            for row, text in enumerate(texts):
                alone = self.output(model, *collate([text], 100))
                self.same(together, row, alone, len(text), "the output of a text changes in a batch with longer texts.")
            noisy = self.output(model, noisy_BT, mask_BT)
            for row, text in enumerate(texts):
                self.same(
                    together,
                    row,
                    _row(noisy, row),
                    len(text),
                    "the output depends on token ids where mask_BT is False.",
                )

    def same(self, batch: ModelOutput, row: int, alone: ModelOutput, length: int, problem: str) -> None:
        if not torch.allclose(batch.logits_BC[row], alone.logits_BC[0], atol=CLOSE):
            raise Problem(problem, MASK_ADVICE)
        if batch.attention_BT is None or alone.attention_BT is None:
            return
        if not torch.allclose(batch.attention_BT[row, :length], alone.attention_BT[0, :length], atol=CLOSE):
            raise Problem(f"{problem[:-1]}: the attention weights.", MASK_ADVICE)

    def gradients_reach_all_parameters(self) -> None:
        space = self.space(3)
        model = self.built(3, space).train()
        trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        if not trained:
            return
        tokens_BT, mask_BT = collate(_texts(space), 100)
        for _ in range(3):  # dropout can hide a parameter in one pass, and a weight of zero those before it
            labels_B = torch.arange(len(tokens_BT)) % 3
            nn.functional.cross_entropy(self.output(model, tokens_BT, mask_BT).logits_BC, labels_B).backward()  # type: ignore[no-untyped-call]
            with torch.no_grad():
                for _, parameter in trained:
                    if parameter.grad is not None:
                        parameter.sub_(0.01 * parameter.grad)
        if idle := [name for name, parameter in trained if parameter.grad is None or not parameter.grad.any()]:
            raise Problem(
                f"no gradient reaches {', '.join(idle)}.",
                "Use them in forward, without detach() or no_grad(), or set requires_grad_(False).",
            )
        if broken := [name for name, parameter in trained if not parameter.grad.isfinite().all()]:  # type: ignore[union-attr]
            raise Problem(f"the gradient of {', '.join(broken)} is not finite.", "Avoid 0/0, ln(0) and sqrt(0).")

    def evaluation_is_deterministic(self) -> None:
        space = self.space(3)
        batch = collate(_texts(space), 100)
        with _evaluating(self.built(3, space)) as model:
            if not torch.equal(self.output(model, *batch).logits_BC, self.output(model, *batch).logits_BC):
                raise Problem(
                    "two outputs for one text differ in evaluation mode.",
                    "Draw random numbers only if self.training is True, as nn.Dropout does.",
                )

    def checkpoint_restores_the_model(self) -> None:
        space = self.space(3)
        batch = collate(_texts(space), 100)
        model = self.built(3, space)
        with tempfile.TemporaryDirectory() as folder:
            checkpoint.save_best(Path(folder), model, Progress(prepared=space.prepared))
            found = checkpoint.load(Path(folder), "best")
        if found is None:
            raise Problem("its checkpoint cannot be loaded.", "Keep its state in parameters and buffers.")
        torch.manual_seed(1)
        fresh = build_model(self.config(3), replace(space, prepared=found.progress.prepared))
        found.load_model(fresh)
        with _evaluating(model), _evaluating(fresh):
            if not torch.equal(self.output(model, *batch).logits_BC, self.output(fresh, *batch).logits_BC):
                raise Problem(
                    "a model that is loaded from a checkpoint predicts something else.",
                    "Keep all random or learned values in parameters or buffers (register_buffer), not in attributes.",
                )

    def resumed_run_equals_an_uninterrupted_one(self) -> None:
        options = self.config(3).flat()
        whole = start(self.spec.name, options)
        try:
            start(self.spec.name, options, listeners=[_stop_after_ten])
        except Interrupted:
            resumed = resume(next(run for run in all_runs() if run.id != whole.id))
            if (difference := _difference(whole, resumed)) is not None:
                raise Problem(
                    f"a run that was stopped and resumed ends with another {difference}.",
                    "Keep values that change in parameters or buffers, and draw random numbers only from torch.",
                ) from None

    def can_be_explained(self) -> None:
        run = start(self.spec.name, self.config(2).flat())
        explanation = explain(TrainedClassifier(run), ExplainRequest("a splendid film with a dreadful end"))
        scores = np.array([word.score for word in explanation.words])
        if explanation.method == "attention" and not np.isclose(scores.sum(), 1, atol=1e-3):
            raise Problem("the attention weights of a text do not sum to 1.", "Normalise over the tokens of each text.")


def _stop_after_ten(event: Event) -> None:
    """Request a stop at the first `step` event, which is logged after ten steps."""
    if event["kind"] == "step":
        control.request(max(all_runs(), key=lambda run: run.info["created"]), "stop")


def _difference(one: RunDirectory, other: RunDirectory) -> str | None:
    """The name of a tensor in which the last checkpoints of two runs differ, one of the model's where there is one;
    None: they are equal."""
    states = [checkpoint.load(run.checkpoints, "last") for run in (one, other)]
    first, second = ({} if found is None else found.tensors for found in states)
    if first.keys() != second.keys():
        return "set of tensors"
    names = sorted(first, key=lambda name: not name.startswith("model."))  # files keep no order
    return next((name for name in names if not torch.equal(first[name], second[name])), None)


def _texts(space: Space) -> list[np.ndarray]:
    """Token ids of texts of 1 to 12 words, which together have every word of the vocabulary."""
    words = np.random.default_rng(0).permutation(np.arange(1, space.vocabulary_size))
    lengths = [1, 12, 5, 3, 8, 2]
    drawn = np.resize(words, max(sum(lengths), len(words)))
    return np.split(drawn, np.cumsum(lengths))[: len(lengths)]


def _row(output: ModelOutput, row: int) -> ModelOutput:
    """The output of one text, as a batch of one."""
    weights_BT = output.attention_BT
    return ModelOutput(output.logits_BC[row : row + 1], None if weights_BT is None else weights_BT[row : row + 1])


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """The model in evaluation mode, without gradients."""
    model.eval()
    with torch.no_grad():
        yield model
