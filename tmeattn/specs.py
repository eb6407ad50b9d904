"""The plugin contract: the specs that a plugin returns, and the objects that its functions take and return.

Nothing here imports torch or NumPy, so that tmeattn can list plugins at once. A spec refers to code by the string
"package.module:name", which `registry.resolve` imports when it is needed.

Names of tensors and arrays end in their shape: B texts in a batch, T tokens, S = T plus a prefix such as CLS, D
dimensions of a vector, H heads, C classes, N words or texts, V words in the vocabulary.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tmeattn.tokenizer_contract import Pieces as Pieces
from tmeattn.tokenizer_contract import Tokenizer as Tokenizer

if TYPE_CHECKING:
    import numpy as np
    import torch

API_VERSION = 1
"""The version of this contract. It changes when plugins have to change."""

PADDING = 0
"""The token id of padding. Its word vector is zero, and `mask_BT` is False at its positions."""
UNKNOWN = 1
"""The token id of all words that are not in the vocabulary."""
FIRST_OWN_ID = 2
"""The token id of the first piece of a vocabulary: what has the id i in the fixed vocabulary of a tokenizer has the
token id i + FIRST_OWN_ID."""
UNKNOWN_PIECE = "<unk>"
"""What a tokenizer with a fixed vocabulary returns in place of a piece that stands for unknown text, as "[UNK]"
does."""

Attention = Literal["pool", "self", "none"]
"""The kinds of attention of a model: see `ModelSpec.attention`."""


@dataclass(frozen=True)
class ModelSpec:
    """A model that `tmeattn train NAME` can train.

    name:      the name on the command line: letters, digits, '-', '_', '.' and '+'.
    summary:   one line for listings.
    config:    "package.module:Class", a subclass of `tmeattn.ModelConfig` (pydantic, no torch). Its fields become
               options of `tmeattn train NAME`, its docstring the page of `tmeattn models NAME`, and its `recipes` hold
               the tuned hyper-parameters and, optionally as "sweep", the space that `tmeattn sweep NAME` searches.
    build:     "package.module:function", called as `build(config, space)` with an instance of that class and a
               `Space`. It returns a torch `nn.Module` whose `forward(tokens_BT, mask_BT, need_maps=False)` returns a
               `ModelOutput`. `tokens_BT` holds token ids (int64); `mask_BT` is True on real tokens, False on padding.
    attention: "pool" (one weight for each token), "self" (one attention map for each layer) or "none".
    prepare:   optional "package.module:function", called as `prepare(config, corpus)` once before the first step. The
               `Corpus` holds the training split only, each text cut to the length that the model reads. The result
               (numbers, strings, lists, dicts, NumPy arrays) becomes `space.prepared` and is saved in checkpoints.
    reference: the paper, or the section of the report.
    api:       the version of this contract that the plugin was written for.
    tokenizer: optional "package.module:function", for a model that has a tokenizer of its own: called as
               `tokenizer(config)`, it returns a `Tokenizer`, and `--tokenizer` is refused.
    """

    name: str
    summary: str
    config: str
    build: str
    attention: Attention
    prepare: str | None = None
    reference: str = ""
    api: int = API_VERSION
    tokenizer: str | None = None


@dataclass(frozen=True)
class DatasetSpec:
    """Labelled texts that `--dataset NAME` selects.

    name:    the name on the command line: letters, digits, '-', '_', '.' and '+'.
    summary: one line for listings.
    load:    "package.module:function", called without arguments. It returns a `Dataset` and should be quick: texts are
             read later, by `Dataset.read`.
    api:     the version of this contract that the plugin was written for.
    """

    name: str
    summary: str
    load: str
    api: int = API_VERSION


@dataclass(frozen=True)
class VectorsSpec:
    """Pretrained word vectors that `--vectors NAME` selects.

    name:    the name on the command line: letters, digits, '-', '_', '.' and '+'.
    summary: one line for listings.
    load:    "package.module:function", called without arguments. It returns a `WordVectors`.
    size:    the number of dimensions of each vector.
    api:     the version of this contract that the plugin was written for.
    """

    name: str
    summary: str
    load: str
    size: int
    api: int = API_VERSION


@dataclass(frozen=True)
class ExplainerSpec:
    """An attribution method that `tmeattn explain --method NAME` selects.

    name:            the name on the command line: letters, digits, '-', '_', '.' and '+'.
    summary:         one line for listings.
    explain:         "package.module:function", called as `explain(classifier, texts, target)` with a
                     `TrainedClassifier`, a list of `EncodedText`, and the index of the class to explain (None: the
                     predicted class of each text). It returns, for each text, a float array with one score for each
                     token that the model read, or an `Attribution`.
    signed:          whether a negative score means that the token is evidence against the class.
    needs_attention: the method works only for models with pooling attention or self-attention.
    reference:       the paper, or the section of the report.
    api:             the version of this contract that the plugin was written for.
    needs_maps:      the method works only for models with self-attention.
    needs_pooling:   the method works only for models that pool by attention.
    needs_values:    the method works only for models whose output has `values`.
    needs_embedding_gradient: the method computes gradients with respect to the word vectors, so it works only for
                     models that look their words up in an `nn.Embedding`.
    selects_heads:   `explain` also takes `layer=` and `head=`, counted from 1 (None: the mean over all).
    packages:        modules that the method imports. Where one is missing, the method is listed as not usable.

    `needs_vectors` is the name of `needs_embedding_gradient` in version 0.1. It is still accepted, with a
    `DeprecationWarning`.
    """

    name: str
    summary: str
    explain: str
    signed: bool
    needs_attention: bool = False
    reference: str = ""
    api: int = API_VERSION
    needs_maps: bool = False
    needs_embedding_gradient: bool = False
    selects_heads: bool = False
    packages: tuple[str, ...] = ()
    needs_vectors: InitVar[bool] = False
    needs_pooling: bool = False
    needs_values: bool = False

    def __post_init__(self, needs_vectors: bool) -> None:
        if needs_vectors:
            warnings.warn(
                "ExplainerSpec(needs_vectors=...) is now needs_embedding_gradient=...", DeprecationWarning, stacklevel=3
            )
            object.__setattr__(self, "needs_embedding_gradient", True)


class Attribution(NamedTuple):
    """Scores of one text.

    scores_T: one float for each token that the model read, in text order.
    note:     one sentence that is shown with the scores, such as a limit of the method for this text.
    special:  for a method that shows attention, the share of it that is on special tokens such as [CLS]; None for a
              model without them.
    """

    scores_T: np.ndarray
    note: str | None = None
    special: float | None = None


@dataclass(frozen=True)
class TrackerSpec:
    """An export of a run's events, to TensorBoard for example: `tmeattn train --track NAME` while the run is trained,
    `tmeattn runs track RUN NAME` afterwards.

    name:    the name on the command line: letters, digits, '-', '_', '.' and '+'.
    summary: one line for listings.
    track:   "package.module:function", called as `track(run)` with a `RunDirectory`. It returns a function that takes
             one `Event`. The function receives every event of the run from the first, also when training is resumed,
             so each call of `track` starts an export from nothing. If it has an attribute `close`, that is called
             without arguments after the last event.
    api:     the version of this contract that the plugin was written for.

    A tracker runs in its own thread, so a slow one does not delay training. A tracker that raises an exception is
    reported in a `warning` event and receives no more events. It must not draw from torch's global random state, which
    belongs to the training.
    """

    name: str
    summary: str
    track: str
    api: int = API_VERSION


@dataclass(frozen=True)
class TokenizerSpec:
    """A tokenizer that `--tokenizer NAME` selects.

    name:      the name on the command line: letters, digits, '-', '_', '.' and '+'.
    summary:   one line for listings.
    load:      "package.module:function", called without arguments. It returns a `Tokenizer`.
    reference: the paper or the standard.
    api:       the version of this contract that the plugin was written for.
    """

    name: str
    summary: str
    load: str
    reference: str = ""
    api: int = API_VERSION


Spec = ModelSpec | DatasetSpec | VectorsSpec | ExplainerSpec | TrackerSpec | TokenizerSpec
"""A spec of any kind."""


@dataclass(frozen=True)
class Split:
    """The texts of one split with their labels.

    texts:  the texts. If they do not fit into memory, a sequence that reads each text on access.
    labels: one index into `Dataset.classes` for each text.
    """

    texts: Sequence[str]
    labels: Sequence[int] | np.ndarray


@dataclass(frozen=True)
class Dataset:
    """A dataset whose texts are not read before `read()` is called.

    name:        the name of its spec.
    classes:     the class names; `classes[i]` is the name of label i.
    fingerprint: a string that changes whenever the texts, the labels or the splits change. The encoded texts are cached
                 under it.
    read:        returns the splits by name: "train" and "validation", and optionally "test".
    """

    name: str
    classes: tuple[str, ...]
    fingerprint: str
    read: Callable[[], Mapping[str, Split]]


@dataclass(frozen=True)
class WordVectors:
    """Pretrained word vectors.

    name:        the name of its spec.
    size:        the number of dimensions of each vector.
    fingerprint: a string that changes whenever the vectors change.
    lookup:      takes N words and returns `(vectors_ND float32, known_N bool)`. The row of an unknown word is zero.
    first_words: a few of the words, for the error that no word of the texts has a vector.
    """

    name: str
    size: int
    fingerprint: str
    lookup: Callable[[Sequence[str]], tuple[np.ndarray, np.ndarray]]
    first_words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Space:
    """The sizes and vectors that a model is built with.

    vocabulary_size: the number of token ids, with PADDING and UNKNOWN.
    num_classes:     the number of classes.
    vector_size:     the number of dimensions of each word vector.
    vectors:         pretrained word vectors, `(V, D)` float32. None: the embedding starts at random values, or its
                     weights are loaded from a checkpoint.
    tune:            whether the embedding is trained.
    prepared:        the result of the spec's `prepare`, or None.
    """

    vocabulary_size: int
    num_classes: int
    vector_size: int
    vectors: torch.Tensor | None = None
    tune: bool = True
    prepared: Any = field(default=None)


class ModelOutput(NamedTuple):
    """The result of a model's `forward`.

    logits_BC:    unnormalised class scores.
    attention_BT: pooling weights: zero on padding, with sum one for each text. None if the model does not pool by
                  attention.
    maps:         self-attention, only when `need_maps` is True: one `(B, H, S, S)` tensor for each layer. Each row of a
                  real position is zero on padding and has sum one.
    values:       optional: the vectors of which the attention takes the weighted sum, for the methods that weigh
                  attention by their norms. With pooling weights, one `(B, T, D)` tensor. With self-attention, only when
                  `need_maps` is True, one `(B, H, S, D)` tensor for each layer: the value vectors of each head after
                  the head's part of the output projection.
    read_from_prefix: whether the first row of the maps is that by which the model classifies, where there are positions
                  before the words: it is shown as the attention. False: the model pools over the words, and the mean
                  over their rows is shown.

    Positions of special tokens, such as [CLS] and [SEP], come first in maps and values, before those of the tokens that
    the model was given, also where they are elsewhere in what the model reads.
    """

    logits_BC: torch.Tensor
    attention_BT: torch.Tensor | None = None
    maps: tuple[torch.Tensor, ...] | None = None
    values: tuple[torch.Tensor, ...] | None = None
    read_from_prefix: bool = True
