"""`tmeattn submit -- COMMAND`: run a command of tmeattn as a job of SLURM."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tmeattn.cli.support.command import check_only, echo_json
from tmeattn.cli.support.options import json_option, seeds_in
from tmeattn.errors import BadInput, shortened

if TYPE_CHECKING:
    from tmeattn.cluster.parts import Command, Part
    from tmeattn.cluster.submission import Job

EXAMPLE = "For example: tmeattn submit --time 4:00:00 -- train lstm-attn --alpha 0.05"
PATIENCE = 60.0
"""Seconds in which the earlier process of a run, perhaps on another node, ends."""


@click.command(context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
@click.option("--partition", metavar="NAME", help="The partition of the cluster.")
@click.option("--time", metavar="TIME", help="The longest time: minutes, hours:minutes:seconds or days-hours.")
@click.option("--gpus", metavar="N", help="GPUs, such as 1 or a100:2.")
@click.option("--cpus", type=click.IntRange(min=1), metavar="N", help="CPU cores.")
@click.option("--memory", metavar="SIZE", help="Memory, such as 16G.")
@click.option(
    "--array",
    "tasks",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="N jobs at once: shares of train --seeds, shards of predict --output, workers of a sweep.",
)
@click.option("--account", metavar="NAME", help="The account that is charged.")
@click.option("--name", metavar="NAME", help="The name of the job.  [default: of the run or the command]")
@click.option("--requeue", is_flag=True, help="Queue the job again when it is preempted or has reached its time.")
@click.option(
    "--setup",
    multiple=True,
    metavar="LINE",
    help="A line of shell before the command, such as 'module load cuda'. Can be given several times.",
)
@click.option("--print", "only_print", is_flag=True, help="Print the script and send nothing.")
@json_option("the job")
@click.option("--on-node", is_flag=True, hidden=True, help="Run the command of this job: in the script of a job.")
@click.option("--run-id", hidden=True, help="The id of the run that the job trains.")
@click.pass_context
def submit(
    ctx: click.Context,
    /,
    command: tuple[str, ...],
    tasks: int | None,
    requeue: bool,
    only_print: bool,
    as_json: bool,
    on_node: bool,
    run_id: str | None,
    **resources: Any,
) -> None:
    """Run a command of tmeattn as a job of SLURM, with the same home folder as here; or list these jobs.

    A training saves and stops when the job is preempted or its time is nearly over. With --requeue the job is queued
    again and continues the same run.

    \b
    tmeattn submit --time 4:00:00 --gpus 1 --requeue -- train lstm-attn --alpha 0.05
    tmeattn submit --array 16 -- predict --file big.csv --output predictions.csv
    tmeattn submit list
    """
    if command[:1] == ("list",):
        _list(ctx, command[1:], as_json=as_json)
        return
    understood = understand(command, check=not on_node)
    if on_node:
        raise click.exceptions.Exit(_run_job(understood, run_id or "", requeue=requeue))
    from tmeattn.child_python import tmeattn_command
    from tmeattn.cluster.jobs import remember
    from tmeattn.cluster.parts import check_tasks, with_run
    from tmeattn.cluster.resources import Resources
    from tmeattn.cluster.submission import script_of, send
    from tmeattn.runs.creation import new_id

    check_tasks(understood, tasks)
    arguments = understood.arguments
    if (pinned := pinned_run(understood)) is not None:
        arguments = with_run(understood, pinned)
    key = new_id(understood.path[1] if understood.is_training else understood.name)
    name = resources.pop("name") or (key if understood.is_training else f"tmeattn-{understood.name}")
    wanted = Resources(name=name, tasks=tasks, requeue=requeue, **resources)
    options = ["--requeue"] if requeue else []
    line = tmeattn_command("submit", "--on-node", *options, "--run-id", key, "--", *arguments)
    if only_print:
        script = script_of(wanted, line, key)
        if as_json:
            echo_json({"command": list(arguments), "runs": _runs(understood, key), "script": script})
        else:
            click.echo(script, nl=False)
        return
    job = send(wanted, line, key)
    remember(job, arguments, _runs(understood, key))
    _report(job, understood, arguments, key, as_json)


def _list(context: click.Context, words: tuple[str, ...], *, as_json: bool) -> None:
    from tmeattn.cli.jobs import list_jobs

    for parameter in context.command.params:
        typed = context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
        if typed and parameter.name not in ("command", "as_json"):
            raise BadInput(f"tmeattn submit list takes no {parameter.opts[0]}.", hint="Leave it out.")
    words = (*words, "--json") if as_json else words
    with list_jobs.make_context("submit list", list(words), parent=context.parent) as inner:
        list_jobs.invoke(inner)


def understand(words: tuple[str, ...], *, check: bool = True) -> Command:
    """A command line of tmeattn, after a check of all its options.

    check: also of what the command itself checks before it begins. When a job begins again, its run exists.

    Raises:
        BadInput: there is none, it is no work for a job, or it would be refused when it begins.
    """
    from tmeattn.cli.main import cli
    from tmeattn.cluster.parts import Command, check_work

    if not words:
        raise BadInput("There is no command after --.", hint=EXAMPLE)
    if words[0].startswith("-"):
        hint = f"Options of tmeattn itself stand before submit. {EXAMPLE}"
        raise BadInput(f"{shortened(words[0])!r} is no command of tmeattn.", hint=hint)
    command: click.Command = cli
    path: list[str] = []
    rest, context = list(words), None
    while True:
        context = command.make_context(path[-1] if path else "tmeattn", rest, parent=context)
        left = [*context._protected_args, *context.args]
        if not isinstance(command, click.Group) or (command.invoke_without_command and not left):
            break
        name, found, rest = command.resolve_command(context, left)
        assert name is not None
        assert found is not None
        path.append(name)
        command = found
    typed = frozenset(
        str(name) for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    )
    seeds = tuple(seeds_in(context.params["seeds"])) if path[0] == "train" else ()
    understood = Command(words, tuple(path), dict(context.params), typed, seeds)
    check_work(understood)
    if check:
        check_only(context)
    return understood


def pinned_run(command: Command) -> str | None:
    """The id of the run that `latest` or `best` means now, where the command has one of these words."""
    from tmeattn.cluster.parts import reference

    word = reference(command)
    if word is None:
        return None
    from tmeattn.runs.index import find_run, run_to_resume

    if (command.name, word) == ("resume", "latest"):
        return run_to_resume().id
    return find_run(word, dataset=command.values.get("dataset")).id


def _runs(command: Command, key: str) -> list[str]:
    """The ids of the runs that a job makes."""
    return [f"{key}-{seed}" for seed in command.seeds] or ([key] if command.is_training else [])


def _report(job: Job, command: Command, arguments: tuple[str, ...], key: str, as_json: bool) -> None:
    """Print the number of the job, its runs, its log, and what to type next."""
    from tmeattn.render.console import safe, stderr_console

    runs = _runs(command, key)
    if as_json:
        document = {
            "job": job.id,
            "command": list(arguments),
            "runs": runs,
            "script": str(job.script),
            "log": str(job.log),
        }
        echo_json(document)
        return
    click.echo(f"Submitted job {job.id}: tmeattn {safe(shortened(shlex.join(arguments)))}")
    for run in runs[:10]:
        click.echo(f"Run:    {run}")
    if len(runs) > 10:
        click.echo(f"        and {len(runs) - 10} more")
    click.echo(f"Log:    {safe(str(job.log))}")
    click.echo(f"Watch:  {'tmeattn tui' if command.is_training else f'tail -F {safe(shlex.quote(str(job.log)))}'}")
    click.echo(f"Cancel: scancel {job.id}")
    if command.name == "predict" and "%a" in job.log.name:
        merge = f"tmeattn predict --merge --output {shlex.quote(str(command.values['output']))}"
        stderr_console().print(f"\nNext, when all tasks have ended: {safe(merge)}", soft_wrap=True)


# In the job


def _run_job(command: Command, run_id: str, *, requeue: bool) -> int:
    """Run the command of a job, and queue the job again if a signal has stopped it; the exit code."""
    import signal

    from tmeattn.cluster import job
    from tmeattn.cluster.parts import parts
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.training.signals import received

    cpus = job.allocated_cpus()
    if cpus is not None:  # without limits of the node itself, a process sees all of its cores
        os.environ.setdefault("OMP_NUM_THREADS", str(cpus))
    try:
        code = 0
        for part in parts(command, run_id, position=job.array_position(), restarts=job.restarts()):
            code = _run_part(part)
            if code:
                break
    except KeyboardInterrupt:
        code = 130
    if code == 130 and requeue and received() & {"SIGUSR1", "SIGTERM"}:
        for number in (signal.SIGTERM, signal.SIGUSR1):  # by which SLURM ends this process for the requeue
            signal.signal(number, signal.SIG_IGN)
        problem = job.requeue()
        told = "The job is queued again." if problem is None else f"The job is not queued again: {problem}."
        stderr_console().print(safe(told), soft_wrap=True)
    return code


def _run_part(part: Part) -> int:
    """Run one command line: a training whose run exists is continued."""
    from tmeattn.cli.main import run
    from tmeattn.paths import runs_dir
    from tmeattn.runs.creation import ID_VARIABLE
    from tmeattn.runs.directory import RunDirectory

    if part.run is None:
        return run(part.arguments)
    there = RunDirectory(runs_dir() / part.run)
    if (there.path / "run.json").exists():
        _wait_for_earlier_process(there)
        return run(part.resume)
    os.environ[ID_VARIABLE] = part.run
    return run(part.arguments)


def _wait_for_earlier_process(run: Any) -> None:
    """Wait until the process that trained the run before is gone: its node may be slower than the next one."""
    import time

    from tmeattn.runs.lock import is_trained

    until = time.monotonic() + PATIENCE
    while is_trained(run) and time.monotonic() < until:
        time.sleep(0.5)
