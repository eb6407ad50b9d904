"""The registry of all plugins.

Entry points are loaded one by one, and hooks are called one by one, so that a broken plugin does not affect the others.
tmeattn's own models and methods are registered in the same way.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeVar

import pluggy

from tmeattn import hookspecs
from tmeattn.errors import BadInput, UnknownName, shortened
from tmeattn.foreign import ForeignFailure, foreign_code, printed_lines, stdout_kept, stdout_lock
from tmeattn.installed import Installed, installed_plugins
from tmeattn.plugin import OWN_DISTRIBUTION, Plugin, api_problem, spec_problem
from tmeattn.specs import (
    DatasetSpec,
    ExplainerSpec,
    ModelSpec,
    Spec,
    TokenizerSpec,
    TrackerSpec,
    VectorsSpec,
)

KINDS: dict[str, type[Spec]] = {
    "tmeattn_models": ModelSpec,
    "tmeattn_datasets": DatasetSpec,
    "tmeattn_vectors": VectorsSpec,
    "tmeattn_explainers": ExplainerSpec,
    "tmeattn_trackers": TrackerSpec,
    "tmeattn_tokenizers": TokenizerSpec,
}
"""The hooks, and the kind of spec that each returns."""

KIND_NAMES: dict[type[Spec], str] = {
    ModelSpec: "model",
    DatasetSpec: "dataset",
    VectorsSpec: "vectors",
    ExplainerSpec: "method",
    TrackerSpec: "tracker",
    TokenizerSpec: "tokenizer",
}
"""The name of each kind in messages."""

LISTED_BY: dict[type[Spec], str] = {
    ModelSpec: "tmeattn models",
    DatasetSpec: "tmeattn data list",
    VectorsSpec: "tmeattn data list",
    TokenizerSpec: "tmeattn data list",
}
"""The command that lists the names of a kind, for the kinds that have such a command."""

SpecT = TypeVar("SpecT", ModelSpec, DatasetSpec, VectorsSpec, ExplainerSpec, TrackerSpec, TokenizerSpec)

HEAVY = ("torch", "torchtext", "tensorflow", "jax", "transformers", "sklearn", "pandas", "matplotlib")
"""Packages that take about a second to import. A plugin should import them when it uses them, not when it is listed."""


@dataclass(frozen=True)
class Registered:
    """A spec with the plugin that provides it."""

    spec: Spec
    plugin: Plugin


class Registry:
    """All specs of all plugins.

    If two plugins provide the same name, neither can be used, and both get a problem. A plugin cannot replace a name of
    tmeattn's own.
    """

    def __init__(self) -> None:
        self.plugins: list[Plugin] = []
        self._entries: dict[type[Spec], dict[str, list[Registered]]] = {kind: {} for kind in KINDS.values()}

    def register(self, plugin: Plugin, module: object) -> None:
        """Call the hooks of one plugin module (or object) and keep the valid specs. Problems are added to `plugin`."""
        self.plugins.append(plugin)
        manager = pluggy.PluginManager(hookspecs.GROUP)
        manager.add_hookspecs(hookspecs)
        try:
            with foreign_code():
                manager.register(module)
                manager.check_pending()
        except ForeignFailure as failure:
            plugin.fail(f"its hooks are invalid: {failure}", failure.error)
            return
        for hook, kind in KINDS.items():
            try:
                with foreign_code():
                    specs = [spec for returned in getattr(manager.hook, hook)() for spec in returned]
            except ForeignFailure as failure:
                plugin.fail(f"{hook} failed: {failure}", failure.error)
                continue
            for spec in specs:
                try:
                    with foreign_code():  # the fields of a spec may be any objects
                        self._add(plugin, hook, kind, spec)
                except ForeignFailure as failure:
                    plugin.fail(f"{hook} returned a spec that cannot be read: {failure}", failure.error)

    def _add(self, plugin: Plugin, hook: str, kind: type[Spec], spec: object) -> None:
        if not isinstance(spec, kind):
            plugin.fail(f"{hook} returned {type(spec).__name__}, expected {kind.__name__}")
        elif problem := api_problem(spec.api, plugin):
            plugin.fail(f"{spec.name}: {problem}")
        elif problem := spec_problem(spec):
            plugin.fail(f"{hook}: {problem}")
        else:
            self._keep(plugin, kind, spec)

    def _keep(self, plugin: Plugin, kind: type[Spec], spec: Spec) -> None:
        """Store a spec under its name, unless tmeattn itself has a spec of that name."""
        entries = self._entries[kind].setdefault(spec.name, [])
        if any(entry.plugin.distribution == OWN_DISTRIBUTION for entry in entries):
            noun = KIND_NAMES[kind]
            plugin.fail(
                f"the name {spec.name!r} belongs to {OWN_DISTRIBUTION}'s own {noun}, "
                f"so the {noun} of {plugin.distribution} is ignored"
            )
            return
        plugin.provides.append(spec.name)
        entries.append(Registered(spec, plugin))
        if len(entries) > 1:
            distributions = " and ".join(self.distributions_of(kind, spec.name))
            for entry in entries:
                entry.plugin.fail(f"the name {spec.name!r} is provided by {distributions}")

    def remove(self, plugin: Plugin) -> None:
        """Remove a plugin and its specs."""
        self.plugins.remove(plugin)
        for entries in self._entries.values():
            for name in plugin.provides:
                if others := [entry for entry in entries.get(name, []) if entry.plugin is not plugin]:
                    entries[name] = others
                else:
                    entries.pop(name, None)

    def all(self, kind: type[SpecT]) -> list[SpecT]:
        """The usable specs of a kind in the order of their registration, tmeattn's own first."""
        return [entries[0].spec for entries in self._entries[kind].values() if len(entries) == 1]  # type: ignore[misc]

    def get(self, kind: type[SpecT], name: str) -> SpecT:
        """The spec of that name.

        Raises:
            UnknownName: no plugin provides it; the message has the nearest names, and the broken plugins.
            BadInput: two plugins provide it.
        """
        entries = self._entries[kind].get(name, [])
        noun = KIND_NAMES[kind]
        if not entries:
            known = [spec.name for spec in self.all(kind)]
            broken = [plugin.distribution for plugin in self.plugins if plugin.problems]
            raise UnknownName(noun, name, known, list_command=LISTED_BY.get(kind), broken=broken)
        if len(entries) > 1:
            distributions = " and ".join(self.distributions_of(kind, name))
            raise BadInput(f"The {noun} {name!r} is provided by {distributions}.", hint="Uninstall one of them.")
        return entries[0].spec  # type: ignore[return-value]

    def distributions_of(self, kind: type[Spec], name: str) -> list[str]:
        """The distributions that provide a spec of that kind and name."""
        return sorted(entry.plugin.distribution for entry in self._entries[kind].get(name, []))

    def specs_of(self, plugin: Plugin) -> list[Spec]:
        """The usable specs that a plugin provides."""
        usable = [entries[0] for kind in self._entries.values() for entries in kind.values() if len(entries) == 1]
        return [entry.spec for entry in usable if entry.plugin is plugin]

    def plugin_of(self, spec: Spec) -> Plugin:
        """The plugin that provides a spec."""
        return self._entries[type(spec)][spec.name][0].plugin


def discover() -> Registry:
    """Load every installed plugin; with `TMEATTN_PLUGINS=off`, only tmeattn's own."""
    only_own = os.environ.get("TMEATTN_PLUGINS", "").lower() == "off"
    registry = Registry()
    for installed in installed_plugins():
        if not only_own or installed.distribution == OWN_DISTRIBUTION:
            _load(registry, installed)
    return registry


def _load(registry: Registry, installed: Installed) -> None:
    """Import a plugin and register its specs."""
    entry = installed.entry
    name, target = (entry.name, entry.value) if entry else ("unknown", "unknown")
    plugin = Plugin(name, installed.distribution, installed.version, target)
    if entry is None:
        plugin.fail(f"cannot be loaded: {installed.problem}", installed.error)
        registry.plugins.append(plugin)
        return
    with _measured(plugin):
        try:
            with foreign_code():
                module = entry.load()
        except ForeignFailure as failure:
            plugin.fail(f"cannot be loaded: {failure}", failure.error)
            registry.plugins.append(plugin)
        else:
            registry.register(plugin, module)


@contextlib.contextmanager
def _measured(plugin: Plugin) -> Iterator[None]:
    """Record a plugin's load time and imports, and warn about its output on stdout, which is reserved for results."""
    before, began = {name for name in list(sys.modules) if isinstance(name, str)}, time.perf_counter()
    own = plugin.distribution == OWN_DISTRIBUTION
    kept: contextlib.AbstractContextManager[list[str]] = contextlib.nullcontext([]) if own else printed_lines()
    with kept as printed, _current_folder_kept(plugin):
        yield
    plugin.seconds = time.perf_counter() - began
    packages = {name.partition(".")[0] for name in list(sys.modules) if isinstance(name, str) and name not in before}
    known = {name.partition(".")[0] for name in before} | sys.stdlib_module_names
    plugin.imports.extend(sorted(name for name in packages - known if not name.startswith("_")))
    if printed:
        line = shortened(next((line.strip() for line in printed if line.strip()), ""))
        plugin.warnings.append(f"prints to stdout when it is imported ({line!r}): use logging, or print to stderr")
    if heavy := [name for name in HEAVY if name in plugin.imports]:
        plugin.warnings.append(
            f"imports {' and '.join(heavy)} when it is listed ({plugin.seconds:.1f} s in every command): "
            "import it in the module that `build`, `load`, `explain` or `track` refers to"
        )


@contextlib.contextmanager
def _current_folder_kept(plugin: Plugin) -> Iterator[None]:
    """Go back to the current folder if a plugin changes it: the paths that the user gives are relative to it."""
    try:
        folder = os.getcwd()  # noqa: PTH109
    except OSError:  # it is deleted
        yield
        return
    yield
    with contextlib.suppress(OSError):
        if os.getcwd() == folder:  # noqa: PTH109
            return
    with contextlib.suppress(OSError):
        os.chdir(folder)
    plugin.warnings.append("changes the current folder when it is imported: use absolute paths")


_discovering = threading.RLock()


@functools.cache
def _discovered() -> Registry:
    return discover()


def registry() -> Registry:
    """The registry of this process. The first call loads the plugins; other threads wait for it."""
    with _discovering:
        return _discovered()


def resolve(target: str, *, wanted_by: str) -> Any:
    """Import the object that a spec refers to by "package.module:name".

    Raises:
        BadInput: the object cannot be imported, or does not exist. The message begins with `wanted_by`.
    """
    module_name, _, attribute = target.partition(":")
    # What is imported already is found without a change of standard output, which other threads may be writing to.
    if (loaded := _loaded(module_name, attribute)) is not None:
        return loaded
    try:
        with foreign_code(), _to_stderr():
            found: Any = importlib.import_module(module_name)
            for part in attribute.split("."):
                found = getattr(found, part)
    except ForeignFailure as failure:
        raise BadInput(
            f"{wanted_by}: {target} cannot be loaded: {failure}.", hint="See: tmeattn plugins doctor"
        ) from failure.error
    return found


def _loaded(module_name: str, attribute: str) -> Any:
    """An object of a module that has been imported, if no code of the module runs for it; None otherwise."""
    module = sys.modules.get(module_name)
    if not isinstance(module, ModuleType) or getattr(module.__spec__, "_initializing", False):
        return None
    return vars(module).get(attribute)


@contextlib.contextmanager
def _to_stderr() -> Iterator[None]:
    """Print to stderr what the block prints to stdout, which is reserved for results."""
    try:
        is_file = sys.stderr.fileno() >= 0  # a full-screen application answers -1
    except (AttributeError, OSError, ValueError):  # the stderr of a test is no file
        is_file = False
    with stdout_lock, stdout_kept(sys.stderr) if is_file else contextlib.redirect_stdout(sys.stderr):
        yield
