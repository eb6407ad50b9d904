"""The tables of `models`, `sweep show`, `runs list` and `evaluate` as files: Markdown, LaTeX or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmeattn.plurals import counted
from tmeattn.render.export.columns import ExportColumn, filled
from tmeattn.render.export.files import check_ending, write_file
from tmeattn.render.export.markup import csv_cell
from tmeattn.render.export.paper import PaperTable, latex, markdown
from tmeattn.render.numbers import count, dataset_name, option_value
from tmeattn.render.sweep import value_text

if TYPE_CHECKING:
    from tmeattn.evaluation.document import EvaluationDocument
    from tmeattn.runs.summary import RunSummary
    from tmeattn.specs import ModelSpec
    from tmeattn.sweep.results import Results


def models_table(specs: Sequence[ModelSpec]) -> PaperTable:
    """The models, with what they attend with and where they come from."""
    columns = [
        ExportColumn("Model", [spec.name for spec in specs], number=False),
        ExportColumn("Attention", [spec.attention for spec in specs], number=False),
        ExportColumn("Description", [spec.summary for spec in specs], number=False),
        ExportColumn("Reference", [spec.reference or None for spec in specs], number=False),
    ]
    return PaperTable("Models", [], filled(columns), "models")


def model_table(spec: ModelSpec, recipes: Mapping[str, Mapping[str, object]], own: Sequence[str]) -> PaperTable:
    """The options of a model with their values in each recipe; own: those that other models do not have."""
    columns = [
        ExportColumn("Hyperparameter", [name.replace("_", " ") for name in own], number=False),
        *(
            ExportColumn(f"Recipe {recipe}", [option_value(values[name]) for name in own], number=False)
            for recipe, values in recipes.items()
        ),
    ]
    about = [f"{spec.summary[0].upper()}{spec.summary[1:].rstrip('.')}."] if spec.summary else []
    return PaperTable(f"Hyperparameters of {spec.name}", about, columns, f"model-{spec.name}")


def runs_table(runs: Sequence[RunSummary]) -> PaperTable:
    """The runs with the best accuracy of each on its validation texts."""
    columns = [
        ExportColumn("Run", [run.name or run.id for run in runs], number=False),
        ExportColumn("Model", [run.model for run in runs], number=False),
        ExportColumn("Dataset", [dataset_name(run.dataset) for run in runs], number=False),
        ExportColumn("Training texts", [count(run.limit) if run.limit else None for run in runs]),
        ExportColumn("Alpha", [f"{run.alpha:g}" for run in runs]),
        ExportColumn("Seed", [str(run.seed) for run in runs]),
        ExportColumn("Epoch, best/trained", [f"{run.best_epoch or '–'}/{run.epoch}" for run in runs]),
        ExportColumn("Accuracy, %", [_percent(run.best_accuracy) for run in runs]),
    ]
    return PaperTable("Runs", ["Accuracy on the validation split at the best epoch."], filled(columns), "runs")


def sweep_table(found: Results) -> PaperTable:
    """The trials of a study that have finished, the best first."""
    study, plan = found.study, found.study.plan
    rises = study.objective.rises
    finished = [(trial.value, trial) for trial in found.trials if trial.state == "finished" and trial.value is not None]
    trials = [trial for _, trial in sorted(finished, key=lambda pair: (-pair[0] if rises else pair[0], pair[1].number))]
    names = [dimension.name for dimension in plan.space]
    columns = [
        ExportColumn("Trial", [str(trial.number) for trial in trials]),
        ExportColumn("Value", [value_text(trial.value, study.objective) for trial in trials]),
        *(
            ExportColumn(name.replace("_", " "), [option_value(trial.params.get(name)) for trial in trials])
            for name in names
        ),
    ]
    seeds = f"mean over the seeds {', '.join(map(str, plan.seeds))}" if len(plan.seeds) > 1 else "one seed"
    what = "best validation accuracy" if rises else "lowest validation cross-entropy in nats"
    about = [
        f"{counted(len(trials), 'finished trial')} of {study.goal}.",
        f"Value: {what}, {seeds}.",
        *(
            [f"The best of {counted(len(trials), 'trial')} is optimistic on the texts that chose it."]
            if len(trials) > 1
            else []
        ),
    ]
    return PaperTable(f"Search of hyperparameters of {plan.model}", about, columns, f"sweep-{study.name}")


def evaluation_tables(result: EvaluationDocument) -> list[PaperTable]:
    """The measures of an evaluation, and precision, recall and F1 of each class."""
    low, high = result["accuracy_interval"]
    which = "all texts" if result["split"] == "all" else f"{result['split']} split"
    data = f"{counted(result['texts'], 'text')} of {dataset_name(result['dataset'])}, {which}."
    measures: list[tuple[str, str | None]] = [
        ("Accuracy, %", _percent(result["accuracy"])),
        ("95 % interval, %", f"{100 * low:.2f} to {100 * high:.2f}"),
        ("Macro-F1, %", _percent(result["macro_f1"])),
        ("Cross-entropy, nats", f"{result['cross_entropy']:.3f}"),
        ("Calibration error, %", _percent(result["calibration_error"])),
        ("ROC-AUC", _decimal(result.get("roc_auc"))),
        ("Average precision", _decimal(result.get("average_precision"))),
        ("Attention entropy, nats", _decimal(result["entropy"])),
    ]
    columns = [
        ExportColumn("Model", [result["model"]], number=False),
        *(ExportColumn(name, [cell]) for name, cell in measures),
    ]
    about = [data, f"Run {result['run']}.", "95 % interval: Wilson's, over the texts.", "Calibration error: 15 bins."]
    title = f"Evaluation of {result['model']}"
    classes = result["per_class"]
    of_class = [
        ExportColumn("Class", list(classes), number=False),
        ExportColumn("Texts", [count(each["texts"]) for each in classes.values()]),
        ExportColumn("Precision, %", [_percent(each["precision"]) for each in classes.values()]),
        ExportColumn("Recall, %", [_percent(each["recall"]) for each in classes.values()]),
        ExportColumn("F1, %", [_percent(each["f1"]) for each in classes.values()]),
    ]
    label = f"evaluation-{result['model']}-{result['split']}"
    return [
        PaperTable(title, about, filled(columns), label),
        PaperTable(f"{title} by class", [data], of_class, f"{label}-classes"),
    ]


def csv_text(tables: Sequence[PaperTable]) -> str:
    """The columns of the tables, with an empty line between two tables; a missing value is empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for at, one in enumerate(tables):
        if at:
            buffer.write("\n")
        writer.writerow([csv_cell(column.heading) for column in one.columns])
        writer.writerows([csv_cell(cell) for cell in row] for row in zip(*(c.cells for c in one.columns), strict=True))
    return buffer.getvalue()


def write(tables: Sequence[PaperTable], path: Path) -> None:
    """Write tables in the format of the file ending.

    Raises:
        BadInput: the ending is of no known format.
        EnvironmentProblem: the file cannot be written.
    """
    check_ending(path, FORMATS)
    write_file(path, FORMATS[path.suffix.lower()](tables).encode())


def _percent(fraction: float | None) -> str | None:
    return None if fraction is None else f"{100 * fraction:.2f}"


def _decimal(value: Any) -> str | None:
    return f"{value:.3f}" if isinstance(value, float) else None


FORMATS = {".md": markdown, ".tex": latex, ".csv": csv_text}
"""The writer of each file ending."""
