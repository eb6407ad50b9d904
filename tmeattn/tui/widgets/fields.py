"""The fields of a form: names, inputs and descriptions in three columns, made of few widgets, so that it opens fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static

from tmeattn.render.console import safe
from tmeattn.tui.services.run_form import FormField

NAME_WIDTH = 20
"""Columns for the name of an option. A longer name is cut: a second line would move it away from its field."""


class Cycle(Static, can_focus=True):
    """A choice of one of a few values: the arrow keys, space or a click choose the next one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", show=False),
        Binding("right,space,enter", "turn(1)", show=False),
    ]

    class Changed(Message):
        """The user chose another value."""

    def __init__(self, choices: Sequence[str], default: str, value: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self.choices, self.default = ("", *choices), default
        self.value = value if value in self.choices else ""

    def render(self) -> Text:
        shown = Text("‹ ", style="dim")
        shown.append(self.value or self.default or "none", style="bold" if self.value else "dim")
        return shown.append(" ›", style="dim")

    def action_turn(self, by: int) -> None:
        at = (self.choices.index(self.value) + by) % len(self.choices)
        if self.choices[at] == self.default:  # the empty choice stands for the default
            at = (at + by) % len(self.choices)
        self.value = self.choices[at]
        self.refresh()
        self.post_message(self.Changed())

    def on_click(self, event: events.Click) -> None:
        self.action_turn(1)


Field = Input | Cycle


class Fields(VerticalScroll, inherit_bindings=False):
    """Sections of options. The arrow keys move the focus from field to field, and the page scrolls with it."""

    def __init__(self, sections: Sequence[tuple[str, Sequence[FormField]]]) -> None:
        super().__init__(can_focus=False)
        self.sections = [(title, fields) for title, fields in sections if fields]
        self.fields = [field for _, fields in self.sections for field in fields]
        self.widgets: dict[str, Field] = {}
        self._wrong: str | None = None

    def prepare(
        self, defaults: Mapping[str, str], given: Mapping[str, str], offers: Mapping[str, Sequence[str]]
    ) -> Fields:
        """Make the fields, before they are mounted."""
        for field in self.fields:
            default, value = defaults.get(field.name, ""), given.get(field.name, "")
            name = f"field-{field.name}"
            if field.choices:
                self.widgets[field.name] = Cycle(field.choices, default, value, id=name)
            else:
                suggester = SuggestFromList(offers[field.name]) if field.name in offers else None
                self.widgets[field.name] = Input(value, default or "none", suggester=suggester, compact=True, id=name)
        for _, fields in self.sections:
            self.widgets[fields[0].name].add_class("first")
        return self

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(self._names(), id="names", markup=False)
            yield Vertical(*self.widgets.values(), id="inputs")
            yield Static(Text("\n").join(self._descriptions()), id="explained", markup=False)

    def _descriptions(self) -> Iterable[Text]:
        for _, fields in self.sections:
            yield Text()
            for field in fields:
                yield Text(safe(field.help))

    def _names(self) -> Text:
        lines = []
        for title, fields in self.sections:
            lines.append(Text(title, style="bold yellow"))
            for field in fields:
                name = field.name.replace("_", "-").rjust(NAME_WIDTH)
                given = field.name in self.widgets and bool(self.widgets[field.name].value)
                style = "bold red" if field.name == self._wrong else "bold" if given else "dim"
                lines.append(Text(name, style=style))
        names = Text("\n").join(lines)
        names.no_wrap = True
        return names

    def given(self) -> dict[str, str]:
        """The values that the user has given, by option."""
        return {name: widget.value.strip() for name, widget in self.widgets.items() if widget.value.strip()}

    def mark(self, wrong: str | None) -> None:
        """Show which options are given, and which one is wrong."""
        if wrong != self._wrong:
            for name, widget in self.widgets.items():
                widget.set_class(name == wrong, "wrong")
        self._wrong = wrong
        self.query_one("#names", Static).update(self._names())

    def set_defaults(self, defaults: Mapping[str, str]) -> None:
        """Show other defaults, for example those of another recipe."""
        for name, widget in self.widgets.items():
            default = defaults.get(name, "")
            if isinstance(widget, Cycle):
                if widget.default != default:
                    widget.default = default
                    widget.refresh()
            elif widget.placeholder != (default or "none"):
                widget.placeholder = default or "none"

    def reset(self) -> None:
        """Clear all fields, so that every option has its default."""
        for widget in self.widgets.values():
            widget.value = ""
            widget.refresh()

    def page(self, by: int) -> None:
        """Go as many fields down, or up, as are visible at once."""
        self._go(by * max(1, self.size.height - 2))

    def jump(self, to: int) -> None:
        """Go to the first field, or for -1 to the last."""
        self._go(-len(self.widgets) if to == 0 else len(self.widgets))

    def _go(self, by: int) -> None:
        widgets = list(self.widgets.values())
        at = next((at for at, widget in enumerate(widgets) if widget.has_focus), 0 if by > 0 else len(widgets) - 1)
        if widgets:
            widgets[max(0, min(at + by, len(widgets) - 1))].focus()

    def field_of(self, widget: Widget) -> FormField | None:
        """The option that a widget edits; None for another widget."""
        return next((field for field in self.fields if self.widgets.get(field.name) is widget), None)
