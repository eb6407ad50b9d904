"""Of two processes that give one name, one gives it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.created_runs import create_run

from tmeattn.errors import BadInput
from tmeattn.runs import renaming
from tmeattn.runs.index import check_name
from tmeattn.runs.renaming import rename_run


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMEATTN_HOME", str(tmp_path))
    return tmp_path / "runs"


def test_two_runs_never_get_one_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = create_run(root), create_run(root)
    both = threading.Barrier(2)
    refused: list[str] = []

    def slow_check(name: str, **of: object) -> None:
        check_name(name, **of)  # type: ignore[arg-type]
        threading.Event().wait(0.05)  # so that without a lock both checks come before both names

    def rename(run: object) -> None:
        both.wait()
        try:
            rename_run(run, "mine")  # type: ignore[arg-type]
        except BadInput as error:
            refused.append(error.message)

    monkeypatch.setattr(renaming, "check_name", slow_check)
    threads = [threading.Thread(target=rename, args=(run,)) for run in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["Another run is named 'mine' already."]
    assert sorted([first.name or "", second.name or ""]) == ["", "mine"]


def test_a_name_is_cleared_and_a_run_elsewhere_is_renamed_without_the_folder_of_runs(
    root: Path, tmp_path: Path
) -> None:
    run = create_run(tmp_path / "elsewhere")
    rename_run(run, "mine")
    assert run.name == "mine"
    rename_run(run, None)
    assert run.name is None
    assert not root.exists()
