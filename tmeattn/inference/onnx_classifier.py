"""A classifier in an ONNX file that `tmeattn runs export RUN model.onnx` wrote: classifies texts without torch.

Shapes: N texts, B texts of a batch, T tokens, C classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.errors import BadInput, EnvironmentProblem, TmeattnError, shortened
from tmeattn.files import sha256_of
from tmeattn.foreign import one_line
from tmeattn.inference.onnx_file import ATTENTION, LOGITS, TOKENS, read_metadata
from tmeattn.inference.onnx_tokenizer import tokenizer_of

BATCH = 64
INSTALL = 'Install it: pip install "tmeattn[onnx]"'


def is_onnx(reference: str) -> bool:
    """Whether a reference to a run names an ONNX file."""
    return reference.lower().endswith(".onnx") and Path(reference).is_file()


class OnnxClassifier:
    """Classifies texts as the run does that was exported. Several threads may use one classifier at the same time.

    classes: names of the classes, in the order of the logits.
    notes:   sentences for the user, such as on a tokenizer that has changed.
    """

    def __init__(self, path: Path) -> None:
        """Load a file.

        Raises:
            BadInput: tmeattn has not exported it, or it is damaged.
            UnknownName: no plugin provides its tokenizer.
            EnvironmentProblem: onnxruntime, or what its tokenizer needs, is not installed.
        """
        try:
            import onnxruntime
        except ImportError:
            raise EnvironmentProblem("ONNX files need onnxruntime, which is not installed.", hint=INSTALL) from None
        self.path = path
        try:
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 4  # what goes wrong is in the exception
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            about, words, content = read_metadata(self._session.get_modelmeta().custom_metadata_map)
            self.vocabulary = Vocabulary(words)
            self.tokenizer, note = tokenizer_of(about["tokenizer"], content)
            self.outputs = tuple(output.name for output in self._session.get_outputs())
            if [given.name for given in self._session.get_inputs()] != [TOKENS] or LOGITS not in self.outputs:
                raise ValueError("it has other inputs or outputs than tmeattn writes")
        except TmeattnError:
            raise
        except Exception as error:  # onnxruntime's own exceptions have no common class of their own
            said = str(error) if isinstance(error, ValueError) else one_line(error)
            raise BadInput(
                f"{shortened(path)} cannot be used: {shortened(said.rstrip('.'))}.",
                hint="Export the run again: tmeattn runs export RUN model.onnx",
            ) from None
        self.about = about
        self.classes = tuple(about["classes"])
        self.notes = [] if note is None else [note]

    @property
    def run_id(self) -> str:
        """The id of the run that was exported."""
        return self.about["run"]

    def weights_hash(self) -> str:
        """A hash of the file."""
        return sha256_of(self.path)[:32]

    def token_ids(self, text: str) -> np.ndarray:
        """The ids (T,) of the tokens that the model reads of a text."""
        return self.vocabulary.encode(self.tokenizer.tokens(text, self.about["max_length"]))

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Class probabilities (N, C) float64 of N texts, in their order."""
        logits_NC = np.empty((len(texts), len(self.classes)))
        for rows, (logits_BC,) in self._run([self.token_ids(text) for text in texts], [LOGITS]):
            logits_NC[rows] = logits_BC
        exponents_NC = np.exp(logits_NC - logits_NC.max(axis=-1, keepdims=True))
        return np.asarray(exponents_NC / exponents_NC.sum(axis=-1, keepdims=True))

    def word_attention(self, texts: Sequence[str]) -> list[np.ndarray] | None:
        """The attention weights (T,) of the tokens of each text; None for a model without attention."""
        if ATTENTION not in self.outputs:
            return None
        sequences = [self.token_ids(text) for text in texts]
        found: list[np.ndarray] = [np.empty(0)] * len(texts)
        for rows, (weights_BT,) in self._run(sequences, [ATTENTION]):
            for row, weights_T in zip(rows, weights_BT, strict=True):
                found[row] = weights_T[: max(len(sequences[row]), 1)]
        return found

    def _run(self, sequences: Sequence[np.ndarray], outputs: list[str]) -> Iterator[tuple[list[int], list[Any]]]:
        """Batches of texts of similar length: their positions, and the outputs."""
        order = sorted(range(len(sequences)), key=lambda index: len(sequences[index]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            longest = max(1, *(len(sequences[row]) for row in rows))
            tokens_BT = np.full((len(rows), longest), self.about["padding"], dtype=np.int64)
            tokens_BT[:, 0] = self.about["unknown"]  # of a text without tokens
            for place, row in enumerate(rows):
                tokens_BT[place, : len(sequences[row])] = sequences[row]
            yield rows, self._session.run(outputs, {TOKENS: tokens_BT})
