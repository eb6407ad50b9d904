"""Discovery of plugins: entry points are loaded one by one and hooks called one by one, so one broken plugin cannot
take the others down. Built-in models arrive through the same door as anybody else's."""

from __future__ import annotations

import functools
import importlib
import os
import re
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, distributions
from typing import Any, TypeVar, get_args

import pluggy

from tmeattn import hookspecs
from tmeattn.errors import BadInput, UnknownName
from tmeattn.specs import API_VERSION, Attention, DatasetSpec, ExplainerSpec, ModelSpec, Spec, VectorsSpec

OWN_DISTRIBUTION = "tmeattn"

KINDS: dict[str, type[Spec]] = {
    "tmeattn_models": ModelSpec,
    "tmeattn_datasets": DatasetSpec,
    "tmeattn_vectors": VectorsSpec,
    "tmeattn_explainers": ExplainerSpec,
}
"""Each hook and what its implementations return."""

LISTED_BY = {ModelSpec: "tmeattn models", DatasetSpec: "tmeattn plugins list", VectorsSpec: "tmeattn plugins list"}
SpecT = TypeVar("SpecT", ModelSpec, DatasetSpec, VectorsSpec, ExplainerSpec)


@dataclass(frozen=True)
class Plugin:
    """One entry point: where it came from, and what went wrong with it (an empty list when nothing did)."""

    name: str
    distribution: str
    version: str
    target: str
    provides: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)

    def fail(self, problem: str, error: BaseException | None = None) -> None:
        self.problems.append(problem)
        if error is not None:
            self.tracebacks.append("".join(traceback.format_exception(error)))


@dataclass(frozen=True)
class Registered:
    """A spec together with the plugin that brought it."""

    spec: Spec
    plugin: Plugin


class Registry:
    """All specs of all plugins. A name that two plugins claim is refused to both, and both are told."""

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
            plugin.fail(f"its hooks do not fit: {_one_line(error)}", error)
            return
        for hook, kind in KINDS.items():
            try:
                answers = getattr(manager.hook, hook)()
                specs = [spec for answer in answers for spec in answer]
            except (Exception, SystemExit) as error:
                plugin.fail(f"{hook} failed: {_one_line(error)}", error)
                continue
            for spec in specs:
                self._add(plugin, hook, kind, spec)

    def _add(self, plugin: Plugin, hook: str, kind: type[Spec], spec: object) -> None:
        if not isinstance(spec, kind):
            plugin.fail(f"{hook} returned {type(spec).__name__}, expected {kind.__name__}")
        elif spec.api != API_VERSION:
            plugin.fail(f"{spec.name}: written for plugin API {spec.api}, this tmeattn speaks API {API_VERSION}")
        elif problem := _malformed(spec):
            plugin.fail(f"{hook}: {problem}")
        else:
            plugin.provides.append(spec.name)
            claims = self._entries[kind].setdefault(spec.name, [])
            claims.append(Registered(spec, plugin))
            if len(claims) > 1:
                owners = " and ".join(sorted(claim.plugin.distribution for claim in claims))
                for claim in claims:
                    claim.plugin.fail(f"the name {spec.name!r} is claimed by {owners}")

    def all(self, kind: type[SpecT]) -> list[SpecT]:
        """The usable specs of a kind: built-in ones first, in the order they were registered."""
        return [claims[0].spec for claims in self._entries[kind].values() if len(claims) == 1]  # type: ignore[misc]

    def get(self, kind: type[SpecT], name: str) -> SpecT:
        """The spec of that name.

        Raises:
            UnknownName: nobody registered it (with the nearest names).
            BadInput: two plugins claim it.
        """
        claims = self._entries[kind].get(name, [])
        label = kind.__name__.removesuffix("Spec").lower()
        if not claims:
            known = [spec.name for spec in self.all(kind)]
            raise UnknownName(label, name, known, list_command=LISTED_BY.get(kind, "tmeattn plugins list"))
        if len(claims) > 1:
            owners = " and ".join(sorted(claim.plugin.distribution for claim in claims))
            raise BadInput(f"The {label} {name!r} is claimed by {owners}.", hint="Uninstall one of them.")
        return claims[0].spec  # type: ignore[return-value]

    def plugin_of(self, spec: Spec) -> Plugin:
        """The plugin that brought a spec."""
        return self._entries[type(spec)][spec.name][0].plugin


def _malformed(spec: Any) -> str | None:
    """What in a spec would fail later, far from the plugin that is to blame: its name stands in paths and tables."""
    if not (isinstance(spec.name, str) and re.fullmatch(r"\w[\w.+-]*", spec.name)):
        return f"the name {spec.name!r} is not made of letters, digits, '-', '_', '.' and '+'"
    if not isinstance(spec.summary, str):
        return f"{spec.name}: its summary is no text"
    for part in ("config", "build", "prepare", "load", "explain"):
        target = getattr(spec, part, None)
        optional = part == "prepare" or not hasattr(spec, part)
        if not (isinstance(target, str) and ":" in target) and not (target is None and optional):
            return f"{spec.name}: {part} is {target!r}, expected 'package.module:name'"
    if isinstance(spec, ModelSpec) and spec.attention not in get_args(Attention):
        return f"{spec.name}: attention is {spec.attention!r}, expected one of {', '.join(get_args(Attention))}"
    return None


def _one_line(error: BaseException) -> str:
    """`ImportError: no module named x`: the error's type and the first line of its text."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


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
        if only_own and found.distribution != OWN_DISTRIBUTION:
            continue
        name, target = (found.entry.name, found.entry.value) if found.entry else ("unknown", "unknown")
        plugin = Plugin(name, found.distribution, found.version, target)
        try:
            if found.entry is None:
                raise ValueError("its entry_points.txt is damaged") from found.error
            module = found.entry.load()
        except (Exception, SystemExit) as error:
            plugin.fail(f"cannot be loaded: {_one_line(error)}", error)
            registry.plugins.append(plugin)
            continue
        registry.register(plugin, module)
    return registry


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
        found: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:
        raise BadInput(
            f"{wanted_by}: {target} cannot be loaded: {_one_line(error)}.", hint="See: tmeattn plugins list"
        ) from error
    return found
