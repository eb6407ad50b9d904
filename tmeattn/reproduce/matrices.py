"""Matrices of sinusoidal position encodings."""

from __future__ import annotations

from tmeattn.config import Recipe
from tmeattn.models.transformer import sinusoidal
from tmeattn.reproduce.results import MatrixPanel, Panel
from tmeattn.reproduce.targets import MatrixTarget
from tmeattn.run_config import resolve_run


def matrix_panel(matrix: MatrixTarget, recipe: Recipe) -> Panel:
    """The position encodings, or their dot products, with the base that the recipe sets for a transformer."""
    base = float(resolve_run("transformer", {"recipe": recipe}).model_options["position_base"])
    encoded_TD = sinusoidal(matrix.positions, matrix.width, base).double()
    title = f"{matrix.positions} positions, {matrix.width} dimensions, base {base:g}"
    if matrix.kind == "encodings":
        values, x_label, title = encoded_TD, "dimension", f"encodings: {title}"
    else:
        values, x_label, title = encoded_TD @ encoded_TD.T, "position", f"dot products: {title}"
    return MatrixPanel(title, x_label, "position", tuple(tuple(row) for row in values.round(decimals=6).tolist()))
