"""The form of a new run. It checks the options while the user types and shows the command that starts the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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
from tmeattn.tui.widgets.field_editors import Cycle
from tmeattn.tui.widgets.fields import NAME_WIDTH, Fields

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
        """All widgets as they are shown: what changes after they are mounted would be laid out and drawn twice."""
        problem = self._make_form()
        result = self._error(problem) if problem else self._checked(self.name_given)
        model = Choice("model".rjust(NAME_WIDTH) + " ", [(name, name) for name in self.models], id="model")
        model.set_reactive(Choice.value, self.model)
        with Vertical():
            with Horizontal(id="which"):
                yield model
                yield Label("name")
                yield Input(self.name_given, placeholder="none", id="name", compact=True)
            yield Static(self._summary(), id="summary", markup=False)
            yield Vertical(self.form, id="fields")
            with Horizontal(id="below"):
                yield Static(result, id="result", markup=False)
                yield Button("Start", id="start", variant="primary", disabled=bool(self.problem))

    def on_mount(self) -> None:
        """Begin at the model, or after a run that did not start at the option that its error names."""
        wrong = next((entry for entry in self.form.entries.values() if entry.wrong), None)
        if wrong is not None:
            self.form.go_to(wrong)

    def _summary(self) -> str:
        """What the model is; the help of an option replaces it while the cursor is there."""
        return safe(f"{registry().get(ModelSpec, self.model).summary}.")

    def _make_form(self) -> TmeattnError | None:
        """Make the fields of the chosen model. Options that the user has given stay, if the model has them. The result
        is why the model has no fields."""
        problem: TmeattnError | None = None
        own: list[FormField] = []
        common: list[FormField] = []
        usual: Mapping[str, str] = {}
        try:
            own, common = form.fields_of(self.model)
            usual = form.shown_defaults(self.model, self.given, self.session.runs.runs.values())
        except TmeattnError as error:
            problem = error
        if registry().get(ModelSpec, self.model).attention == "none":
            common = [field for field in common if not field.name.startswith("alpha")]
        first, rest = common[: len(form.FIRST)], common[len(form.FIRST) :]
        offers = {
            "dataset": [one.name for one in registry().all(DatasetSpec)],
            "vectors": [*(one.name for one in registry().all(VectorsSpec)), "random"],
        }
        sections = (("Training", first), (self.model, own), ("More", rest))
        self.form = Fields(sections, usual, self.given, offers)
        return problem

    @on(Choice.Changed, "#model")
    async def another_model(self, event: Choice.Changed) -> None:
        self.given = self.form.given()
        self.model = event.value
        problem = self._make_form()
        self.query_one("#summary", Static).update(self._summary())
        place = self.query_one("#fields", Vertical)
        await place.remove_children()
        await place.mount(self.form)
        if not self._is_closed():
            self._show(self._error(problem) if problem else self._checked(self._typed_name))

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

    @property
    def _typed_name(self) -> str:
        return self.query_one("#name", Input).value.strip()

    def _check(self) -> None:
        """Check the options, and show the time that the run takes and its command."""
        self._show(self._checked(self._typed_name))

    def _checked(self, name: str) -> Text:
        """Check the options as `tmeattn train` does. The result is the time that the run takes and the command, or what
        is wrong."""
        given = self.form.given()
        switches = {field.name: field.off for field in self.form.fields if field.off}
        try:
            self.seeds = form.seeds_of(given)
            if self.seeds:
                given["seeds"] = given.pop("seed")
            self.arguments = processes.train_arguments(self.model, given, switches=switches, name=name)
            if self.seeds:
                given["seed"] = given.pop("seeds")
            self.form.set_defaults(form.shown_defaults(self.model, given, self.session.runs.runs.values()))
            config = form.check_all(self.model, given, name)
        except TmeattnError as error:
            return self._error(error)
        self.problem = ""
        if self.failure is not None and self.failure[0] == self.arguments:
            self.form.mark(form.named_in(self.failure[1], self.form.fields))
            return Text(safe(self.failure[1]), style="bold red").append(NOT_STARTED, style="not bold")
        self.form.mark(None)
        result = Text(form.estimate(config, self.session.runs.runs.values(), fits="epochs" not in given))
        if self.seeds:
            result.append(f" {counted(len(self.seeds), 'run')}, one after another in the queue.")
        return result.append(f"\n$ {safe(processes.as_typed(self.arguments))}", style="bold")

    def _error(self, error: TmeattnError) -> Text:
        """Note what is wrong, and mark the option that it names."""
        self.problem = str(error)
        self.form.mark(form.named_in(error.message, self.form.fields))
        return Text(safe(self.problem), style="bold red")

    def _show(self, result: Text) -> None:
        self.query_one("#result", Static).update(result)
        self.query_one("#start", Button).disabled = bool(self.problem)

    @on(Fields.Moved)
    def show_help(self, event: Fields.Moved) -> None:
        """Show the whole help of the option at the cursor, because its own line may be cut."""
        self.query_one("#summary", Static).update(safe(event.field.help))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show what the model is, where the cursor is at no option."""
        if not self.form.has_cursor:
            self.query_one("#summary", Static).update(self._summary())

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
            self.session.entries = FormEntries(self.model, self.form.given(), self._typed_name, self.arguments)
            self.post_message(StartRun(self.arguments, self.model))

    def on_not_started(self, message: NotStarted) -> None:
        """Show why no process was started until an entry is changed."""
        self.failure = list(self.arguments), message.problem
        self._check()

    def action_enqueue(self) -> None:
        """Add the run, or one for each seed, to the queue."""
        self._check()
        name = self._typed_name or None
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

    def focus_next(self, selector: str | type[Widget] = "*") -> Widget | None:
        """Go to the next option, or from the last one to the next widget; into the form at its first option."""
        return self._go(1, lambda: super(NewRunScreen, self).focus_next(selector))

    def focus_previous(self, selector: str | type[Widget] = "*") -> Widget | None:
        """Go to the option before, or from the first one to the widget before; into the form at its last option.
        The model is the first, and stays."""
        return self._go(-1, lambda: super(NewRunScreen, self).focus_previous(selector))

    def _go(self, by: int, to_widget: Callable[[], Widget | None]) -> Widget | None:
        at_start = self.focused is not None and self.focused.id == "model"
        if by < 0 and at_start:  # around to the button, the next enter would start a run
            return self.focused
        if not self.form.move(by):
            was_inside = self.form.has_cursor
            to_widget()
            if self.form.has_cursor and not was_inside:
                self.form.jump(0 if by > 0 else -1)
        return self.focused

    def action_page(self, by: int) -> None:
        self.form.page(by)

    def action_jump(self, to: int) -> None:
        self.form.jump(to)
