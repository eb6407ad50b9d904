"""The run under the cursor, in a few lines and charts, next to the table of runs or below it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.render.curves import Series, curves
from tmeattn.render.numbers import age, percent, seconds
from tmeattn.render.summary import best_entropy, entropy_histogram
from tmeattn.render.tables import key_values
from tmeattn.runs.event_types import SplitName
from tmeattn.tui.services.run_list import DamagedRun
from tmeattn.tui.services.sweep_groups import SweepGroup
from tmeattn.tui.widgets.picture import Picture
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.run_state import RunState


class Details(Picture):
    """Two lines on a narrow screen, a page on a wide one."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn: object = None

    def show_run(self, one: RunState | None, tags: Sequence[str] = ()) -> None:
        """Show a run, where it has changed; None clears the widget."""
        wide = self.screen.has_class("-wide")
        key = (one and one.run.id, one and one.version, wide, self.size.width, tuple(tags))
        if key == self._drawn:
            return
        self._drawn = key
        picture: RenderableType = ""
        if one is not None:
            picture = _page(one, max(self.size.width - 4, 30), tags) if wide else _lines(one)
        self.show(picture)

    def show_sweep(self, one: SweepGroup | None) -> None:
        """Show what a sweep has found so far."""
        key = one and one.key
        if key != self._drawn:
            self._drawn = key
            self.show("" if one is None else _sweep(one))

    def show_damaged(self, one: DamagedRun) -> None:
        """Show why a directory cannot be read as a run."""
        if self._drawn != one:
            self._drawn = one
            self.show(Text(safe(one.reason)).append("\nPress d to delete the directory.", style="dim"))


def _sweep(one: SweepGroup) -> Group:
    first, best, facts = one.runs[0].facts, one.best, one.facts
    head = Text.assemble((f"sweep {safe(one.study)}", "bold"), f"  {safe(first['model'])} on {safe(first['dataset'])}")
    if facts is not None:
        found = f"{facts.over} of {facts.goal} trials" + (
            f", the best is trial {facts.best} with {facts.value}" if facts.best is not None else ""
        )
    else:
        found = f"{counted(len(one.runs), 'run')}; its study cannot be read here"
    which = f"best run: {run_wording.title(best)}" if best is not None else ""
    shown = "enter shows its runs" if one.folded else "enter hides its runs"
    lines = [head, Text(found), *([Text(which)] if which else [])]
    return Group(*lines, Text(f"{shown}. All about it: tmeattn sweep show {safe(one.study)}", style="dim"))


def _lines(one: RunState) -> Text:
    facts = filter(None, (run_wording.about(one.run), run_wording.early_end(one)))
    text = Text(" · ".join(facts), no_wrap=True, overflow="ellipsis")
    if why := run_wording.why(one):
        text.append(f"\n{why}", style="yellow")
    return text.append(f"\n{safe(run_wording.command(one.run))}", style="dim")


def _page(one: RunState, width: int, tags: Sequence[str]) -> Group:
    parts: list[RenderableType] = [
        Text.assemble(
            (run_wording.title(one), "bold"),
            "  ",
            run_wording.state(one.state, one.stop_reason) if one.caught_up else ("… loading", "dim"),
            (f"  {run_wording.early_end(one)}".rstrip(), "dim"),
        ),
        Text(run_wording.about(one.run), style="dim"),
    ]
    if why := run_wording.why(one):
        parts.append(Text(why, style="yellow"))
        if more := run_wording.more_about_failure(one):
            parts.append(Text(more, style="dim"))
    best = next((epoch["epoch"] for epoch in reversed(one.epochs) if epoch["best"]), None)
    facts = key_values(
        [
            ("id", one.run.id if one.name else None),
            ("tags", " ".join(tags) or None),
            ("best validation", Text(f"{percent(one.best_accuracy, 2)} (epoch {best})", "bold") if best else None),
            ("attention entropy", best_entropy(one.epochs)),
            ("time per epoch", seconds(one.epochs[-1]["seconds"]) if one.epochs else None),
            ("created", f"{age(one.age)} ago"),
        ]
    )
    parts += [Text(), facts]
    if len(one.epochs) > 1:
        xs = [float(epoch["epoch"]) for epoch in one.epochs]
        splits: tuple[SplitName, ...] = ("train", "validation")
        series = [Series(name, xs, [100 * epoch[name]["accuracy"] for epoch in one.epochs]) for name in splits]
        chart = curves(series, title="Accuracy", y_label="%", x_label="epoch", values=".1f", width=width, height=10)
        parts += [Text(), chart]
    if one.epochs:
        last = one.epochs[-1]
        title = f"Entropy, epoch {last['epoch']}"
        if picture := entropy_histogram(last["validation"], title, height=4):
            parts += [Text(), picture]
    parts += [Text(), Text(safe(run_wording.command(one.run)), style="dim")]
    return Group(*parts)
