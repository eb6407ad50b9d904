"""A run that travels: out as a folder or zip, in again, and what is refused on the way."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import find_run
from tmeattn.runs.portable import CONTENT, MANIFEST, REQUIRED, _is_vocabulary, export, unpack


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def pack(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def minimal(prefix: str = "run/") -> dict[str, bytes]:
    return {f"{prefix}{name}": b"{}" for name in REQUIRED}


@pytest.mark.parametrize("target", ["out", "out.zip"])
def test_there_and_back(trained: RunDirectory, tmp_path: Path, target: str) -> None:
    written = export(trained, tmp_path / target)
    assert written == tmp_path / target
    found = find_run(str(written))
    assert files(found.path) == {*CONTENT, MANIFEST}
    for name in CONTENT:
        assert (found.path / name).read_bytes() == (trained.path / name).read_bytes()
    assert found.info == trained.info
    assert found.events() == trained.events()
    if target.endswith(".zip"):
        assert found.id == trained.id
        assert find_run(str(written)).path == found.path  # unpacked once


def test_exported_run_predicts(trained: RunDirectory, tmp_path: Path) -> None:
    import tmeattn

    texts = ["a good film", "a bad film"]
    expected = tmeattn.load(trained.id).predict(texts)
    written = export(trained, tmp_path / "out.zip")
    trained.delete()
    assert tmeattn.load(written).predict(texts) == expected


@pytest.mark.parametrize("target", ["out", "out.zip"])
def test_existing_target(trained: RunDirectory, tmp_path: Path, target: str) -> None:
    path = tmp_path / target
    export(trained, path)
    trained.rename("later")
    with pytest.raises(BadInput, match=f"{target} exists already") as caught:
        export(trained, path)
    assert "--force" in (caught.value.hint or "")
    assert find_run(str(path)).name is None
    export(trained, path, force=True)
    assert find_run(str(path)).name == "later"


def test_unfinished_run_cannot_be_exported(trained: RunDirectory, tmp_path: Path) -> None:
    (trained.checkpoints / "best.safetensors").unlink()
    with pytest.raises(BadInput, match=r"cannot be exported yet: it lacks checkpoints/best\.safetensors"):
        export(trained, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("target", ["file/out", "file/out.zip"])
def test_target_that_cannot_be_written(trained: RunDirectory, tmp_path: Path, target: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match="There is no folder"):
        export(trained, tmp_path / target)


# Foreign archives


@pytest.mark.parametrize("prefix", ["../", "../../", "/", "C:\\x/", ".hidden/", "a\x1b[31m/"])
def test_nothing_is_written_outside(tmp_path: Path, prefix: str) -> None:
    into = tmp_path / "in" / "to"
    archive = pack(tmp_path / "evil.zip", {**minimal(prefix), f"{prefix}../evil": b"x", "evil": b"x"})
    before = files(tmp_path)
    try:
        run = unpack(archive, into)
    except BadInput:
        assert files(tmp_path) == before
        return
    assert run.path.name == "run"
    assert run.path.parent.parent == into
    assert files(run.path) == set(REQUIRED)
    assert files(tmp_path) - before == {(run.path / name).relative_to(tmp_path).as_posix() for name in REQUIRED}


def test_only_the_files_of_an_export_are_read(tmp_path: Path) -> None:
    extra = {"run/virus.exe": b"x", "run/checkpoints/last.safetensors": b"x", "other/readme": b"x"}
    run = unpack(pack(tmp_path / "a.zip", {**minimal(), **extra}), tmp_path / "into")
    assert files(run.path) == set(REQUIRED)


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_zip_that_is_no_run(tmp_path: Path, missing: str) -> None:
    members = {name: data for name, data in minimal().items() if name != f"run/{missing}"}
    with pytest.raises(BadInput, match="is no exported run") as caught:
        unpack(pack(tmp_path / "a.zip", members), tmp_path / "into")
    assert str(tmp_path / "a.zip") in caught.value.message
    assert not (tmp_path / "into").exists()


def test_a_zip_without_a_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no exported run"):
        unpack(pack(tmp_path / "a.zip", minimal("")), tmp_path / "into")


@pytest.mark.parametrize(
    ("member", "message"), [("events.jsonl", "unpacks to more than 100 times"), ("meta.json", "longer than 1 MiB")]
)
def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: str, message: str) -> None:
    monkeypatch.setattr("tmeattn.limits.FREE_EXPANSION", 2**20)
    monkeypatch.setenv("TMEATTN_MAX_TEXT_MIB", "1")
    archive = pack(tmp_path / "a.zip", {**minimal(), f"run/{member}": bytes(3 * 2**20)})
    with pytest.raises(BadInput, match=message):
        unpack(archive, tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_files_dated_before_1980_are_exported(trained: RunDirectory, tmp_path: Path) -> None:
    os.utime(trained.path / "meta.json", (4 * 86400, 4 * 86400))
    assert find_run(str(export(trained, tmp_path / "old.zip"))).name == trained.name


def test_sizes_come_from_the_weights(trained: RunDirectory, tmp_path: Path) -> None:
    info = json.loads((trained.path / "run.json").read_text())
    info["data"]["vector_size"] = 2**40
    (trained.path / "run.json").write_text(json.dumps(info))
    with pytest.raises(BadInput, match="do not fit the model"):
        TrainedClassifier(find_run(str(export(trained, tmp_path / "large.zip"))))


def test_damaged_zip_is_named_and_leaves_no_run(trained: RunDirectory, tmp_path: Path) -> None:
    archive = export(trained, tmp_path / "out.zip")
    whole = archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        member = opened.getinfo(f"{trained.id}/checkpoints/best.safetensors")
    middle = member.header_offset + 100 + member.compress_size // 2
    archive.write_bytes(whole[:middle] + bytes(20) + whole[middle + 20 :])
    with pytest.raises(BadInput, match="cannot be unpacked") as caught:
        find_run(str(archive))
    assert str(archive) in caught.value.message
    archive.write_bytes(whole)
    assert find_run(str(archive)).events() == trained.events()


def test_a_cut_zip(trained: RunDirectory, tmp_path: Path) -> None:
    archive = export(trained, tmp_path / "out.zip")
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(BadInput, match=r"out\.zip"):
        find_run(str(archive))


def test_unpacking_again_completes_what_was_interrupted(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", minimal())
    run = unpack(archive, tmp_path / "into")
    (run.path / "run.json").unlink()
    (run.path / "vocabulary.json").write_bytes(b"half")
    assert unpack(archive, tmp_path / "into").path == run.path
    assert (run.path / "vocabulary.json").read_bytes() == b"{}"
    assert (run.path / "run.json").exists()


def test_full_disk_while_unpacking(tmp_path: Path) -> None:
    (tmp_path / "into").write_text("a file in the way")
    with pytest.raises(EnvironmentProblem, match="Cannot write the imported run"):
        unpack(pack(tmp_path / "a.zip", minimal()), tmp_path / "into")
    assert os.path.isfile(tmp_path / "into")  # noqa: PTH113


@pytest.mark.parametrize(("name", "kind"), [("out.zip", "a folder, and no zip file"), ("out", "a file, and no folder")])
def test_an_export_of_the_other_kind_is_not_replaced(
    trained: RunDirectory, tmp_path: Path, name: str, kind: str
) -> None:
    place = tmp_path / name
    place.mkdir() if name == "out.zip" else place.write_text("mine")
    with pytest.raises(BadInput) as caught:
        export(trained, place, force=True)
    assert caught.value.message == f"{place} is {kind}."
    assert place.is_dir() or place.read_text() == "mine"


def test_a_file_that_cannot_be_read_is_named(trained: RunDirectory, tmp_path: Path) -> None:
    (trained.path / "vocabulary.json").unlink()
    (trained.path / "vocabulary.json").mkdir()
    with pytest.raises(BadInput) as caught:
        export(trained, tmp_path / "out")
    assert caught.value.message == (
        f"The run {trained.id} cannot be exported: vocabulary.json cannot be read (it is not a regular file)."
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "right"), [(b'["a", "\xed\xa0\x80"]', True), (b"{}", False), (b"[", False), (b"[" * 100_000, False)]
)
def test_a_vocabulary_without_a_checksum_is_a_list(content: bytes, right: bool) -> None:
    assert _is_vocabulary(content, "") is right
    assert not _is_vocabulary(content, "0" * 64)


@pytest.mark.parametrize("name", ["out.tar.gz", "out.PT", "out.json", "-"])
def test_a_name_of_another_kind_of_file_is_refused(
    trained: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=r"exported as a folder or as a \.zip file, not as [.-]"):
        export(trained, Path(name))
    assert not Path(name).exists()
