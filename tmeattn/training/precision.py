"""bfloat16 autocast: matrix products with 16 bits; weights, optimiser state and loss remain float32."""

from __future__ import annotations

from typing import Literal

import torch

from tmeattn.specs import ModelOutput


def supports_bf16(device: torch.device) -> bool:
    """Whether the device supports bfloat16 in hardware. Emulated, it would be slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu":
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return False


def autocast(precision: Literal["float32", "bf16"], device: torch.device) -> torch.autocast:
    """Context manager for the forward pass of one step; it has no effect for float32."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def full_precision(output: ModelOutput) -> ModelOutput:
    """The output converted to float32, in which losses and entropies are computed."""
    return ModelOutput(
        output.logits_BC.float(),
        None if output.attention_BT is None else output.attention_BT.float(),
        None if output.maps is None else tuple(map_BHSS.float() for map_BHSS in output.maps),
    )
