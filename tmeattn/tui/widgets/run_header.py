"""The header of a run: name, state, progress, speed, and the cause if training failed."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

from tmeattn.render.console import safe
from tmeattn.render.numbers import count, finite, percent
from tmeattn.render.palette import BLUE, foreground
from tmeattn.runs import control
from tmeattn.tui.services.processes import TrainingProcess
from tmeattn.tui.services.run_state import RunState
from tmeattn.tui.wording import runs as run_wording


class RunHeader(Static):
    """Two lines, and further lines for a problem and the key that solves it."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._drawn: object = None
        self._lines = 2

    def show(self, following: RunState, worker: TrainingProcess | None) -> None:
        """Redraw the header if something has changed."""
        width = self.size.width  # of the content: without padding
        lives = worker is not None and worker.exit_code is None
        waited = following.waited
        key = (following.version, width, lives, control.pending(following.run, "stop"), waited and round(waited))
        if not width or key == self._drawn:
            return
        self._drawn = key
        lines = [_first(following, width), _second(following, width)]
        lines += [Text(line, style="yellow") for line in _trouble(following, worker)]
        for line in lines[:2]:
            line.truncate(width, overflow="ellipsis")
        self.update(Text("\n").join(lines), layout=len(lines) > 2 or self._lines > 2)
        self._lines = len(lines)


def _first(following: RunState, width: int) -> Text:
    line = Text.assemble(run_wording.state(following.state), "  ", (run_wording.title(following), "bold"), no_wrap=True)
    line.append(f"  {run_wording.about(following.run)}", style="dim")
    best = following.best_accuracy
    if best is not None and line.cell_len + 14 <= width:
        text = f"best {percent(best, 2)}"
        line.pad_right(width - line.cell_len - len(text))
        line.append(text, style="bold")
    return line


def _second(following: RunState, width: int) -> Text:
    total = following.epochs_planned * following.steps_per_epoch
    if not total:
        preparing = following.state in ("created", "running")
        log = control.log_tail(following.run, 1) if preparing else []
        return Text(
            " ".join(["reading the dataset …", *map(safe, log)]) if preparing else "", style="dim", no_wrap=True
        )
    epoch = (
        min(len(following.epochs) + 1, following.epochs_planned) if following.share_done < 1 else len(following.epochs)
    )
    parts = [f"epoch {epoch}/{following.epochs_planned}", f"step {count(following.step)}/{count(total)}"]
    if following.state == "running":
        if (waited := following.waited) is not None:
            return Text(f"waiting for the first step ({waited:.0f} s) · {' · '.join(parts)}", no_wrap=True)
        speed = finite(following.last_step["tokens_per_second"]) if following.last_step else None
        parts += [f"{count(speed)} tokens/s"] if speed is not None else []
        parts += [f"ETA {remaining}"] if (remaining := run_wording.time_left(following)) else []
    text = " · ".join([*parts, penalty] if (penalty := _penalty(following)) else parts)
    if len(text) > width:
        text = text.replace("entropy penalty", "penalty").replace(" of the loss", "")
    bar = max(min(width - len(text) - 2, 40), 0)
    return Text.assemble(_bar(following.share_done, bar), "  " if bar else "", text, no_wrap=True)


def _bar(share: float, width: int) -> Text:
    done = round(share * width)
    return Text.assemble(("━" * done, foreground(BLUE)), ("─" * (width - done), "dim"))


def _penalty(following: RunState) -> str:
    """The share of the entropy penalty in the loss of the last step; empty for a run without one."""
    step = following.last_step
    if not following.run.config["train"]["alpha"] or step is None or not step["loss"]:
        return ""
    return f"entropy penalty: {percent(step['penalty'] / step['loss'], 0)} of the loss"


def _trouble(following: RunState, worker: TrainingProcess | None) -> list[str]:
    """The problem of the run, the last lines of its log, and the next action."""
    if following.state == "deleted":
        return ["The run directory was deleted. Press esc to return to the runs."]
    if worker is not None and worker.exit_code is None and following.state not in ("running", "created"):
        if worker.resumes:
            return ["Resuming: reading the dataset …"]
        return ["The training process is stopping …"] if following.state == "stopped" else []
    why = run_wording.why(following)
    if not why:
        return (
            ["Stop requested: the run saves a checkpoint after its current step and stops."]
            if control.pending(following.run, "stop")
            else []
        )
    lines = [why + (" Press r to resume." if run_wording.resumable(following) else "")]
    if following.state in ("failed", "crashed"):
        lines += [f"  {safe(line)}" for line in control.log_tail(following.run, 3)]
    return lines
