"""What `check_model` looks at: from a model's options to the equality of a resumed run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tmeattn.config import RunConfig, config_class, resolve_run
from tmeattn.data.encoding.batches import collate
from tmeattn.data.sources import open_dataset, open_training_corpus
from tmeattn.errors import Interrupted
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.models.building import build_model, check_contract
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event
from tmeattn.runs.index import all_runs
from tmeattn.specs import ModelOutput, ModelSpec, Space
from tmeattn.testing import toy
from tmeattn.testing.checks import Check, Wrong, demand_light, examine, laboratory
from tmeattn.training import checkpoint
from tmeattn.training.checkpoint import Progress
from tmeattn.training.prepared import prepare
from tmeattn.training.session import resume, start

QUICK: Mapping[str, Any] = {
    "vectors": "random",
    "vector_size": 8,
    "min_count": 1,
    "batch_size": 4,
    "max_length": 16,
    "epochs": 2,
    "patience": 0,
    "threads": 1,
    "device": "cpu",
}
"""Options of a training that takes a fraction of a second."""
CLOSE = 1e-4
MASK_ADVICE = (
    "Where mask_BT is False nothing may be read: pool with masked_softmax or masked_mean of tmeattn.models.layers, and "
    "use no statistics over the batch."
)


def model_checks(spec: ModelSpec, options: Mapping[str, Any]) -> list[Check]:
    """All checks of a model, in the order in which its author would mend them."""
    model = _Model(spec, options)
    steps: list[tuple[str, Callable[[], None]]] = [
        ("options", model.options_hold),
        ("listing", lambda: demand_light(spec.config)),
        ("build", model.builds),
        ("output", model.output_fits),
        ("padding", model.padding_never_matters),
        ("gradients", model.gradients_reach_all_parameters),
        ("repeatable", model.evaluation_repeats),
        ("checkpoint", model.comes_back_from_a_file),
        ("resume", model.resumed_run_equals_an_uninterrupted_one),
        ("explain", model.can_be_explained),
    ]
    random_state, threads = torch.get_rng_state(), torch.get_num_threads()
    try:
        with laboratory(spec):
            return examine(steps, needed=4)
    except Wrong as wrong:
        return [Check("name", wrong.problem, wrong.advice)]
    finally:
        torch.set_rng_state(random_state)
        torch.set_num_threads(threads)


class _Model:
    """A model under examination, built for two classes and for three."""

    def __init__(self, spec: ModelSpec, options: Mapping[str, Any]) -> None:
        self.spec, self.given = spec, options

    def config(self, classes: int, **more: Any) -> RunConfig:
        options = {**QUICK, "dataset": toy.dataset_name(classes), **more, **self.given}
        return resolve_run(self.spec.name, options)

    def space(self, classes: int) -> Space:
        config = self.config(classes)
        corpus = open_training_corpus(config.train, open_dataset(config.train.dataset), None, lambda line: None)
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

    def options_hold(self) -> None:
        fields = config_class(self.spec).model_fields
        if silent := [name for name, info in fields.items() if not info.description]:
            raise Wrong(f"no help for {', '.join(silent)}.", "Give each field a description: Field(..., description=)")
        for recipe in ("modern", "report"):
            self.config(3, recipe=recipe)

    def builds(self) -> None:
        for classes in (2, 3):
            self.built(classes)

    def output_fits(self) -> None:
        for classes in (2, 3):
            space = self.space(classes)
            check_contract(self.spec, self.built(classes, space), space, torch.device("cpu"))
        space = self.space(3)
        with _evaluating(self.built(3, space)) as model:
            output = self.read(model, *collate(_texts(space), 100))
        if not output.logits_BC.isfinite().all():
            raise Wrong("logits are not finite for texts of 1 to 12 words.", "Look for a division by zero or ln(0).")
        weights_BT = output.attention_BT
        if weights_BT is not None and not torch.allclose(
            weights_BT.sum(dim=1), torch.ones(len(weights_BT)), atol=CLOSE
        ):
            raise Wrong("attention does not sum to 1 over a text.", "Normalise over the words of each text.")

    def read(self, model: nn.Module, tokens_BT: Tensor, mask_BT: Tensor) -> ModelOutput:
        output: ModelOutput = model(tokens_BT, mask_BT, need_maps=self.spec.attention == "self")
        return output

    def padding_never_matters(self) -> None:
        space = self.space(3)
        texts = _texts(space)
        tokens_BT, mask_BT = collate(texts, 100)
        noisy_BT = torch.where(mask_BT, tokens_BT, space.vocabulary_size - 1)
        with _evaluating(self.built(3, space)) as model:
            together = self.read(model, tokens_BT, mask_BT)
            for row, text in enumerate(texts):
                alone = self.read(model, *collate([text], 100))
                self.same(together, row, alone, len(text), "a text is read differently beside longer ones.")
            noisy = self.read(model, noisy_BT, mask_BT)
            for row, text in enumerate(texts):
                self.same(together, row, _row(noisy, row), len(text), "token ids where mask_BT is False are read.")

    def same(self, batch: ModelOutput, row: int, alone: ModelOutput, length: int, problem: str) -> None:
        if not torch.allclose(batch.logits_BC[row], alone.logits_BC[0], atol=CLOSE):
            raise Wrong(problem, MASK_ADVICE)
        if batch.attention_BT is None or alone.attention_BT is None:
            return
        if not torch.allclose(batch.attention_BT[row, :length], alone.attention_BT[0, :length], atol=CLOSE):
            raise Wrong(f"{problem[:-1]}: its attention.", MASK_ADVICE)

    def gradients_reach_all_parameters(self) -> None:
        space = self.space(3)
        model = self.built(3, space).train()
        trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        if not trained:
            return
        tokens_BT, mask_BT = collate(_texts(space), 100)
        for _ in range(3):  # dropout may hide one in one draw, a weight that starts at zero all before it
            labels_B = torch.arange(len(tokens_BT)) % 3
            nn.functional.cross_entropy(self.read(model, tokens_BT, mask_BT).logits_BC, labels_B).backward()  # type: ignore[no-untyped-call]
            with torch.no_grad():
                for _, parameter in trained:
                    if parameter.grad is not None:
                        parameter.sub_(0.01 * parameter.grad)
        if idle := [name for name, parameter in trained if parameter.grad is None or not parameter.grad.any()]:
            raise Wrong(
                f"no gradient reaches {', '.join(idle)}.",
                "Use them in forward, without detach() or no_grad(), or set requires_grad_(False).",
            )
        if broken := [name for name, parameter in trained if not parameter.grad.isfinite().all()]:  # type: ignore[union-attr]
            raise Wrong(f"the gradient of {', '.join(broken)} is not finite.", "Look for 0/0, ln(0) and sqrt(0).")

    def evaluation_repeats(self) -> None:
        space = self.space(3)
        batch = collate(_texts(space), 100)
        with _evaluating(self.built(3, space)) as model:
            if not torch.equal(self.read(model, *batch).logits_BC, self.read(model, *batch).logits_BC):
                raise Wrong(
                    "two readings of one text differ in evaluation mode.",
                    "Draw at random only where self.training is True, as nn.Dropout does.",
                )

    def comes_back_from_a_file(self) -> None:
        space = self.space(3)
        batch = collate(_texts(space), 100)
        model = self.built(3, space)
        with tempfile.TemporaryDirectory() as folder:
            checkpoint.save_best(Path(folder), model, Progress(prepared=space.prepared))
            found = checkpoint.load(Path(folder), "best")
        if found is None:
            raise Wrong("its checkpoint cannot be read back.", "Keep its state in parameters and buffers.")
        torch.manual_seed(1)
        fresh = build_model(self.config(3), replace(space, prepared=found.progress.prepared))
        found.load_model(fresh)
        with _evaluating(model), _evaluating(fresh):
            if not torch.equal(self.read(model, *batch).logits_BC, self.read(fresh, *batch).logits_BC):
                raise Wrong(
                    "a model built anew and loaded from a checkpoint predicts something else.",
                    "Keep everything random or learned in parameters or buffers (register_buffer), not in attributes.",
                )

    def resumed_run_equals_an_uninterrupted_one(self) -> None:
        options = self.config(3).flat()
        whole = start(self.spec.name, options)
        try:
            start(self.spec.name, options, listeners=[_stop_after_ten])
        except Interrupted:
            resumed = resume(next(run for run in all_runs() if run.id != whole.id))
            if (told := _difference(whole, resumed)) is not None:
                raise Wrong(
                    f"a run that was stopped and resumed ends with another {told}.",
                    "Keep what changes in training in parameters or buffers, and draw random numbers from torch alone.",
                ) from None

    def can_be_explained(self) -> None:
        run = start(self.spec.name, self.config(2).flat())
        explanation = explain(TrainedClassifier(run), ExplainRequest("a splendid film with a dreadful end"))
        scores = np.array([word.score for word in explanation.words])
        if explanation.method == "attention" and not np.isclose(scores.sum(), 1, atol=1e-3):
            raise Wrong("the attention of one text does not sum to 1.", "Normalise over the words of each text.")


def _stop_after_ten(event: Event) -> None:
    """The first `step` event comes after ten steps: ask the run to stop there."""
    if event["kind"] == "step":
        newest = max(all_runs(), key=lambda run: run.info["created"])
        request = newest.path / "control" / "stop"
        request.parent.mkdir(exist_ok=True)
        request.touch()


def _difference(one: RunDirectory, other: RunDirectory) -> str | None:
    states = [checkpoint.load(run.checkpoints, "last") for run in (one, other)]
    first, second = ({} if found is None else found.tensors for found in states)
    if first.keys() != second.keys():
        return "set of tensors"
    return next((name for name in first if not torch.equal(first[name], second[name])), None)


def _texts(space: Space) -> list[np.ndarray]:
    """Token ids of texts of 1 to 12 words, which together hold the whole vocabulary (but padding)."""
    words = np.random.default_rng(0).permutation(np.arange(1, space.vocabulary_size))
    lengths = [1, 12, 5, 3, 8, 2]
    drawn = np.resize(words, max(sum(lengths), len(words)))
    return np.split(drawn, np.cumsum(lengths))[: len(lengths)]


def _row(output: ModelOutput, row: int) -> ModelOutput:
    weights_BT = output.attention_BT
    return ModelOutput(output.logits_BC[row : row + 1], None if weights_BT is None else weights_BT[row : row + 1])


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[nn.Module]:
    model.eval()
    with torch.no_grad():
        yield model
