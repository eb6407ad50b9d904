"""The welcome page, shown while no run exists: a short description and a button that starts the default run."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Center, VerticalScroll
from textual.widgets import Button, Static

from tmeattn.errors import TmeattnError

MODEL, OPTIONS = "lstm-attn", {"alpha": "0.05"}
DATASET, VECTORS = "imdb-25k", "glove-50d"


class Welcome(VerticalScroll):
    """The button starts the default run if its dataset and word vectors are installed."""

    def compose(self) -> ComposeResult:
        yield Static("Watch a model learn where to look.", id="hello")
        yield Static(
            "Press Enter to train an LSTM with attention on 20,000 film reviews.\n"
            "Training takes a few minutes on two CPU cores. The screen shows its progress.",
            id="what",
        )
        with Center():
            yield Button("Train lstm-attn --alpha 0.05  (enter)", id="default", variant="primary")
        yield Static("", id="problem", markup=False)
        yield Static("n  choose model and options      F5  show all models", id="hint")

    def look(self) -> None:
        """Check for the data; show what to install if it is missing."""
        problem = missing_data()
        self.query_one("#problem", Static).update(problem)
        self.query_one("#problem").display = bool(problem)
        self.query_one("#default", Button).disabled = bool(problem)


def missing_data() -> str:
    """The missing data of the default run and how to install it; empty if nothing is missing."""
    from tmeattn.data.sources import open_dataset, open_vectors

    try:
        open_dataset(DATASET)
        open_vectors(VECTORS)
    except TmeattnError as error:
        return f"{error} This screen updates itself after the installation."
    return ""
