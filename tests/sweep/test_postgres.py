"""A study in PostgreSQL: made by two workers at once, and the same trials as in a journal."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support import postgres

pytest.importorskip("optuna")
pytest.importorskip("psycopg")
if os.name != "posix" or postgres.programs() is None:
    pytest.skip(postgres.MISSING, allow_module_level=True)

from tmeattn.sweep import claims, worker
from tmeattn.sweep.plan import Plan, make_plan
from tmeattn.sweep.space_text import parse_space
from tmeattn.sweep.storage import open_store
from tmeattn.sweep.study import Study, delete_study, join, open_study, study_names


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with postgres.server() as url:
        yield url


def plan_of(options: dict[str, Any]) -> Plan:
    space = parse_space("simple-attn", ["lr=1e-3..1e-1:log", "dropout=0,0.1,0.2"], options)
    return make_plan("simple-attn", space, options, objective="accuracy", pruner="median", seeds=(0,), seed=0)


def work(study: Study) -> None:
    watch = lambda title: contextlib.nullcontext(lambda event: None)  # noqa: E731
    worker.work(study, trackers=(), watch=watch, narrate=lambda line: None, on_trial=lambda trial: None)


def test_two_that_make_one_study_at_once_make_one(planted: dict[str, Any], url: str) -> None:
    made: list[Study] = []
    plan = plan_of(planted)
    threads = [
        threading.Thread(target=lambda: made.append(join(open_store(url), "one", plan, 4, 20))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert study_names(open_store(url)) == ["one"]
    numbers: list[int] = []

    def take(study: Study) -> None:
        taker = claims.Claims(study)
        for _ in range(2):
            taken, _ = taker.take()
            if taken is not None:
                numbers.append(taken.trial.number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(claims.Claims, "_is_abandoned", lambda self, trial: False)
        threads = [threading.Thread(target=take, args=(study,)) for study in made]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(numbers) == [0, 1, 2, 3], "eight takes of four trials"


def test_a_sweep_in_the_database(planted: dict[str, Any], url: str) -> None:
    study = join(open_store(url), "two", plan_of(planted), 2, 20)
    work(study)
    found = open_study(open_store(url), "two")
    assert [trial.state for trial in found.trials()] == ["finished", "finished"]
    assert [trial.params for trial in found.trials()] == [trial.params for trial in study.trials()]
    assert "tester@127.0.0.1" in found.store.label
    delete_study(found)
    assert "two" not in study_names(open_store(url))
