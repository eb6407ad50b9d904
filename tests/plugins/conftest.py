"""`tmeattn(...)` as in the tests of the command line, and broken plugins to install."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import tmeattn

__all__ = ["tmeattn"]

LISTED = """
from pydantic import Field
from tmeattn.config import ModelConfig
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import ModelSpec
{at_import}

class Config(ModelConfig):
    size: int = Field(4, ge=1, description="Width of something.")
    {field}

@hookimpl
def tmeattn_models():
    return [ModelSpec({spec})]
"""
SPEC = {
    "name": "'broken'",
    "summary": "'A model'",
    "config": "'broken_plugin:Config'",
    "build": "'broken_model:Model'",
    "attention": "'pool'",
}
MODEL = """
import torch
from torch import nn
from tmeattn.models.layers import WordEmbedding, masked_softmax
from tmeattn.specs import ModelOutput

{before}

class Model(nn.Module):
    def __init__(self, config, space):
        super().__init__()
        {init}
        self.embedding = WordEmbedding(space)
        self.score = nn.Linear(space.vector_size, 1, bias=False)
        self.classify = nn.Linear(space.vector_size, space.num_classes)

    def forward(self, tokens, mask, need_maps=False):
        {forward}
        x = self.embedding(tokens)
        attention = masked_softmax(self.score(x).squeeze(-1), mask)
        {attended}
        logits = self.classify(torch.einsum("bt,btd->bd", attention, x))
        {end}
        return ModelOutput(logits, attention)
"""


@pytest.fixture
def install_model(install: Any, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """`install_model(init="raise ...")` installs the distribution `broken`, a sound model but for these lines.

    `at_import`, `field` and `spec_...` stand where it is listed; `before`, `init`, `forward`, `attended` and `end` in
    the model.
    """

    def install_model(**lines: str) -> None:
        spec = {**SPEC, **{key.removeprefix("spec_"): value for key, value in lines.items() if key.startswith("spec_")}}
        listed = LISTED.format(
            at_import=lines.get("at_import", ""),
            field=lines.get("field", ""),
            spec=", ".join(f"{key}={value}" for key, value in spec.items()),
        )
        install("broken", listed)
        parts = {part: lines.get(part, "pass") for part in ("before", "init", "forward", "attended", "end")}
        (tmp_path / "site" / "broken_model.py").write_text(MODEL.format(**parts))

    yield install_model
    sys.modules.pop("broken_model", None)
