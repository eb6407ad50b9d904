"""The training loop: steps, epochs, checkpoints and events, the same for every model. It displays nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch
from torch import nn

from tmeattn.config import TrainOptions
from tmeattn.data.encoding.batches import BucketedBatches, Share
from tmeattn.data.encoding.corpus import Corpus
from tmeattn.errors import TmeattnError
from tmeattn.evaluation.evaluate import attention_of_split, evaluate_split, measured_attention
from tmeattn.evaluation.meters import Meter
from tmeattn.models.arithmetic import arithmetic
from tmeattn.runs.control import take_request
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_types import EpochPart, Listener, SplitName
from tmeattn.specs import Attention
from tmeattn.training import checkpoint, schedule
from tmeattn.training.batch_gradient import BatchGradient
from tmeattn.training.checkpoint import Progress
from tmeattn.training.distributed.gradients import GradientSum, Measured, Wishes
from tmeattn.training.distributed.group import Alone
from tmeattn.training.erasure import with_hidden_words
from tmeattn.training.memory import kept_memory
from tmeattn.training.optimizer import clip_gradients, make_optimizer, set_learning_rate
from tmeattn.training.resources import ProcessUse, memory
from tmeattn.training.signals import StopFlag
from tmeattn.training.threads import Pace
from tmeattn.training.watch_list import WatchList

LOG_EVERY = 10
"""Steps over which a `step` event averages."""


class Diverged(TmeattnError):
    """The loss or the gradient norm is not finite."""


class Stopped(Exception):
    """A signal or a request stopped the training, and a checkpoint was written."""


class Trainer:
    """Trains a model on a corpus, beginning at `progress`.

    group:     the processes that train it together. Each has a trainer and does the same steps with its share of the
               texts; the first of them writes the checkpoints and the events.
    emit:      called with every event.
    attention: the kind of attention that the model's spec declares. Self-attention maps are computed in every step if
               alpha penalises their entropy, or else after every epoch for a sample of the validation texts.
    pace:      decides about the number of threads after every step; None: it does not change.
    """

    def __init__(
        self,
        model: nn.Module,
        options: TrainOptions,
        corpus: Corpus,
        run: RunDirectory,
        *,
        progress: Progress,
        device: torch.device,
        attention: Attention,
        emit: Listener,
        group: Alone | None = None,
    ) -> None:
        self.model, self.options, self.corpus, self.run = model, options, corpus, run
        self.progress, self.device, self.group = progress, device, group or Alone()
        self.emit: Listener = emit if self.group.is_first else lambda event: None
        self.attention = measured_attention(attention, options.alpha)
        self.has_attention = attention != "none"
        with arithmetic(progress.arithmetic):
            self.optimizer = make_optimizer(model, options)
        self.gradient_sum = GradientSum(model, self.group, len(corpus.vocabulary))
        self.gradient = BatchGradient(
            model, options, corpus, device, maps=self.attention == "all", processes=self.group.size, warn=self._warn
        )
        self.has_trainable_parameters = self.gradient.has_trainable_parameters
        train, balanced = corpus.splits["train"], options.balance == "sampling"
        self.batches = BucketedBatches(train, options.batch_size, options.max_length, options.seed, balanced=balanced)
        self.steps_per_epoch = len(self.batches)
        self.epoch_meter = Meter(**progress.epoch_meter) if progress.epoch_meter else self.gradient.empty_meter()
        self.window_meter = Meter(**progress.window_meter) if progress.window_meter else self.gradient.empty_meter()
        self.pace: Pace | None = None
        self.watch_list = WatchList(model, run, corpus, options, device, self.attention, self.emit, len(self.batches))
        self._use = ProcessUse()
        self._clock = time.perf_counter()
        self._window_tokens, self._window_clock = 0, self._clock

    def fit(self, stop: StopFlag, on_progress: Callable[[Progress], None]) -> str:
        """Train to the end and return the reason for it: "epochs", "patience", or "closed form" for a model without
        trainable parameters, which needs one epoch only, to be evaluated.

        Raises:
            Stopped: a signal or a request stopped the training; a checkpoint was written.
            Diverged: the loss or the gradient norm is not finite; earlier checkpoints are kept.
            EnvironmentProblem: a checkpoint cannot be written.
        """
        with arithmetic(self.progress.arithmetic), kept_memory():
            self._measure_untrained()
            if self.options.init is not None and self.progress.step == 0:
                self.save()  # from here on, the run that this one starts from is not needed any more
            self._clock = time.perf_counter()
            self._new_window()
            while (reason := self._end_reason()) is None:
                self._epoch(stop, on_progress)
            return reason

    def _measure_untrained(self) -> None:
        """Log the attention entropy and the watch list before the first step, once in a run. Nothing of the training
        changes by it."""
        if self.has_attention and self.progress.step == 0 and self.group.decide(self._has_no_entropy):
            means = attention_of_split(
                self.model,
                self.corpus.splits["validation"],
                max_length=self.options.max_length,
                device=self.device,
                attention=self.attention,
                part=self.group.part,
            )
            self._log_entropy("validation", means)
        if self.group.is_first:
            self.watch_list.begin(self.progress)

    def _warn(self, message: str) -> None:
        self.emit({"kind": "warning", "message": message})

    def _has_no_entropy(self) -> bool:
        return not self.run.events("entropy")

    def _log_entropy(self, split: SplitName, means: EpochPart) -> None:
        self.emit(
            {
                "kind": "entropy",
                "step": self.progress.step,
                "split": split,
                "entropy": means["entropy"],
                "histogram": means["histogram"],
            }
        )

    def _end_reason(self) -> str | None:
        if self.progress.epoch >= self.options.epochs:
            return "epochs"
        if not self.has_trainable_parameters and self.progress.epoch > 0:
            return "closed form"
        if 0 < self.options.patience <= self.progress.bad_epochs:
            return "patience"
        return None

    def _epoch(self, stop: StopFlag, on_progress: Callable[[Progress], None]) -> None:
        progress = self.progress
        self.model.train()
        for share in self.batches.shares(
            progress.epoch, start=progress.batch, rank=self.group.rank, size=self.group.size
        ):
            self._step(share)
            on_progress(progress)
            is_last = progress.batch == self.steps_per_epoch
            if self.group.is_first and not is_last:
                self.watch_list.after_step(progress)
            wishes = self.gradient_sum.agreed(self._wishes(stop), now=is_last)
            if wishes.save or (progress.step % self.options.checkpoint_every == 0 and not is_last):
                self.save()
            if wishes.stop:
                self.save()
                raise Stopped(wishes.stop)
        self._end_epoch()
        on_progress(progress)

    def _wishes(self, stop: StopFlag) -> Wishes:
        """What signals and requests demand of this process. Requests are files of the run, which rank 0 takes."""
        if not self.group.is_first:
            return Wishes(stop=stop.reason)
        save, requested = take_request(self.run, "checkpoint"), take_request(self.run, "stop")
        return Wishes(save, stop.reason or ("request" if requested else None))

    def _step(self, share: Share) -> None:
        """One optimisation step. If it raises `Diverged`, the weights have not changed."""
        progress, options, began = self.progress, self.options, time.perf_counter()
        alpha = schedule.alpha(options, progress.step, self.steps_per_epoch)
        self.optimizer.zero_grad(set_to_none=True)
        share = self._with_hidden_words(share)
        measured = self._together(share, self.gradient.add(share, alpha))
        self._check_finite(measured.meter.loss / measured.meter.texts, "loss")
        norm = clip_gradients(self.model, options.clip_norm)
        self._check_finite(norm, "gradient norm")
        set_learning_rate(self.optimizer, schedule.learning_rate(options, progress.step, self.steps_per_epoch))
        self.optimizer.step()
        progress.step += 1
        progress.batch += 1
        progress.gradient_norms.append(norm)
        for running in (self.epoch_meter, self.window_meter):
            running.merge(measured.meter)
        if options.batch_entropy:
            self._log_entropy("train", measured.meter.means())
        self._window_tokens += measured.words
        if progress.step % LOG_EVERY == 0:
            self._log_step(alpha)
        if self.pace is not None:
            self._set_threads(self.pace.after(progress.step, measured.words, time.perf_counter() - began))

    def _with_hidden_words(self, share: Share) -> Share:
        """The texts as the model reads them in this step."""
        if not self.options.word_dropout_erasure:
            return share
        return with_hidden_words(
            share,
            self.batches.lengths(share.indices_W),
            [self.options.seed, self.progress.step],
            self.options.erasure_operator,
            rank=self.group.rank,
            size=self.group.size,
        )

    def _set_threads(self, threads: int) -> None:
        """Log a change of the number of threads before it takes effect."""
        if threads != self.progress.threads:
            before = self.progress.threads
            self.emit({"kind": "threads", "step": self.progress.step, "threads": threads, "before": before})
            self.progress.threads = threads
            torch.set_num_threads(threads)

    def rehearse(self, share: Share) -> None:
        """What takes most of the time of a step: the forward pass and the gradients. Nothing changes but torch's random
        state."""
        self.model.train()
        with arithmetic(self.progress.arithmetic):
            self.gradient.add(share, 0.0)
        self.model.zero_grad(set_to_none=True)

    def _together(self, share: Share, measured: Measured) -> Measured:
        """Sum the gradients and the measures of all processes."""
        if self.group.size == 1:
            return measured
        texts, of_batch = len(share.batch.indices), len(share.indices_W)
        return self.gradient_sum.reduce(measured, self.batches.words(share.indices_W), texts / of_batch)

    def _check_finite(self, value: float, quantity: str) -> None:
        if not math.isfinite(value):
            raise Diverged(
                f"The {quantity} became {value} in step {self.progress.step + 1}: training has diverged.",
                hint=self._advice(),
            )

    def _advice(self) -> str:
        """What to do about a loss that is not finite: resumed, the run would diverge again."""
        kept = "The last checkpoint is kept" if self.run.has_checkpoint() else "There is no checkpoint yet"
        again = f"tmeattn train --from {self.run.id} --lr {self.options.lr / 10:g}"
        return f"{kept}. Train again with a smaller --lr, or with --clip-norm 1: {again}"

    def _log_step(self, alpha: float) -> None:
        means = self.window_meter.means()
        norms = self.progress.gradient_norms
        self.emit(
            {
                "kind": "step",
                "step": self.progress.step,
                "epoch": self.progress.epoch + 1,
                "loss": means["loss"],
                "cross_entropy": means["cross_entropy"],
                "penalty": means["loss"] - means["cross_entropy"],
                "alpha": alpha,
                "accuracy": means["accuracy"],
                "entropy": means["entropy"],
                "learning_rate": self.optimizer.param_groups[0]["lr"],
                "tokens_per_second": self._window_tokens / max(time.perf_counter() - self._window_clock, 1e-9),
                "gradient_norm": sum(norms) / len(norms) if self.has_trainable_parameters else None,
                "cpu": self._use.cores(),
                "memory": memory(),
            }
        )
        self.window_meter, self.progress.gradient_norms = self.gradient.empty_meter(), []
        self._new_window()

    def _new_window(self) -> None:
        """Begin to measure the speed anew."""
        self._window_tokens, self._window_clock = 0, time.perf_counter()
        self._use.restart()

    def _end_epoch(self) -> None:
        progress, options = self.progress, self.options
        alpha = schedule.alpha(options, progress.step, self.steps_per_epoch)
        validation = self._validate(alpha)
        self._check_finite(validation["loss"], "validation loss")
        progress.epoch += 1
        progress.batch = 0
        best = False
        if schedule.counts_for_best(options, progress.epoch):
            best = validation["accuracy"] > progress.best_accuracy
            progress.bad_epochs = 0 if best else progress.bad_epochs + 1
        if best:
            progress.best_accuracy, progress.best_epoch = validation["accuracy"], progress.epoch
            if self.group.is_first:
                checkpoint.save_best(self.run.checkpoints, self.model, progress)
        self._account_time()
        self.emit(
            {
                "kind": "epoch",
                "epoch": progress.epoch,
                "step": progress.step,
                "seconds": progress.epoch_seconds,
                "alpha": alpha,
                "learning_rate": schedule.learning_rate(options, progress.step - 1, self.steps_per_epoch),
                "best": best,
                "train": self.epoch_meter.means(),
                "validation": validation,
            }
        )
        if self.group.is_first:
            self.watch_list.after_epoch(progress)
        progress.epoch_seconds = 0.0
        self.epoch_meter = self.gradient.empty_meter()
        self._new_window()
        self.save()

    def _validate(self, alpha: float) -> EpochPart:
        """Means over the validation texts for the epoch event, always in full precision."""
        return evaluate_split(
            self.model,
            self.corpus.splits["validation"],
            max_length=self.options.max_length,
            alpha=alpha,
            device=self.device,
            # Maps that training does not change are measured once, before the first step.
            attention="none" if getattr(self.model, "maps_are_fixed", False) else self.attention,
            part=self.group.part,
        ).means

    def save(self) -> None:
        """Write `checkpoints/last` with the current running means and elapsed time."""
        progress = self.progress
        self._account_time()
        progress.epoch_meter, progress.window_meter = self.epoch_meter.state(), self.window_meter.state()
        states = self.group.of_all(checkpoint.random_state())
        if self.group.is_first:
            checkpoint.save_training(self.run.checkpoints, self.model, self.optimizer, progress, states)
        self.emit({"kind": "checkpoint", "step": progress.step, "epoch": progress.epoch})

    def _account_time(self) -> None:
        now = time.perf_counter()
        self.progress.epoch_seconds += now - self._clock
        self.progress.seconds += now - self._clock
        self._clock = now
