"""The options that a training or a sweep takes from a file (`--config`) or from an earlier run (`--from`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tmeattn.cli.support.completion import runs as complete_runs
from tmeattn.errors import BadInput
from tmeattn.specs import ModelSpec


def source_options(*, file: str, run: str) -> list[click.Option]:
    """`--config` and `--from`; file, run: what is taken from there, in the help."""
    return [
        click.Option(
            ["--config", "config_file"],
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help=f"Read {file} from a TOML file; options on the command line override them.",
        ),
        click.Option(
            ["--from", "from_run"],
            metavar="RUN",
            shell_complete=complete_runs,
            help=f"Take {run} from a run; options on the command line override them.",
        ),
    ]


def inherited(
    spec: ModelSpec, from_run: str | None, config_file: Path | None, given: Mapping[str, Any]
) -> dict[str, Any]:
    """The options of --from and of --config, without the momentum of an optimizer that the command line replaces."""
    in_file = _options_in_file(spec, config_file)
    dataset = given.get("dataset", in_file.get("dataset"))
    options = {**_options_of_run(spec, from_run, dataset), **in_file}
    if given.get("optimizer", options.get("optimizer")) != options.get("optimizer"):
        options.pop("momentum", None)
    return options


def _options_of_run(spec: ModelSpec, reference: str | None, dataset: str | None) -> dict[str, Any]:
    """The options of an earlier run; if that has another model, only the options of training. dataset: for `best`."""
    if reference is None:
        return {}
    from tmeattn.config import MODEL_TOKENIZER
    from tmeattn.runs.index import find_run

    config = find_run(reference, dataset=dataset).config
    options: dict[str, Any] = dict(config["train"])
    if config["model"] == spec.name:
        return {**options, **config["model_options"]}
    if spec.tokenizer is not None or options.get("tokenizer") == MODEL_TOKENIZER:  # a model's own is its alone
        options.pop("tokenizer", None)
    return options


def _options_in_file(spec: ModelSpec, path: Path | None) -> dict[str, Any]:
    """The options in a TOML file, validated for the model on their own, so that an error message names the file."""
    if path is None:
        return {}
    from tmeattn.files import read_error
    from tmeattn.run_config import resolve_run
    from tmeattn.toml_files import read_toml

    try:
        values = read_toml(path)
    except ValueError as error:  # also of a number with too many digits, and of bytes that are not UTF-8
        raise BadInput(f"--config: {path} is no TOML file: {str(error)[:200]}.") from None
    except OSError as error:
        raise read_error(path, error, what="--config: ") from None
    options = {key.replace("-", "_"): value for key, value in values.items()}
    try:
        resolve_run(spec.name, options)
    except BadInput as error:
        raise BadInput(f"--config {path}: {error.message}", hint=error.hint) from None
    return options
