"""The storage of sweeps: a journal, a database, what is wrong with one, and what is another's."""

from __future__ import annotations

import errno
import json
from typing import Any

import pytest

from tmeattn.errors import BadInput, EnvironmentProblem

pytest.importorskip("optuna")

from support.sweeps import joined, plan_of, work

from tmeattn.sweep import worker
from tmeattn.sweep.plan import ATTRIBUTE
from tmeattn.sweep.results import overviews
from tmeattn.sweep.storage import open_store
from tmeattn.sweep.study import join, open_study


def test_another_sweep_under_one_name_is_refused(planted: dict[str, Any]) -> None:
    joined(plan_of(planted), name="mine")
    for plan, difference in (
        (plan_of(planted, space=["lr=1e-3..1e-1"]), "has the space lr=0.001..0.1:log dropout=0..0.5:0.1, not lr="),
        (plan_of({**planted, "epochs": 7}), "has --epochs 1, not 7"),
        (plan_of(planted, objective="loss"), "has --objective accuracy, not loss"),
        (plan_of(planted, seeds=(1,)), "has the seeds of a trial 0, not 1"),
    ):
        with pytest.raises(BadInput) as caught:
            joined(plan, name="mine")
        assert difference in str(caught.value)
    assert joined(plan_of({**planted, "threads": 2}), 9, "mine").goal == 9
    assert joined(plan_of(planted), 2, "mine").goal == 9


def test_a_study_of_another_program_is_left_alone(planted: dict[str, Any]) -> None:
    import optuna

    store = open_store(None)
    optuna.create_study(storage=store.storage, study_name="theirs").ask()
    with pytest.raises(BadInput, match="'theirs' is not one of tmeattn"):
        joined(plan_of(planted), name="theirs")
    with pytest.raises(BadInput, match="There is no sweep yet"):
        open_study(store, None)
    study = joined(plan_of(planted), name="newer")
    study.optuna.set_user_attr(ATTRIBUTE, {**plan_of(planted).document(), "format": 2})
    with pytest.raises(BadInput, match="has format 2; this tmeattn reads format 1"):
        open_study(store, "newer")
    assert overviews(store)[1].keys() == {"newer"}


def test_the_last_line_of_a_journal_that_a_full_disk_has_cut_is_left_out(planted: dict[str, Any]) -> None:
    study = joined(plan_of(planted), 1)
    journal = study.store.journal
    assert journal is not None
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code": 4, "stu')
    work(joined(plan_of(planted), 1))
    assert journal.read_bytes().startswith(whole)
    assert [json.loads(line)["op_code"] for line in journal.read_bytes().splitlines()]
    journal.write_bytes(b"no journal\n" + whole)
    with pytest.raises(BadInput, match="is no journal of studies, or is damaged"):
        open_store(None)


def test_a_database_that_cannot_be_reached_is_one_line(tmp_path: Any) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(EnvironmentProblem) as caught:
        open_store("postgresql://me:secret@127.0.0.1:9/sweeps")
    assert "postgresql://me:***@127.0.0.1:9/sweeps cannot be used" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(EnvironmentProblem, match=r"mysqlclient.*pip install mysqlclient"):
        open_store("mysql://me@127.0.0.1:9/sweeps")
    with pytest.raises(EnvironmentProblem, match="cannot be used"):
        open_store(f"sqlite:///{tmp_path}/missing/file.db")
    for wrong in ("nothing", "ftp://here/there", "postgresql://me@host:port/x", "://"):
        with pytest.raises(BadInput):
            open_store(wrong)


def test_sqlite_has_the_same_trials(planted: dict[str, Any], tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}/sweeps.db"
    study = join(open_store(url), "mine", plan_of(planted), 2, 20)
    work(study)
    assert [trial.state for trial in open_study(open_store(url), None).trials()] == ["finished", "finished"]


def test_a_password_is_not_kept_in_the_command_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from tmeattn.runs.creation import command

    monkeypatch.setattr("sys.argv", ["tmeattn", "sweep", "mean", "--storage=postgresql://me:s:ecret@db:5432/x"])
    assert command() == ["tmeattn", "sweep", "mean", "--storage=postgresql://me:***@db:5432/x"]


def test_a_full_disk_leaves_a_journal_that_others_can_go_on_with(
    planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = joined(plan_of(planted), 1)
    journal = study.store.journal
    assert journal is not None
    whole = journal.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("tmeattn.sweep.journal.os.fsync", full)
        with pytest.raises(EnvironmentProblem, match="No space left on device"):
            joined(plan_of(planted), 2)
    assert journal.read_bytes() == whole
    assert joined(plan_of(planted), 2).goal == 2


def test_a_storage_that_is_away_for_a_while_is_tried_again(
    planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import optuna

    study, lines = joined(plan_of(planted), 1), list[str]()
    tell, away = optuna.Study.tell, iter([True, True])

    def sometimes(*arguments: Any, **named: Any) -> Any:
        if next(away, False):
            raise optuna.exceptions.StorageInternalError("gone")
        return tell(*arguments, **named)

    monkeypatch.setattr(optuna.Study, "tell", sometimes)
    monkeypatch.setattr(worker.time, "sleep", lambda seconds: None)
    work(study, narrate=lines.append)
    assert [trial.state for trial in study.trials()] == ["finished"]
    assert sum("Trying again." in line for line in lines) == 2
