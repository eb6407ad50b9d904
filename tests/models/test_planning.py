"""Models without memory for their weights."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from tmeattn.models.building import build_model
from tmeattn.models.planning import planned_model
from tmeattn.registry import registry
from tmeattn.run_config import resolve_run
from tmeattn.specs import ModelSpec, Space

SPACE = Space(vocabulary_size=30, num_classes=3, vector_size=8, tune=True)
PREPARES = {spec.name for spec in registry().all(ModelSpec) if spec.prepare}
MODELS = [spec.name for spec in registry().all(ModelSpec) if spec.name not in PREPARES]


@pytest.mark.parametrize("model", MODELS)
def test_a_planned_model_has_the_names_and_shapes_of_the_built_one(model: str) -> None:
    config = resolve_run(model, {})
    planned, built = planned_model(config, SPACE).state_dict(), build_model(config, SPACE).state_dict()
    assert {name: one.shape for name, one in planned.items()} == {name: one.shape for name, one in built.items()}
    assert all(one.is_meta for one in planned.values() if isinstance(one, torch.Tensor))


def test_planning_a_model_imports_no_compiler() -> None:
    script = (
        "import sys; from tmeattn.models.planning import planned_model; from tmeattn.run_config import resolve_run; "
        "from tmeattn.specs import Space\n"
        f"space = {SPACE!r}\n"
        f"for model in {MODELS!r}:\n"
        "    planned_model(resolve_run(model, {}), space)\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=120).returncode == 0
