"""A trained run behind HTTP, without HTTP: predictions in micro-batches, explanations one after another, in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from tmeattn.explain.compatibility import default_method, methods_with_reasons, require_class
from tmeattn.explain.explain import explain_each
from tmeattn.explain.explanation import ExplainRequest, Explanation
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.prediction import predictions_of
from tmeattn.serve.batching import Batcher, Busy
from tmeattn.serve.metrics import Metrics
from tmeattn.serve.requests import Wanted

MOST_EXPLANATIONS = 256
"""Explanations that may wait; further requests are refused."""


class Service:
    """A trained run that answers requests.

    methods:  the names of the methods of explanation that work with the model, the default one first.
    stopping: set when the service ends: it answers what it has accepted, and closes connections.
    dropped:  the number of requests that it had accepted and did not answer, because it had to end.
    """

    def __init__(self, classifier: TrainedClassifier) -> None:
        self.classifier = classifier
        self.batcher = Batcher(classifier.probabilities, on_batch=lambda texts: self.metrics.batch(texts))
        self.metrics = Metrics(self.run, self.model, lambda: self.batcher.waiting)
        self.stopping, self.dropped = False, 0
        default = default_method(classifier, None, None)[0].name
        usable = [spec.name for spec, reason in methods_with_reasons(classifier) if reason is None]
        self.methods = (default, *(name for name in usable if name != default))
        self._explainer = ThreadPoolExecutor(1, thread_name_prefix="explain")
        self._explanations = 0

    @property
    def run(self) -> str:
        """The run's id."""
        return self.classifier.run.id

    @property
    def model(self) -> str:
        """The name of the run's model."""
        return self.classifier.spec.name

    async def predict(self, texts: Sequence[str]) -> dict[str, Any]:
        """The document of `POST /predict`.

        Raises:
            Busy: too many texts wait already.
        """
        rows_NC = await self.batcher.probabilities(texts)
        self.metrics.texts("predict", len(texts))
        predictions = [asdict(one) for one in predictions_of(self.classifier.classes, rows_NC)]
        return {"run": self.run, "model": self.model, "predictions": predictions}

    async def explain(self, wanted: Wanted) -> list[Explanation]:
        """The explanations of each text by each method, text by text.

        Raises:
            BadInput: a class, method, layer or head does not exist, or a text has no words.
            Busy: too many explanations wait already.
        """
        require_class(self.classifier.classes, wanted.target)
        requests = [
            [ExplainRequest(text, method, wanted.target, None, wanted.layer, wanted.head) for method in wanted.methods]
            for text in wanted.texts
        ]
        number = len(wanted.texts) * len(wanted.methods)
        if self._explanations and self._explanations + number > MOST_EXPLANATIONS:
            raise Busy
        self._explanations += number
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                self._explainer, explain_each, self.classifier, requests
            )
        finally:
            self._explanations -= number
        self.metrics.texts("explain", number)
        return found

    async def close(self) -> None:
        """End the threads, after what was accepted has been answered."""
        await self.batcher.close()
        self._explainer.shutdown(wait=False)
