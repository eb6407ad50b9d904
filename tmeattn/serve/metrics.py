"""The metrics of a service, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """Counters of one service. They may be called from one thread only."""

    def __init__(self, run: str, model: str, waiting: Callable[[], float]) -> None:
        """waiting: gives the number of texts that wait or are being classified."""
        own = self._registry = CollectorRegistry()
        names = ["path", "status"]
        self._requests = Counter("tmeattn_requests", "Answered requests.", names, registry=own)
        self._seconds = Histogram(
            "tmeattn_request_seconds", "Time from request to answer.", ["path"], buckets=_SECONDS, registry=own
        )
        self._texts = Counter("tmeattn_texts", "Texts that were predicted or explained.", ["kind"], registry=own)
        self._batches = Histogram(
            "tmeattn_batch_texts", "Texts that were classified together.", buckets=_TEXTS, registry=own
        )
        Gauge("tmeattn_waiting_texts", "Texts that wait or are being classified.", registry=own).set_function(waiting)
        about = {"run": run, "model": model, "version": version("tmeattn")}
        Info("tmeattn_service", "The run that answers.", registry=own).info(about)

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count a request. `path` is one of a fixed set, so that the number of series stays small."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def texts(self, kind: str, count: int) -> None:
        """Count texts of the kind "predict" or "explain"."""
        self._texts.labels(kind).inc(count)

    def batch(self, texts: int) -> None:
        """Count a batch."""
        self._batches.observe(texts)

    def page(self) -> bytes:
        """The document of `GET /metrics`."""
        return bytes(generate_latest(self._registry))
