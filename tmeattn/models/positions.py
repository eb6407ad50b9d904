"""Encodings of a word's place in its text (report, part 2: positions)."""

from __future__ import annotations

import torch
from torch import Tensor


def sinusoidal(count: int, width: int, base: float) -> Tensor:
    """Sine and cosine of the position, alternating: (count, width), float32.

        p_t[2i]     = sin(t / base^(2i / width))
        p_t[2i + 1] = cos(t / base^(2i / width))

    A pair shares its exponent, so p_s . p_t depends on the distance |s - t| alone (for an even width).
    Source: Vaswani et al. 2017, section 3.5, with base 10000; the report prints 1000.
    """
    dimension_D = torch.arange(width, dtype=torch.float64)
    angle_TD = torch.arange(count, dtype=torch.float64)[:, None] * base ** (-(dimension_D - dimension_D % 2) / width)
    return torch.where(dimension_D % 2 == 0, angle_TD.sin(), angle_TD.cos()).float()
