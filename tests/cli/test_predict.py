"""`tmeattn predict`."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tmeattn.cpu import available_cores
from tmeattn.inference import prediction_file
from tmeattn.inference import streaming as stream
from tmeattn.runs.directory import RunDirectory


def test_predict(tmeattn: Any, trained: RunDirectory) -> None:
    found = tmeattn("predict", "a good film", "a bad film", "--json").json
    assert [(one["text"], one["label"]) for one in found] == [("a good film", "positive"), ("a bad film", "negative")]
    for one in found:
        assert one["probability"] == max(one["probabilities"].values())
        assert sum(one["probabilities"].values()) == pytest.approx(1)
    assert "positive" in tmeattn("predict", "a good film").out


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"good\nbad\n", ["good", "bad"]),
        (b"good\r\nbad", ["good", "bad"]),
        (b"\xef\xbb\xbfgood\n", ["good"]),
        ("a\u2028b\x85c\x0cd\x1ce\nbad".encode(), ["a\u2028b\x85c\x0cd\x1ce", "bad"]),
    ],
)
def test_predict_lines(tmeattn: Any, trained: RunDirectory, tmp_path: Path, data: bytes, lines: list[str]) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(data)
    assert [one["text"] for one in tmeattn("predict", "--file", str(path), "--json").json] == lines
    for arguments in (["--file", "-"], ["-"], []):
        assert [one["text"] for one in tmeattn("predict", *arguments, "--json", stdin=data).json] == lines


def test_predict_passes_over_empty_lines_and_says_which(tmeattn: Any, trained: RunDirectory) -> None:
    result = tmeattn("predict", "--json", stdin=b"good\n\nbad\n \t\n")
    assert [one["text"] for one in result.json] == ["good", "bad"]
    assert "Skipped 2 of 4 rows: 2 blank lines (first: line 2)." in result.err


@pytest.mark.parametrize(
    ("data", "of_file", "of_input"),
    [
        (b"", "is empty.", "standard input is empty."),
        (b"\n", "There is no text to read: 1 blank line", "There is no text to read: 1 blank line"),
        (b"good\n\xff\xfe", "is not UTF-8: the byte at offset 5 is 0xff.", "standard input, line 2: it is not UTF-8."),
    ],
)
def test_predict_refuses(
    tmeattn: Any, trained: RunDirectory, tmp_path: Path, data: bytes, of_file: str, of_input: str
) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes(data)
    assert of_file in tmeattn("predict", "--file", str(path)).refused()
    assert of_input in tmeattn("predict", stdin=data).refused()
    assert tmeattn("predict", "good", " ").refused() == "Text 2 is empty."


def test_a_damaged_checkpoint_is_mentioned(tmeattn: Any, trained: RunDirectory) -> None:
    (trained.checkpoints / "best.safetensors").write_bytes(b"damaged")
    result = tmeattn("predict", "good", "--json")
    assert result.json
    assert "The checkpoint best is damaged" in result.err


# --output

GOOD, BAD = "a good film", "a bad film"
TEXTS = [(GOOD, BAD)[number % 2] + f" {number}" for number in range(50)]
LABELS = ["positive", "negative"] * 25


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CHUNK", 7)


def written(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    if name.endswith("parquet"):
        pl.DataFrame({"id": range(50), "text": TEXTS}).write_parquet(path)
    elif name.endswith("jsonl"):
        path.write_text("".join(json.dumps({"review": text, "id": 1}) + "\n" for text in TEXTS))
    elif name.endswith("csv"):
        path.write_text("id,text\n" + "".join(f'1,"{text}"\n' for text in TEXTS))
    else:
        path.write_text("\n".join(TEXTS) + "\n\n")
    return path


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("name", ["in.jsonl", "in.csv", "in.parquet", "in.txt"])
def test_predict_streams(tmeattn: Any, trained: RunDirectory, tmp_path: Path, name: str) -> None:
    source, target = written(tmp_path, name), tmp_path / "out.jsonl"
    result = tmeattn("predict", "--file", str(source), "--output", str(target))
    assert (result.code, result.out) == (0, "")
    assert "50 texts in " in result.err
    found = lines(target)
    assert [one["label"] for one in found] == LABELS
    assert [one["row"] for one in found] == list(range(2 if name == "in.csv" else 1, 52 if name == "in.csv" else 51))
    for one, alone in zip(found, tmeattn("predict", *TEXTS, "--json").json, strict=True):
        assert one["probability"] == max(one["probabilities"].values())
        assert one["probabilities"] == pytest.approx(alone["probabilities"], abs=1e-6)
    assert {path.name for path in tmp_path.iterdir()} <= {"home", name, "out.jsonl"}
    assert "exists already" in tmeattn("predict", "--file", str(source), "--output", str(target)).refused()
    assert tmeattn("predict", "--file", str(source), "--output", str(target), "--force").code == 0


@pytest.mark.parametrize(("name", "delimiter"), [("out.csv", ","), ("out.tsv", "\t")])
def test_predict_writes_csv(tmeattn: Any, trained: RunDirectory, tmp_path: Path, name: str, delimiter: str) -> None:
    tmeattn("predict", "--file", str(written(tmp_path, "in.csv")), "--output", str(tmp_path / name))
    with (tmp_path / name).open(newline="") as file:
        found = list(csv.DictReader(file, delimiter=delimiter))
    assert [one["label"] for one in found] == LABELS
    assert list(found[0]) == ["row", "record", "label", "probability", "negative", "positive"]
    assert all(float(one["negative"]) + float(one["positive"]) == pytest.approx(1) for one in found)


def test_predict_from_a_pipe_to_a_pipe(tmeattn: Any, trained: RunDirectory) -> None:
    data = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS).encode()
    result = tmeattn("predict", "--file", "-", "--format", "jsonl", "--output", "-", stdin=data)
    assert [json.loads(line)["label"] for line in result.out.splitlines()] == LABELS
    plain = tmeattn("predict", "--output", "-", stdin="\n".join(TEXTS).encode())
    assert plain.out == result.out
    assert "50 texts in " in plain.err


@pytest.mark.parametrize("row", ['{"text": ""}', '{"text": null}', '{"text": 3}', "[1]", '{"text": "a', "\xff"])
def test_a_bad_row_stops_or_is_skipped(tmeattn: Any, trained: RunDirectory, tmp_path: Path, row: str) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    good = [json.dumps({"text": text}) for text in TEXTS]
    source.write_bytes("\n".join([*good[:10], row, *good[10:]]).encode("latin-1"))
    result = tmeattn("predict", "--file", str(source), "--output", str(target))
    assert (result.code, result.out) == (2, "")
    last = result.err.splitlines()[-1]
    assert last.startswith(f"Error: {source}, line 11: ")
    assert "The 10 rows before it are in" in last
    assert not target.exists()
    assert [one["row"] for one in lines(tmp_path / "out.jsonl.part")] == list(range(1, 11))
    # Mended and continued, it is what it would have been.
    source.write_text("\n".join([*good[:10], json.dumps({"text": "mended good"}), *good[10:]]))
    assert "--resume" in tmeattn("predict", "--file", str(source), "--output", str(target)).refused()
    assert tmeattn("predict", "--file", str(source), "--output", str(target), "--resume").code == 0
    assert [one["row"] for one in lines(target)] == list(range(1, 52))
    source.write_bytes("\n".join([*good[:10], row, *good[10:]]).encode("latin-1"))
    skipping = tmeattn("predict", "--file", str(source), "--output", str(target), "--force", "--skip-bad")
    assert skipping.code == 0
    assert "1 invalid row (first: line 11). The invalid row is 11." in " ".join(skipping.err.split())
    assert [one["row"] for one in lines(target)] == [number for number in range(1, 52) if number != 11]
    assert [one["label"] for one in lines(target)] == LABELS


def test_an_interrupted_prediction_is_continued(
    tmeattn: Any, trained: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tmeattn.inference.classifier import TrainedClassifier

    source, target = written(tmp_path, "in.jsonl"), tmp_path / "out.jsonl"
    whole, calls = TrainedClassifier.probabilities, []

    def interrupted(classifier: Any, texts: Any) -> Any:
        calls.append(texts)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return whole(classifier, texts)

    with monkeypatch.context() as patch:
        patch.setattr(TrainedClassifier, "probabilities", interrupted)
        result = tmeattn("predict", "--file", str(source), "--output", str(target))
    assert result.code == 130
    assert "Stopped after 21 rows. Continue with the same command and --resume." in result.err
    part = tmp_path / "out.jsonl.part"
    part.write_bytes(part.read_bytes() + b'{"row": 22, "la')  # what a power cut may leave
    resumed = tmeattn("predict", "--file", str(source), "--output", str(target), "--resume")
    assert resumed.code == 0
    assert "Continuing after line 21." in resumed.err
    assert "29 texts in " in resumed.err
    assert [one["label"] for one in lines(target)] == LABELS
    assert (
        "There is no"
        in tmeattn("predict", "--file", str(source), "--output", str(target), "--resume", "--force").refused()
    )


def test_a_full_disk_can_be_continued(
    tmeattn: Any, trained: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = written(tmp_path, "in.jsonl"), tmp_path / "out.jsonl"
    notes: list[Any] = []

    def full(path: Path, data: bytes) -> None:
        notes.append(data)
        if len(notes) == 4:
            raise OSError(28, "No space left on device")
        path.write_bytes(data)

    with monkeypatch.context() as patch:
        patch.setattr(prediction_file, "write_atomically", full)
        result = tmeattn("predict", "--file", str(source), "--output", str(target))
    assert result.code == 3
    assert "No space left on device" in result.err
    assert tmeattn("predict", "--file", str(source), "--output", str(target), "--resume").code == 0
    assert [one["row"] for one in lines(target)] == list(range(1, 51))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a text", "--output", "x"], "--output needs --file or standard input, not texts."),
        (["--file", "in.csv", "--output", "x", "--json"], "--output writes JSON lines already."),
        (["--file", "in.csv", "--skip-bad"], "--skip-bad, --resume and --force need --output."),
        (["--file", "in.csv", "--output", "no/folder/x"], "There is no folder "),
        (["--file", "in.csv", "--output", "x", "--resume"], "There is no x.part to resume."),
        (["--file", "none.csv", "--output", "x"], "none.csv cannot be read: No such file or directory."),
        (["--file", "in.csv", "--output", "x", "--text-column", "y"], "--text-column: in.csv has no column 'y'"),
        (
            ["--file", "other.csv", "--output", "x"],
            "other.csv has no column that looks like the text; its columns are a, b.",
        ),
        (["--file", "empty.csv", "--output", "x"], "empty.csv: there is no text to classify."),
        (["--file", "in.docx", "--format", "csv", "--output", "x"], "in.docx cannot be read"),
    ],
)
def test_predict_refuses_output(
    tmeattn: Any,
    trained: RunDirectory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "in.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (tmp_path / "empty.csv").write_text("text,b\n")
    assert tmeattn("predict", *arguments).refused().startswith(said)
    assert not list(tmp_path.glob("x*"))


def test_predict_shows_a_table_of_a_table(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    found = tmeattn("predict", "--file", str(written(tmp_path, "in.csv")), "--json").json
    assert [one["text"] for one in found] == TEXTS
    assert [one["label"] for one in found] == LABELS


# --shard, --merge, --processes


def test_shards_are_merged(
    tmeattn: Any, trained: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "in.csv")
    assert tmeattn("predict", "--file", "in.csv", "--output", "whole.csv").code == 0
    for shard in ("3/3", "1/3"):
        result = tmeattn("predict", "--file", "in.csv", "--output", "out.csv", "--shard", shard)
        assert result.code == 0, result.err
    assert tmeattn("predict", "--merge", "--output", "out.csv").refused() == (
        "Shard 2 of 3 is missing: nothing was merged. Predict with --shard 2/3 --resume, then merge again; "
        "or with --processes 3 --resume, which also merges."
    )
    assert tmeattn("predict", "--file", "in.csv", "--output", "out.csv", "--shard", "2/3").code == 0
    merged = tmeattn("predict", "--merge", "--output", "out.csv")
    assert merged.code == 0
    assert "Merged 50 texts of 3 shards." in merged.err
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    files = [f"out-{number}-of-3.csv" for number in (2, 3, 1)]
    assert tmeattn("predict", "--merge", *files, "--output", "again.csv").code == 0
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--shard", "0/16", "--file", "in.csv", "--output", "x"], "--shard: there is no shard 0 of 16."),
        (["--shard", "a/b", "--file", "in.csv", "--output", "x"], "--shard: 'a/b' is no shard. Write shard 3 of 16 as"),
        (["--shard", "1/2", "--file", "in.csv"], "--shard needs --output FILE."),
        (["--shard", "1/2", "--file", "in.csv", "--output", "-"], "--shard needs --output FILE."),
        (["--shard", "1/2", "--output", "x"], "Standard input can be read only once, and every shard reads the whole"),
        (["--shard", "1/2", "--file", "-", "--output", "x"], "Standard input can be read only once"),
        (["--processes", "2", "--file", "pipe", "--output", "x"], "The pipe pipe can be read only once"),
        (["--processes", "2", "a text"], "--processes needs --output FILE."),
        (["--processes", "0", "--file", "in.csv", "--output", "x"], "Invalid value for '--processes'"),
        (
            ["--processes", "2", "--shard", "1/2", "--file", "in.csv", "--output", "x"],
            "--shard and --processes exclude",
        ),
        (["--processes", "2", "--file", "none.csv", "--output", "x"], "none.csv cannot be read: No such file"),
        (["--merge"], "--merge needs --output FILE."),
        (["--merge", "--output", "x", "--file", "in.csv"], "--merge does not use --file. Leave --file out"),
        (["--merge", "--output", "x.pdf"], "--output: x.pdf must end in .jsonl, .csv, .tsv or .parquet."),
        (["--merge", "--output", "none/x"], "There is no shard of none/x beside it, such as x-1-of-16."),
        (["--merge", "in.csv", "--output", "x"], "in.csv is no complete shard: its note in.csv.shard.json is missing."),
    ],
)
def test_shards_refuse(
    tmeattn: Any,
    trained: RunDirectory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "in.csv")
    os.mkfifo(tmp_path / "pipe")
    assert tmeattn("predict", *arguments).refused().startswith(said)
    assert not list(tmp_path.glob("x*"))


@pytest.mark.usefixtures("quick_python")
def test_processes_write_the_same_file(
    tmeattn: Any, trained: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "CHUNK", 1024)  # as in the workers: in another batch, the last bits may differ
    source = tmp_path / "in.txt"
    source.write_text("\n".join(f"{TEXTS[number % 50]} {number}" for number in range(3000)) + "\n\n")
    whole, output = tmp_path / "whole.csv", tmp_path / "out.csv"
    assert tmeattn("predict", "--file", str(source), "--output", str(whole)).code == 0
    cores = available_cores()
    result = tmeattn("predict", "--file", str(source), "--output", str(output), "--processes", "2")
    assert result.code == 0, result.err
    assert output.read_bytes() == whole.read_bytes()
    assert "3,000 texts in " in result.err
    assert "Skipped 1 of 3,001 rows: 1 blank line (first: line 3001)." in result.err
    assert ("more processes than cores are not faster" in result.err) == (cores < 2)
    assert {path.name for path in tmp_path.iterdir()} <= {"home", "in.txt", "out.csv", "whole.csv"}
