"""What is disturbed: a command in a prepared folder, and what must hold after a fault and after it is repeated."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmeattn.testing.toy import planted_texts

from .faults import Faults, kill
from .forked import Result, command

TRAIN = (
    "train", "simple-attn", "--dataset", "toy.csv", "--vectors", "random", "--vector-size", "8", "--min-count", "1",
    "--batch-size", "16", "--epochs", "3", "--threads", "1", "--device", "cpu", "--checkpoint-every", "2",
)  # fmt: skip
PREDICT = ("predict", "--run", "latest", "--file", "new.csv", "--output", "out.csv")
CONFIG = ("config", "set", "batch_size", "32")


class Broken(Exception):
    """A promise that a fault broke; the text says which."""


def need(holds: object, promise: str, result: Result | None = None) -> None:
    if not holds:
        details = f"\n  exit {result.code}\n  stderr: {result.err[-1500:]}" if result is not None else ""
        raise Broken(promise + details)


@dataclass(frozen=True)
class Scenario:
    """A command and its promises.

    prepare:   makes the folder in which the command runs.
    arguments: the command.
    finish:    after a fault: checks what is there and does what a user would do, which must lead to the same outcome.
    outcome:   the outcome of a folder: anything that can be compared.
    """

    name: str
    prepare: Callable[[Path], None]
    arguments: tuple[str, ...]
    outcome: Callable[[Path], Any]
    finish: Callable[[Path, Any, Any], None]


def must(work: Path, *arguments: str) -> Result:
    """Run a command that has to succeed."""
    result = command(work, *arguments)
    need(result.code == 0, f"tmeattn {' '.join(arguments[:3])} succeeds", result)
    need(not result.has_traceback, "no traceback is printed", result)
    return result


def write_table(path: Path, count: int, seed: int) -> None:
    split = planted_texts(count, seed, ("bad", "good"), fewest_fillers=3)
    with path.open("w", newline="") as file:
        labels = (("negative", "positive")[label] for label in split.labels)
        csv.writer(file).writerows([("text", "label"), *zip(split.texts, labels, strict=True)])


def data_only(work: Path) -> None:
    work.mkdir(parents=True)
    write_table(work / "toy.csv", 64, 0)
    write_table(work / "new.csv", 400, 1)


def trained(work: Path) -> None:
    data_only(work)
    must(work, *TRAIN)


def half_trained(work: Path) -> None:
    """A run that was killed in the middle."""
    data_only(work)
    undisturbed = work.with_name(f"{work.name}-counted")
    data_only(undisturbed)
    faults = Faults(str(undisturbed), 0, kill)
    changes = command(undisturbed, *TRAIN, faults=faults).changes
    checkpoints = [at for at, (_, path) in enumerate(changes, 1) if path.endswith("last.safetensors")]
    result = command(work, *TRAIN, faults=Faults(str(work), checkpoints[len(checkpoints) // 2] + 3, kill))
    need(result.code == -9, "the training is killed in the middle", result)
    shutil.rmtree(undisturbed)


def exported_before(work: Path) -> None:
    trained(work)
    must(work, "runs", "export", "latest", "out")
    must(work, "runs", "export", "latest", "out.zip")
    must(work, *TRAIN, "--seed", "1")


def with_defaults(work: Path) -> None:
    trained(work)
    must(work, "config", "set", "device", "cpu")


# Outcomes

CLOCK = ("time", "seconds", "texts_per_second")
"""Fields of events that no two trainings share."""


def only_run(work: Path) -> Path:
    runs = sorted(path for path in (work / "home" / "runs").iterdir() if path.is_dir())
    need(len(runs) == 1, f"one training leaves one run folder, not {[run.name for run in runs]}")
    return runs[0]


def fresh(template: Path, work: Path) -> Path:
    """A copy of the template, always at the same path, which is part of the keys of the cache."""
    folder = work / "case"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder, symlinks=True)
    return folder


def make_template(scenario: Scenario, work: Path) -> Path:
    folder = work / "case"
    shutil.rmtree(folder, ignore_errors=True)
    scenario.prepare(folder)
    template = work / f"template-{scenario.name.replace(' ', '-')}"
    shutil.copytree(folder, template, symlinks=True)
    return template


def files_of(folder: Path) -> list[str]:
    """The files below a folder, without the ids of runs, the keys of the cache, and figures kept after some seconds."""
    names = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.name != "run-summaries.json")
    anonymous = (re.sub(r"\b[a-z0-9]{4}-(simple|lstm)-attn\b", "RUN", name) for name in names)
    return sorted(re.sub(r"[0-9a-f]{32}", "KEY", name) for name in anonymous)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def weights(file: Path) -> dict[str, str]:
    """A digest of each tensor of a checkpoint."""
    from safetensors import safe_open

    with safe_open(str(file), framework="numpy") as tensors:
        return {
            name: hashlib.sha256(tensors.get_tensor(name).tobytes()).hexdigest()
            for name in tensors.keys()  # noqa: SIM118
        }


def training_outcome(work: Path) -> Any:
    """The weights of each checkpoint, the vocabulary, the measured figures and the files of a finished training."""
    run = only_run(work)
    epochs = {}
    for line in (run / "events.jsonl").read_text().splitlines():
        with suppress(ValueError):  # a kill tears a line, and a resumed training repeats an epoch
            event = json.loads(line)
            if event["kind"] == "epoch":
                epochs[event["epoch"]] = {name: value for name, value in event.items() if name not in CLOCK}
    return {
        **{name: weights(run / "checkpoints" / f"{name}.safetensors") for name in ("last", "best", "previous")},
        "vocabulary": digest(run / "vocabulary.json"),
        "epochs": epochs,
        "files": [name for name in files_of(work / "home") if not name.endswith("process.log")],
    }


def cache_outcome(work: Path) -> Any:
    return files_of(work / "home"), command(work, "data", "show", "toy.csv", "--json").out


def export_outcome(work: Path) -> Any:
    shown = [command(work, "predict", "--run", target, "--json", "good film").out for target in ("out", "out.zip")]
    return shown, files_of(work / "out"), sorted(path.name for path in work.iterdir())


def prediction_outcome(work: Path) -> Any:
    return digest(work / "out.csv"), sorted(path.name for path in work.iterdir())


def settings_outcome(work: Path) -> Any:
    listed = json.loads(command(work, "runs", "list", "--json").out)
    names = [(run["name"], run["state"]) for run in listed]
    return command(work, "config", "get").out, names, files_of(work / "home")


# What a user does after a fault


def finish_training(work: Path, reference: Any, _: Any) -> None:
    """The state is right, `resume` leads to the undisturbed weights, and nothing is left over."""
    runs = json.loads(must(work, "runs", "list", "--json").out)
    need(len(runs) <= 1, f"one training is one run, not {len(runs)}")
    states = [run["state"] for run in runs]
    need(not set(states) & {"running"}, f"a run whose process is dead is not {states}")
    if not runs:
        for folder in (work / "home" / "runs").glob("*-*"):  # a killed creation, which the next one removes
            results = {path.name for path in folder.rglob("*.json*")} - {"meta.json"}
            need(all(name.endswith(".tmp") for name in results), f"{folder.name} has {results} but is not listed")
            os.utime(folder, (0, 0))  # as if some seconds had passed
        must(work, *TRAIN)
    elif states != ["finished"]:
        must(work, "resume")
    after = json.loads(must(work, "runs", "list", "--json").out)
    need([run["state"] for run in after] == ["finished"], f"the run is finished, not {after}")
    equal(training_outcome(work), reference)


def finish_import(work: Path, reference: Any, _: Any) -> None:
    must(work, "data", "show", "toy.csv", "--json")
    equal(cache_outcome(work), reference)


def finish_export(target: str) -> Callable[[Path, Any, Any], None]:
    """The export is the older or the new one, whole; repeated, it is the new one."""

    def finish(work: Path, reference: Any, before: Any) -> None:
        at = ("out", "out.zip").index(target)
        now = command(work, "predict", "--run", target, "--json", "good film")
        old, new = before[0][at], reference[0][at]
        need(not (work / target).exists() or now.out in (old, new), "an export is the older or the new one", now)
        need((work / target).exists() or not old, "the older export is kept until the new one is whole")
        must(work, "runs", "export", "latest", target, "--force")
        equal(export_outcome(work), reference)

    return finish


def finish_prediction(work: Path, reference: Any, _: Any) -> None:
    """The predictions are whole or absent, and `--resume` completes them."""
    out = work / "out.csv"
    need(not out.exists() or digest(out) == reference[0], "predictions are whole or absent")
    result = command(work, *PREDICT, "--resume")
    if result.code != 0:  # nothing was written yet, or the predictions are complete, which the command may say
        need(result.is_clean_refusal, "a resumed prediction succeeds or is refused by one line", result)
        if not out.exists():
            must(work, *PREDICT)
    equal(prediction_outcome(work), reference)


def finish_settings(*arguments: str) -> Callable[[Path, Any, Any], None]:
    def finish(work: Path, reference: Any, before: Any) -> None:
        now = settings_outcome(work)
        need(now[:2] in (before[:2], reference[:2]), f"the settings are the old or the new ones, not {now[:2]}")
        must(work, *arguments)
        equal(settings_outcome(work), reference)

    return finish


def equal(found: Any, expected: Any) -> None:
    """Raise `Broken` with the differences of two outcomes."""
    if found != expected:
        raise Broken(f"the outcome is the undisturbed one: {difference(found, expected)}")


def difference(found: Any, expected: Any) -> str:
    """Where two values differ, in words."""
    if isinstance(found, dict) and isinstance(expected, dict):
        names = [name for name in found | expected if found.get(name) != expected.get(name)]
        return "; ".join(f"{name}: {difference(found.get(name), expected.get(name))}" for name in names)
    if isinstance(found, list) and isinstance(expected, list) and all(isinstance(x, str) for x in found + expected):
        more, less = Counter(found) - Counter(expected), Counter(expected) - Counter(found)
        return f"left over {sorted(more.elements())}, missing {sorted(less.elements())}"
    if isinstance(found, (list, tuple)) and isinstance(expected, (list, tuple)) and len(found) == len(expected):
        return "; ".join(difference(one, other) for one, other in zip(found, expected, strict=True) if one != other)
    return f"{str(found)[:300]} is not {str(expected)[:300]}"


RENAME = ("runs", "rename", "latest", "renamed")
SCENARIOS = (
    Scenario("train", data_only, TRAIN, training_outcome, finish_training),
    Scenario("resume", half_trained, ("resume",), training_outcome, finish_training),
    Scenario("import", data_only, ("data", "show", "toy.csv", "--json"), cache_outcome, finish_import),
    Scenario(
        "export to a folder", exported_before, ("runs", "export", "latest", "out", "--force"), export_outcome,
        finish_export("out"),
    ),
    Scenario(
        "export to a zip", exported_before, ("runs", "export", "latest", "out.zip", "--force"), export_outcome,
        finish_export("out.zip"),
    ),
    Scenario("predict", trained, PREDICT, prediction_outcome, finish_prediction),
    Scenario("rename", trained, RENAME, settings_outcome, finish_settings(*RENAME)),
    Scenario("config set", with_defaults, ("config", "set", "threads", "2"), settings_outcome,
             finish_settings("config", "set", "threads", "2")),
)  # fmt: skip
