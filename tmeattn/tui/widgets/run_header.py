"""The header of a run: name, state, progress, speed, and the cause if training failed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Static

from tmeattn.render.console import safe
from tmeattn.render.counting import is_progress
from tmeattn.render.numbers import count, finite, percent
from tmeattn.render.palette import BLUE, foreground
from tmeattn.runs import control
from tmeattn.tui.services.processes import TrainingProcess
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.run_state import RunState

LEAST_BAR, MOST_BAR = 10, 40
"""Columns of the bar: what would leave it fewer is not shown."""
SEPARATOR = " · "


class RunHeader(Static):
    """Two lines, and further lines for a problem and the key that solves it."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._drawn: object = None
        self._lines = 2
        self._width = 0

    def show(self, run_state: RunState, process: TrainingProcess | None) -> None:
        """Redraw the header if something has changed."""
        width = self.size.width  # of the content: without padding
        lives = process is not None and process.exit_code is None
        waited = run_state.waited
        key = (run_state.version, width, lives, control.pending(run_state.run, "stop"), waited and round(waited))
        if not width or key == self._drawn:
            return
        self._drawn = key
        lines = [_first(run_state, width), _second(run_state, width)]
        lines += [Text(line, style="yellow") for line in _trouble(run_state, process)]
        for line in lines[:2]:
            line.truncate(width, overflow="ellipsis")
        # narrower, what was drawn may be wrapped into more lines, until the height is computed anew
        self.update(Text("\n").join(lines), layout=width != self._width or len(lines) > 2 or self._lines > 2)
        self._lines, self._width = len(lines), width


def _first(run_state: RunState, width: int) -> Text:
    """State, name and options, cut so that the best accuracy is always seen at the right."""
    line = Text.assemble(
        run_wording.state(run_state.state, run_state.stop_reason),
        "  ",
        (run_wording.title(run_state), "bold"),
        no_wrap=True,
    )
    line.append(f"  {run_wording.about(run_state.run)}", style="dim")
    best = run_state.best_accuracy
    if best is not None:
        text = f"  best {percent(best, 2)}"
        line.truncate(max(width - len(text), 0), overflow="ellipsis", pad=True)
        line.append(text, style="bold")
    return line


def _second(run_state: RunState, width: int) -> Text:
    """Bar, epoch and time left, and what else fits beside them."""
    total = run_state.epochs_planned * run_state.steps_per_epoch
    if not total:
        return Text(_preparation(run_state), style="dim", no_wrap=True)
    ended = len(run_state.epochs)  # a run is in its last epoch until its validation texts are measured
    epoch = ended if run_state.finished else min(ended + 1, run_state.epochs_planned)
    parts = [f"epoch {epoch}/{run_state.epochs_planned}"]
    parts += [early] if (early := run_wording.early_end(run_state)) else []
    step = f"step {count(run_state.step)}/{count(total)}"
    if run_state.state == "running":
        if (waited := run_state.waited) is not None:
            return Text(" · ".join([f"waiting for the first step ({waited:.0f} s)", *parts, step]), no_wrap=True)
        parts += [f"ETA {remaining}"] if (remaining := run_wording.time_left(run_state)) else []
    text = _fitting(parts, [step, *_measures(run_state)], width)
    bar = max(min(width - cell_len(text) - 2, MOST_BAR), 0)
    return Text.assemble(_bar(run_state.share_done, bar), "  " if bar else "", text, no_wrap=True)


def _preparation(run_state: RunState) -> str:
    """What a run does before its first step; empty for a run that does nothing."""
    if run_state.state not in ("created", "running"):
        return ""
    last = "".join(control.log_tail(run_state.run, 1))
    if not last:
        return "reading the dataset …"
    return f"preparing …  {safe(last)}" if is_progress(last) else "preparing the first step …"


def _fitting(parts: Sequence[str], more: Sequence[str], width: int) -> str:
    """The parts, and those of `more`, in their order, that leave room for the bar."""
    text = SEPARATOR.join(parts)
    for part in more:
        if cell_len(text) + len(SEPARATOR) + cell_len(part) + 2 + LEAST_BAR <= width:
            text += SEPARATOR + part
    return text


def _measures(run_state: RunState) -> list[str]:
    """The speed of a run that is being trained, and the share of the entropy penalty in its last loss."""
    step, found = run_state.last_step, []
    if step is None:
        return []
    speed = finite(step["tokens_per_second"])
    if run_state.state == "running" and speed is not None:
        found.append(f"{count(speed)} tokens/s")
    if run_state.run.config["train"]["alpha"] and step["loss"]:
        found.append(f"entropy penalty: {percent(step['penalty'] / step['loss'], 0)} of the loss")
    return found


def _bar(share: float, width: int) -> Text:
    done = round(share * width)
    return Text.assemble(("━" * done, foreground(BLUE)), ("─" * (width - done), "dim"))


def _trouble(run_state: RunState, process: TrainingProcess | None) -> list[str]:
    """The problem of the run and the next action."""
    if run_state.state == "deleted":
        return ["The run directory was deleted. Press esc to return to the runs."]
    if process is not None and process.exit_code is None and run_state.state not in ("running", "created"):
        if process.resumes:
            return ["Resuming: reading the dataset …"]
        return ["The training process is stopping …"] if run_state.state == "stopped" else []
    why = run_wording.why(run_state)
    if not why:
        return (
            ["Stop requested: the run saves a checkpoint after its current step and stops."]
            if control.pending(run_state.run, "stop")
            else []
        )
    lines = [why + (" Press r to resume." if run_wording.resumable(run_state) else "")]
    more = run_wording.more_about_failure(run_state)
    return [*lines, *([f"  {more}"] if more else [])]
