"""`tmeattn sweep show|best|list|delete`: what is done with the studies of sweeps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from click.decorators import FC

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.completion import sweeps as complete_sweeps
from tmeattn.cli.support.options import export_option, json_option
from tmeattn.errors import BadInput
from tmeattn.plurals import counted

STORAGE_VARIABLE = "TMEATTN_STORAGE"
STORAGE_HELP = (
    "The database of the study, such as postgresql://user@host/name, or a journal file (.log).  "
    "[default: the journal file of the home folder]"
)


def storage_option() -> Callable[[FC], FC]:
    """`--storage`, also from the environment: a password is better kept off the command line."""
    return click.option("--storage", metavar="URL", envvar=STORAGE_VARIABLE, help=STORAGE_HELP)


def study_argument() -> Callable[[FC], FC]:
    """The argument STUDY: the name of a study; the newest if it is not given."""
    return click.argument("study", required=False, shell_complete=complete_sweeps)


@click.command()
@study_argument()
@storage_option()
@export_option("the finished trials", ".md, .tex or .csv")
@json_option("the results")
def show(study: str | None, storage: str | None, export: tuple[Path, ...], as_json: bool) -> None:
    """The trials of STUDY, its best command, and which options matter. Without STUDY, the newest."""
    from tmeattn.render.console import stdout_console
    from tmeattn.render.export.files import check_endings, write_each
    from tmeattn.render.export.listings import FORMATS, sweep_table, write
    from tmeattn.render.sweep import results_page
    from tmeattn.sweep.results import results
    from tmeattn.sweep.storage import open_store
    from tmeattn.sweep.study import open_study

    if export:
        check_endings(export, FORMATS)
    found = results(open_study(open_store(storage, create=False), study))
    if as_json:
        echo_json(found.document())
    else:
        stdout_console().print(results_page(found))
    if export:
        write_each(export, lambda path: write([sweep_table(found)], path))


@click.command()
@study_argument()
@storage_option()
@click.option("--as-config", is_flag=True, help="Print the options as a TOML file for tmeattn train --config.")
@json_option("the best trial")
def best(study: str | None, storage: str | None, as_config: bool, as_json: bool) -> None:
    """The command that trains a model with the best options of STUDY. Without STUDY, the newest."""
    from tmeattn.files import escaped
    from tmeattn.sweep.results import config_file, results, trial_document
    from tmeattn.sweep.storage import open_store
    from tmeattn.sweep.study import open_study

    if as_config and as_json:
        raise BadInput("--as-config and --json exclude each other.")
    found = results(open_study(open_store(storage, create=False), study))
    if found.best is None:
        raise BadInput(f"The study {found.study.name!r} has no finished trial yet.", hint="See: tmeattn sweep show")
    if as_json:
        echo_json({"study": found.study.name, "command": found.command, **trial_document(found.best)})
    elif as_config:
        click.echo(escaped(config_file(found.study.plan, found.best.params)))
    else:
        click.echo(escaped(found.command or ""))


@click.command("list")
@storage_option()
@json_option("an array of studies")
def list_sweeps(storage: str | None, as_json: bool) -> None:
    """All studies, the newest first."""
    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.render.sweep import studies_table
    from tmeattn.sweep.results import Overview, overviews
    from tmeattn.sweep.storage import open_store

    found: list[Overview]
    found, damaged = overviews(open_store(storage, create=False))
    console = stderr_console()
    for name, reason in damaged.items():
        console.print(safe(f"Skipped {name}: {reason}"))
    if as_json:
        echo_json([one.document() for one in found])
    elif found:
        stdout_console().print(studies_table(found))
    else:
        console.print("There is no sweep yet. Begin one: tmeattn sweep lstm-attn")


@click.command("delete")
@click.argument("study", shell_complete=complete_sweeps)
@storage_option()
@click.option(
    "--runs", "with_runs", is_flag=True, help="Also delete the runs of its trials that are in the home folder."
)
@click.option("--yes", "-y", is_flag=True, help="Delete without a confirmation.")
def delete_sweep(study: str, storage: str | None, with_runs: bool, yes: bool) -> None:
    """Delete STUDY with its trials. Their runs stay, unless --runs is given."""
    from tmeattn.cli.runs import confirmed
    from tmeattn.render.console import safe
    from tmeattn.runs.lock import delete as delete_run
    from tmeattn.sweep.storage import open_store
    from tmeattn.sweep.study import delete_study, open_study, runs_of

    store = open_store(storage, create=False)
    from tmeattn.sweep.claims import living_worker

    found = open_study(store, study)
    runs = runs_of(found)
    if (worker := living_worker(found)) is not None:
        raise BadInput(f"{worker} trains a trial of the sweep {found.name!r}.", hint="Stop it first.")
    what = f"the study {found.name} with {counted(len(found.trials()), 'trial')}"
    what += f" and {counted(len(runs), 'run')}" if with_runs else ""
    if not (yes or confirmed(safe(f"Delete {what}?"))):
        click.echo("Nothing was deleted.", err=True)
        return
    delete_study(found)
    for run in runs if with_runs else []:
        delete_run(run)
    click.echo(safe(f"Deleted {what}."), err=True)
