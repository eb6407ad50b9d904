"""What a person sees who has no run yet: what this is, and one key that starts it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Center, VerticalScroll
from textual.widgets import Button, Static

from tmeattn.errors import TmeattnError

MODEL, OPTIONS = "lstm-attn", {"alpha": "0.05"}
DATASET, VECTORS = "imdb-25k", "glove-50d"


class Welcome(VerticalScroll):
    """Its button starts the default run, where the data is there."""

    def compose(self) -> ComposeResult:
        yield Static("Watch a model learn where to look.", id="hello")
        yield Static(
            "Press Enter to train an LSTM with attention on 20,000 film reviews.\n"
            "It takes a few minutes on two CPU cores, and you see it learn.",
            id="what",
        )
        with Center():
            yield Button("Train lstm-attn --alpha 0.05  (enter)", id="default", variant="primary")
        yield Static("", id="problem", markup=False)
        yield Static("n  another model or other options      F5  what there is to choose from", id="hint")

    def look(self) -> None:
        """See whether the data is there; say what to install where not."""
        problem = missing_data()
        self.query_one("#problem", Static).update(problem)
        self.query_one("#problem").display = bool(problem)
        self.query_one("#default", Button).disabled = bool(problem)


def missing_data() -> str:
    """What the default run lacks, and how to get it; empty where it lacks nothing."""
    from tmeattn.data.sources import open_dataset, open_vectors

    try:
        open_dataset(DATASET)
        open_vectors(VECTORS)
    except TmeattnError as error:
        return f"{error} Then come back: this screen notices by itself."
    return ""
