"""Checksums: each flipped bit of a checkpoint, a vocabulary or an export is noticed, and the way out is told."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tmeattn import files
from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.errors import BadInput, EnvironmentProblem, TmeattnError
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.runs.checksums import CHECKSUM, verified_metadata
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import find_run
from tmeattn.runs.leftovers import tidy
from tmeattn.runs.manifest import MANIFEST
from tmeattn.runs.portable import export, unpack
from tmeattn.training import checkpoint
from tmeattn.training.checkpoint import Progress
from tmeattn.training.session import resume


def flips(content: bytes, step: int = 1) -> Iterator[bytes]:
    """The content with one flipped bit, for each `step`-th bit of it."""
    for bit in range(0, 8 * len(content), step):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << (bit % 8)
        yield bytes(changed)


def test_each_flipped_bit_of_a_checkpoint_is_noticed(tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    progress = Progress(step=1, vocabulary="0" * 64)
    checkpoint.save_training(tmp_path, model, optimizer, progress, [])
    checkpoint.save_best(tmp_path, model, progress)
    best = tmp_path / "best.safetensors"
    assert verified_metadata(best.read_bytes())[CHECKSUM]
    assert checkpoint.load(tmp_path, "best") is not None
    for content in flips(best.read_bytes()):
        with pytest.raises(ValueError, match=r"it|codec|Expecting|Extra|Invalid|delimiter|escape|Unterminated|control"):
            verified_metadata(content)
    last = tmp_path / "last.safetensors"
    original = last.read_bytes()
    for content in flips(original, step=1997):  # over the header, the tensors, the random state
        last.write_bytes(content)
        with pytest.raises(BadInput, match="is damaged: last"):
            checkpoint.load(tmp_path, "last")
    for length in (0, 7, 8, 100, len(original) - 1):
        with pytest.raises(ValueError, match="it"):
            verified_metadata(original[:length])


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": "two"}, {"step": -1}, {"best_accuracy": None}, {"epoch_meter": {"hits": "x"}},
        {"prepared": {"$array": 5}}, {"threads": 0}, {"later": 1},
    ],
    ids=str,
)  # fmt: skip
def test_damaged_metadata_without_a_checksum_falls_back(change: dict[str, Any], tmp_path: Path) -> None:
    from safetensors.torch import save

    fields = {"step": 1, "epoch": 1, "threads": 1}
    tensors = {"model.weight": torch.ones(1), "random.cpu": torch.get_rng_state()}
    for name, progress in (("last", {**fields, **change}), ("previous", fields)):
        metadata = {"format": "1", "progress": json.dumps(progress)}
        (tmp_path / f"{name}.safetensors").write_bytes(save(tensors, metadata=metadata))
    loaded = checkpoint.load(tmp_path, "last", "previous")
    assert loaded is not None
    assert (loaded.name, loaded.damaged) == ("previous", ("last",))


def test_each_flipped_bit_of_a_vocabulary_is_noticed(tmp_path: Path) -> None:
    vocabulary = Vocabulary(["<pad>", "<unk>", "gut", "böse"])
    for content in flips(vocabulary.content):
        with pytest.raises(ValueError, match="checksum"):
            Vocabulary.parse(content, vocabulary.checksum)


def flip_a_bit(path: Path, at: int = -9) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_weights_with_a_flipped_bit_are_named_and_the_last_checkpoint_is_used(
    trained: RunDirectory, tmp_path: Path
) -> None:
    flip_a_bit(trained.checkpoints / "best.safetensors")
    assert TrainedClassifier(trained).notes == ["The checkpoint best is damaged; using last."]
    with pytest.raises(BadInput, match="best weights are damaged"):
        export(trained, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", ["torn", "flipped", "missing"])
def test_a_damaged_vocabulary_is_told_and_rebuilt_by_resume(trained: RunDirectory, tmp_path: Path, damage: str) -> None:
    path = trained.vocabulary_path
    original = path.read_bytes()
    if damage == "torn":
        path.write_bytes(original[:-30])
    elif damage == "flipped":
        flip_a_bit(path, 30)
    else:
        path.unlink()
    with pytest.raises(EnvironmentProblem, match="vocabulary") as caught:
        TrainedClassifier(trained)
    assert f"tmeattn resume {trained.id}" in (caught.value.hint or "")
    with pytest.raises(BadInput):
        export(trained, tmp_path / "out")
    told: list[str] = []
    resume(trained, narrate=told.append)
    assert path.read_bytes() == original
    assert f"The vocabulary of {trained.id} was damaged: it is rebuilt from the data." in told
    TrainedClassifier(trained)


def test_a_vocabulary_torn_before_the_first_checkpoint_is_rebuilt(trained: RunDirectory) -> None:
    original = trained.vocabulary_path.read_bytes()
    shutil.rmtree(trained.checkpoints)
    trained.checkpoints.mkdir()
    trained.events_path.write_text(trained.events_path.read_text().splitlines()[0] + "\n")
    info = json.loads((trained.path / "run.json").read_text())
    info["config"]["train"]["epochs"] = 1
    (trained.path / "run.json").write_text(json.dumps(info))
    trained.vocabulary_path.write_bytes(original[:-30])
    run = RunDirectory(trained.path)
    resume(run)
    assert trained.vocabulary_path.read_bytes() == original
    assert any(event["kind"] == "warning" and "vocabulary" in event["message"] for event in run.events())


def test_each_flipped_bit_of_an_exported_folder_is_noticed(trained: RunDirectory, tmp_path: Path) -> None:
    folder = export(trained, tmp_path / "out")
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        original = path.read_bytes()
        for content in flips(original, step=max(1, 8 * len(original) // 20) | 1):
            path.write_bytes(content)
            with pytest.raises(BadInput):
                find_run(str(folder))
        path.write_bytes(original)
    assert find_run(str(folder)).info == trained.info


def test_each_flipped_bit_of_an_exported_zip_is_noticed(trained: RunDirectory, tmp_path: Path) -> None:
    path = export(trained, tmp_path / "out.zip")
    original = path.read_bytes()
    ends = range(8 * (len(original) - 110), 8 * len(original), 7)  # the end of the directory, and the comment
    for bit in [*range(0, 8 * len(original), 8 * len(original) // 60 | 1), *ends]:
        changed = bytearray(original)
        changed[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(changed)
        with pytest.raises(TmeattnError):
            find_run(str(path))
    path.write_bytes(original)
    assert find_run(str(path)).info == trained.info


def test_a_zip_that_was_packed_again_is_read(trained: RunDirectory, tmp_path: Path) -> None:
    folder = export(trained, tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "again.zip", "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, f"out/{path.relative_to(folder)}")
    assert find_run(str(tmp_path / "again.zip")).info == trained.info


def test_renaming_an_exported_folder_keeps_its_manifest_right(trained: RunDirectory, tmp_path: Path) -> None:
    folder = export(trained, tmp_path / "out")
    find_run(str(folder)).rename("another name")
    assert find_run(str(folder)).name == "another name"
    assert json.loads((folder / MANIFEST).read_text())["files"]["meta.json"]


@pytest.mark.parametrize("name", ["vocabulary.json", "checkpoints/best.safetensors", "run.json"])
def test_a_damaged_unpacked_model_is_unpacked_again(trained: RunDirectory, tmp_path: Path, name: str) -> None:
    archive = export(trained, tmp_path / "out.zip")
    unpacked = unpack(archive, tmp_path / "cache").path / name
    flip_a_bit(unpacked)
    unpack(archive, tmp_path / "cache")
    assert unpacked.read_bytes() == (trained.path / name).read_bytes()
    unpacked.unlink()
    unpacked.mkdir()
    unpack(archive, tmp_path / "cache")
    assert unpacked.is_file()


def test_files_dated_before_1980_are_exported(trained: RunDirectory, tmp_path: Path) -> None:
    os.utime(trained.path / "meta.json", (345600, 345600))
    assert find_run(str(export(trained, tmp_path / "out.zip"))).info == trained.info


# An older export in the way


def test_a_folder_with_other_files_is_not_replaced(trained: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(BadInput, match=r"other files than an exported run, such as thesis\.tex"):
        export(trained, tmp_path / "mine", force=True)
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years of work"
    with pytest.raises(BadInput, match="other files"):
        export(trained, trained.path, force=True)


@pytest.mark.parametrize("exchange", [True, False])
@pytest.mark.parametrize("target", ["out", "out.zip"])
def test_an_export_that_fails_at_any_write_leaves_the_older_one(
    trained: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, exchange: bool
) -> None:
    if not exchange:
        monkeypatch.setattr(files, "_exchange", lambda *_: False)
    path = export(trained, tmp_path / "there" / target) if (tmp_path / "there").mkdir() is None else tmp_path
    before = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else find_run(str(path)).name
    trained.rename("later")
    real, calls = os.fsync, 0
    for failing in range(20):
        calls = 0

        def fsync(descriptor: int, failing: int = failing) -> None:
            nonlocal calls
            calls += 1
            if calls > failing:
                raise OSError(28, "No space left on device")
            real(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fsync)
            try:
                export(trained, path, force=True)
            except EnvironmentProblem as error:
                assert error.exit_code == 3  # noqa: PT017
        if find_run(str(path)).name == "later":
            break
        after = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else find_run(str(path)).name
        assert after == before
        assert [each.name for each in path.parent.iterdir()] == [target]
    assert find_run(str(path)).name == "later"
    assert [each.name for each in path.parent.iterdir()] == [target]


# Leftovers


def dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_only_the_leftovers_of_dead_processes_are_removed(trained: RunDirectory, tmp_path: Path) -> None:
    living = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        gone = [
            trained.path / f".vocabulary.json.{dead()}.tmp",
            trained.checkpoints / f".last.safetensors.{dead()}.tmp",
            trained.checkpoints / ".best.safetensors.99999999999.tmp",
        ]
        kept = [
            trained.path / f".meta.json.{living.pid}.tmp",
            trained.path / f".status.json.{os.getpid()}.tmp",
            trained.path / "notes.tmp",
        ]
        (trained.path / f".folder.{dead()}.tmp").mkdir()
        for path in [*gone[:2], *kept]:
            path.write_bytes(b"x")
        tidy(trained)
        assert not any(path.exists() for path in gone)
        assert not list(trained.path.glob(".folder.*"))
        assert all(path.exists() for path in kept)
    finally:
        os.kill(living.pid, signal.SIGKILL)
        living.wait()


def test_a_finished_run_has_no_leftovers(trained: RunDirectory) -> None:
    (trained.checkpoints / "next.safetensors").write_bytes(b"x" * 1000)
    (trained.checkpoints / f".next.safetensors.{dead()}.tmp").write_bytes(b"x" * 1000)
    resume(trained)
    assert sorted(path.name for path in trained.checkpoints.iterdir()) == [
        "best.safetensors", "last.safetensors", "previous.safetensors",
    ]  # fmt: skip
