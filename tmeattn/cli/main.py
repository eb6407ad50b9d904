"""The command `tmeattn`: subcommands that are imported on use, and the one place where an exception becomes one line on
stderr and an exit code."""

from __future__ import annotations

import errno
import importlib
import os
import shlex
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from tmeattn.cli.process import OutputProblem, discard, output_message
from tmeattn.cli.support.command import Group
from tmeattn.errors import BadInput, TmeattnError, brief, nearest, shortened
from tmeattn.foreign import one_line
from tmeattn.os_errors import advice, environment_problem, reason

COMMANDS = {
    "train": ("tmeattn.cli.train:train", "Train a model: tmeattn train lstm-attn --alpha 0.05"),
    "resume": ("tmeattn.cli.resume:resume", "Continue a run from its last checkpoint."),
    "sweep": ("tmeattn.cli.sweep:sweep", "Search for good options of a model: many runs, each with other values."),
    "explain": (
        "tmeattn.cli.explain:explain",
        "Predict a text and colour its words by their attention or another score.",
    ),
    "predict": ("tmeattn.cli.predict:predict", "Classify texts, or the rows of a file."),
    "serve": ("tmeattn.cli.serve:serve", "Answer requests over HTTP with a run, and show a page to try it."),
    "evaluate": ("tmeattn.cli.evaluate:evaluate", "Measure a run on a split of its dataset."),
    "mistakes": ("tmeattn.cli.mistakes:mistakes", "Show the most confident errors and the least certain texts."),
    "faithfulness": (
        "tmeattn.cli.faithfulness:faithfulness",
        "Test whether explanations describe what the model does.",
    ),
    "runs": ("tmeattn.cli.runs:runs", "List, show, compare, tag, queue, export and delete runs."),
    "models": ("tmeattn.cli.models:models", "List the models, or show one with its formula and its options."),
    "data": ("tmeattn.cli.data:data", "List, show, fetch and add datasets and word vectors."),
    "submit": ("tmeattn.cli.submit:submit", "Run a command as a job of a SLURM cluster: tmeattn submit -- train MODEL"),
    "reproduce": ("tmeattn.cli.reproduce:reproduce", "Repeat a table or figure of the report and compare with it."),
    "tui": ("tmeattn.cli.tui:tui", "Train, watch and explain in one full-screen program."),
    "config": ("tmeattn.cli.config:config", "Get, set and unset your own defaults."),
    "plugins": ("tmeattn.cli.plugins:plugins", "List, diagnose, check and start plugins."),
    "docs": ("tmeattn.cli.docs:docs", "Read the manual: tmeattn docs getting-started"),
}

MOST_COMMANDS = 3
"""Command lines that the error lists where `best` can mean several runs."""
LIBRARIES_WITHOUT_PLUGINS = {"PYDANTIC_DISABLE_PLUGINS": "__all__", "TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}
"""Environment variables with which pydantic and torch do not read the entry points of every distribution when they are
imported: a distribution whose metadata are damaged would make that fail."""


class LazyGroup(Group):
    """A group that imports a subcommand only when it is used; its help page is made from `COMMANDS` alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, "--version", "-V", package_name="tmeattn", message="tmeattn %(version)s")
@click.option(
    "--home", type=click.Path(file_okay=False, path_type=Path), help="The folder for runs (also TMEATTN_HOME)."
)
@click.option("--debug", is_flag=True, help="Print the traceback of an error (also TMEATTN_DEBUG=1).")
def cli(home: Path | None, debug: bool) -> None:
    """Train, watch, explain and compare attention-based text classifiers.

    \b
    tmeattn train lstm-attn --alpha 0.05     train on film reviews
    tmeattn explain "A wonderful film."      see which words the model attends to
    tmeattn docs                             read the manual
    """
    if home is not None:
        os.environ["TMEATTN_HOME"] = str(home.absolute())
    _check_home()
    if debug:
        os.environ["TMEATTN_DEBUG"] = "1"


def _check_home() -> None:
    """Check that the folder that `--home` or the environment names can be one.

    Raises:
        BadInput: its name is too long, is that of another kind of file, or names a user who does not exist.
    """
    if not os.environ.get("TMEATTN_HOME"):
        return
    from tmeattn.paths import home

    try:
        if not home().is_dir() and home().exists():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except (OSError, RuntimeError) as error:
        place = shortened(os.environ["TMEATTN_HOME"])
        raise BadInput(
            f"The home folder {place} cannot be used: {reason(error)}.",
            hint="Choose another: --home FOLDER or TMEATTN_HOME.",
        ) from None


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code.

    0: success. 1: internal error, or diverged training. 2: bad input. 3: environment. 130: interrupted.
    """
    for name, value in LIBRARIES_WITHOUT_PLUGINS.items():
        os.environ.setdefault(name, value)
    try:
        if os.environ.get(
            "_TMEATTN_COMPLETE"
        ):  # set by the shell for completion: click prints the completions and exits
            cli.main(list(arguments), prog_name="tmeattn")
        with cli.make_context("tmeattn", list(arguments)) as context:
            cli.invoke(context)
        sys.stdout.flush()
        return 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        return _report(_one_line(error), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _report("Interrupted.", 130)
    except TmeattnError as error:
        return _report(_with_commands(error, arguments), error.exit_code)
    except BrokenPipeError:  # the program that reads stdout (head, less) has ended
        discard(sys.stdout)
        return 0
    except OutputProblem as error:
        discard(sys.stdout)
        return _report(output_message(error), 3)
    except (SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a library written in Rust raises panics that are no Exception
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            return _report(f"{shortened(error.filename)}: {reason(error)}. {advice(error)}", 2)
        if problem := environment_problem(error):
            return _report(problem, 3)
        return _report(
            f"Internal error: {one_line(error).rstrip('.')}. "
            "Please report it with the traceback: tmeattn --debug prints it.",
            1,
        )


def _unknown_option(error: click.NoSuchOption) -> str:
    """The message about an option that does not exist, with those that fit in place of those that click suggests, which
    look similar with their dashes."""
    assert error.ctx is not None
    flags = [
        flag
        for known in error.ctx.command.get_params(error.ctx)
        if isinstance(known, click.Option) and not known.hidden
        for flag in (*known.opts, *known.secondary_opts)
        if flag.startswith("--")
    ]
    found = nearest(error.option_name.lstrip("-"), [flag.removeprefix("--") for flag in flags], 3)
    meant = " or ".join(f"'--{name}'" for name in found)
    return f"{error.message.rstrip('.')}.{f' Did you mean {meant}?' if meant else ''}"


def _one_line(error: click.ClickException) -> str:
    """click's message as one line, with the help page to read unless an option is suggested."""
    message = error.format_message().rstrip(".") + ("" if error.format_message().endswith("?") else ".")
    context = getattr(error, "ctx", None)
    if context is not None and isinstance(error, click.NoSuchOption):
        message = _unknown_option(error)
        name = error.option_name.lstrip("-")
        if any(isinstance(known, click.Argument) and known.name == name for known in context.command.params):
            return f"{name.upper()} is an argument, not an option. Type: {context.command_path} {name.upper()}"
        if _takes_texts(context.command) and ("Did you mean" not in message or " " in name):
            dashed = f"A text that begins with a dash stands after --, behind all options: {context.command_path}"
            return f'{brief(message)} {dashed} -- "- a text"'
    if context is None or "Did you mean" in message:
        return brief(message)
    return f"{brief(message)} See: {context.command_path} --help"


def _with_commands(error: TmeattnError, arguments: Sequence[str]) -> str:
    """The message; where `best` can mean several runs, with the command line to type for each of them."""
    candidates = getattr(error, "candidates", ())
    places = [at for at, word in enumerate(arguments) if word == "best"]
    named = [at for at in places if at and arguments[at - 1] in ("--run", "--compare", "--from")]
    if not candidates or not places:
        return str(error)
    at = (named or places)[0]
    lines = [
        shlex.join(["tmeattn", *arguments[:at], one.run.id, *arguments[at + 1 :]]) for one in candidates[:MOST_COMMANDS]
    ]
    return f"{error.message} Type: {brief(' or: '.join(lines))}"


def _takes_texts(command: click.Command) -> bool:
    return any(isinstance(known, click.Argument) and known.name in ("text", "texts") for known in command.params)


def _report(message: str, code: int) -> int:
    from tmeattn.render.console import safe

    if os.environ.get("TMEATTN_DEBUG"):
        traceback.print_exc()
    label = "" if code == 130 else "Error: "
    click.echo(label + safe(" ".join(message.split())), err=True)
    return code
