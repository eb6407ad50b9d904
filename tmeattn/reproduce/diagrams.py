"""Architecture diagrams of the report's models, from the models themselves."""

from __future__ import annotations

from tmeattn.models.building import build_model
from tmeattn.models.tracing import trace
from tmeattn.reproduce.plan import Settings
from tmeattn.reproduce.results import DiagramPanel, Panel
from tmeattn.reproduce.targets import DiagramTarget
from tmeattn.run_config import resolve_run
from tmeattn.specs import Space

REPORT_VECTOR_SIZE = 100
"""Dimensions of the report's word vectors."""


def diagram_panel(target: DiagramTarget, settings: Settings) -> Panel:
    """The diagram of a model with the report's width of word vectors, or with that of `--vector-size`."""
    width = int(settings.overrides.get("vector_size", REPORT_VECTOR_SIZE))
    config = resolve_run(target.model, {"recipe": settings.recipe, **target.options})
    model = build_model(config, Space(vocabulary_size=2, num_classes=2, vector_size=width, tune=False))
    options = "".join(f" --{name.replace('_', '-')} {value}" for name, value in target.options.items())
    title = f"{target.model}{options}, {width} dimensions"
    return DiagramPanel(f"{title}, module {target.part}" if target.part else title, trace(model, target.part))
