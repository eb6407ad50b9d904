"""The columns of the table of runs, and the cells of a line: of a run, of a sweep, or of a damaged run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rich.style import Style
from rich.text import Text

from tmeattn.render.console import safe
from tmeattn.render.numbers import MISSING, age, count, decimal, percent, seconds
from tmeattn.render.palette import BLUE, foreground
from tmeattn.tui.services.listed_run import ListedRun
from tmeattn.tui.services.run_list import DamagedRun
from tmeattn.tui.services.sweep_groups import SweepGroup
from tmeattn.tui.wording import runs as run_wording


@dataclass(frozen=True)
class Field:
    """A column: the width of its cells, the least width of a table that shows it, and its sort order.

    least: None for a column that is shown only where the user chooses it.
    """

    name: str
    width: int
    least: int | None = 0
    right: bool = False
    order: str = ""


FIELDS = (
    Field("run", 20, order="name"),
    Field("state", 10, order="state"),
    Field("model", 12, least=112, order="model"),
    Field("dataset", 17, least=128, order="dataset"),
    Field("recipe", 7, least=None, order="recipe"),
    Field("seed", 4, least=None, right=True, order="seed"),
    Field("alpha", 5, right=True, order="alpha"),
    Field("epoch", 7, right=True, order="epoch"),
    Field("best", 7, right=True, order="best accuracy"),
    Field("loss", 6, least=None, right=True, order="loss"),
    Field("ETA", 7, right=True),
    Field("time", 11, least=None, right=True, order="time"),
    Field("trend", 8, least=76),
    Field("tags", 14, least=None, order="tags"),
    Field("age", 6, least=100, right=True, order="newest"),
    Field("date", 10, least=None, order="newest"),
)
COLUMNS = {
    "state": "new, running, finished, stopped, failed or crashed",
    "model": "the model",
    "dataset": "the dataset, and the texts of --limit",
    "recipe": "the recipe of the defaults",
    "seed": "the seed",
    "alpha": "the factor of the entropy penalty",
    "epoch": "finished and planned epochs",
    "best": "the best validation accuracy",
    "loss": "the validation cross-entropy of the best epoch",
    "ETA": "the time left",
    "time": "the time of all epochs",
    "trend": "the accuracy of the last epochs",
    "tags": "your tags",
    "age": "the time since the run was created",
    "date": "the day on which the run was created",
}
"""The columns that the user can choose, each with what it shows. The name of the run is always shown."""


Cells = dict[str, Text]
Parts = list[tuple[str, Style]]
"""The characters of a cell with their styles, as wide as its column."""


def run_cells(one: ListedRun, *, marked: bool, best: bool) -> Cells:
    """The line of a run."""
    facts = one.facts
    epoch = one.epoch if one.is_read else "…"
    return {
        "run": Text.assemble(
            ("◆ " if marked else "", "cyan"),
            ("★ " if best else "", "yellow"),
            (run_wording.title(one), "bold"),
        ),
        "state": _state_of(one),
        "model": Text(safe(facts["model"])),
        "dataset": Text(safe(facts["dataset"]) + (f" {count(facts['limit'])}" if facts["limit"] else "")),
        "recipe": Text(safe(facts["recipe"])),
        "seed": Text(str(facts["seed"])),
        "alpha": Text(f"{facts['alpha']:g}" if facts["alpha"] or run_wording.has_alpha(facts["model"]) else MISSING),
        "epoch": Text(f"{epoch}/{facts['epochs']}"),
        "best": Text(percent(one.best_accuracy) if one.is_read else "…", style="bold"),
        "loss": Text(decimal(one.best_loss) if one.is_read else "…"),
        "time": Text(seconds(one.seconds) if one.is_read and one.seconds else ""),
        "tags": Text(safe(" ".join(facts["tags"])), style="magenta"),
        "date": Text(date.fromtimestamp(facts["created"]).isoformat(), style="dim"),
        "ETA": Text(run_wording.time_left(one.live) if one.live else ""),
        "trend": Text(run_wording.trend(one.recent), style=foreground(BLUE)),
        "age": Text(age(one.age), style="dim"),
    }


def _state_of(one: ListedRun) -> Text:
    """The state of a run; of one whose log has not been read, "loading" in place of the state of a new run."""
    if one.is_read or one.state != "created":
        return run_wording.state(one.state, one.stop_reason)
    return Text("… loading", style="dim")


def sweep_cells(one: SweepGroup) -> Cells:
    """The line of a sweep: how many trials have ended, and the best of them."""
    first, best, facts = one.runs[0].facts, one.best, one.facts
    trials = f"{facts.over}/{facts.goal}" if facts else str(len({each.facts["trial"] for each in one.runs}))
    state = run_wording.state("running") if one.running else Text("∑ sweep")
    return {
        "run": Text(f"{'▸' if one.folded else '▾'} {safe(one.study)}", style="bold"),
        "state": state,
        "model": Text(safe(first["model"])),
        "dataset": Text(safe(first["dataset"])),
        "epoch": Text(trials),
        "best": Text((facts.value if facts else "") or percent(best.best_accuracy if best else None), style="bold"),
        "loss": Text(decimal(best.best_loss) if best else ""),
        "age": Text(age(min(each.age for each in one.runs)), style="dim"),
    }


def damaged_cells(one: DamagedRun) -> Cells:
    """The line of a run whose files cannot be read."""
    return {"run": Text(safe(one.path.name)), "state": Text("! damaged", style="bold red")}


def fitted(cells: Cells) -> dict[str, Parts]:
    """The cells of all columns, each as wide as its column."""
    return {field.name: parts_of(cells.get(field.name, Text()), field) for field in FIELDS}


def parts_of(text: Text, field: Field) -> Parts:
    """A text cut or filled up to the width of its column. The styles of a text follow each other."""
    text.truncate(field.width, overflow="ellipsis")
    parts = [(text.plain, _style(text.style))] if not text.spans else _spans(text)
    space = (" " * (field.width - text.cell_len), Style.null())
    return [part for part in ([space, *parts] if field.right else [*parts, space]) if part[0]]


def _spans(text: Text) -> Parts:
    """The parts of a text whose styles follow each other without overlapping."""
    base, parts, end = _style(text.style), [], 0
    for span in text.spans:
        parts += [(text.plain[end : span.start], base), (text.plain[span.start : span.end], base + _style(span.style))]
        end = span.end
    return [*parts, (text.plain[end:], base)]


def _style(style: str | Style) -> Style:
    return Style.parse(style) if isinstance(style, str) else style
