"""Worker processes that fail, die or are stopped: one error, and what is written stays."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from support.prediction_jobs import names

from tmeattn.errors import BadInput, EnvironmentProblem, Interrupted, TmeattnError
from tmeattn.inference import workers
from tmeattn.inference.workers import FileJob, predict_with_processes

ONE = "import json, os, sys, time\njob = json.loads(sys.stdin.readline())\nif job['shard'] == '2/3': {}\ntime.sleep(60)"


@pytest.fixture
def job(table: Path, tmp_path: Path) -> FileJob:
    return FileJob("none", str(table), str(tmp_path / "out.csv"))


def started(monkeypatch: pytest.MonkeyPatch, code: str) -> list[Any]:
    """Workers run this code instead; those that are started."""
    found: list[Any] = []
    popen = workers.subprocess.Popen

    def note(*arguments: Any, **options: Any) -> Any:
        found.append(popen(*arguments, **options))
        return found[-1]

    monkeypatch.setattr(workers, "_CODE", code)
    monkeypatch.setattr(workers.subprocess, "Popen", note)
    return found


@pytest.mark.parametrize(
    ("fate", "kind", "said"),
    [
        ("os.kill(os.getpid(), 9)", EnvironmentProblem,
         "Worker 2 of 3 was ended by SIGKILL, perhaps because the memory was full. What is classified is kept:"),
        ("os.abort()", EnvironmentProblem, "Worker 2 of 3 was ended by SIGABRT."),
        ("sys.exit(7)", EnvironmentProblem, "Worker 2 of 3 failed: exit code 7."),
        ("""print('{"kind": 1, "message": "boom", "hint": null}'); sys.exit(1)""", EnvironmentProblem,
         "Worker 2 of 3 failed: boom."),
        ("""print('{"kind": 2, "message": "A bad row.", "hint": "Mend it."}'); sys.exit(2)""", BadInput,
         "A bad row. Mend it."),
    ],
)  # fmt: skip
def test_a_worker_that_ends_stops_the_others(
    job: FileJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fate: str, kind: type[TmeattnError], said: str
) -> None:
    processes = started(monkeypatch, ONE.format(fate))
    before = names(tmp_path)
    with pytest.raises(kind) as error:
        predict_with_processes(job, 3)
    assert str(error.value).startswith(said)
    assert [process.poll() is not None for process in processes] == [True] * 3
    assert names(tmp_path) == before


def test_an_interruption_stops_all(job: FileJob, monkeypatch: pytest.MonkeyPatch) -> None:
    processes = started(monkeypatch, ONE.format("pass"))

    def interrupt(texts: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="Stopped after 0 rows"):
        predict_with_processes(job, 3, progress=interrupt)
    assert [process.poll() for process in processes] == [-signal.SIGTERM] * 3


def test_the_advice_names_the_processes(job: FileJob, monkeypatch: pytest.MonkeyPatch) -> None:
    started(monkeypatch, ONE.format("pass"))
    monkeypatch.setattr(workers, "_rows_of", lambda output, shard: 7)

    def interrupt(texts: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as error:
        predict_with_processes(job, 3, progress=interrupt)
    assert str(error.value) == ("Stopped after 21 rows. Continue with the same command, --processes 3 and --resume.")


def test_what_an_earlier_prediction_left(job: FileJob, tmp_path: Path) -> None:
    (tmp_path / "out-1-of-4.csv.part").touch()
    with pytest.raises(
        BadInput, match=r"there are shards of another prediction. Continue it with --processes 4 --resume"
    ):
        predict_with_processes(job, 2)
    with pytest.raises(BadInput, match=r"there are shards of 4, not of 2. Continue with --processes 4"):
        predict_with_processes(FileJob("none", job.file, job.output, resume=True), 2)
    (tmp_path / "out.csv").touch()
    with pytest.raises(BadInput, match="exists already"):
        predict_with_processes(job, 2)
