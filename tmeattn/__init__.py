"""Train, watch, explain and compare attention-based text classifiers.

    import tmeattn
    model = tmeattn.train("lstm-attn", alpha=0.05)
    model.predict(["A wonderful film."])
    tmeattn.load("latest").explain("A wonderful film.")

Nothing heavy is imported before `train` or `load` is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tmeattn.api import Model, Prediction, load, train

__all__ = ["Model", "Prediction", "load", "train"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from tmeattn import api

        return getattr(api, name)
    raise AttributeError(f"module 'tmeattn' has no attribute {name!r}")
