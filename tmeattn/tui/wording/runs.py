"""Texts about a run: its state, its metrics, and the actions that are possible."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.text import Text

from tmeattn.errors import TmeattnError
from tmeattn.registry import registry
from tmeattn.render.console import safe
from tmeattn.render.histogram import sparkline
from tmeattn.render.numbers import count
from tmeattn.runs import control
from tmeattn.runs.command_line import typed
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.figures import PRUNED, SETTLED
from tmeattn.runs.summary import is_twin, shown_state
from tmeattn.specs import ModelSpec
from tmeattn.tui.key_table import KEYS
from tmeattn.tui.services.listed_run import ListedRun
from tmeattn.watching.run_state import ObservedState, RunState

STATES: dict[ObservedState, tuple[str, str, str]] = {
    "created": ("○", "new", "dim"),
    "running": ("●", "running", "bold green"),
    "finished": ("✓", "finished", "green"),
    "stopped": ("■", "stopped", "yellow"),
    "failed": ("✗", "failed", "bold red"),
    "crashed": ("✗", "crashed", "bold red"),
    "deleted": ("✗", "deleted", "dim"),
}
"""Sign, word and style. A run counts as crashed if its process has ended and the log has no end; on another computer,
if its heartbeat is ten seconds old."""

FILTER = "filter: words, or model:lstm acc>86 tag:paper -state:failed"
ONE_RUN = "Mark the runs to compare: press space on two or more, then c."
DAMAGED = "The run.json of this run is damaged, so it cannot be opened: press d to delete its folder."
NEED_RUNS = {key.action for key in KEYS if key.place == "runs"} - {"new", "queue", "reproduce"}
"""Actions of the list that can do nothing while there is no run."""
LEAST_SPREAD = 0.02
KILLED = "The training process was killed"
NO_WEIGHTS = "This run has no weights yet: it saves its first checkpoint after the first epoch."


def state(seen: ObservedState, stop_reason: str | None = None) -> Text:
    """A state as a sign and a word, so that it is readable without colour. stop_reason: of a stopped run."""
    sign, word, style = STATES[seen]
    return Text(f"{sign} {shown_state(word, stop_reason)}", style=style)


def title(run_state: RunState | ListedRun) -> str:
    """The name that the user gave a run, or its id."""
    return safe(run_state.name or run_state.run.id)


def about(run: RunDirectory) -> str:
    """Model and data in one line."""
    train = run.config["train"]
    parts = [run.config["model"], train["dataset"] + (f" ({count(train['limit'])})" if train["limit"] else "")]
    if is_twin(run):
        parts.append("equal weights")
    elif train["alpha"] or has_alpha(run.config["model"]):
        parts.append(f"alpha {train['alpha']:g}")
    parts.append(f"seed {train['seed']}")
    if train["recipe"] != "modern":
        parts.append(f"recipe {train['recipe']}")
    return safe(" · ".join(parts))


def has_alpha(model: str) -> bool:
    """Whether a model has attention, whose entropy alpha weighs; also for a model whose plugin is missing."""
    try:
        return registry().get(ModelSpec, model).attention != "none"
    except TmeattnError:
        return True


def trend(values: Sequence[float], width: int = 8) -> str:
    """A sparkline of the last values of a metric. Its range is at least 0.02, so that small changes look small."""
    if not values:
        return ""
    shown = list(values)[-width:]
    low, high = min(shown), max(shown)
    spread = max(high - low, LEAST_SPREAD)
    return sparkline([1.0 - 0.88 * (high - value) / spread for value in shown])


def accuracies(run_state: RunState) -> list[float]:
    """Validation accuracy after every epoch."""
    return [epoch["validation"]["accuracy"] for epoch in run_state.epochs]


def time_left(run_state: RunState) -> str:
    """The remaining time of a running run, in at most 7 characters: 45s, 2m 05s, 1h 07m, 3d 4h. Empty after
    the last step."""
    value = run_state.seconds_left
    if run_state.state != "running" or value is None or not 0 <= value < math.inf or run_state.share_done >= 1:
        return ""
    whole = round(value)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}h {minutes:02d}m" if hours < 48 else f"{hours // 24}d {hours % 24}h"


def command(run: RunDirectory) -> str:
    """The command line that started a run; empty if it is unknown."""
    return typed(run.info.get("command"))


def early_end(run_state: RunState) -> str:
    """That a finished run has ended by patience, before its planned epochs; else empty."""
    ended = run_state.ended
    by_patience = ended is not None and ended["kind"] == "finished" and ended["reason"] == "patience"
    early = run_state.state == "finished" and len(run_state.epochs) < run_state.epochs_planned
    return "stopped early (patience)" if by_patience and early else ""


def why(run_state: RunState) -> str:
    """Why training ended early, and the next action; empty if the run is running or finished."""
    if run_state.state == "failed":
        return f"Failed: {safe(_message(run_state)) or 'the cause is in the log'}"
    if run_state.state == "crashed":
        error = control.last_error(run_state.run)
        if not run_state.run.has_checkpoint():
            after, then = " before its first checkpoint", "It can restart at step 0."
        else:
            after, then = "", "It can resume from its last checkpoint."
        if error is None:
            return f"{KILLED}{after}. {then}"
        return f"The training process crashed{after}: {safe(error).rstrip('.')}. {then}"
    if run_state.state == "stopped" and run_state.stop_reason in SETTLED:
        cause = "other values were better" if run_state.stop_reason == PRUNED else "its time was up"
        return f"Stopped by its sweep at step {count(run_state.step)}: {cause}. It can be resumed."
    if run_state.state == "stopped":
        return f"Stopped at step {count(run_state.step)}. It can be resumed."
    return ""


def more_about_failure(run_state: RunState) -> str:
    """What the last error in the log of a failed run adds to `why`, such as the next action; else empty."""
    if run_state.state != "failed":
        return ""
    message, error = _message(run_state), control.last_error(run_state.run) or ""
    return safe(error.rpartition(message)[2] if message else error).strip(" .")


def _message(run_state: RunState) -> str:
    """The error of a run that failed."""
    failure = run_state.ended if run_state.ended and run_state.ended["kind"] == "failed" else None
    return str((failure and failure["message"]) or run_state.status.get("message") or "")


def resumable(run_state: RunState) -> bool:
    """Whether training of the run can continue."""
    ended = run_state.ended
    diverged = ended is not None and ended["kind"] == "failed" and ended.get("diverged", False)
    return run_state.state in ("stopped", "crashed", "created") or (run_state.state == "failed" and not diverged)


NOT_WATCHED = (
    "The run is finished, so that no text can be measured while it is trained. Explain shows what it makes of a text."
)


def watchable(run_state: RunState) -> bool:
    """Whether a text that is added to the watch list will be measured: the run is trained, or can be resumed."""
    return run_state.state == "running" or resumable(run_state)


NEEDS_WEIGHTS = ("explain", "evaluate", "mistakes", "attention")
"""Actions for which a run must have saved a checkpoint."""


def useful(action: str, run_state: RunState | None) -> bool:
    """Whether an action is possible in the state of a run."""
    if action in NEEDS_WEIGHTS:
        return run_state is not None and run_state.run.has_checkpoint()
    if action in ("stop", "checkpoint"):
        return run_state is not None and run_state.state == "running"
    if action == "fold":
        return run_state is not None and run_state.state in ("failed", "crashed")
    if action == "watch":
        return run_state is not None and watchable(run_state)
    return action != "resume" or (run_state is not None and resumable(run_state))
