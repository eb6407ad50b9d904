"""`tmeattn resume RUN`."""

from __future__ import annotations

import click

from tmeattn.cli.support.command import begins, echo_json
from tmeattn.cli.support.options import json_option, quiet_option, run_argument, summary_option, track_option
from tmeattn.cli.support.training import follow_others, train_with_progress
from tmeattn.errors import BadInput
from tmeattn.runs.directory import RunDirectory


@click.command()
@run_argument(default="latest")
@click.option(
    "--processes",
    metavar="N",
    type=click.IntRange(1, 4096),
    help="Processes that train together from here on; by default as many as before. Another number changes dropout.",
)
@click.option(
    "--epochs",
    metavar="N",
    type=click.IntRange(1, 10**9),
    help="Train up to N epochs, also a finished run. With a constant learning rate, the result is that of a run of N "
    "epochs from the start.",
)
@track_option()
@summary_option()
@quiet_option()
@json_option("a summary")
def resume(
    run: str,
    processes: int | None,
    epochs: int | None,
    trackers: tuple[str, ...],
    shown: str | None,
    as_json: bool,
) -> None:
    """Continue a run from its last checkpoint. The result is the same as without the interruption.

    RUN is an id, the beginning of one, a name, a path, or latest (default): the newest run that is not finished.
    """
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.runs.index import find_run, run_to_resume
    from tmeattn.training.distributed.launch import start_early
    from tmeattn.training.distributed.place import follows

    if follows():
        follow_others(1)
        return
    found = run_to_resume() if run == "latest" else find_run(run)
    begins(lambda: _check_resumable(found, trackers, epochs))
    for line in _resume_notes(found, chosen=run != "latest", extends=epochs is not None):
        stderr_console().print(safe(line), soft_wrap=True)
    if epochs is not None or found.state() != "finished":
        start_early(processes or found.config["train"].get("processes", 1))
    from tmeattn.training.session import resume as continue_run  # imports torch: only when there is a run

    _, result = train_with_progress(
        continue_run,
        found,
        trackers=trackers,
        as_json=as_json,
        full=shown == "full",
        processes=processes,
        epochs=epochs,
    )
    if as_json:
        echo_json(result)


def _resume_notes(run: RunDirectory, *, chosen: bool, extends: bool) -> list[str]:
    """What to know about a run that is resumed: that its training is over, and the sweep that it belongs to.

    chosen: whether the user has named it; otherwise it is the newest that is not finished, or the newest of all.
    extends: whether it is trained for another number of epochs than planned.

    Raises:
        BadInput: no run is unfinished, but sweeps have stopped some.
    """
    from tmeattn.runs.index import is_settled

    notes = []
    if not chosen and not extends and is_settled(run):
        raise BadInput(
            f"No run is unfinished. A sweep has stopped {run.reference}, which was not worth going on.",
            hint=f"To train it to its end all the same: tmeattn resume {run.id}",
        )
    if not chosen and extends and run.is_over():
        notes.append(f"No run is unfinished; the newest is {run.reference}.")
    elif not chosen and run.is_over():
        longer = f"tmeattn resume {run.reference} --epochs {2 * run.config['train']['epochs']}"
        notes.append(
            f"No run is unfinished; the newest is {run.reference}. To train it longer: {longer}. "
            "To see all runs: tmeattn runs list"
        )
    if (origin := run.info.get("sweep")) is not None:
        from tmeattn.sweep.origin import sweep_note

        notes.append(sweep_note(run, origin))
    return notes


def _check_resumable(run: RunDirectory, trackers: tuple[str, ...], epochs: int | None) -> None:
    """Check that there is something to resume.

    Raises:
        BadInput: the run is finished, or has done `epochs` already, or another process trains it.
    """
    from tmeattn.run_config import stored_config
    from tmeattn.runs.extending import longer
    from tmeattn.runs.lock import is_trained
    from tmeattn.training.trackers import find_trackers

    find_trackers(trackers)
    if is_trained(run):
        raise BadInput(f"The run {run.id} is being trained.", hint="Resume it when that training has ended.")
    if epochs is not None:
        longer(run, stored_config(run.id, run.config), epochs)
    elif run.state() == "finished":
        raise BadInput(
            f"The run {run.id} is finished: nothing to resume.",
            hint=f"Train it longer: tmeattn resume {run.id} --epochs N",
        )
