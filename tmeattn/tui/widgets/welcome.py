"""The welcome page, shown while no run exists: a short description, and buttons that start a first run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Center, VerticalScroll
from textual.widgets import Button, Static

from tmeattn.errors import TmeattnError
from tmeattn.render.console import safe
from tmeattn.tui.services.processes import train_arguments

MODEL = "lstm-attn"
DATASET, VECTORS = "imdb-25k", "glove-50d"


@dataclass(frozen=True)
class FirstRun:
    """What a button starts. options: those of `tmeattn train`."""

    label: str
    options: dict[str, str]
    name: str = ""

    @property
    def arguments(self) -> list[str]:
        """The arguments of `tmeattn`."""
        return train_arguments(MODEL, self.options, switches={}, name=self.name)


FIRST_RUNS = {
    "demo": FirstRun("Train a small demo (about a minute)", {"alpha": "0.05", "limit": "3000", "epochs": "6"}, "demo"),
    "default": FirstRun("Train on all 20,000 reviews (some minutes)", {"alpha": "0.05"}),
}
"""The buttons, by their ids."""


class Welcome(VerticalScroll, can_focus=False):
    """The buttons start a run if their dataset and word vectors are installed."""

    BINDINGS = [  # noqa: RUF012  # the base class declares an instance's
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]

    def compose(self) -> ComposeResult:
        yield Static("Watch a model learn where to look.", id="hello")
        yield Static(
            "An LSTM with attention learns to tell good film reviews from bad ones.\n"
            "The screen shows its progress, and the words that it attends to.",
            id="what",
        )
        for name, first in FIRST_RUNS.items():
            with Center():
                yield Button(first.label, id=name, variant="primary" if name == "demo" else "default")
        yield Static("", id="problem", markup=False)
        yield Static("enter  start      n  choose model and options      F5  show all models", id="hint")

    def look(self) -> None:
        """Check for the data; show what to install if it is missing."""
        problem = missing_data()
        for button in self.query(Button):
            button.disabled = bool(problem)
        if problem or not self.has_class("-failed"):
            self._show(problem)

    def show_failure(self, problem: str) -> None:
        """Show why a run did not start, until another is started."""
        self.add_class("-failed")
        self._show(safe(problem))

    def started(self) -> None:
        """Forget the last failure."""
        self.remove_class("-failed")

    def _show(self, problem: str) -> None:
        self.query_one("#problem", Static).update(problem)
        self.query_one("#problem").display = bool(problem)

    def focus_first(self) -> None:
        """Give the focus to the button of the demo."""
        self.query_one("#demo").focus()


def arguments_of(button: str | None) -> Sequence[str] | None:
    """The arguments of `tmeattn` that a button starts; None for another button."""
    return FIRST_RUNS[button].arguments if button in FIRST_RUNS else None


def missing_data() -> str:
    """The missing data of the default run and how to install it; empty if nothing is missing."""
    from tmeattn.data.sources import open_dataset, open_vectors

    try:
        open_dataset(DATASET)
        open_vectors(VECTORS)
    except TmeattnError as error:
        return f"{error} This screen updates itself after the installation."
    return ""
