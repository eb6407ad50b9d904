"""No process of tmeattn runs code of the current folder: traps for modules and plugins are planted there."""

import csv
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from conftest import write_distribution
from support import planted as planted_plugin

from tmeattn import child_python
from tmeattn.cli.main import run
from tmeattn.data.encoding import pool
from tmeattn.runs.creation import ID_VARIABLE
from tmeattn.runs.index import find_run
from tmeattn.testing.checks import check_import
from tmeattn.tui.services.processes import TrainingProcesses

QUICK = ["--vectors", "random", "--vector-size", "4", "--epochs", "1", "--threads", "1", "--device", "cpu"]
TRAPS = ("json", "typing", "__future__", "re", "dataclasses", "sitecustomize", "click", "numpy", "polars", "torch")


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """The current folder with data and traps; a trap that runs writes the file `ran` beside it."""
    folder = tmp_path / "current"
    folder.mkdir()
    ran = tmp_path / "ran"
    source = f"open({str(ran)!r}, 'a').write(__name__ + ' ')\n"
    for name in TRAPS:
        (folder / f"{name}.py").write_text(source)
    write_distribution(folder, "evil", "evilmod", source)
    for name, count, seed in (("train", 64, 0), ("test", 16, 1)):
        split = planted_plugin.texts(count, seed)
        (folder / "data").mkdir(exist_ok=True)
        with (folder / "data" / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *zip(split.texts, split.labels, strict=True)])
    monkeypatch.chdir(folder)
    yield folder
    assert not ran.exists(), ran.read_text()


@pytest.fixture
def started(monkeypatch):
    """The number of processes that this process starts; the tokenizers start some for little text."""
    monkeypatch.setattr(pool, "CHUNK", 100)
    monkeypatch.setattr(pool, "available_cores", lambda: 2)
    commands = []
    original = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: commands.append(a[0]) or original(*a, **k))
    return commands


def ask(*arguments, **more):
    """Run `python -m tmeattn` in the current folder."""
    return subprocess.run([sys.executable, "-m", "tmeattn", *arguments], capture_output=True, text=True, **more)


def test_the_tokenizing_workers(trap, started, isolated):
    assert run(["data", "show", "data"]) == 0
    assert run(["train", "mean", "--dataset", "data", *QUICK]) == 0
    trained = find_run("latest")
    assert run(["evaluate", trained.id, "--split", "test"]) == 0
    assert run(["predict", "--run", trained.id, "data/test.csv"]) == 0
    workers = [command for command in started if command[0] == sys.executable]
    assert len(workers) >= 4
    assert all(command[1] == "-P" for command in workers)


def test_trainings_that_the_screens_start_and_resume(trap, monkeypatch, isolated):
    """Both are started in the same way, so that one of them, which imports everything, tells of both."""
    ways = []
    original = subprocess.Popen

    def note(command, **how):
        ways.append((command[:3], how["env"], how.get("cwd")))
        return original(command, **how)

    monkeypatch.setattr(subprocess, "Popen", note)
    processes = TrainingProcesses()
    worker = processes.start(["train", "mean", "--dataset", "data", *QUICK], "mean")
    assert worker.popen.wait(120) == 0, worker.log.read_text()
    resumed = processes.resume(worker.run)
    resumed.popen.kill()
    resumed.popen.wait()
    started, again = ways
    assert started[0] == again[0] == [sys.executable, "-P", child_python.tmeattn_command()[-1]]
    assert {**started[1], ID_VARIABLE: ""} == {**again[1], ID_VARIABLE: ""}
    assert started[2] == again[2]


def test_a_module_run_by_python(trap, environment):
    shown = ask("plugins", "list", "--json", env=environment)
    assert shown.returncode == 0, shown.stderr
    assert "evil" not in shown.stdout


def test_the_check_of_a_plugin(trap, started, install):
    install("good", "import json\n")
    check_import("good_plugin:load")
    assert started


def test_an_empty_entry_of_the_path_is_no_choice(trap, environment):
    (trap / "sitecustomize.py").unlink()  # Python itself runs it before tmeattn can say anything
    for name in TRAPS:
        if name != "json":
            (trap / f"{name}.py").unlink(missing_ok=True)
    shown = ask("plugins", "list", env={**environment, "PYTHONPATH": environment["PYTHONPATH"] + os.pathsep})
    assert "evil" not in shown.stdout


def test_a_named_folder_stays(trap, environment, monkeypatch):
    """The user's own choice: PYTHONPATH names the folder."""
    (trap.parent / "chosen").mkdir()
    monkeypatch.chdir(trap.parent / "chosen")
    write_distribution(trap.parent / "chosen", "mine", "mine_plugin", "")
    path = os.pathsep.join([environment["PYTHONPATH"], "."])
    assert "mine 1.0" in ask("plugins", "list", env={**environment, "PYTHONPATH": path}).stdout


def test_programs_find_this_package_and_the_path_of_this_process(tmp_path, monkeypatch):
    (tmp_path / "extra").mkdir()
    (tmp_path / "extra" / "helper_of_mine.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path / "extra")
    monkeypatch.syspath_prepend("")
    monkeypatch.chdir(tmp_path)
    code = "import sys, tmeattn, helper_of_mine, os; print(tmeattn.__file__, os.getcwd() in sys.path, '' in sys.path)"
    done = subprocess.run(
        child_python.program_command(code), env=child_python.child_environment(), capture_output=True, text=True
    )
    package = os.path.join(os.path.dirname(child_python.__file__), "__init__.py")  # noqa: PTH118, PTH120
    assert done.stdout.split() == [package, "False", "False"]


@pytest.mark.parametrize(
    ("path", "python_path", "safe", "left"),
    [
        (["", "lib"], "", False, ["lib"]),
        (["HERE", "lib"], "", False, ["lib"]),
        (["lib"], "", False, ["lib"]),
        (["HERE", "lib"], "", True, ["HERE", "lib"]),  # Python has left it out already: somebody put it there
        (["lib", "HERE", "other"], "lib::other", True, ["lib", "other"]),  # an empty entry is no choice
        (["lib", "HERE", "other"], "lib:HERE::other", True, ["lib", "HERE", "other"]),
    ],
)
def test_the_current_folder_leaves_the_path_of_this_process(monkeypatch, tmp_path, path, python_path, safe, left):
    monkeypatch.chdir(tmp_path)
    here = str(tmp_path)
    found = [here if part == "HERE" else part for part in path]
    monkeypatch.setattr(child_python, "sys", SimpleNamespace(flags=SimpleNamespace(safe_path=safe), path=found))
    monkeypatch.setenv("PYTHONPATH", python_path.replace("HERE", here).replace(":", os.pathsep))
    monkeypatch.setenv(child_python.SAFE_PATH, "")
    child_python.leave_out_current_folder()
    assert found == [here if part == "HERE" else part for part in left]
    assert os.environ[child_python.SAFE_PATH] == "1"
    assert "" not in os.environ["PYTHONPATH"].split(os.pathsep) or not python_path


def test_a_deleted_current_folder_is_no_other(monkeypatch, tmp_path):
    def fail():
        raise FileNotFoundError

    monkeypatch.setattr(os, "getcwd", fail)
    found = ["lib", str(tmp_path)]
    monkeypatch.setattr(child_python, "sys", SimpleNamespace(flags=SimpleNamespace(safe_path=False), path=found))
    monkeypatch.setenv(child_python.SAFE_PATH, "")
    child_python.leave_out_current_folder()
    assert found == ["lib", str(tmp_path)]
