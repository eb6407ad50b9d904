"""Pages on models (formula, diagram, options), on other registered specs, and on plugins with their problems."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from tmeattn.plugin import Plugin
from tmeattn.registry import registry
from tmeattn.render.console import safe
from tmeattn.render.diagram import DiagramView
from tmeattn.render.numbers import count, flag, option_value
from tmeattn.render.tables import Column, key_values, table
from tmeattn.run_config import config_class, resolve_run
from tmeattn.specs import DatasetSpec, ExplainerSpec, ModelSpec, Spec, TokenizerSpec, VectorsSpec

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from tmeattn.models.diagram import Diagram

KINDS: dict[type[Spec], str] = {
    ModelSpec: "model",
    DatasetSpec: "dataset",
    VectorsSpec: "word vectors",
    ExplainerSpec: "attribution method",
    TokenizerSpec: "tokenizer",
}


@dataclass(frozen=True)
class ModelPage:
    """The documentation of a model, its options, and the options in which its recipes differ.

    parameters: number of trainable parameters, None if it depends on the data.
    counted:    whether `parameters` has been computed yet.
    diagrams:   its steps, if they have been traced.

    Raises, when it is rendered:
        BadInput: the configuration of the model cannot be loaded.
    """

    spec: ModelSpec
    parameters: int | None
    counted: bool = True
    diagrams: tuple[Diagram, ...] = ()

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
        for diagram in self.diagrams:
            yield Text()
            yield DiagramView(diagram, f"{diagram.name}, from the model with its default options")
        yield Text(f"\n{self._size()}")
        yield Text(safe(f"Source: {spec.reference}.") if spec.reference else "", style="dim")
        yield Text()
        yield table(["model option", *numeric, Column("meaning", wrap=True)], own)
        yield Text()
        yield table(["recipe difference", *numeric], tuned)

    def _size(self) -> str:
        if self.counted and self.parameters is None:
            return "The number of trainable parameters depends on the training texts."
        number = count(self.parameters) if self.counted else "…"
        return f"{number} trainable parameters without the word vectors (width 50, 2 classes)."


@dataclass(frozen=True)
class SpecPage:
    """A dataset, word vectors or an attribution method: its summary, its source, and the plugin that provides it."""

    spec: Spec

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        spec, plugin = self.spec, registry().plugin_of(self.spec)
        yield Text(safe(spec.name), style="bold")
        yield Text(safe(spec.summary))
        yield Text()
        reference = getattr(spec, "reference", "")
        yield key_values(
            [
                ("kind", KINDS[type(spec)]),
                ("provided by", f"{plugin.distribution} {plugin.version}"),
                ("width", getattr(spec, "size", None)),
                (
                    "scores",
                    None if not isinstance(spec, ExplainerSpec) else "signed" if spec.signed else "non-negative",
                ),
                ("source", reference or None),
            ]
        )


@dataclass(frozen=True)
class PluginPage:
    """A plugin: its distribution, its entry point, what it provides, and each problem with its traceback."""

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
    """The paragraphs of a docstring with an empty line between them, each with whether it is preformatted.

    The lines of a paragraph are joined, so that they can be wrapped. An indented paragraph (a formula, a diagram) keeps
    its lines. If one of its lines is wider than `width`, all indented paragraphs lose part of their common indent.
    """
    paragraphs = [(text, any(line.startswith(" ") for line in text.splitlines())) for text in docstring.split("\n\n")]
    lines = [line for text, kept in paragraphs if kept for line in text.splitlines()]
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    cut = max(0, min(indent, max(map(len, lines), default=0) - width))
    joined = [
        ("\n".join(line[cut:] for line in text.splitlines()) if kept else " ".join(text.splitlines()), kept)
        for text, kept in paragraphs
    ]
    return [block for paragraph in joined for block in (("", False), paragraph)][1:]
