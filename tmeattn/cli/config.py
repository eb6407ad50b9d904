"""`tmeattn config get`, `set`, `unset`."""

from __future__ import annotations

import click

from tmeattn.cli.support.command import Group, echo_json
from tmeattn.cli.support.options import json_option
from tmeattn.errors import BadInput, UnknownName
from tmeattn.user_defaults import KEYS, load_settings


@click.group(cls=Group)
def config() -> None:
    """Your own defaults for train: dataset, vectors, device, threads.

    They are kept in one TOML file; options on the command line win.
    """


@config.command("get")
@click.argument("key", required=False)
@json_option("the settings")
def get_setting(key: str | None, as_json: bool) -> None:
    """Print all defaults, or the one of KEY."""
    from tmeattn.config import TrainOptions
    from tmeattn.paths import settings_path

    own = load_settings()
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
    """Make VALUE the default of KEY: tmeattn config set dataset imdb."""
    from tmeattn.config import RANDOM, is_dataset, resolve_run
    from tmeattn.data.sources import open_vectors
    from tmeattn.paths import existing_path
    from tmeattn.registry import registry
    from tmeattn.specs import DatasetSpec, ModelSpec

    _known(key)
    if key == "dataset" and not is_dataset(value) and existing_path(value) is None:
        registry().get(DatasetSpec, value)  # refuses it
    if key == "vectors" and value != RANDOM:
        open_vectors(value)
    model = registry().all(ModelSpec)[0].name
    resolved = getattr(resolve_run(model, {key: value}).train, key)  # refuses what train would
    _save({**load_settings(), key: str(resolved)})
    click.echo(f"{key} is now {resolved}.", err=True)


@config.command("unset")
@click.argument("key")
def unset_setting(key: str) -> None:
    """Go back to tmeattn's own default of KEY."""
    _known(key)
    _save({name: value for name, value in load_settings().items() if name != key})
    click.echo(f"{key} is tmeattn's own again.", err=True)


def _known(key: str) -> None:
    if key not in KEYS:
        raise UnknownName("setting", key, KEYS, list_command="tmeattn config get")


def _save(settings: dict[str, str]) -> None:
    """Replace the settings file."""
    import json

    from tmeattn.files import disk_errors, write_atomically
    from tmeattn.paths import settings_path

    path = settings_path()
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    try:
        data = lines.encode()
    except UnicodeEncodeError:
        raise BadInput("A setting must be valid Unicode.") from None
    with disk_errors("your settings", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
