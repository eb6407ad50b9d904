"""The form of a new run. It checks the options while the user types and shows the command that starts the same run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.actions import SkipAction
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Static

from tmeattn.errors import TmeattnError
from tmeattn.plurals import counted
from tmeattn.registry import registry
from tmeattn.render.console import safe
from tmeattn.runs.command_line import of_seed
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import DatasetSpec, ModelSpec, VectorsSpec
from tmeattn.tui import keys
from tmeattn.tui.messages import CopyText, NotStarted, QueueRuns, ShowProblem, StartRun
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.services import processes
from tmeattn.tui.services import run_form as form
from tmeattn.tui.services.run_form import FormField
from tmeattn.tui.session import FormEntries, Session
from tmeattn.tui.widgets.choice import Choice
from tmeattn.tui.widgets.fields import NAME_WIDTH, Cycle, Fields

DEFAULT_MODEL = "lstm-attn"
NOT_STARTED = "\nThe run did not start: change an entry, or start it again."
PAUSE = 0.15
"""Seconds without a key until the form is checked."""


class NewRunScreen(BaseScreen):
    """All options of `tmeattn train`. A field that is left empty has the default of the recipe.

    like:  a run whose options the form begins with. model: the model that it begins with instead.
    """

    place = "new"
    is_form = True
    BINDINGS: ClassVar = keys.bindings("new")

    def __init__(self, session: Session, like: RunDirectory | None = None, model: str | None = None) -> None:
        super().__init__(session)
        self.models = [spec.name for spec in registry().all(ModelSpec)]
        wanted = str(like.config["model"]) if like else model or DEFAULT_MODEL
        self.model = wanted if wanted in self.models else self.models[0]
        self.given = form.given_by(like.config) if like and wanted in self.models else {}
        self.name_given = ""
        self.problem = ""
        self.failure: tuple[object, str] | None = None
        if like is None and model is None and (failed := session.failed_entries()) is not None:
            self._take(*failed)
        self.arguments: list[str] = []
        self.seeds: list[int] = []
        self.form = Fields(())
        self._timer: Timer | None = None

    def _take(self, entries: FormEntries, reason: str) -> None:
        """Begin with the entries of a run that did not start, and show the reason until one of them is changed."""
        self.model, self.given, self.name_given = entries.model, dict(entries.given), entries.name
        self.failure = list(entries.arguments), reason

    def body(self) -> Iterable[Widget]:
        with Vertical():
            with Horizontal(id="which"):
                yield Choice("model".rjust(NAME_WIDTH) + " ", [(name, name) for name in self.models], id="model")
                yield Label("name")
                yield Input(self.name_given, placeholder="none", id="name", compact=True)
            yield Static("", id="summary", markup=False)
            yield Vertical(id="fields")
            with Horizontal(id="below"):
                yield Static("", id="result", markup=False)
                yield Button("Start", id="start", variant="primary")

    async def on_mount(self) -> None:
        self.query_one("#model", Choice).value = self.model
        await self._fill()
        if "alpha" in self.form.widgets:
            self.form.widgets["alpha"].focus()

    async def _fill(self) -> None:
        """Make the fields of the chosen model. Options that the user has given stay, if the model has them."""
        spec = registry().get(ModelSpec, self.model)
        self.query_one("#summary", Static).update(safe(f"{spec.summary}."))
        problem: TmeattnError | None = None
        own: list[FormField] = []
        common: list[FormField] = []
        usual: Mapping[str, str] = {}
        try:
            own, common = form.fields_of(self.model)
            usual = form.defaults_of(self.model, self.given)
        except TmeattnError as error:
            problem = error
        if spec.attention == "none":
            common = [field for field in common if not field.name.startswith("alpha")]
        first, rest = common[: len(form.FIRST)], common[len(form.FIRST) :]
        offers = {
            "dataset": [one.name for one in registry().all(DatasetSpec)],
            "vectors": [*(one.name for one in registry().all(VectorsSpec)), "random"],
        }
        sections = (("  Training", first), (f"  {self.model}", own), ("  More", rest))
        self.form = Fields(sections).prepare(usual, self.given, offers)
        place = self.query_one("#fields", Vertical)
        await place.remove_children()
        await place.mount(self.form)
        if problem is None:
            self._check()
        else:
            self._show_error(problem)

    @on(Choice.Changed, "#model")
    async def another_model(self, event: Choice.Changed) -> None:
        self.given = self.form.given()
        self.model = event.value
        await self._fill()

    @on(Cycle.Changed)
    @on(Input.Changed)
    def changed(self) -> None:
        """Check the form when the user pauses."""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE, self._check)

    @on(Input.Submitted)
    def next_field(self) -> None:
        self.focus_next()

    def _check(self) -> None:
        """Check the options as `tmeattn train` does, and show the time they take and the command."""
        given = self.form.given()
        name = self.query_one("#name", Input).value.strip()
        switches = {field.name: field.off for field in self.form.fields if field.off}
        try:
            self.seeds = form.seeds_of(given)
            if self.seeds:
                given["seeds"] = given.pop("seed")
            self.arguments = processes.train_arguments(self.model, given, switches=switches, name=name)
            if self.seeds:
                given["seed"] = given.pop("seeds")
            self.form.set_defaults(form.defaults_of(self.model, given))
            config = form.check_all(self.model, given, name)
        except TmeattnError as error:
            self._show_error(error)
            return
        self.problem = ""
        if self.failure is not None and self.failure[0] == self.arguments:
            self.form.mark(form.named_in(self.failure[1], self.form.fields))
            self._show_result(Text(safe(self.failure[1]), style="bold red").append(NOT_STARTED, style="not bold"))
            return
        self.form.mark(None)
        result = Text(form.estimate(config, self.session.runs.runs.values(), fits="epochs" not in given))
        if self.seeds:
            result.append(f" {counted(len(self.seeds), 'run')}, one after another in the queue.")
        result.append(f"\n$ {safe(processes.as_typed(self.arguments))}", style="bold")
        self._show_result(result)

    def _show_error(self, error: TmeattnError) -> None:
        self.problem = str(error)
        self.form.mark(form.named_in(error.message, self.form.fields))
        self._show_result(Text(safe(self.problem), style="bold red"))

    def _show_result(self, result: Text) -> None:
        self.query_one("#result", Static).update(result)
        self.query_one("#start", Button).disabled = bool(self.problem)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show the whole help of the field with the focus, because its own line may be cut."""
        field = self.form.field_of(event.widget)
        spec = registry().get(ModelSpec, self.model)
        self.query_one("#summary", Static).update(safe(field.help if field else f"{spec.summary}."))

    @on(Button.Pressed, "#start")
    def pressed(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        self._check()
        if self.problem:
            self.post_message(ShowProblem(self.problem))
        elif self.seeds:
            self.action_enqueue()
        else:
            name = self.query_one("#name", Input).value.strip()
            self.session.entries = FormEntries(self.model, self.form.given(), name, self.arguments)
            self.post_message(StartRun(self.arguments, self.model))

    def on_not_started(self, message: NotStarted) -> None:
        """Show why no process was started until an entry is changed."""
        self.failure = list(self.arguments), message.problem
        self._check()

    def action_enqueue(self) -> None:
        """Add the run, or one for each seed, to the queue."""
        self._check()
        name = self.query_one("#name", Input).value.strip() or None
        if self.problem:
            self.post_message(ShowProblem(self.problem))
        else:
            commands = [of_seed(self.arguments, seed, name) for seed in self.seeds] or [tuple(self.arguments)]
            self.post_message(QueueRuns(commands))

    def action_copy(self) -> None:
        self._check()
        self.post_message(CopyText(processes.as_typed(self.arguments)))

    def action_reset(self) -> None:
        """Set all fields to the defaults of the recipe."""
        self.form.reset()
        self._check()

    def action_move(self, by: int) -> None:
        """Go to the field above or below; also from the model, whose list enter and space open."""
        if not isinstance(self.focused, Input | Cycle | Choice | Button):
            raise SkipAction
        self.focus_next() if by > 0 else self.focus_previous()

    def action_page(self, by: int) -> None:
        self.form.page(by)

    def action_jump(self, to: int) -> None:
        self.form.jump(to)
