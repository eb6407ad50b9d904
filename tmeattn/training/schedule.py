"""Learning rate and alpha as functions of the step alone, so that a resumed run needs no scheduler state."""

from __future__ import annotations

from tmeattn.config import TrainOptions

LR_RISE = 50
"""Steps over which the linear schedule rises from nearly 0 to --lr before it falls, without --warmup."""


def learning_rate(options: TrainOptions, step: int, steps_per_epoch: int) -> float:
    """The learning rate of step `step` (from 0)."""
    total = options.epochs * steps_per_epoch
    if options.warmup is not None:
        rise = max(round(options.warmup * total), 1)
        if step < rise or options.lr_schedule == "constant":
            return options.lr * min((step + 1) / rise, 1.0)
        return options.lr * (total - step) / (total - rise)
    if options.lr_schedule == "constant":
        return options.lr
    rise = min(LR_RISE, max(total // 10, 1))
    return options.lr * min((step + 1) / rise, 1.0) * (1.0 - step / total)


def alpha(options: TrainOptions, step: int, steps_per_epoch: int) -> float:
    """The entropy penalty's weight in step `step` (from 0): it rises linearly over the warm-up epochs."""
    warmup = options.alpha_warmup * steps_per_epoch
    return options.alpha if step >= warmup else options.alpha * step / warmup


def counts_for_best(options: TrainOptions, epochs_done: float) -> bool:
    """Whether an epoch may become the best: only when alpha has reached its full value."""
    return options.alpha == 0 or epochs_done >= options.alpha_warmup
