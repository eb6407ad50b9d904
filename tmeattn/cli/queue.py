"""`tmeattn runs queue`: runs that are trained one after another."""

from __future__ import annotations

import click

from tmeattn.cli.support.command import Group, echo_json
from tmeattn.cli.support.options import json_option
from tmeattn.errors import BadInput
from tmeattn.plurals import counted


@click.group(cls=Group, invoke_without_command=True)
@json_option("an array of the runs in the queue")
@click.pass_context
def queue(ctx: click.Context, as_json: bool) -> None:
    """Runs that wait to be trained one after another, and those that are over. Without a command: list them.

    \b
    tmeattn runs queue add -- train lstm-attn --alpha 0.05 --seeds 3
    tmeattn runs queue start
    """
    if ctx.invoked_subcommand is not None:
        return
    from tmeattn.runs.queue import has_runner, read_queue

    items = read_queue()
    if as_json:
        echo_json(items)
        return
    from tmeattn.render.console import stderr_console, stdout_console
    from tmeattn.render.queue import queue_table

    console = stderr_console()
    if not items:
        console.print("The queue is empty. Add a run: tmeattn runs queue add -- train lstm-attn --alpha 0.05")
        return
    stdout_console().print(queue_table(items))
    if any(item["state"] in ("waiting", "running") for item in items) and not has_runner():
        console.print("No process trains the queue. Start one: tmeattn runs queue start")


@queue.command("add")
@click.option("--start", is_flag=True, help="Also start to train the queue in the background, unless it is trained.")
@json_option("an array of the runs that were added")
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- train MODEL [OPTIONS]")
def add(command: tuple[str, ...], start: bool, as_json: bool) -> None:
    """Add a training to the queue; with --seeds, a run for each seed. Its options are checked now."""
    from tmeattn.cli.submit import pinned_run, understand
    from tmeattn.cluster.parts import with_run
    from tmeattn.runs.command_line import of_seed
    from tmeattn.runs.queue import add_to_queue

    understood = understand(command)
    if not understood.is_training:
        raise BadInput(
            f"tmeattn {understood.name} is no training.", hint="For example: tmeattn runs queue add -- train lstm-attn"
        )
    pinned = pinned_run(understood)  # latest may mean another run when it begins
    arguments = understood.arguments if pinned is None else with_run(understood, pinned)
    name = understood.values.get("name")
    new = add_to_queue([of_seed(arguments, seed, name) for seed in understood.seeds] or [arguments])
    if start:
        from tmeattn.training.queue_runner import start_runner

        start_runner()
    if as_json:
        echo_json(new)
        return
    numbers = ", ".join(str(item["number"]) for item in new)
    next_ = "" if start else " Train the queue: tmeattn runs queue start"
    click.echo(f"Added {counted(len(new), 'run')} to the queue (number {numbers}).{next_}", err=True)


@queue.command("start")
def start() -> None:
    """Train the runs of the queue, one after another, until it is empty. A run that fails does not end the others.

    Ctrl-C stops the training after a checkpoint; the next start continues it.
    """
    from tmeattn.render.console import safe_line
    from tmeattn.training.queue_runner import work

    failed = work(lambda line: click.echo(safe_line(line), err=True))
    if failed:
        raise BadInput(f"{counted(failed, 'run')} of the queue failed.", hint="See why: tmeattn runs queue")
    click.echo("The queue is empty.", err=True)


@queue.command("remove")
@click.argument("numbers", nargs=-1, type=click.IntRange(min=1), metavar="[NUMBER]...")
@click.option("--over", is_flag=True, help="Remove all that are over.")
def remove(numbers: tuple[int, ...], over: bool) -> None:
    """Remove runs from the queue by their numbers. What was trained stays among the runs."""
    from tmeattn.runs.queue import OVER, read_queue, remove_from_queue

    if over:
        numbers = (*numbers, *(item["number"] for item in read_queue() if item["state"] in OVER))
    elif not numbers:
        raise BadInput("Name the runs to remove by their numbers.", hint="List them: tmeattn runs queue")
    removed = remove_from_queue(numbers)
    click.echo(f"Removed {counted(len(removed), 'run')} from the queue.", err=True)
