"""Discovery of plugins: entry points are loaded one by one and hooks called one by one, so one broken plugin cannot
take the others down. Built-in models arrive through the same door as anybody else's."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, distributions
from typing import Any, TypeVar

import pluggy

from tmeattn import hookspecs
from tmeattn.errors import BadInput, UnknownName
from tmeattn.plugin import OWN_DISTRIBUTION, Plugin, malformed, one_line, other_api
from tmeattn.specs import (
    API_VERSION,
    DatasetSpec,
    ExplainerSpec,
    ModelSpec,
    Spec,
    TrackerSpec,
    VectorsSpec,
)

KINDS: dict[str, type[Spec]] = {
    "tmeattn_models": ModelSpec,
    "tmeattn_datasets": DatasetSpec,
    "tmeattn_vectors": VectorsSpec,
    "tmeattn_explainers": ExplainerSpec,
    "tmeattn_trackers": TrackerSpec,
}
"""Each hook and what its implementations return."""

WORDS: dict[type[Spec], str] = {
    ModelSpec: "model",
    DatasetSpec: "dataset",
    VectorsSpec: "vectors",
    ExplainerSpec: "method",
    TrackerSpec: "tracker",
}
"""What each kind is called where a user gives its name: `--method NAME`."""

LISTED_BY: dict[type[Spec], str] = {
    ModelSpec: "tmeattn models",
    DatasetSpec: "tmeattn data list",
    VectorsSpec: "tmeattn data list",
}
"""What lists the names of a kind, where something does."""

SpecT = TypeVar("SpecT", ModelSpec, DatasetSpec, VectorsSpec, ExplainerSpec, TrackerSpec)

HEAVY = ("torch", "torchtext", "tensorflow", "jax", "transformers", "sklearn", "pandas", "matplotlib")
"""Modules that take about a second to import: to be imported where they are used, not where a plugin is listed."""


@dataclass(frozen=True)
class Registered:
    """A spec together with the plugin that brought it."""

    spec: Spec
    plugin: Plugin


class Registry:
    """All specs of all plugins.

    A name that two plugins claim is refused to both, and both are told; tmeattn's own names stay with tmeattn.
    """

    def __init__(self) -> None:
        self.plugins: list[Plugin] = []
        self._entries: dict[type[Spec], dict[str, list[Registered]]] = {kind: {} for kind in KINDS.values()}

    def register(self, plugin: Plugin, module: object) -> None:
        """Call the hooks of one plugin module (or object) and keep the specs that hold up."""
        self.plugins.append(plugin)
        manager = pluggy.PluginManager(hookspecs.GROUP)
        manager.add_hookspecs(hookspecs)
        try:
            manager.register(module)
            manager.check_pending()
        except (Exception, SystemExit) as error:
            plugin.fail(f"its hooks do not fit: {one_line(error)}", error)
            return
        for hook, kind in KINDS.items():
            try:
                answers = getattr(manager.hook, hook)()
                specs = [spec for answer in answers for spec in answer]
            except (Exception, SystemExit) as error:
                plugin.fail(f"{hook} failed: {one_line(error)}", error)
                continue
            for spec in specs:
                self._add(plugin, hook, kind, spec)

    def _add(self, plugin: Plugin, hook: str, kind: type[Spec], spec: object) -> None:
        if not isinstance(spec, kind):
            plugin.fail(f"{hook} returned {type(spec).__name__}, expected {kind.__name__}")
        elif spec.api != API_VERSION:
            plugin.fail(f"{spec.name}: {other_api(spec.api, plugin)}")
        elif problem := malformed(spec):
            plugin.fail(f"{hook}: {problem}")
        else:
            self._claim(plugin, kind, spec)

    def _claim(self, plugin: Plugin, kind: type[Spec], spec: Spec) -> None:
        """Keep a spec under its name. A name of tmeattn's own stays with tmeattn."""
        claims = self._entries[kind].setdefault(spec.name, [])
        if any(claim.plugin.distribution == OWN_DISTRIBUTION for claim in claims):
            plugin.fail(
                f"the name {spec.name!r} is taken by {OWN_DISTRIBUTION}'s own {WORDS[kind]}: "
                f"that of {plugin.distribution} is left out"
            )
            return
        plugin.provides.append(spec.name)
        claims.append(Registered(spec, plugin))
        if len(claims) > 1:
            owners = " and ".join(self.owners(kind, spec.name))
            for claim in claims:
                claim.plugin.fail(f"the name {spec.name!r} is claimed by {owners}")

    def remove(self, plugin: Plugin) -> None:
        """Forget a plugin and what it brought."""
        self.plugins.remove(plugin)
        for entries in self._entries.values():
            for name in plugin.provides:
                if left := [claim for claim in entries.get(name, []) if claim.plugin is not plugin]:
                    entries[name] = left
                else:
                    entries.pop(name, None)

    def all(self, kind: type[SpecT]) -> list[SpecT]:
        """The usable specs of a kind: built-in ones first, in the order they were registered."""
        return [claims[0].spec for claims in self._entries[kind].values() if len(claims) == 1]  # type: ignore[misc]

    def get(self, kind: type[SpecT], name: str) -> SpecT:
        """The spec of that name.

        Raises:
            UnknownName: nobody registered it (with the nearest names, and the plugins that are broken).
            BadInput: two plugins claim it.
        """
        claims = self._entries[kind].get(name, [])
        label = WORDS[kind]
        if not claims:
            known = [spec.name for spec in self.all(kind)]
            broken = [plugin.distribution for plugin in self.plugins if plugin.problems]
            raise UnknownName(label, name, known, list_command=LISTED_BY.get(kind), broken=broken)
        if len(claims) > 1:
            owners = " and ".join(self.owners(kind, name))
            raise BadInput(f"The {label} {name!r} is claimed by {owners}.", hint="Uninstall one of them.")
        return claims[0].spec  # type: ignore[return-value]

    def owners(self, kind: type[Spec], name: str) -> list[str]:
        """The distributions that bring a spec of that kind and name: none, one, or all that claim it."""
        return sorted(claim.plugin.distribution for claim in self._entries[kind].get(name, []))

    def of(self, plugin: Plugin) -> list[Spec]:
        """The usable specs that a plugin brought."""
        claims = [claims[0] for entries in self._entries.values() for claims in entries.values() if len(claims) == 1]
        return [claim.spec for claim in claims if claim.plugin is plugin]

    def plugin_of(self, spec: Spec) -> Plugin:
        """The plugin that brought a spec."""
        return self._entries[type(spec)][spec.name][0].plugin


@dataclass(frozen=True)
class _Found:
    """An installed entry point, or a distribution whose entry points cannot be read (`entry` is None)."""

    distribution: str
    version: str
    entry: EntryPoint | None
    error: Exception | None = None


def _entry_points() -> Iterator[_Found]:
    """Every `tmeattn` entry point, tmeattn's own first, then by distribution; a distribution seen twice counts once."""
    found: dict[tuple[str, str], _Found] = {}
    for distribution in distributions():
        try:
            entries: Iterable[EntryPoint] = distribution.entry_points.select(group=hookspecs.GROUP)
            for entry in entries:
                name, version = distribution.name or "unknown", distribution.version or "unknown"
                found.setdefault((name, entry.name), _Found(name, version, entry))
        except Exception as error:  # metadata that another installer left damaged
            if f"[{hookspecs.GROUP}]" in (distribution.read_text("entry_points.txt") or ""):
                name = str(getattr(distribution, "_path", "unknown")).rpartition(os.sep)[2]
                found.setdefault((name, ""), _Found(name, "unknown", None, error))
    for key in sorted(found, key=lambda key: (key[0] != OWN_DISTRIBUTION, key)):
        yield found[key]


def discover() -> Registry:
    """Load every installed plugin. `TMEATTN_PLUGINS=off` leaves out all but tmeattn's own."""
    only_own = os.environ.get("TMEATTN_PLUGINS", "").lower() == "off"
    registry = Registry()
    for found in _entry_points():
        if not only_own or found.distribution == OWN_DISTRIBUTION:
            _load(registry, found)
    return registry


def _load(registry: Registry, found: _Found) -> None:
    name, target = (found.entry.name, found.entry.value) if found.entry else ("unknown", "unknown")
    plugin = Plugin(name, found.distribution, found.version, target)
    with _watched(plugin):
        try:
            if found.entry is None:
                raise ValueError("its entry_points.txt is damaged") from found.error
            module = found.entry.load()
        except (Exception, SystemExit) as error:
            plugin.fail(f"cannot be loaded: {one_line(error)}", error)
            registry.plugins.append(plugin)
        else:
            registry.register(plugin, module)


@contextlib.contextmanager
def _watched(plugin: Plugin) -> Iterator[None]:
    """Note how long a plugin takes and what it imports, and keep what it prints off stdout, which is data."""
    before, began, printed = set(sys.modules), time.perf_counter(), io.StringIO()
    with contextlib.redirect_stdout(printed):
        yield
    plugin.seconds = time.perf_counter() - began
    packages = {name.partition(".")[0] for name in set(sys.modules) - before}
    known = {name.partition(".")[0] for name in before} | sys.stdlib_module_names
    plugin.imports.extend(sorted(name for name in packages - known if not name.startswith("_")))
    if printed.getvalue():
        line = printed.getvalue().strip().splitlines() or [""]
        plugin.warnings.append(f"prints to stdout when it is imported ({line[0]!r}): use logging, or print to stderr")
    if heavy := [name for name in HEAVY if name in plugin.imports]:
        plugin.warnings.append(
            f"imports {' and '.join(heavy)} when it is listed ({plugin.seconds:.1f} s for every command): "
            "import it in the module that builds or loads"
        )


@functools.cache
def registry() -> Registry:
    """The registry of this process, discovered once."""
    return discover()


def resolve(target: str, *, wanted_by: str) -> Any:
    """Import what a spec's "package.module:name" points at.

    Raises:
        BadInput: it cannot be imported or is not there; the message names who wanted it.
    """
    module_name, _, attribute = target.partition(":")
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what a module prints when it is imported is no data
            found: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:
        raise BadInput(
            f"{wanted_by}: {target} cannot be loaded: {one_line(error)}.", hint="See: tmeattn plugins doctor"
        ) from error
    return found
