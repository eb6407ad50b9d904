"""The form that starts a run: checked while it is filled in, with the command line that does the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.suggester import SuggestFromList
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Static

from tmeattn.errors import TmeattnError
from tmeattn.registry import registry
from tmeattn.render.console import safe
from tmeattn.specs import DatasetSpec, ModelSpec, VectorsSpec
from tmeattn.tui import form, keys, launch
from tmeattn.tui.form import FormField
from tmeattn.tui.screens.room import Room
from tmeattn.tui.widgets.choice import Choice

DEFAULT_MODEL = "lstm-attn"
PAUSE = 0.15
"""Seconds without a key before the form is checked."""


class Row(Horizontal):
    """One option: its name, its field, and what it means as far as there is room."""

    DEFAULT_CSS = """
    Row { height: 1; }
    Row Label { width: 18; color: $text-muted; text-align: right; padding-right: 1; }
    Row Input { width: 20; height: 1; border: none; padding: 0 1; background: $boost; }
    Row Input:focus { background: $primary 40%; }
    Row .help { width: 1fr; color: $text-muted; padding-left: 2; text-wrap: nowrap; text-overflow: ellipsis; }
    Row Choice { width: 38; padding: 0; }
    Row.-wrong Label { color: $error; text-style: bold; }
    Row.-wrong Input { background: $error 30%; }
    Row.-changed Label { color: $foreground; text-style: bold; }
    """

    def __init__(self, field: FormField, default: str, value: str, offers: Iterable[str] = ()) -> None:
        super().__init__(id=f"row-{field.name}")
        self.field, self.default, self.offers = field, default, list(offers)
        self._first = value

    def compose(self) -> ComposeResult:
        name = self.field.name.replace("_", "-")
        if self.field.choices:
            yield Choice(name, self._choices(), id=f"field-{self.field.name}")
        else:
            yield Label(name, markup=False)
            suggester = SuggestFromList(self.offers) if self.offers else None
            yield Input(self._first, placeholder=self.default or "none", suggester=suggester, compact=True)
        yield Static(self.field.help, classes="help", markup=False)

    def on_mount(self) -> None:
        if self.field.choices:
            self.query_one(Choice).value = self._first or None

    def _choices(self) -> list[tuple[str, str | None]]:
        return [(f"{self.default} (default)", None), *((choice, choice) for choice in self.field.choices)]

    @property
    def value(self) -> str:
        """What the user wants, empty for the default."""
        if self.field.choices:
            return self.query_one(Choice).value or ""
        return self.query_one(Input).value.strip()

    def set_default(self, default: str) -> None:
        """Another recipe has other defaults."""
        if default == self.default:
            return
        self.default = default
        if self.field.choices:
            self.query_one(Choice).offer(self._choices(), self.value or None)
        else:
            self.query_one(Input).placeholder = default or "none"


class Fields(VerticalScroll, inherit_bindings=False):
    """The rows; arrow keys go from field to field, and the page follows."""


class NewRunScreen(Room):
    """Everything that can be said about a run before it starts. What is left alone has the recipe's value."""

    mode = "runs"
    BINDINGS: ClassVar = keys.bindings("new")
    CSS = """
    NewRunScreen #which { height: 1; }
    NewRunScreen #which Label { width: 18; color: $text-muted; text-align: right; padding-right: 1; }
    NewRunScreen #which Input { width: 24; height: 1; border: none; background: $boost; }
    NewRunScreen #which Choice { width: 38; }
    NewRunScreen #which Choice Label { width: 18; text-align: right; }
    NewRunScreen Row Choice Label { width: 18; }
    NewRunScreen #summary { height: 1; padding: 0 1; color: $text-muted; }
    NewRunScreen #fields { height: 1fr; border-top: solid $panel; border-bottom: solid $panel; }
    NewRunScreen .section { height: 1; color: $accent; padding-left: 2; text-style: bold; }
    NewRunScreen #below { height: auto; min-height: 3; }
    NewRunScreen #told { width: 1fr; height: auto; max-height: 7; padding: 0 1; }
    NewRunScreen #start { dock: right; margin-right: 1; }
    """

    def __init__(self, like: Mapping[str, object] | None = None, model: str | None = None) -> None:
        super().__init__()
        models = [spec.name for spec in registry().all(ModelSpec)]
        wanted = str(like["model"]) if like else model or DEFAULT_MODEL
        self.model = wanted if wanted in models else models[0]
        self.models = models
        self.given = form.given_by(like) if like and wanted in models else {}
        self.problem = ""
        self.arguments: list[str] = []
        self.fields: list[FormField] = []
        self._timer: Timer | None = None

    def body(self) -> Iterable[Widget]:
        with Vertical():
            with Horizontal(id="which"):
                yield Choice("model", [(name, name) for name in self.models], id="model")
                yield Label("name")
                yield Input(placeholder="none", id="name", compact=True)
            yield Static("", id="summary", markup=False)
            yield Fields(id="fields", can_focus=False)
            with Horizontal(id="below"):
                yield Static("", id="told", markup=False)
                yield Button("Start", id="start", variant="primary")

    async def on_mount(self) -> None:
        self.query_one("#model", Choice).value = self.model
        await self._fill()
        self.query_one("#row-alpha Input").focus()

    async def _fill(self) -> None:
        """Rows for the chosen model; what was given stays where the model has it."""
        scroll = self.query_one("#fields", Fields)
        await scroll.remove_children()
        spec = registry().get(ModelSpec, self.model)
        self.query_one("#summary", Static).update(safe(f"{spec.summary}."))
        try:
            own, common = form.fields_of(self.model)
            usual = form.defaults_of(self.model, self.given)
        except TmeattnError as error:
            self.fields = []
            self._tell(error)
            return
        if spec.attention == "none":
            common = [field for field in common if not field.name.startswith("alpha")]
        self.fields = [*own, *common]
        offers = {
            "dataset": [one.name for one in registry().all(DatasetSpec)],
            "vectors": [*(one.name for one in registry().all(VectorsSpec)), "random"],
        }
        first, rest = common[: len(form.FIRST)], common[len(form.FIRST) :]
        for title, fields in (("Training", first), (f"Options of {self.model}", own), ("More", rest)):
            rows = [
                Row(field, usual.get(field.name, ""), self.given.get(field.name, ""), offers.get(field.name, ()))
                for field in fields
            ]
            await scroll.mount_all([Static(title, classes="section", markup=False), *rows] if rows else [])
        self._check()

    @on(Choice.Changed, "#model")
    async def another_model(self, event: Choice.Changed) -> None:
        self.given = self._given()
        self.model = event.value
        await self._fill()

    @on(Choice.Changed)
    @on(Input.Changed)
    def changed(self) -> None:
        """Check when the user pauses."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE, self._check)

    @on(Input.Submitted)
    def next_field(self) -> None:
        self.focus_next()

    def _given(self) -> dict[str, str]:
        return {row.field.name: row.value for row in self.query(Row) if row.value}

    def _check(self) -> None:
        """Hold the form to what `tmeattn train` would say, and show what it would be."""
        given = self._given()
        name = self.query_one("#name", Input).value.strip()
        switches = {field.name: field.off for field in self.fields if field.off}
        self.arguments = launch.train_arguments(self.model, given, switches=switches, name=name)
        for row in self.query(Row):
            row.remove_class("-wrong")
            row.set_class(bool(row.value), "-changed")
        try:
            for field, default in form.defaults_of(self.model, given).items():
                for row in self.query(f"#row-{field}").results(Row):
                    row.set_default(default)
            config = form.check(self.model, given, name)
        except TmeattnError as error:
            self._tell(error)
            return
        self.problem = ""
        told = Text(form.estimate(config, self.tmeattn.listing.runs.values()), no_wrap=False)
        told.append(f"\n$ {safe(launch.shown(self.arguments))}", style="bold")
        self._show(told)

    def _tell(self, error: TmeattnError) -> None:
        self.problem = str(error)
        wrong = form.at_fault(error, self.fields)
        for row in self.query(f"#row-{wrong}").results(Row) if wrong else ():
            row.add_class("-wrong")
        self._show(Text(safe(self.problem), style="bold red"))

    def _show(self, told: Text) -> None:
        self.query_one("#told", Static).update(told)
        self.query_one("#start", Button).disabled = bool(self.problem)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The whole help of the field with the focus, where its line may be cut."""
        row = next((one for one in event.widget.ancestors if isinstance(one, Row)), None)
        spec = registry().get(ModelSpec, self.model)
        self.query_one("#summary", Static).update(safe(row.field.help if row else f"{spec.summary}."))

    @on(Button.Pressed, "#start")
    def pressed(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        self._check()
        if self.problem:
            self.tmeattn.complain(self.problem)
            return
        self.app.pop_screen()
        self.tmeattn.start_run(self.arguments, self.model)

    def action_copy(self) -> None:
        self._check()
        self.tmeattn.copy(launch.shown(self.arguments))

    def action_reset(self) -> None:
        """Everything as the recipe has it."""
        self.given = {}
        for row in self.query(Row):
            if row.field.choices:
                row.query_one(Choice).value = None
            else:
                row.query_one(Input).value = ""
        self._check()

    def action_back(self) -> None:
        self.app.pop_screen()

    def action_move(self, by: int) -> None:
        """To the field above or below."""
        self.focus_next() if by > 0 else self.focus_previous()
