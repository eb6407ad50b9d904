"""An LSTM over the shares of a batch, each on a thread of its own.

torch divides every matrix product of every time step among its threads, which then wait for one another several times a
step. The texts of a batch do not depend on each other, so here each thread runs the LSTM, and later its gradients, over
its own texts, and the threads meet once at the end. That is faster on an idle machine, and slows down less beside a
busy process, since a thread that lost its core holds nobody up before the end.

Shapes: B texts, T tokens, D dimensions of the input, H of the states.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Barrier, Lock
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from tmeattn.models.exporting import is_exporting

LEAST_TEXTS = 16
"""Texts of the smallest share: the products of fewer texts are too small to be fast."""
_making = Lock()


def lstm_states(lstm: nn.LSTM, x_BTD: Tensor) -> Tensor:
    """The states of a one-directional, batch-first LSTM of one layer: (B, T, D) -> (B, T, H).

    Equal to `lstm(x_BTD)[0]` except for rounding. It runs over shares of the batch on the CPU, in training and in
    inference mode, where there are threads and texts enough.
    """
    lstm.check_input(x_BTD, None)  # torch.lstm itself would read past the end of narrower vectors
    if is_exporting():
        return _as_onnx(lstm, x_BTD)
    shares = min(torch.get_num_threads(), len(x_BTD) // LEAST_TEXTS)
    divided = shares > 1 and x_BTD.device.type == "cpu" and not torch.is_autocast_enabled("cpu")
    if divided and lstm.training and torch.is_grad_enabled():
        states_BTH: Tensor = _Shares.apply(shares, x_BTD, *lstm.all_weights[0])  # type: ignore[no-untyped-call]
        return states_BTH
    if divided and torch.is_inference_mode_enabled():
        run = torch.inference_mode()(_run)
        weights = lstm.all_weights[0]
        return torch.cat(_on_threads(run, [(share, weights) for share in x_BTD.tensor_split(shares)]))
    plain_BTH: Tensor = lstm(x_BTD)[0]
    return plain_BTH


def _as_onnx(lstm: nn.LSTM, x_BTD: Tensor) -> Tensor:
    """The same as one operator of ONNX, which has the gates in another order. torch would unroll the words of its
    example."""

    def ordered(weight: Tensor) -> Tensor:
        take_in, forget, cell, give_out = weight.chunk(4)
        return torch.cat([take_in, give_out, forget, cell]).unsqueeze(0)

    of_input, of_state, input_bias, state_bias = lstm.all_weights[0]
    states_T1BH: Tensor = torch.onnx.ops.symbolic(
        "LSTM",
        (
            x_BTD.transpose(0, 1),
            ordered(of_input),
            ordered(of_state),
            torch.cat([ordered(input_bias), ordered(state_bias)], dim=1),
        ),
        {"hidden_size": lstm.hidden_size},
        dtype=x_BTD.dtype,
        shape=(x_BTD.shape[1], 1, x_BTD.shape[0], lstm.hidden_size),
    )
    return states_T1BH.squeeze(1).transpose(0, 1)


class _Shares(torch.autograd.Function):
    """The LSTM over shares of the batch. Each share has a graph of its own, whose gradients its thread computes."""

    @staticmethod
    def forward(ctx: Any, shares: int, x_BTD: Tensor, *weights: Tensor) -> Tensor:
        inputs = [share.detach().requires_grad_(x_BTD.requires_grad) for share in x_BTD.tensor_split(shares)]
        own = [weight.detach().requires_grad_(weight.requires_grad) for weight in weights]
        ctx.inputs, ctx.weights = inputs, own
        ctx.outputs = _on_threads(torch.enable_grad()(_run), [(share, own) for share in inputs])
        return torch.cat([output.detach() for output in ctx.outputs])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient_BTH: Tensor) -> tuple[Tensor | None, ...]:
        wanted = [weight for weight in ctx.weights if weight.requires_grad]
        gradients = gradient_BTH.tensor_split(len(ctx.outputs))
        tasks = [
            (output, [x for x in (share,) if x.requires_grad] + wanted, gradient)
            for output, share, gradient in zip(ctx.outputs, ctx.inputs, gradients, strict=True)
        ]
        found = _on_threads(torch.autograd.grad, tasks)
        ctx.outputs = ctx.inputs = None
        x_BTD = torch.cat([each[0] for each in found]) if ctx.needs_input_grad[1] else None
        sums = iter([sum(parts) for parts in zip(*(each[-len(wanted) :] for each in found), strict=True)])
        return None, x_BTD, *(next(sums) if weight.requires_grad else None for weight in ctx.weights)


def _run(x_BTD: Tensor, weights: list[Tensor]) -> Tensor:
    zeros_1BH = x_BTD.new_zeros(1, len(x_BTD), weights[1].shape[1])
    states_BTH: Tensor = torch.lstm(x_BTD, [zeros_1BH, zeros_1BH], weights, True, 1, 0.0, False, False, True)[0]
    return states_BTH


def _on_threads(function: Any, tasks: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The results of the function for each of the tasks, which run at the same time, in their order."""
    pool = _pool(len(tasks))
    return [future.result() for future in [pool.submit(function, *task) for task in tasks]]


def _pool(size: int) -> ThreadPoolExecutor:
    """The threads of `_new_pool`, made once for each size, whichever threads ask at the same time."""
    with _making:
        return _new_pool(size)


@lru_cache(maxsize=4)
def _new_pool(size: int) -> ThreadPoolExecutor:
    """Threads that compute with one thread of torch each. That of the caller keeps its number."""
    threads, all_started = torch.get_num_threads(), Barrier(size)

    def begin() -> None:
        torch.set_num_threads(1)
        all_started.wait()

    pool = ThreadPoolExecutor(size, thread_name_prefix="lstm", initializer=begin)
    list(pool.map(abs, range(size)))
    torch.set_num_threads(threads)  # also for threads that do not exist yet
    return pool
