"""The gradients and the measures of a step, summed over all processes in one operation.

A large table of word vectors has a gradient only in the rows of the words that the batch contains. Every process knows
the whole batch, and so the same rows: only these are sent. Whether a table has a gradient in another row, as a table
that is also the output layer has, is part of what is sent. Where a process finds one, the other rows are summed too,
and from then on the whole table. Both ways give the same sums. Shapes: V rows of a table, U rows in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tmeattn.evaluation.meters import Meter
from tmeattn.specs import PADDING, UNKNOWN
from tmeattn.training.distributed.group import Alone, Group

REASONS = ("request", "SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")
"""Why a training stops, as far as the processes tell each other."""


@dataclass(frozen=True)
class Wishes:
    """What is to happen after a step.

    save: a checkpoint is written.   stop: why the training stops, after a checkpoint; None if it goes on.
    """

    save: bool = False
    stop: str | None = None

    def __or__(self, other: Wishes) -> Wishes:
        return Wishes(self.save or other.save, self.stop or other.stop)

    def numbers(self) -> list[float]:
        """One number for each wish, whose sums over processes `of` reads."""
        known = self.stop if self.stop in REASONS or self.stop is None else REASONS[0]
        return [float(self.save), *(float(known == reason) for reason in REASONS)]

    @staticmethod
    def of(sums: Sequence[float]) -> Wishes:
        stops = [reason for reason, count in zip(REASONS, sums[1:], strict=True) if count]
        return Wishes(sums[0] > 0, stops[0] if stops else None)


@dataclass(frozen=True)
class Measured:
    """What is measured in a step. words: the number of words that were read."""

    meter: Meter
    words: int = 0


class GradientSum:
    """Sums the gradients of a model over the processes of a group; alone, it changes nothing.

    words: the size of the vocabulary.
    """

    def __init__(self, model: nn.Module, group: Alone, words: int) -> None:
        self.model, self.group, self._words = model, group, words
        self._trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._tables = tables(model, words)
        self._seen = {name: buffer.clone() for name, buffer in _kept_buffers(model)} if group.size > 1 else {}
        self._own, self._common = Wishes(), Wishes()
        self._reason: str | None = None

    def agreed(self, wishes: Wishes, *, now: bool) -> Wishes:
        """What all processes do after this step. Alone, that is what this process wishes. Of several, each sends its
        wishes with its next gradients, or `now`, so that all of them do the same after the same step."""
        if not isinstance(self.group, Group):
            return wishes
        self._own |= wishes
        self._reason = self._reason or wishes.stop
        if now:
            sums = self.group.total(np.array(self._own.numbers()))
            self._common |= Wishes.of(sums.tolist())
            self._own = Wishes()
        common, self._common = self._common, Wishes()
        return Wishes(common.save, common.stop and (self._reason or common.stop))

    def reduce(self, measured: Measured, tokens: np.ndarray, share: float) -> Measured:
        """Replace the gradient of every parameter by its sum over all processes; return the sums of the measures.

        tokens: the ids of the words of the whole batch.   share: the part of its texts that this process has.
        """
        if not isinstance(self.group, Group):
            return measured
        rows = self._rows_in_use(tokens)
        sent = [_sent(parameter, used_U) for parameter, used_U in zip(self._trained, rows, strict=True)]
        buffers = _kept_buffers(self.model)
        notes = (
            [float(parameter.grad is not None) for parameter in self._trained],
            [float(_is_outside(table, used_U)) for table, used_U in zip(self._trained, rows, strict=True)],
            [float(self._has_changed(name, buffer)) for name, buffer in buffers],
            self._own.numbers(),
            [float(measured.words), *measured.meter.sums()],
        )
        summed, told = self._summed(sent, [number for part in notes for number in part])
        existing, outside, changed, wishes, (words, *sums) = _parts(told, [len(part) for part in notes])
        for parameter, values, used_U, count in zip(self._trained, summed, rows, existing, strict=True):
            if count:  # else no process has one, and the optimiser leaves the parameter alone
                _set_gradient(parameter, values, used_U)
        self._sum_other_rows(rows, outside)
        self._share_buffers([buffer for (_, buffer), count in zip(buffers, changed, strict=True) if count], share)
        self._common |= Wishes.of(wishes)
        self._own = Wishes()
        return Measured(measured.meter.with_sums(sums), round(words))

    def _rows_in_use(self, tokens: np.ndarray) -> list[Tensor | None]:
        """For each parameter the rows that the batch uses; None where the whole parameter is sent: it is no table, or
        the rows are more than half of it. Rows behind those of the words count as used."""
        if not self._tables:
            return [None] * len(self._trained)
        used_V = np.zeros(self._words, dtype=bool)
        used_V[[PADDING, min(UNKNOWN, self._words - 1)]] = True
        used_V[tokens] = True
        words_U = torch.from_numpy(np.flatnonzero(used_V)).to(self.group.device)

        def of(parameter: Tensor) -> Tensor | None:
            size = len(words_U) + len(parameter) - self._words if id(parameter) in self._tables else len(parameter)
            if 2 * size > len(parameter):
                return None
            return torch.cat([words_U, torch.arange(self._words, len(parameter), device=words_U.device)])

        return [of(parameter) if parameter.dim() else None for parameter in self._trained]

    def _has_changed(self, name: str, buffer: Tensor) -> bool:
        """Whether the training step changed a buffer, as that of a batch normalisation does. Its version does not
        tell."""
        return name not in self._seen or not torch.equal(buffer, self._seen[name])

    def _summed(self, sent: list[Tensor], notes: list[float]) -> tuple[list[Tensor], list[float]]:
        """The sums of tensors and numbers over all processes, in one operation for each type of tensor."""
        assert isinstance(self.group, Group)
        tensors = [*sent, torch.tensor(notes, dtype=torch.float32, device=self.group.device)]
        summed = list(tensors)
        for kind in dict.fromkeys(tensor.dtype for tensor in tensors):
            chosen = [index for index, tensor in enumerate(tensors) if tensor.dtype == kind]
            total = self.group.sum(torch.cat([tensors[index].reshape(-1) for index in chosen]))
            for index, values in zip(chosen, _split(total, [tensors[i] for i in chosen]), strict=True):
                summed[index] = values
        return summed[:-1], summed[-1].tolist()

    def _sum_other_rows(self, rows: list[Tensor | None], outside: list[float]) -> None:
        """Sum the rows that are not in use of the tables in which a process has found a gradient there."""
        assert isinstance(self.group, Group)
        for parameter, used_U, count in zip(self._trained, rows, outside, strict=True):
            if not count or used_U is None or parameter.grad is None:
                continue
            kept = parameter.grad[used_U]
            parameter.grad[used_U] = 0
            parameter.grad.copy_(self.group.sum(parameter.grad.reshape(-1)).view_as(parameter.grad))
            parameter.grad[used_U] = kept
            self._tables.discard(id(parameter))

    @torch.no_grad()
    def _share_buffers(self, changed: list[Tensor], share: float) -> None:
        """Give every process the same buffers: the mean over the texts of the batch, and integers of rank 0."""
        assert isinstance(self.group, Group)
        if not changed:
            return
        own = [
            buffer.double() * (share if buffer.is_floating_point() else float(self.group.is_first))
            for buffer in changed
        ]
        total = self.group.total(torch.cat([values.reshape(-1) for values in own]).cpu().numpy())
        for buffer, values in zip(changed, _split(torch.from_numpy(total), changed), strict=True):
            buffer.copy_(values)
        self._seen = {name: buffer.clone() for name, buffer in _kept_buffers(self.model)}


def tables(model: nn.Module, words: int) -> set[int]:
    """The identities of the trained weights of embeddings that have a row for every word of the vocabulary."""
    return {
        id(module.weight)
        for module in model.modules()
        if isinstance(module, nn.Embedding) and module.weight.requires_grad and module.num_embeddings >= words
    }


def _kept_buffers(model: nn.Module) -> list[tuple[str, Tensor]]:
    """The buffers that checkpoints hold."""
    kept = model.state_dict(keep_vars=True)
    return [(name, buffer) for name, buffer in model.named_buffers() if name in kept]


def _sent(parameter: Tensor, used_U: Tensor | None) -> Tensor:
    """What is sent of a gradient: its rows in use, or all of it."""
    if parameter.grad is None:
        return parameter.new_zeros(parameter.shape if used_U is None else (len(used_U), *parameter.shape[1:]))
    if parameter.grad.is_sparse:
        parameter.grad = parameter.grad.to_dense()
    return parameter.grad if used_U is None else parameter.grad[used_U]


def _is_outside(parameter: Tensor, used_U: Tensor | None) -> bool:
    """Whether the gradient of a table has a row that is not in use."""
    if used_U is None or parameter.grad is None:
        return False
    return bool(parameter.grad.count_nonzero() != parameter.grad[used_U].count_nonzero())


def _split(values: Tensor, like: list[Tensor]) -> list[Tensor]:
    """Views of consecutive values in the shapes of tensors."""
    ends = np.cumsum([tensor.numel() for tensor in like]).tolist()
    return [values[end - tensor.numel() : end].view(tensor.shape) for end, tensor in zip(ends, like, strict=True)]


def _set_gradient(parameter: Tensor, summed: Tensor, used_U: Tensor | None) -> None:
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    if used_U is None:
        parameter.grad.copy_(summed)
    else:
        parameter.grad[used_U] = summed


def _parts(numbers: list[float], sizes: list[int]) -> list[list[float]]:
    ends = np.cumsum(sizes)
    return [numbers[end - size : end] for end, size in zip(ends.tolist(), sizes, strict=True)]
