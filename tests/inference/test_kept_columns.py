"""What a row of predictions has: columns of the input, the record number, the most probable classes; and Parquet."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.killed_predictions import Lengths
from support.prediction_jobs import interrupt, predict

from tmeattn.errors import BadInput
from tmeattn.inference.merging import merge_shards
from tmeattn.inference.output_target import output_format
from tmeattn.inference.prediction_rows import RowForm, class_columns, column_names, plain_value
from tmeattn.inference.shards import Shard

pytestmark = pytest.mark.usefixtures("small_chunks")
KEPT = RowForm(("id", "label"))


class Three(Lengths):
    """Three classes, the second one the most probable, then the third."""

    def __init__(self) -> None:
        super().__init__()
        self.classes = ("a", "b", "c")

    def probabilities(self, texts: list[str]) -> Any:
        return np.tile([0.125, 0.625, 0.25], (len(texts), 1))


@pytest.fixture
def ids(tmp_path: Path) -> Path:
    path = tmp_path / "ids.jsonl"
    rows = [{"id": f"=x{at}", "label": [at], "text": f"text {at}"} for at in range(20)]
    path.write_text("\n".join(map(json.dumps, rows[:5])) + "\n\n" + "\n".join(map(json.dumps, rows[5:])))
    return path


def test_columns_and_record_numbers_are_in_json_lines(ids: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    predict(ids, output, Three(), rows=RowForm(("id", "label"), 2))
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [(row["row"], row["record"], row["id"], row["input_label"]) for row in rows[4:6]] == [
        (5, 5, "=x4", [4]),
        (7, 6, "=x5", [5]),
    ]
    assert list(rows[0]) == ["row", "record", "id", "input_label", "label", "probability", "probabilities"]
    assert list(rows[0]["probabilities"].items()) == [("b", 0.625), ("c", 0.25)]


def test_columns_and_top_classes_are_in_csv(ids: Path, tmp_path: Path) -> None:
    predict(ids, tmp_path / "out.csv", Three(), rows=RowForm(("id", "label"), 9))
    with (tmp_path / "out.csv").open(newline="") as file:
        header, first, *_ = csv.reader(file)
    assert header[2:] == [
        "id", "input_label", "label", "probability", "label_2", "probability_2", "label_3", "probability_3",
    ]  # fmt: skip
    assert first == ["1", "1", "'=x0", "[0]", "b", "0.625", "c", "0.25", "a", "0.125"]


def test_parquet_has_the_types_of_the_values(ids: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    interrupt(ids, output, rows=KEPT)
    with pytest.raises(BadInput, match=r"written for the output format.*, with"):
        predict(ids, output, resume=True)
    predict(ids, output, rows=KEPT, resume=True)
    frame = pl.read_parquet(output)
    assert frame.columns == ["row", "record", "id", "input_label", "label", "probability", "probabilities"]
    assert frame["record"].to_list() == list(range(1, 21))
    assert frame["id"][3] == "=x3"
    assert frame["input_label"][3] == "[3]"
    assert frame["probabilities"].struct.fields == list(Lengths().classes)
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {"ids.jsonl", "out.parquet"}
    predict(ids, tmp_path / "top.parquet", Three(), rows=RowForm((), 2))
    assert pl.read_parquet(tmp_path / "top.parquet")["probabilities"][0].to_list() == [
        {"label": "b", "probability": 0.625},
        {"label": "c", "probability": 0.25},
    ]


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.jsonl"])
def test_merged_shards_are_the_whole_file(ids: Path, tmp_path: Path, name: str) -> None:
    whole, output = tmp_path / f"whole-{name}", tmp_path / name
    predict(ids, whole, rows=KEPT)
    for number in (1, 2):
        shard = Shard(number, 2)
        predict(ids, shard.file_of(output), rows=KEPT, shard=shard)
    merge_shards(output)
    assert output.read_bytes() == whole.read_bytes()


def test_a_changed_value_of_a_kept_column_is_noticed(ids: Path, tmp_path: Path) -> None:
    interrupt(ids, tmp_path / "out.csv", rows=KEPT)
    ids.write_text(ids.read_text().replace("=x1", "=y1"))
    with pytest.raises(BadInput, match="has changed"):
        predict(ids, tmp_path / "out.csv", rows=KEPT, resume=True)


def test_names_and_values() -> None:
    assert column_names(["label", "input_label", "x"], ["label"], "input") == {
        "label": "input_label", "input_label": "input_input_label", "x": "x",
    }  # fmt: skip
    assert class_columns(["row", "pos"], ["row", "label"]) == ["class_row", "pos"]
    assert plain_value([float("nan"), b"\x01", {1: (2,)}]) == [None, "01", {"1": [2]}]
    assert [output_format(Path(name)) for name in ("x", ".csv", "x.PQ", "x.xlsx")] == ["jsonl", "csv", "parquet", None]
