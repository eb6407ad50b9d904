"""The plugin contract: what a plugin returns, and what tmeattn hands back to it.

Nothing here imports torch, so listing models stays instant. Specs point at code by the string `"package.module:name"`,
which `registry.resolve` imports at the moment of use.

Shapes are written as suffixes: B texts in a batch, T tokens, S = T plus a prefix such as CLS, D vector width, H heads,
C classes, V words in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import torch

API_VERSION = 1

PADDING = 0
"""Token id of padding; its vector is zero and `mask_BT` is False there."""
UNKNOWN = 1
"""Token id shared by all words outside the vocabulary."""

Attention = Literal["pool", "self", "none"]


@dataclass(frozen=True)
class ModelSpec:
    """A model that `tmeattn train NAME` can train.

    name:      what the user types.
    summary:   one line for listings.
    config:    "package.module:Class", a subclass of `tmeattn.config.ModelConfig` (pydantic, no torch). Its fields
               become options, its docstring the page of `tmeattn models NAME`, its `recipes` the tuned settings.
    build:     "package.module:function" called as `build(config, space)`, returning a torch `nn.Module` whose
               `forward(tokens_BT, mask_BT, need_maps=False)` returns a `ModelOutput`.
    attention: "pool" (one weight a token), "self" (a map a layer), or "none".
    prepare:   optional "package.module:function" called as `prepare(config, corpus)` once before the first step, with
               a corpus that holds the training split only, each text as long as the model reads it; what it returns
               (numbers, strings, lists, dicts, NumPy arrays) is `space.prepared` and travels in the checkpoint.
    reference: paper, or section of the report.
    api:       version of this contract that the plugin was written for.
    """

    name: str
    summary: str
    config: str
    build: str
    attention: Attention
    prepare: str | None = None
    reference: str = ""
    api: int = API_VERSION


@dataclass(frozen=True)
class DatasetSpec:
    """Labelled texts. `load` is "package.module:function", called without arguments, returning a `Dataset`."""

    name: str
    summary: str
    load: str
    api: int = API_VERSION


@dataclass(frozen=True)
class VectorsSpec:
    """Pretrained word vectors of width `size`. `load` is "package.module:function", returning a `WordVectors`."""

    name: str
    summary: str
    load: str
    size: int
    api: int = API_VERSION


@dataclass(frozen=True)
class ExplainerSpec:
    """An attribution method.

    `explain` is "package.module:function", called as `explain(classifier, texts, target)` with a list of
    `tmeattn.inference.classifier.EncodedText` and the class to explain (None: the predicted one of each text). It
    returns one float array a text, a score for each token that the model read, or an `Attribution`.

    signed:          whether scores below zero speak against the class.
    needs_attention: serves models with attention of either kind only.
    needs_maps:      serves models with self-attention only.
    needs_vectors:   asks for gradients at the word vectors, so the model must look its words up in an `nn.Embedding`.
    selects_heads:   is also given `layer=` and `head=`, counted from 1, or None for the mean over all of them.
    packages:        modules that must be there, from the extra `explain`.
    """

    name: str
    summary: str
    explain: str
    signed: bool
    needs_attention: bool = False
    reference: str = ""
    api: int = API_VERSION
    needs_maps: bool = False
    needs_vectors: bool = False
    selects_heads: bool = False
    packages: tuple[str, ...] = ()


class Attribution(NamedTuple):
    """Scores of a text's tokens, (T,), and what a reader of them should know, in a sentence."""

    scores_T: np.ndarray
    note: str | None = None


@dataclass(frozen=True)
class TrackerSpec:
    """Takes a run's events elsewhere: a `tmeattn train --track NAME`, or afterwards `tmeattn runs track RUN NAME`.

    `track` is "package.module:function", called as `track(run)` with a `tmeattn.runs.directory.RunDirectory`. It
    returns a function that is called with every event (see `tmeattn.runs.events`), from the run's first on, even where
    training is resumed: a tracker starts from nothing each time. An attribute `close` of it is called at the end.

    Trackers work in a thread of their own, so a slow one delays no step and a failing one is told and left out. They
    must not draw from torch's global random state, which is the training's.
    """

    name: str
    summary: str
    track: str
    api: int = API_VERSION


Spec = ModelSpec | DatasetSpec | VectorsSpec | ExplainerSpec | TrackerSpec


@dataclass(frozen=True)
class Split:
    """Texts of one split with `labels`, each an index into `Dataset.classes`.

    Texts that are not all to be in memory may be any sequence that reads them when asked.
    """

    texts: Sequence[str]
    labels: Sequence[int] | np.ndarray


@dataclass(frozen=True)
class Dataset:
    """A dataset whose texts are only read when `read()` is called.

    name, classes: `classes[i]` is the name of label i.
    fingerprint:   changes whenever the texts, labels or splits change: the encoded corpus is cached under it.
    read:          returns the splits; "train" and "validation" are required, "test" is optional.
    """

    name: str
    classes: tuple[str, ...]
    fingerprint: str
    read: Callable[[], Mapping[str, Split]]


@dataclass(frozen=True)
class WordVectors:
    """Pretrained vectors, looked up by word.

    lookup: given N words, returns `(vectors_ND float32, known_N bool)`; the row of an unknown word is zero.
    """

    name: str
    size: int
    fingerprint: str
    lookup: Callable[[Sequence[str]], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Space:
    """What a model is built for.

    vectors: pretrained `(V, D)` float32, or None (the embedding starts random, or is about to be loaded).
    tune:    whether the embedding is trained.
    prepared: what the spec's `prepare` returned.
    """

    vocabulary_size: int
    num_classes: int
    vector_size: int
    vectors: torch.Tensor | None = None
    tune: bool = True
    prepared: Any = field(default=None)


class ModelOutput(NamedTuple):
    """What `forward` returns.

    logits_BC:    unnormalised class scores.
    attention_BT: pooling weights, zero on padding and summing to one over each text; None where the model pools
                  without attention.
    maps:         with `need_maps`, one `(B, H, S, S)` tensor a layer whose rows sum to one over real positions.
    """

    logits_BC: torch.Tensor
    attention_BT: torch.Tensor | None = None
    maps: tuple[torch.Tensor, ...] | None = None
