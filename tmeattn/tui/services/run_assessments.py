"""The evaluation and the faithfulness study of a run: commands in the background, and their stored results.

The results are in the cache, by the run and the time of its weights, so that those of other weights are not shown.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tmeattn.errors import BadInput
from tmeattn.paths import cache_dir
from tmeattn.tui.services.background import BackgroundCommand
from tmeattn.tui.services.dataset_view import Predictions, SplitTexts, open_texts
from tmeattn.tui.services.reader import weights_key

if TYPE_CHECKING:
    from pathlib import Path

    from tmeattn.evaluation.document import EvaluationDocument
    from tmeattn.faithfulness.results import FaithfulnessResults
    from tmeattn.runs.directory import RunDirectory

SPLIT = "validation"
TEXTS = 200
"""Texts of a faithfulness study, as of `tmeattn faithfulness`, where the user chooses no other number."""
LEAST, MOST = 2, 1_000_000


@dataclass(frozen=True, eq=False)
class EvaluatedRun:
    """The measures of a run on its validation texts, the texts, and the prediction of each."""

    document: EvaluationDocument
    texts: SplitTexts
    predictions: Predictions

    def mistakes(self, true: str | None = None, predicted: str | None = None) -> np.ndarray:
        """The rows of wrong predictions, the most confident first; or of all texts of a true and a predicted class."""
        known_N, confidence_N = self.predictions.known(), self.predictions.confidence()
        if true is None or predicted is None:
            rows = np.flatnonzero(known_N & ~self.predictions.correct(self.texts))
        else:
            best_N = np.nan_to_num(self.predictions.probabilities_NC).argmax(axis=1)
            is_true_N = self.texts.labels_N == self.texts.classes.index(true)
            rows = np.flatnonzero(known_N & is_true_N & (best_N == self.predictions.classes.index(predicted)))
        return rows[np.argsort(-confidence_N[rows], kind="stable")]


def evaluation_command(run: RunDirectory) -> BackgroundCommand:
    """`tmeattn evaluate` of the run's present weights. Raises `BadInput` for a run without weights."""
    folder, name = _place(run, "evaluation")
    document, predictions = folder / f"{name}.json", folder / f"{name}.jsonl"
    arguments = ["evaluate", str(run.path), "--export", str(document), "--predictions", str(predictions), "--force"]
    return BackgroundCommand(folder, name, arguments, [predictions, document])


def faithfulness_command(run: RunDirectory, texts: int = TEXTS) -> BackgroundCommand:
    """`tmeattn faithfulness` of the run's present weights. Raises `BadInput` for a run without weights.

    texts: the most texts that are measured; whatever their number, the run has one study.
    """
    folder, name = _place(run, "faithfulness")
    document = folder / f"{name}.json"
    limit = [] if texts == TEXTS else ["--limit", str(texts)]
    arguments = ["faithfulness", str(run.path), *limit, "--export", str(document)]
    return BackgroundCommand(folder, name, arguments, [document])


def check_texts(text: str) -> None:
    """Raises `BadInput` for a text that is no number of texts of a faithfulness study."""
    if not text.isdecimal() or not LEAST <= int(text) <= MOST:
        raise BadInput(f"Type a whole number from {LEAST} to {MOST:,}.")


def read_evaluation(run: RunDirectory, command: BackgroundCommand) -> EvaluatedRun:
    """The results of `evaluation_command`. This is slow: call it in a thread.

    Raises:
        TmeattnError: the results or the texts cannot be read.
    """
    predictions, document = command.results
    texts = open_texts(str(run.config["train"]["dataset"]), run)[SPLIT]
    _ = texts.words_N  # counted here and not while a table is drawn
    classes = tuple(run.data["classes"])
    probabilities_NC = np.full((len(texts), len(classes)), np.nan, dtype=np.float32)
    try:
        found = json.loads(document.read_text(encoding="utf-8"))
        with predictions.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                probabilities_NC[row["index"]] = [row["probabilities"][name] for name in classes]
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        command.forget()
        raise BadInput(f"The stored evaluation of {run.id} cannot be read: start it again.") from error
    return EvaluatedRun(found, texts, Predictions(classes, probabilities_NC, texts.are_of(run)))


def read_faithfulness(command: BackgroundCommand) -> FaithfulnessResults:
    """The results of `faithfulness_command`. Raises `BadInput` where they cannot be read."""
    import pydantic

    from tmeattn.faithfulness.stored import stored_results

    (path,) = command.results
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return stored_results(found[0] if isinstance(found, list) else found)
    except (OSError, ValueError, KeyError, TypeError, IndexError, pydantic.ValidationError) as error:
        command.forget()
        raise BadInput("The stored faithfulness study cannot be read: start it again.") from error


def remove_older(run: RunDirectory, command: BackgroundCommand) -> None:
    """Remove the results of the same kind that belong to other weights of the run and are not being made."""
    kind = command.log.stem.rsplit("-", 1)[-1]
    with contextlib.suppress(OSError):
        for path in command.log.parent.glob(f"{run.id}-*-{kind}.*"):
            if path.stem != command.log.stem:
                path.unlink(missing_ok=True)


def _place(run: RunDirectory, kind: str) -> tuple[Path, str]:
    return cache_dir() / "assessments", f"{run.id}-{weights_key(run)}-{kind}"
