"""What the commands share that train runs: the live display, the summaries, several runs at the same time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tmeattn.cli.support.command import echo_json
from tmeattn.errors import Interrupted, shortened
from tmeattn.plurals import plural
from tmeattn.runs.directory import RunDirectory

if TYPE_CHECKING:
    from tmeattn.training.side_by_side import Job


def follow_others(trainings: int) -> None:
    """Train with others that torchrun or srun has started: rank 0 shows and writes what there is to see."""
    from tmeattn.training.session import follow

    for _ in range(trainings):
        follow()


def train_with_progress(
    train: Callable[..., RunDirectory], *arguments: Any, as_json: bool, full: bool, **options: Any
) -> tuple[RunDirectory, dict[str, object]]:
    """Train with a live display, print the summary, and return the run with its summary as JSON."""
    from tmeattn.render.progress import TrainingProgress

    with TrainingProgress() as progress:
        run = train(*arguments, listeners=[progress], narrate=progress.narrate, **options)
    return run, report(run, as_json, full=full)


def report_seeds(runs: Sequence[RunDirectory], expected: int, as_json: bool) -> None:
    """Print the mean over the seeds and its interval: behind the summaries, or beside JSON on standard error.

    expected: the number of seeds that were to be trained.
    """
    from tmeattn.render.comparison import seeds_summary
    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.runs.comparison import seed_group

    if not runs:
        return
    console = stderr_console() if as_json else stdout_console()
    console.print(safe(f"\n{seeds_summary(seed_group(runs), expected)}"), soft_wrap=True)


def with_other_seeds(error: Interrupted, seeds: Sequence[int]) -> Interrupted:
    """The error of an interrupted training, with how the seeds are trained that were not begun."""
    if not seeds:
        return error
    listed = shortened(",".join(map(str, seeds)) + ("," if len(seeds) == 1 else ""))
    hint = f"Train the other {plural(len(seeds), 'seed')}: the same command with --seeds {listed}"
    return Interrupted(error.message, hint=f"{error.hint}. {hint}" if error.hint else hint)


def train_side_by_side(jobs: Sequence[Job], at_once: int, as_json: bool, *, full: bool) -> None:
    """Train several runs at the same time and print their summaries.

    Raises:
        TmeattnError: the first error of a run; the other runs have been trained.
    """
    from tmeattn.render.side_by_side import SideBySideProgress
    from tmeattn.training.side_by_side import SideBySide

    with (
        SideBySideProgress() as progress,
        SideBySide(jobs, at_once, progress.listener, progress.narrate, progress.announce) as trainings,
    ):
        try:
            outcomes = trainings.wait(job.key for job in jobs)
        except Interrupted as error:
            raise with_other_seeds(error, [int(job.key) for job in trainings.not_begun()]) from None
    runs = [each.run for each in outcomes if each.run is not None and each.error is None]
    summaries = [report(run, as_json, full=full) for run in runs]
    if as_json:
        echo_json(summaries)
    report_seeds(runs, len(jobs), as_json)
    if errors := [outcome.error for outcome in outcomes if outcome.error is not None]:
        raise errors[0]


def report(run: RunDirectory, as_json: bool, *, full: bool) -> dict[str, object]:
    """Print the summary of a finished run, `full` with its charts, and the next command to type; return the summary as
    JSON."""
    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.render.summary import brief_summary, summary
    from tmeattn.runs.summary import summarize

    events = run.page_events()
    run_summary = summarize(run, events)
    if not as_json:
        stdout_console().print((summary if full else brief_summary)(run_summary, events))
        stderr_console().print(f"\nNext: tmeattn explain --index 0 --run {safe(run.reference)}", soft_wrap=True)
    return run_summary.document()
