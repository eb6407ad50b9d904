"""Pages about what is registered: a model with its formula, picture and options; a plugin and what is wrong with it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from tmeattn.config import config_class, resolve_run
from tmeattn.plugin import Plugin
from tmeattn.registry import registry
from tmeattn.render.console import safe
from tmeattn.render.numbers import count, flag, option_value
from tmeattn.render.tables import Column, key_values, table
from tmeattn.specs import DatasetSpec, ExplainerSpec, ModelSpec, Spec, VectorsSpec

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

KINDS: dict[type[Spec], str] = {
    ModelSpec: "model",
    DatasetSpec: "dataset",
    VectorsSpec: "word vectors",
    ExplainerSpec: "method of explanation",
}


@dataclass(frozen=True)
class ModelPage:
    """A model's documentation, its options and where its recipes differ.

    parameters: how many are trained, None where that depends on the data; `counted`: whether that is known yet.

    Raises, when it is rendered:
        BadInput: its configuration cannot be loaded.
    """

    spec: ModelSpec
    parameters: int | None
    counted: bool = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        spec, config = self.spec, config_class(self.spec)
        modern, report = (resolve_run(spec.name, {"recipe": recipe}).flat() for recipe in ("modern", "report"))
        own = [
            (flag(field), option_value(modern[field]), option_value(report[field]), info.description)
            for field, info in config.model_fields.items()
        ]
        tuned = [
            (flag(key), option_value(value), option_value(report[key]))
            for key, value in modern.items()
            if key not in config.model_fields and value is not None and value != report[key] and key != "recipe"
        ]
        numeric = [Column("modern", numeric=True), Column("report", numeric=True)]
        yield Text(spec.name, style="bold")
        for text, preformatted in blocks(inspect.getdoc(config) or spec.summary, options.max_width):
            yield Text(safe(text), no_wrap=preformatted, overflow="ignore" if preformatted else "fold")
        yield Text(f"\n{self._size()}")
        yield Text(safe(f"Source: {spec.reference}.") if spec.reference else "", style="dim")
        yield Text()
        yield table(["model option", *numeric, Column("meaning", wrap=True)], own)
        yield Text()
        yield table(["recipes differ in", *numeric], tuned)

    def _size(self) -> str:
        if self.counted and self.parameters is None:
            return "How many parameters it has depends on the texts that it is prepared for."
        told = count(self.parameters) if self.counted else "…"
        return f"{told} parameters beside the word vectors (width 50, 2 classes)."


@dataclass(frozen=True)
class SpecPage:
    """What a dataset, word vectors or a method of explanation is, and who brought it."""

    spec: Spec

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        spec, plugin = self.spec, registry().plugin_of(self.spec)
        yield Text(safe(spec.name), style="bold")
        yield Text(safe(spec.summary))
        yield Text()
        reference = getattr(spec, "reference", "")
        yield key_values(
            [
                ("what", KINDS[type(spec)]),
                ("from", f"{plugin.distribution} {plugin.version}"),
                ("width", getattr(spec, "size", None)),
                (
                    "scores",
                    None if not isinstance(spec, ExplainerSpec) else "signed" if spec.signed else "not negative",
                ),
                ("source", reference or None),
            ]
        )


@dataclass(frozen=True)
class PluginPage:
    """A plugin: where it comes from, what it provides, and each problem with its traceback."""

    plugin: Plugin

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        plugin = self.plugin
        yield Text(safe(f"{plugin.distribution} {plugin.version}"), style="bold")
        yield Text()
        pairs = [("entry point", f"{plugin.name} = {plugin.target}"), ("provides", ", ".join(plugin.provides) or None)]
        yield key_values([*pairs, ("state", "loaded" if not plugin.problems else None)])
        yield from _problems(plugin)


def _problems(plugin: Plugin) -> Iterator[RenderableType]:
    for problem in plugin.problems:
        yield Text()
        yield Text(safe(f"✗ {problem}"), style="bold")
    for traceback in plugin.tracebacks:
        yield Text()
        yield Text(safe(traceback.rstrip()), style="dim")


def blocks(docstring: str, width: int) -> list[tuple[str, bool]]:
    """A docstring's paragraphs with an empty line between two, and whether each is to be printed as it stands.

    The lines of a paragraph are joined, to be wrapped anew. Indented ones (formulas, pictures) keep their lines; where
    one would not fit `width`, all of them lose as much of their common indent as it takes.
    """
    paragraphs = [(text, any(line.startswith(" ") for line in text.splitlines())) for text in docstring.split("\n\n")]
    lines = [line for text, kept in paragraphs if kept for line in text.splitlines()]
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    cut = max(0, min(indent, max(map(len, lines), default=0) - width))
    shown = [
        ("\n".join(line[cut:] for line in text.splitlines()) if kept else " ".join(text.splitlines()), kept)
        for text, kept in paragraphs
    ]
    return [part for one in shown for part in (("", False), one)][1:]
