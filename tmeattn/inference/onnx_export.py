"""Write a trained run as an ONNX file, which onnxruntime runs without torch.

The input `tokens` (texts, length) int64 has token ids, padded with 0 at the end. The outputs are `logits` (texts,
classes); of a model with attention also `attention` (texts, length), the weight of each word with sum one as everywhere
in tmeattn; of self-attention also `maps` (texts, layers, heads, positions, positions).
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import logging
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch._dynamo.exc import UserError
from torch.export import ExportedProgram
from torch.export.dynamic_shapes import refine_dynamic_shapes_from_suggested_fixes
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from tmeattn.data.encoding.open_tokenizer import OpenTokenizer
from tmeattn.data.encoding.tokenizers import SpaceTokenizer
from tmeattn.errors import BadInput, EnvironmentProblem, shortened
from tmeattn.files import check_place, disk_errors, write_atomically
from tmeattn.foreign import one_line
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.onnx_file import (
    ATTENTION,
    FORMAT,
    LOGITS,
    MAPS,
    TOKENS,
    FileMetadata,
    OnnxAbout,
    TokenizerSettings,
    metadata,
)
from tmeattn.models.exporting import exporting
from tmeattn.models.layers import word_attention
from tmeattn.os_errors import ELSEWHERE
from tmeattn.specs import PADDING, UNKNOWN

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 18
MOST_DIFFERENT = 1e-4
"""The largest difference of an output from torch's."""
_TEXTS = 3
"""Texts of the check: one without padding, one of a single word, and one between them."""


def export_onnx(classifier: TrainedClassifier, target: Path, *, force: bool = False) -> float:
    """Write the file, and return the largest difference of its outputs from torch's on random texts.

    Raises:
        BadInput: the file exists (unless `force`), its folder does not, the model cannot be exported, or its outputs
            differ by more than 1e-4.
        EnvironmentProblem: a package is not installed, or the file cannot be written.
    """
    _require_packages()
    check_place(target, replaces=force)
    if target.is_dir():
        raise BadInput(f"{shortened(target)} is a folder.", hint="Choose another name.")
    module = _Exported(classifier.copied_model().to("cpu").eval(), classifier.spec.attention)
    proto = _onnx_of(module, classifier)
    _add_metadata(proto, classifier)
    content = proto.SerializeToString()
    difference = _difference(content, module, classifier)
    if not difference <= MOST_DIFFERENT:
        raise BadInput(
            f"The model {classifier.spec.name!r} cannot be exported: the outputs of the ONNX file differ from those of "
            f"torch by {difference:.1g}.",
            hint="It depends on its input in a way that ONNX cannot express.",
        )
    with disk_errors("the export", target, elsewhere=ELSEWHERE):
        write_atomically(target, content, durable=True)
    return difference


class _Exported(nn.Module):
    """The model with the inputs and outputs of the file."""

    def __init__(self, model: nn.Module, attention: str) -> None:
        super().__init__()
        self.model, self.attention = model, attention

    @property
    def outputs(self) -> list[str]:
        return {"none": [LOGITS], "pool": [LOGITS, ATTENTION], "self": [LOGITS, ATTENTION, MAPS]}[self.attention]

    def forward(self, tokens_BT: Tensor) -> tuple[Tensor, ...]:
        mask_BT = tokens_BT != PADDING
        output = self.model(tokens_BT, mask_BT, need_maps=self.attention == "self")
        outputs = [output.logits_BC.float()]
        if self.attention != "none":
            weights_BT = word_attention(output, mask_BT)
            assert weights_BT is not None
            outputs.append(weights_BT)
        if self.attention == "self":
            outputs.append(torch.stack([map_BHSS.float() for map_BHSS in output.maps], dim=1))
        return tuple(outputs)


def _onnx_of(module: _Exported, classifier: TrainedClassifier) -> ModelProto:
    longest = max(classifier.max_length, 2)
    example_BT = _random_tokens(classifier, 2, min(7, longest))
    with torch.no_grad():
        module(torch.from_numpy(_random_tokens(classifier, 1, longest)))  # computes the encodings of all positions
    given = (torch.from_numpy(example_BT),)
    try:
        with exporting(), _quiet(), torch.no_grad():
            graph = _graph_of(module, given, longest)
            program = torch.onnx.export(
                graph,
                given,
                dynamo=True,
                opset_version=OPSET,
                input_names=[TOKENS],
                output_names=module.outputs,
                verbose=False,
            )
        assert program is not None
        return program.model_proto
    except Exception as error:  # the exporter and the model raise what they like
        reason, hint = _why(error)
        raise BadInput(
            f"The model {classifier.spec.name!r} cannot be exported as ONNX: {reason}.",
            hint=f"{hint} A folder or a .zip can be exported, which tmeattn reads with torch.".lstrip(),
        ) from error


def _graph_of(module: _Exported, given: tuple[Tensor], longest: int) -> ExportedProgram:
    """The graph of torch for any number of texts, and texts of 1 to `longest` tokens.

    torch holds a size of 0 or 1 for a special case. So with a slice such as x[:, :-1] it demands a longer text,
    although the graph computes the same for a short one. Therefore a narrower range of lengths is accepted here, and
    `_difference` checks the lengths outside it. A single length is not accepted.
    """
    shapes: Any = ({0: torch.export.Dim("texts"), 1: torch.export.Dim("length", max=longest)},)

    def export() -> ExportedProgram:
        return torch.export.export(
            module, given, dynamic_shapes=shapes, strict=False, prefer_deferred_runtime_asserts_over_guards=True
        )

    try:
        return export()
    except UserError as error:
        try:
            shapes = refine_dynamic_shapes_from_suggested_fixes(error.msg, shapes)
        except Exception:  # it has no suggestion, or one that cannot be read
            raise error from None
        if any(isinstance(size, int) for size in shapes[0].values()):
            raise
        return export()


def _why(error: Exception) -> tuple[str, str]:
    """The reason for which a model cannot be exported, and what its author can change."""
    said = str(error)
    if isinstance(error, GuardOnDataDependentSymNode):
        return "its computation depends on the values in a tensor", "Replace such conditions by torch.where or masks."
    if fixed := re.match(r"Constraints violated \((texts|length)", said):
        what = {"texts": "texts", "length": "tokens"}[fixed[1]]
        advice = "Use tensor.shape in place of len(tensor) and int(), and no loop over tokens."
        return f"its computation is for a fixed number of {what}", advice
    return one_line(error.__cause__ or error).removesuffix("."), ""


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the exporter prints and warns of away from the user: what matters is checked afterwards."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _add_metadata(proto: ModelProto, classifier: TrainedClassifier) -> None:
    from onnx import helper

    about: OnnxAbout = {
        "format": FORMAT,
        "run": classifier.run.id,
        "model": classifier.spec.name,
        "classes": list(classifier.classes),
        "attention": classifier.spec.attention,
        "max_length": classifier.max_length,
        "tokenizer": _tokenizer_settings(classifier.tokenizer),
        "padding": PADDING,
        "unknown": UNKNOWN,
    }
    content = getattr(classifier.tokenizer.source, "tokenizer_json", None)
    helper.set_model_props(proto, metadata(FileMetadata(about, classifier.vocabulary.words, content)))


def _tokenizer_settings(tokenizer: OpenTokenizer) -> TokenizerSettings:
    """The name and the fingerprint, and the fields of a tokenizer of tmeattn that splits at white space."""
    named: TokenizerSettings = {"name": tokenizer.name, "fingerprint": tokenizer.fingerprint}
    if isinstance(tokenizer.source, SpaceTokenizer):
        return cast(TokenizerSettings, {**dataclasses.asdict(tokenizer.source), **named})
    return named


def _random_tokens(classifier: TrainedClassifier, texts: int, length: int) -> np.ndarray:
    """Random token ids (texts, length): the first text fills the row, the last has one token."""
    random = np.random.default_rng(0)
    tokens_BT = random.integers(UNKNOWN, max(len(classifier.vocabulary), UNKNOWN + 1), (texts, length))
    for row in range(texts):
        tokens_BT[row, max(1, length - row * length // max(texts - 1, 1)) :] = PADDING
    return tokens_BT


def _difference(content: bytes, module: _Exported, classifier: TrainedClassifier) -> float:
    """The largest difference between the outputs of the file and of torch."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    largest = 0.0
    for texts, length in ((1, 1), (1, 2), (_TEXTS, 3), (_TEXTS, 33), (1, classifier.max_length)):
        tokens_BT = _random_tokens(classifier, texts, min(length, classifier.max_length))
        with torch.inference_mode():
            wanted = module(torch.from_numpy(tokens_BT))
        try:
            given = session.run(None, {TOKENS: tokens_BT})
        except Exception:  # onnxruntime's own errors: the graph does not fit texts of this length
            return float("inf")
        for ours, theirs in zip(given, wanted, strict=True):
            if ours.shape != tuple(theirs.shape):
                return float("inf")
            real = np.abs(np.asarray(ours, dtype=np.float64) - theirs.numpy())
            largest = max(largest, float(real.max(initial=0.0))) if not np.isnan(real).any() else float("nan")
    return largest


def _require_packages() -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        try:
            __import__(name)
        except ImportError:
            raise EnvironmentProblem(
                f"The export to ONNX needs {name}, which is not installed.",
                hint='Install it: pip install "tmeattn[onnx]"',
            ) from None
    if not hasattr(torch.onnx, "ops"):
        raise EnvironmentProblem(
            f"The export to ONNX needs torch 2.8 or later, and this is {torch.__version__}.",
            hint='Update it: pip install --upgrade "tmeattn[onnx]"',
        )
