"""The plugins that are installed where the tests run, found once: to read the metadata of all packages takes as long as
many a test. A test that changes the import path, or calls `discover` itself, finds them anew."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import fields, replace

from tmeattn.plugin import Plugin
from tmeattn.registry import Registered, Registry


def discovering_once(discover: Callable[[], Registry]) -> Callable[[], Registry]:
    """`discover`, which finds the plugins on the import path of this moment once for each value of TMEATTN_PLUGINS.

    Each call returns a registry of its own, to be changed at will.
    """
    path = list(sys.path)
    known: dict[str, Registry] = {}

    def discovered() -> Registry:
        if sys.path != path:
            return discover()
        which = os.environ.get("TMEATTN_PLUGINS", "")
        if which not in known:
            known[which] = discover()
        return copy_of(known[which])

    return discovered


def copy_of(registry: Registry) -> Registry:
    """A registry with the same specs, and with copies of the plugins."""
    made = Registry()
    plugins = {id(plugin): _copied(plugin) for plugin in registry.plugins}
    made.plugins = [plugins[id(plugin)] for plugin in registry.plugins]
    made._entries = {
        kind: {
            name: [Registered(entry.spec, plugins[id(entry.plugin)]) for entry in entries]
            for name, entries in named.items()
        }
        for kind, named in registry._entries.items()
    }
    return made


def _copied(plugin: Plugin) -> Plugin:
    lists = {
        field.name: list(value) for field in fields(Plugin) if isinstance(value := getattr(plugin, field.name), list)
    }
    return replace(plugin, **lists)
