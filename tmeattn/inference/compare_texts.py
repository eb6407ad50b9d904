"""Compare runs on one set of texts: the predictions of each, computed as `tmeattn evaluate` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tmeattn.data.chosen_texts import ChosenTexts, choose_texts
from tmeattn.data.data_options import DataOptions
from tmeattn.data.encoding.encode import CorpusSettings, EncodedSplit, encode_split, encode_texts
from tmeattn.data.sources import check_unchanged, dataset_of
from tmeattn.errors import TmeattnError
from tmeattn.evaluation.evaluate import evaluate_split
from tmeattn.evaluation.paired import RunOnTexts, TextComparison, compare_groups
from tmeattn.evaluation.part import Part
from tmeattn.evaluation.quality import quality
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.run_config import stored_config
from tmeattn.runs.comparison import Comparison
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import Dataset

MOST_RUNS = 20
"""Runs that are classified for one comparison: more would take many minutes."""

Narrate = Callable[[str], None]
Progress = Callable[[int, int], None]


def _no_progress(done: int, total: int) -> None:
    """Where nobody watches."""


def compare_on_texts(
    comparison: Comparison,
    runs: Sequence[RunDirectory],
    split: str | None = None,
    *,
    dataset: str | None = None,
    map_labels: tuple[str, ...] = (),
    progress: Progress = _no_progress,
    narrate: Narrate = lambda line: None,
    check: Callable[[], None] = lambda: None,
    read: Progress = _no_progress,
) -> tuple[TextComparison | None, str | None]:
    """Classify the texts of a split with the best weights of every run, and compare the groups on them.

    The texts are those of the common dataset: of runs with the same `--limit` the texts that they were evaluated on,
    else the whole split. With `dataset`, a name or a path, they are its texts with a class of the runs.

    runs:     those of the comparison.
    progress: called with the number of runs that have been classified, and that of all.
    check:    called before every batch; what it raises ends the comparison.
    read:     called after every batch with the number of texts that the present run has classified, and that of all.

    Returns the comparison, or None and a sentence that says why there is none.

    Raises:
        UnknownName: the dataset has no such split.
    """
    by_id = {run.id: run for run in runs}
    reason = _reason_against(list(by_id.values()), own=dataset is None)
    if reason is not None:
        return None, reason
    left_out = [
        f"The run {run.id} has no best weights yet: they are saved after its first epoch."
        for run in by_id.values()
        if not run.has_best()
    ]
    usable = {id_: run for id_, run in by_id.items() if run.has_best()}
    if sum(any(run.summary.id in usable for run in group.runs) for group in comparison.sides) < 2:
        return None, _too_few(left_out)
    first = next(iter(by_id.values()))
    options = stored_config(first.id, first.config).train
    if dataset is not None:
        chosen = choose_texts(first, options, DataOptions(dataset, split, map_labels=map_labels), narrate)
        if chosen.labels_N is None or not len(chosen):
            return None, f"{chosen.dataset} has no text with a class of the runs."
        texts = _Texts(chosen.dataset, chosen.split, tuple(first.data["classes"]), None, chosen=chosen)
        return _compare(comparison, usable, left_out, texts, progress, check, read)
    try:
        opened = dataset_of(options, narrate)
        check_unchanged(first, opened)
    except TmeattnError as error:
        return None, " ".join(filter(None, (error.message, error.hint)))
    limits = {run.config["train"]["limit"] for run in by_id.values()}
    limit = limits.pop() if len(limits) == 1 else None
    texts = _Texts(opened.name, split or "validation", opened.classes, limit, opened=opened)
    return _compare(comparison, usable, left_out, texts, progress, check, read)


def _reason_against(runs: Sequence[RunDirectory], *, own: bool) -> str | None:
    """own: whether the texts are those that the runs were trained on."""
    if len(runs) > MOST_RUNS:
        return f"{len(runs)} runs are too many to classify the texts with each; name at most {MOST_RUNS}."
    first = runs[0]
    for other in runs[1:]:
        if not own and other.data["classes"] == first.data["classes"]:
            continue
        if not own:
            return f"{other.id} has other classes than {first.id}."
        if other.data["fingerprint"] != first.data["fingerprint"] or other.data["classes"] != first.data["classes"]:
            names = (first.config["train"]["dataset"], other.config["train"]["dataset"])
            what = "other data" if len(set(names)) > 1 else "an earlier or later version of the data"
            return (
                f"{other.id} was trained on {what} ({names[1]}) than {first.id} ({names[0]}). Name texts for both with "
                "--dataset."
            )
    return None


def _compare(
    comparison: Comparison,
    runs: dict[str, RunDirectory],
    without: Sequence[str],
    texts: _Texts,
    progress: Progress,
    check: Callable[[], None],
    read: Progress,
) -> tuple[TextComparison | None, str | None]:
    """runs: those with best weights. without: a sentence for each of the others."""
    every = list(runs.values())
    classified: dict[str, RunOnTexts] = {}
    left_out = list(without)
    for done, run in enumerate(every):
        progress(done, len(every))
        try:
            classifier = TrainedClassifier(run)
        except TmeattnError as error:
            left_out.append(error.message)
            continue
        if classifier.weights != "best":
            left_out.append(f"The best weights of the run {run.id} are damaged.")
            continue
        if classifier.notes:  # another tokenizer
            left_out.append(f"The run {run.id}: {' '.join(classifier.notes)}")
            continue
        classified[run.id] = texts.classify(classifier, check, read)
    progress(len(every), len(every))
    groups = [
        (group.label, own)
        for group in comparison.sides
        if (own := [classified[run.summary.id] for run in group.runs if run.summary.id in classified])
    ]
    if len(groups) < 2:
        return None, _too_few(left_out)
    where = f"{texts.split}{f' (--limit {texts.limit})' if texts.limit else ''}"
    named = [f"Left out: {line}" for line in left_out]
    compared = compare_groups(groups, texts.labels_N, texts.classes, dataset=texts.dataset, split=where, left_out=named)
    return compared, None


def _too_few(left_out: Sequence[str]) -> str:
    return " ".join([*left_out, "Fewer than two groups are left to compare."])


class _Texts:
    """The texts of a split. They are encoded anew only for a run with another tokenizer or other words than those of
    the run before it."""

    def __init__(
        self,
        dataset: str,
        split: str,
        classes: Sequence[str],
        limit: int | None,
        *,
        opened: Dataset | None = None,
        chosen: ChosenTexts | None = None,
    ) -> None:
        """opened: the dataset of the runs; chosen: or the texts of another one."""
        self.dataset, self.split, self.classes, self.limit = dataset, split, classes, limit
        self._opened, self._chosen = opened, chosen
        self.labels_N = np.zeros(0, dtype=np.int64)
        self._encoded: EncodedSplit | None = None
        self._tokenizer, self._words = "", [""]

    def classify(self, classifier: TrainedClassifier, check: Callable[[], None], read: Progress) -> RunOnTexts:
        """The predictions of a run, in the order of the split. check, read: see `compare_on_texts`."""
        options, split, done = classifier.config.train, self._encode(classifier), 0

        def count(texts: int) -> None:
            nonlocal done
            done += texts
            read(done, len(split))

        evaluation = evaluate_split(
            classifier.model,
            split,
            max_length=options.max_length,
            alpha=0.0,
            device=classifier.device,
            attention="none",
            part=Part(check=check),
            progress=count,
        )
        predicted_N, self.labels_N = np.empty_like(evaluation.labels_N), np.empty_like(evaluation.labels_N)
        predicted_N[evaluation.indices_N] = evaluation.predicted()
        self.labels_N[evaluation.indices_N] = evaluation.labels_N
        return RunOnTexts(
            classifier.run.id,
            options.seed,
            predicted_N,
            quality(evaluation.probabilities_NC, evaluation.labels_N, classifier.classes),
            evaluation.means["cross_entropy"],
        )

    def _encode(self, classifier: TrainedClassifier) -> EncodedSplit:
        tokenizer, words = classifier.tokenizer, classifier.vocabulary.words
        if self._encoded is None or tokenizer.key != self._tokenizer or words != self._words:
            if self._chosen is not None and self._chosen.labels_N is not None:
                chosen = self._chosen
                self._encoded = encode_texts(
                    chosen.taken(), self._chosen.labels_N, chosen.rows_N, tokenizer, classifier.vocabulary
                )
            else:
                assert self._opened is not None
                settings = CorpusSettings(tokenizer=tokenizer, limit=self.limit)
                self._encoded = encode_split(self._opened, self.split, settings, classifier.vocabulary)
            self._tokenizer, self._words = tokenizer.key, words
        return self._encoded
