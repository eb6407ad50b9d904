"""`tmeattn runs list|show|compare|rename|tag|export|delete|track`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.comparison import compare
from tmeattn.cli.queue import queue
from tmeattn.cli.run_listing import list_runs
from tmeattn.cli.show import show
from tmeattn.cli.support.command import Group, echo_json
from tmeattn.cli.support.options import force_option, json_option, run_argument
from tmeattn.errors import BadInput
from tmeattn.plurals import counted

if TYPE_CHECKING:
    from tmeattn.runs.directory import RunDirectory


@click.group(cls=Group)
def runs() -> None:
    """List, show, compare, rename, tag, queue, export, track and delete runs.

    A RUN is its id, the beginning of it, its name, a path, or latest or best.
    """


runs.add_command(list_runs)
runs.add_command(show)
runs.add_command(compare)
runs.add_command(queue)


@runs.command()
@run_argument()
@click.argument("name")
def rename(run: str, name: str) -> None:
    """Rename RUN to NAME; an empty NAME ("") clears the name."""
    from tmeattn.runs.index import find_run
    from tmeattn.runs.renaming import rename_run

    found = find_run(run)
    _check_changeable(found, run, "name", "Rename")
    name = name.strip()
    rename_run(found, name or None)
    click.echo(f"{found.id} is now named {name}." if name else f"{found.id} has no name now.", err=True)


def _check_changeable(found: RunDirectory, reference: str, what: str, verb: str) -> None:
    """Check that a run is no unpacked copy of an exported file, which a change would not reach.

    Raises:
        BadInput: it is one.
    """
    from tmeattn.paths import cache_dir

    if found.path.is_relative_to(cache_dir()):
        raise BadInput(
            f"{reference} is an exported run, whose {what} is in the file.", hint=f"{verb} the run, then export it."
        )


class TagCommand(click.Command):
    """Takes words that begin with one minus as arguments: they remove tags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        signed = [arg for arg in args if arg[:1] in ("+", "-") and arg[:2] != "--" and len(arg) > 1]
        changes = [arg for arg in signed if arg not in ctx.help_option_names]
        rest = super().parse_args(ctx, [arg for arg in args if arg not in changes])
        ctx.params["changes"] = changes
        return rest


@runs.command("tag", cls=TagCommand, options_metavar="[+TAG] [-TAG] [OPTIONS]")
@run_argument(many=True)
@json_option("id, name and tags of each run")
@click.pass_context
def tag_runs(ctx: click.Context, run: tuple[str, ...], as_json: bool, changes: list[str]) -> None:
    """Add tags to each RUN with +TAG, and remove them with -TAG; without either, print its tags.

    \b
    tmeattn runs tag latest +paper -draft
    tmeattn runs list --filter tag:paper
    """
    from tmeattn.render.console import safe
    from tmeattn.runs.index import find_runs
    from tmeattn.runs.tags import change_tags, changes_in

    add, remove = changes_in(changes)
    found = find_runs(run)
    for one, reference in zip(found, run, strict=True):
        if add or remove:
            _check_changeable(one, reference, "list of tags", "Tag")
    tags = {one: change_tags(one, add, remove) for one in dict.fromkeys(found)}
    if as_json:
        echo_json([{"id": one.id, "name": one.name, "tags": own} for one, own in tags.items()])
        return
    for one, own in tags.items():
        click.echo(safe(f"{one.name or one.id}: {' '.join(own) or 'no tags'}"))


@runs.command()
@run_argument()
@click.argument("target", type=click.Path(path_type=Path))
@force_option("TARGET")
def export(run: str, target: Path, force: bool) -> None:
    """Write RUN to TARGET, a folder or one .zip, which explain and predict take as RUN on any machine.

    A TARGET that ends in .onnx is an ONNX file, which predict takes as RUN and runs without torch.
    """
    from tmeattn.render.console import safe
    from tmeattn.runs.index import find_run
    from tmeattn.runs.portable import export as export_run

    found = find_run(run)
    if target.suffix.lower() == ".onnx":
        from tmeattn.inference.classifier import TrainedClassifier
        from tmeattn.inference.onnx_export import export_onnx

        difference = export_onnx(TrainedClassifier(found), target, force=force)
        typed = safe(shlex.quote(str(target)))
        click.echo(
            f"The run is exported; its outputs differ from those of torch by at most {difference:.1e}. Use it: "
            f'tmeattn predict "A wonderful film." --run {typed}',
            err=True,
        )
        return
    written = export_run(found, target, force=force)
    click.echo(
        f'The run is exported. Use it: tmeattn explain "A wonderful film." --run {safe(shlex.quote(str(written)))}',
        err=True,
    )


@runs.command()
@run_argument(many=True)
@click.option("--yes", "-y", is_flag=True, help="Delete without a confirmation.")
def delete(run: tuple[str, ...], yes: bool) -> None:
    """Delete each RUN with its checkpoints permanently. Name a damaged run by its folder."""
    from tmeattn.paths import runs_dir
    from tmeattn.render.console import safe_line
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.runs.index import damaged_runs, find_runs
    from tmeattn.runs.lock import delete as delete_run
    from tmeattn.runs.lock import is_trained

    damaged = {path.name: RunDirectory(path) for path in damaged_runs()}
    whole = iter(find_runs([reference for reference in run if reference not in damaged]))
    found = list(dict.fromkeys(damaged.get(reference) or next(whole) for reference in run))
    for each in found:
        if each.path.resolve().parent != runs_dir().resolve():  # a folder elsewhere may contain more than the run
            raise BadInput(f"The run {each.id} is not in {runs_dir()}.", hint="Delete that folder or file yourself.")
        if is_trained(each):
            raise BadInput(f"The run {each.id} is being trained.", hint="Stop it first.")
    listing = safe_line(", ".join(f"{each.name} ({each.id})" if each.name else each.id for each in found))
    if not (yes or confirmed(f"Delete {listing}?")):
        click.echo("Nothing was deleted.", err=True)
        return
    for each in found:
        delete_run(each)
    click.echo(f"Deleted {listing}.", err=True)


def confirmed(question: str) -> bool:
    """The user's answer.

    Raises:
        BadInput: stdin is not a terminal and gives no answer.
    """
    import sys

    try:
        return click.confirm(question, err=True)
    except click.Abort:
        if sys.stdin.isatty():  # Ctrl-C, Ctrl-D
            raise
        raise BadInput("The question was not answered, because stdin is not a terminal.", hint="Add --yes.") from None


@runs.command("track")
@run_argument()
@click.argument("tracker")
@json_option("run, tracker and number of events")
def track_run(run: str, tracker: str, as_json: bool) -> None:
    """Export what a run has logged so far with a tracker, such as tensorboard (a plugin).

    TRACKER is the name of a tracker in: tmeattn plugins list. To export while a run is trained:
    tmeattn train MODEL --track TRACKER
    """
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.runs.index import find_run
    from tmeattn.training.trackers import find_trackers, track

    (spec,) = find_trackers([tracker])
    found = find_run(run)
    events = track(found, spec)
    if as_json:
        echo_json({"run": found.id, "tracker": spec.name, "events": events})
    else:
        stderr_console().print(safe(f"{spec.name} has exported {counted(events, 'event')} of {found.id}."))
