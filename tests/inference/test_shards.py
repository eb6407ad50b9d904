"""The shards of a prediction, merged, are the prediction of the whole input."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.killed_predictions import Lengths
from support.prediction_jobs import Stops, names, predict

from tmeattn.errors import BadInput, EnvironmentProblem, TmeattnError
from tmeattn.inference import merging, shards, streaming
from tmeattn.inference.merging import merge_shards
from tmeattn.inference.prediction_rows import RowForm
from tmeattn.inference.shards import Shard, note_path, parse_shard

pytestmark = pytest.mark.usefixtures("small_chunks")

TEXTS = [f"text {row} " + "x" * (row % 5) for row in range(60)]


class Batches(Lengths):
    """Gives a text other probabilities in another batch, as kernels for batches of other sizes do in the last bits."""

    def probabilities(self, texts: list[str]) -> Any:
        share = np.array([len(text) / sum(map(len, texts)) for text in texts])
        return np.stack([share, 1 - share], axis=1)


class Awkward(Batches):
    """Its classes need quotation marks, and one has two lines."""

    classes = ('a "quoted", one', "two\nlines")


def written(folder: Path, name: str) -> Path:
    path = folder / name
    quoted = [f'"{text} ""said""\nso"' if row % 7 == 3 else text for row, text in enumerate(TEXTS)]
    if name.endswith(".parquet"):
        pl.DataFrame({"text": TEXTS}).write_parquet(path)
    elif name.endswith(".jsonl"):
        path.write_text("".join(f'{{"text": "{text}"}}\n' for text in TEXTS))
    elif name.endswith(".csv"):
        path.write_text("text\n" + "\n".join(quoted) + "\n\n")
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(("text\tid\n" + "".join(f"{text}\t1\n" for text in TEXTS)).encode()))
    else:
        path.write_text("\n\n".join(TEXTS))
    return path


def shard_of(table: Path, output: Path, shard: Shard, classifier: Any = None, **options: Any) -> Any:
    return predict(table, shard.file_of(output), classifier or Batches(), shard=shard, **options)


def all_shards(table: Path, output: Path, count: int, classifier: Any = None, **options: Any) -> None:
    for number in range(1, count + 1):
        shard_of(table, output, Shard(number, count), classifier, **options)


def whole(table: Path, tmp_path: Path, name: str, classifier: Any = None, **options: Any) -> bytes:
    output = tmp_path / f"whole-{name}"
    predict(table, output, classifier or Batches(), **options)
    return output.read_bytes()


@pytest.mark.parametrize("source", ["in.csv", "in.jsonl", "in.parquet", "in.tsv.gz", "in.txt"])
@pytest.mark.parametrize("count", [1, 2, 4, 16])
def test_merged_shards_are_the_whole_prediction(tmp_path: Path, source: str, count: int) -> None:
    table = written(tmp_path, source)
    column = {"column": None}
    expected = whole(table, tmp_path, "out.csv", **column)
    all_shards(table, tmp_path / "out.csv", count, **column)
    merged = merge_shards(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == expected
    assert (merged.rows, merged.shards, merged.input.texts) == (60, count, 60)
    with pytest.raises(BadInput, match="exists already"):
        merge_shards(tmp_path / "out.csv")
    merge_shards(tmp_path / "out.csv", force=True)
    assert (tmp_path / "out.csv").read_bytes() == expected


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.jsonl", "out"])
def test_names_of_classes_over_several_lines(tmp_path: Path, name: str) -> None:
    table = written(tmp_path, "in.jsonl")
    all_shards(table, tmp_path / name, 3, Awkward())
    merge_shards(tmp_path / name)
    assert (tmp_path / name).read_bytes() == whole(table, tmp_path, name, Awkward())


def test_chunks_of_few_long_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "CHUNK_CHARACTERS", 30)
    table = written(tmp_path, "in.jsonl")
    all_shards(table, tmp_path / "out.csv", 4)
    merge_shards(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == whole(table, tmp_path, "out.csv")


def test_shards_may_have_other_names(tmp_path: Path) -> None:
    table, output = written(tmp_path, "in.jsonl"), tmp_path / "out.jsonl"
    all_shards(table, output, 3)
    moved = []
    for number in (3, 1, 2):
        path = Shard(number, 3).file_of(output)
        moved.append(path.rename(tmp_path / f"share{number}"))
        note_path(path).rename(note_path(moved[-1]))
    merge_shards(output, moved)
    assert output.read_bytes() == whole(table, tmp_path, "out.jsonl")


def test_an_interrupted_shard_is_continued(tmp_path: Path) -> None:
    class StopsInBatches(Batches, Stops):
        def probabilities(self, texts: list[str]) -> Any:
            Stops.probabilities(self, texts)
            return Batches.probabilities(self, texts)

    table, output = written(tmp_path, "in.jsonl"), tmp_path / "out.csv"
    with pytest.raises(TmeattnError, match="Stopped after 14 rows"):
        shard_of(table, output, Shard(2, 2), StopsInBatches(3))
    with pytest.raises(BadInput, match=r"Shards 1 and 2 of 2 are missing .2 is begun and not complete.: nothing"):
        merge_shards(output)
    for number in (1, 2, 2):  # to continue what is not begun or is complete is no error: an array of jobs begins again
        shard_of(table, output, Shard(number, 2), resume=True)
    merge_shards(output)
    assert output.read_bytes() == whole(table, tmp_path, "out.csv")


@pytest.mark.parametrize("is_complete", [False, True])
def test_a_shard_that_continues_others_is_made_from_the_same(tmp_path: Path, is_complete: bool) -> None:
    class StopsInBatches(Batches, Stops):
        def probabilities(self, texts: list[str]) -> Any:
            Stops.probabilities(self, texts)
            return Batches.probabilities(self, texts)

    table, output = written(tmp_path, "in.jsonl"), tmp_path / "out.csv"
    if is_complete:
        shard_of(table, output, Shard(2, 2))
    else:
        with pytest.raises(TmeattnError, match="Stopped after"):
            shard_of(table, output, Shard(2, 2), StopsInBatches(3))
    before = names(tmp_path)
    with pytest.raises(BadInput, match=r"was written for the run r1, not r2\. Give the same run as before: --run r1\."):
        shard_of(table, output, Shard(1, 2), Batches(run="r2"), resume=True)
    assert names(tmp_path) == before  # the other run has begun nothing, so that the first can still be continued
    shard_of(table, output, Shard(1, 3), Batches(run="r2"), resume=True)  # a share of another prediction
    all_shards(table, output, 2, resume=True)


def test_a_bad_row_stops_every_shard_and_all_continue(tmp_path: Path) -> None:
    table, output = tmp_path / "in.jsonl", tmp_path / "out.csv"
    lines = [f'{{"text": "{text}"}}\n' for text in TEXTS]
    table.write_text("".join([*lines[:24], "{broken\n", *lines[25:]]))
    for number in (1, 2, 3):
        with pytest.raises(BadInput, match="line 25"):
            shard_of(table, output, Shard(number, 3))
    table.write_text("".join(lines))
    all_shards(table, output, 3, resume=True)
    merge_shards(output)
    assert output.read_bytes() == whole(table, tmp_path, "out.csv")


def test_skipped_rows_are_counted_once(tmp_path: Path) -> None:
    table, output = tmp_path / "in.jsonl", tmp_path / "out.csv"
    lines = [f'{{"text": "{text}"}}\n' for text in TEXTS]
    table.write_text("".join([*lines[:24], "{broken\n", "\n", *lines[24:], '{"text": " "}\n']))
    expected = whole(table, tmp_path, "out.csv", skip_bad=True)
    all_shards(table, output, 4, skip_bad=True)
    merged = merge_shards(output)
    assert output.read_bytes() == expected
    assert (merged.input.texts, merged.input.skipped) == (60, 3)
    assert any(note.startswith("Skipped 3 of 63 rows: ") for note in merged.input.notes)
    assert "The invalid rows are 25, 63." in merged.input.notes


# What is refused


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"classifier": Batches(run="r2")}, "was not made with the same run as out-1-of-3.csv: r2, not r1."),
        ({"classifier": Batches(weights="w2")}, "was not made with the same weights of the run as out-1-of-3.csv."),
        ({"column": "other"}, "was not made with the same column as out-1-of-3.csv: other, not text."),
        ({"skip_bad": True}, "was not made with the same choice of --skip-bad as out-1-of-3.csv."),
        (
            {"rows": RowForm(raw=True)},
            "was not made with the same format of the output as out-1-of-3.csv: csv, raw, not csv.",
        ),
    ],
)
def test_shards_of_something_else(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    output = Path("out.csv")
    all_shards(table, output, 3)
    shard_of(table, output, Shard(2, 3), options.pop("classifier", None), force=True, **options)
    with pytest.raises(BadInput) as error:
        merge_shards(output)
    assert error.value.message == f"out-2-of-3.csv {said}"
    assert not output.exists()


def test_shards_of_another_input(table: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    all_shards(table, output, 3)
    table.write_text(table.read_text() + "one more,x\n")
    shard_of(table, output, Shard(3, 3), force=True)
    with pytest.raises(BadInput, match=r"was made from other texts than .*: 31 texts of .* and 30 of "):
        merge_shards(output)


def test_missing_shards_are_named(table: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    with pytest.raises(BadInput, match="There is no shard of"):
        merge_shards(output)
    for number in (1, 5):
        shard_of(table, output, Shard(number, 16))
    with pytest.raises(
        BadInput, match="Shards 2, 3, 4, 6, 7, 8, 9, 10, 11, 12 and 4 others of 16 are missing: nothing"
    ):
        merge_shards(output)
    shard_of(table, output, Shard(1, 2))
    with pytest.raises(BadInput, match="there are shards of 2 and 16"):
        merge_shards(output)
    with pytest.raises(
        BadInput, match=r"Shard 2 of 2 is missing: nothing was merged\. Predict with --shard 2/2 --resume,"
    ):
        merge_shards(output, [Shard(1, 2).file_of(output)])


def test_files_that_are_no_set_of_shards(table: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    all_shards(table, output, 2)
    first, second = (Shard(number, 2).file_of(output) for number in (1, 2))
    again = tmp_path / "again.csv"
    again.write_bytes(first.read_bytes())
    note_path(again).write_bytes(note_path(first).read_bytes())
    shard_of(table, output, Shard(1, 3))
    for files, said in (
        ([first, again, second], "Shard 1/2 is there twice: "),
        ([first, Shard(1, 3).file_of(output)], "is shard 1/2, and "),
        ([tmp_path / "none"], "There is no file "),
        ([table], "is no complete shard: its note "),
    ):
        with pytest.raises(BadInput) as error:
            merge_shards(output, files)
        assert said in str(error.value)
    with pytest.raises(BadInput, match=r"The shards are csv, and .* is jsonl"):
        merge_shards(tmp_path / "out.jsonl", [first, second])
    with pytest.raises(BadInput, match="is the file that is read"):
        merge_shards(first, [first, second], force=True)
    assert not output.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-3]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"even", b"odds", 1)),
        lambda path: path.write_bytes(path.read_bytes().replace(b"\n", b" ")),
        lambda path: note_path(path).write_text("{"),
        lambda path: note_path(path).write_text('{"version": 1, "shard": {"number": 2}}'),
        lambda path: note_path(path).unlink(),
    ],
)
def test_a_damaged_shard(table: Path, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    output = tmp_path / "out.csv"
    all_shards(table, output, 3)
    damage(Shard(2, 3).file_of(output))
    before = names(tmp_path)
    with pytest.raises(BadInput, match=r"is damaged|is no complete shard"):
        merge_shards(output)
    assert names(tmp_path) == before
    shard_of(table, output, Shard(2, 3), force=True)
    merge_shards(output)
    assert output.read_bytes() == whole(table, tmp_path, "out.csv")


def test_a_full_disk_leaves_nothing(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    all_shards(table, tmp_path / "out.csv", 2)
    before = names(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(merging.os, "fsync", full)
    with pytest.raises(EnvironmentProblem, match="No space left"):
        merge_shards(tmp_path / "out.csv")
    assert names(tmp_path) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0/16", "there is no shard 0 of 16. They are 1/16 to 16/16."),
        ("17/16", "there is no shard 17 of 16."),
        ("a/b", "'a/b' is no shard. Write shard 3 of 16 as 3/16."),
        ("3", "is no shard"),
        ("-1/2", "is no shard"),
        ("1/0", "a file is divided into 1 to 1,000 shards"),
        ("1/1001", "a file is divided into 1 to 1,000 shards"),
        ("1/" + "9" * 5000, "is no shard"),
        ("١/٢", "is no shard"),
    ],
)
def test_no_shard(text: str, said: str) -> None:
    with pytest.raises(BadInput) as error:
        parse_shard(text)
    assert said in str(error.value)
    assert len(str(error.value)) < 400


def test_numbers_in_words() -> None:
    assert [shards.numbers_in_words(list(range(1, 1 + n)), 3) for n in range(1, 6)] == [
        "1", "1 and 2", "1, 2 and 3", "1, 2, 3 and 4", "1, 2, 3 and 2 others",
    ]  # fmt: skip
