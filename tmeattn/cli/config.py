"""`tmeattn config get`, `set`, `unset`: the user's defaults. The options of a run are in `tmeattn.config`."""

from __future__ import annotations

import click

from tmeattn.cli.support.command import Group, echo_json
from tmeattn.cli.support.options import json_option
from tmeattn.errors import BadInput, UnknownName
from tmeattn.user_defaults import KEYS, load_defaults


@click.group(cls=Group)
def config() -> None:
    """Your defaults for the options of train: dataset, vectors, device, threads.

    They are stored in a TOML file. Options on the command line override them.
    """


@config.command("get")
@click.argument("key", required=False)
@json_option("the settings")
def get_setting(key: str | None, as_json: bool) -> None:
    """Print all defaults, or the default of KEY."""
    from tmeattn.config import TrainOptions
    from tmeattn.paths import settings_path

    own = load_defaults()
    values = {name: own.get(name, TrainOptions.model_fields[name].default) for name in KEYS}
    if key is not None:
        _known(key)
        values = {key: values[key]}
    if as_json:
        echo_json(values if key is None else values[key])
        return
    if key is not None:
        click.echo("" if values[key] is None else values[key])
        return
    from tmeattn.render.console import stderr_console, stdout_console
    from tmeattn.render.numbers import option_value
    from tmeattn.render.tables import Column, table

    rows = [(name, option_value(value), "yours" if name in own else "", KEYS[name]) for name, value in values.items()]
    stdout_console().print(table(["key", "value", "set", Column("meaning", wrap=True)], rows))
    stderr_console().print(f"In {settings_path()}")


@config.command("set")
@click.argument("key")
@click.argument("value")
def set_setting(key: str, value: str) -> None:
    """Set the default of KEY to VALUE, for example: tmeattn config set dataset imdb."""
    from tmeattn.config import RANDOM
    from tmeattn.data.sources import open_vectors
    from tmeattn.paths import existing_path
    from tmeattn.registry import registry
    from tmeattn.run_config import is_dataset, resolve_run
    from tmeattn.specs import DatasetSpec, ModelSpec

    _known(key)
    if key == "dataset" and not is_dataset(value) and existing_path(value) is None:
        registry().get(DatasetSpec, value)  # raises an error that lists the names
    if key == "vectors" and value != RANDOM:
        open_vectors(value)
    model = registry().all(ModelSpec)[0].name
    resolved = getattr(resolve_run(model, {key: value}).train, key)  # raises the error that train would raise
    _save({**load_defaults(), key: str(resolved)})
    click.echo(f"The default of {key} is now {resolved}.", err=True)


@config.command("unset")
@click.argument("key")
def unset_setting(key: str) -> None:
    """Remove your default of KEY, so that tmeattn's default applies."""
    _known(key)
    _save({name: value for name, value in load_defaults().items() if name != key})
    click.echo(f"Your default of {key} is removed.", err=True)


def _known(key: str) -> None:
    if key not in KEYS:
        raise UnknownName("default", key, KEYS, list_command="tmeattn config get")


def _save(defaults: dict[str, str]) -> None:
    """Replace the file of the user's defaults."""
    import json

    from tmeattn.files import disk_errors, rewrite
    from tmeattn.paths import settings_path

    path = settings_path()
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in defaults.items())
    try:
        data = lines.encode()
    except UnicodeEncodeError:
        raise BadInput("A default must be valid Unicode.") from None
    with disk_errors("your defaults", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        rewrite(path, data, durable=True)
