"""The weights and the words of a run, from which another one starts (`--init`).

Parameters have the values of the run, but for the rows of new words, which have those that the model was built with:
their pretrained vectors, or random ones. If the classes are others, the parameters whose shape depends on the number of
classes keep the values that they were built with, too: the classifier's head starts anew.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.data.sources import run_tokenizer
from tmeattn.errors import BadInput, shortened
from tmeattn.files import sha256_of
from tmeattn.models.building import build_model
from tmeattn.models.planning import planned_model
from tmeattn.plurals import counted
from tmeattn.registry import registry
from tmeattn.run_config import RunConfig
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.init_options import changed_options, init_run
from tmeattn.runs.lineage import own_id
from tmeattn.runs.run_files import DataInfo, InitOrigin
from tmeattn.specs import ModelSpec, Space
from tmeattn.training import checkpoint
from tmeattn.training.checkpoint import Checkpoint

FORMAT = 1
"""The version of `InitOrigin`."""
MOST_NAMED = 5
"""Classes that a note names of each run."""


@dataclass(frozen=True)
class Initial:
    """What a run with the configuration `config` starts from. stored: the best weights of `run`. vocabulary: its
    words."""

    config: RunConfig
    run: RunDirectory
    stored: Checkpoint
    vocabulary: Vocabulary

    @property
    def classes(self) -> list[str]:
        return self.run.data["classes"]

    def check_data(self, data: DataInfo) -> None:
        """Check the word vectors of new words.

        Raises:
            BadInput: they have another number of dimensions than those of the run.
        """
        size, own = data["vector_size"], self.run.data["vector_size"]
        if size != own:
            raise BadInput(
                f"--vectors {shortened(self.config.train.vectors)} have {counted(size, 'dimension')}, and the words of "
                f"the run {self.run.id} have {own}.",
                hint=f"Leave --vectors out, or give vectors of {own} dimensions.",
            )

    def origin(self, classes: Sequence[str]) -> InitOrigin:
        """What `run.json` tells of it."""
        return {
            "format": FORMAT,
            "run": own_id(self.run),
            "name": self.run.name,
            "created": self.run.info["created"],
            "epoch": self.stored.progress.epoch,
            "weights": sha256_of(self.run.checkpoints / "best.safetensors"),
            "words": len(self.vocabulary),
            "vocabulary": self.vocabulary.checksum,
            "new_head": not self._keeps_head(classes),
        }

    def notes(self, classes: Sequence[str]) -> list[str]:
        """What the user should know before the training."""
        name = self.run.name or self.run.id
        lines = [f"The run starts from the weights of {name} after epoch {self.stored.progress.epoch}."]
        if self.run.state() != "finished":
            lines.append(f"{name} is not finished: these are its best weights so far.")
        if changed := self._changed_options():
            told = ", ".join(_typed(key, new) for key, (new, _) in changed.items())
            lines.append(f"Options that {name} does not have: {told}.")
        if not self._keeps_head(classes):
            lines.append(
                f"The classes are {_listed(classes)}, and those of {name} are {_listed(self.classes)}: the "
                "classifier's head starts anew."
            )
        tokenizer = run_tokenizer(self.config)
        if self.stored.progress.tokenizer not in ("", tokenizer.fingerprint):
            lines.append(f"Warning: the tokenizer {tokenizer.name} has changed since {name} was trained.")
        return lines

    def words_note(self, words: int) -> str:
        """How many words are those of the run, and how many are new."""
        old = len(self.vocabulary)
        return (
            f"{counted(old, 'word')} of {words:,} are those of {self.run.name or self.run.id}, and {words - old:,} new."
        )

    @torch.no_grad()
    def load_into(self, model: nn.Module, classes: Sequence[str]) -> None:
        """Copy the weights into a model that was built for the new words and classes.

        Raises:
            BadInput: a parameter is neither of the same shape nor one with a row for each word.
        """
        parts = self._class_parts if list(classes) != self.classes else {}
        keeps_head = self._keeps_head(classes)
        own = model.state_dict()
        for name, value in self._weights().items():
            if name in parts and not keeps_head:
                continue
            target = own[name]
            if name in parts:
                order = torch.tensor([self.classes.index(each) for each in classes])
                value = value.index_select(parts[name], order)
            if value.shape != target.shape:
                rows = self._rows(value, target)
                if rows is None:
                    raise BadInput(
                        f"The model {self.config.model!r} cannot start from a run with fewer words: its parameter "
                        f"{name} has the shape {tuple(value.shape)} there and {tuple(target.shape)} here.",
                        hint="Train it without --init.",
                    )
                target = target.narrow(rows, 0, len(self.vocabulary))
            target.copy_(value)

    def check_fit(self) -> None:
        """Check that the weights fit the model with the options of the new run, before any text is read.

        Raises:
            BadInput: they do not, or the model cannot start from a run.
        """
        model = self.config.model
        spec = registry().get(ModelSpec, model)
        if spec.prepare is not None and spec.tokenizer is None:
            raise BadInput(
                f"The model {model!r} computes values from its training texts before its first step, which hold "
                "for these texts and their words alone: it cannot start from a run.",
                hint=f"Train it without --init: tmeattn train {model}",
            )
        expected = {name: tuple(value.shape) for name, value in self._weights().items()}
        if self._shapes == expected:
            return
        changed = self._changed_options()
        if not changed:
            raise BadInput(
                f"The weights of the run {self.run.id} do not fit the model {model!r}: its code has changed.",
                hint="Install the version of then, or train without --init.",
            )
        given = ", ".join(_typed(name, new) for name, (new, _) in changed.items())
        theirs = ", ".join(_typed(name, old) for name, (_, old) in changed.items())
        raise BadInput(
            f"{given}: the weights of the run {self.run.id} are for {theirs}.",
            hint="Leave what differs out, or train without --init.",
        )

    def _weights(self) -> dict[str, Tensor]:
        tensors = self.stored.tensors
        return {name.removeprefix("model."): tensors[name] for name in tensors if name.startswith("model.")}

    def _changed_options(self) -> dict[str, tuple[Any, Any]]:
        return changed_options(self.config.model, self.config.model_options, self.run)

    def _shapes_for(self, classes: int) -> dict[str, tuple[int, ...]]:
        """The shapes of the parameters of the model with so many classes. Torch's random state does not change."""
        space = Space(
            vocabulary_size=len(self.vocabulary),
            num_classes=classes,
            vector_size=self.run.data["vector_size"],
            prepared=self.stored.progress.prepared,
        )
        try:
            model = planned_model(self.config, space)
        except Exception:  # a plugin's model that computes while it is built
            with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
                model = build_model(self.config, space)
        return {name: tuple(value.shape) for name, value in model.state_dict().items()}

    @functools.cached_property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the parameters with the classes of the run."""
        return self._shapes_for(len(self.classes))

    @functools.cached_property
    def _class_parts(self) -> dict[str, int]:
        """The parameters whose shape depends on the number of classes, and the dimension that does."""
        more = self._shapes_for(len(self.classes) + 1)
        return {
            name: next((at for at, (a, b) in enumerate(zip(shape, more[name], strict=True)) if a != b), 0)
            for name, shape in self._shapes.items()
            if shape != more[name]
        }

    def _keeps_head(self, classes: Sequence[str]) -> bool:
        """Whether each class of the new run has its weights in the old one."""
        if list(classes) == self.classes:
            return True
        weights = self._weights()
        return set(classes) == set(self.classes) and all(
            weights[name].shape[at] == len(self.classes) for name, at in self._class_parts.items()
        )

    def _rows(self, value: Tensor, target: Tensor) -> int | None:
        """The dimension along which the parameter has a row for each word; None where it has none."""
        if value.dim() != target.dim():
            return None
        differing = [at for at in range(value.dim()) if value.shape[at] != target.shape[at]]
        if len(differing) != 1 or value.shape[differing[0]] != len(self.vocabulary):
            return None
        return differing[0]


def open_initial(config: RunConfig, known: Initial | None = None) -> Initial | None:
    """What the option `init` of a run names, checked with its other options; None where it is not given.

    known: what was opened for other options; if it is of the same run, its files are not read again.

    Raises:
        BadInput: there is no such run, it has no weights, or they do not fit the options.
        EnvironmentProblem: its vocabulary cannot be read.
    """
    if config.train.init is None:
        return None
    if known is not None and known.config.train.init == config.train.init:
        initial = replace(known, config=config)
    else:
        initial = _read(config, init_run(config.train.init))
    initial.check_fit()
    return initial


def _read(config: RunConfig, run: RunDirectory) -> Initial:
    stored = checkpoint.load(run.checkpoints, "best")
    assert stored is not None
    vocabulary = Vocabulary.load(
        run.vocabulary_path,
        stored.progress.vocabulary,
        hint=f"Rebuild it from the data: tmeattn resume {run.id}; or restore the file from a copy.",
    )
    return Initial(config, run, stored, vocabulary)


def initial_again(run: RunDirectory, config: RunConfig) -> Initial | None:
    """What a run starts from that was begun and has no checkpoint; None where it starts from no run.

    Raises:
        BadInput: the other run was deleted, or its weights have changed.
    """
    origin, initial = run.info.get("init"), open_initial(config)
    if initial is None or origin is None:
        return initial
    now = initial.origin(run.data["classes"])
    if (now["run"], now["weights"], now["vocabulary"]) != (origin["run"], origin["weights"], origin["vocabulary"]):
        raise BadInput(
            f"The run {run.id} was to start from the run {origin['run']}, whose weights have changed since.",
            hint=f"Train a new run: tmeattn train {config.model} --from {run.id}",
        )
    return initial


def _typed(name: str, value: object) -> str:
    """An option as the command line has it."""
    dashed = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{dashed}" if value else f"--no-{dashed}"
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"--{dashed} {shortened(text)}"


def _listed(classes: Sequence[str]) -> str:
    shown = [shortened(each, 40) for each in classes[:MOST_NAMED]]
    left = len(classes) - len(shown)
    return ", ".join(shown) + (f" and {left} more" if left else "")
