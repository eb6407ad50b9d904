"""The key figures of a run: from its small files and from its event log."""

# No `from __future__ import annotations`: as strings, annotations would hide types from `typed_json`.

from dataclasses import asdict, dataclass
from typing import TypedDict

from tmeattn.files import read_json
from tmeattn.runs.control import process_alive
from tmeattn.runs.directory import RunDirectory, damage
from tmeattn.runs.events import Ending, Event
from tmeattn.runs.figures import OUT_OF_TIME, PRUNED, FigureReader, LogFigures, figures_of
from tmeattn.runs.run_files import RunMeta, RunStatus, State
from tmeattn.runs.typed_json import valid_fields

_STOPPED_BY_SWEEP = {PRUNED: "pruned", OUT_OF_TIME: "time up"}


@dataclass(frozen=True)
class RunSummary:
    """The key figures of a run.

    stop_reason: of a run that was stopped: a signal, request, or pruned or time where a sweep stopped it; else None.
    epoch, epochs: finished and planned. best_accuracy: on the validation split, in [0, 1]. seconds: in all epochs.
    created: seconds since 1970. problems: one sentence for each file of the run that is damaged.
    best_loss: cross-entropy in nats on the validation split at the best epoch. tags: of the user.
    study, trial: the trial of a sweep that the run belongs to; None for other runs.
    """

    id: str
    name: str | None
    state: State
    model: str
    dataset: str
    recipe: str
    alpha: float
    uniform_attention: bool
    seed: int
    limit: int | None
    epoch: int
    epochs: int
    best_accuracy: float | None
    best_epoch: int | None
    seconds: float
    created: float
    path: str
    problems: tuple[str, ...] = ()
    stop_reason: str | None = None
    best_loss: float | None = None
    tags: tuple[str, ...] = ()
    study: str | None = None
    trial: int | None = None

    @property
    def shown_state(self) -> str:
        """The state in a list: what a sweep did with a run that it stopped, instead of `stopped`."""
        return shown_state(self.state, self.stop_reason)

    def document(self) -> dict[str, object]:
        """The summary as `--json` prints it."""
        return asdict(self)


class RunFacts(TypedDict):
    """What `run.json`, `meta.json` and `status.json` say of a run.

    written:  the state in `status.json`.
    problems: one sentence for each of the files that is damaged.
    fingerprint: of the texts, labels and splits of the dataset.
    study, trial: the trial of a sweep that it belongs to; None for other runs.
    """

    name: str | None
    tags: list[str]
    study: str | None
    trial: int | None
    written: State
    model: str
    dataset: str
    fingerprint: str
    recipe: str
    alpha: float
    uniform_attention: bool
    seed: int
    limit: int | None
    epochs: int
    created: float
    problems: list[str]


def summarize(run: RunDirectory, events: list[Event] | None = None) -> RunSummary:
    """Read a run's key figures from its files.

    events: those of the log, where they were read already.

    Raises:
        BadInput: it is not a run directory of this format.
    """
    facts = read_facts(run)
    figures = FigureReader(run.events_path).read_all() if events is None else figures_of(events)
    return summary_of(run, facts, figures, run.log_problems(figures["damaged_lines"]))


def read_facts(run: RunDirectory) -> RunFacts:
    """Read the small files of a run.

    Raises:
        BadInput: it is not a run directory of this format.
    """
    train = run.config["train"]
    meta, status = read_json(run.path / "meta.json"), read_json(run.path / "status.json")
    written = valid_fields(status or {}, RunStatus).get("state", "created")
    of_user, sweep = valid_fields(meta or {}, RunMeta), run.info.get("sweep")
    return {
        "name": of_user.get("name"),
        "tags": of_user.get("tags", []),
        "study": sweep["study"] if sweep else None,
        "trial": sweep["trial"] if sweep else None,
        "written": written,
        "model": run.config["model"],
        "dataset": train["dataset"],
        "fingerprint": str(run.info["data"]["fingerprint"]),
        "recipe": train["recipe"],
        "alpha": train["alpha"],
        "uniform_attention": is_twin(run),
        "seed": train["seed"],
        "limit": train["limit"],
        "epochs": train["epochs"],
        "created": run.info["created"],
        "problems": damage(run.path / "meta.json", meta, RunMeta) + damage(run.path / "status.json", status, RunStatus),
    }


def summary_of(run: RunDirectory, facts: RunFacts, figures: LogFigures, log_problems: list[str]) -> RunSummary:
    """The summary of what was read. The state of a run whose process may be alive is looked up now."""
    state = state_now(run, facts["written"], figures["ending"])
    return RunSummary(
        id=run.id,
        name=facts["name"],
        state=state,
        model=facts["model"],
        dataset=facts["dataset"],
        recipe=facts["recipe"],
        alpha=facts["alpha"],
        uniform_attention=facts["uniform_attention"],
        seed=facts["seed"],
        limit=facts["limit"],
        epoch=figures["epoch"],
        epochs=facts["epochs"],
        best_accuracy=figures["best_accuracy"],
        best_epoch=figures["best_epoch"],
        seconds=figures["seconds"],
        created=facts["created"],
        path=str(run.path),
        problems=(*facts["problems"], *log_problems),
        stop_reason=figures["stop_reason"] if state == "stopped" else None,
        best_loss=figures["best_loss"],
        tags=tuple(facts["tags"]),
        study=facts["study"],
        trial=facts["trial"],
    )


def shown_state(state: str, stop_reason: str | None) -> str:
    """The word for a state in a list."""
    return _STOPPED_BY_SWEEP.get(stop_reason or "", state) if state == "stopped" else state


def state_now(run: RunDirectory, written: State, ending: Ending | None) -> State:
    """The state of a run, as `RunDirectory.state`, from what was read already."""
    if written in ("running", "created") and process_alive(run.status()):
        return written
    return run.settled_state(written, ending)


def is_twin(run: RunDirectory) -> bool:
    """Whether the run was trained with equal weights, for the uniform-weights test."""
    return bool(run.config["train"].get("uniform_attention"))
