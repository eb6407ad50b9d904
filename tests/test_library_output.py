"""What libraries print on descriptor 2: it is kept while an error is reported, and shown otherwise."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from tmeattn.child_python import program_command
from tmeattn.data.readers.parquet import open_parquet
from tmeattn.errors import BadInput
from tmeattn.library_output import library_output_kept


def test_it_is_hidden_behind_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    def panic() -> None:
        with library_output_kept():
            os.write(2, b"a panic\n")
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        panic()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_it_is_shown_without_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with library_output_kept():
        os.write(2, b"a warning\n")
    assert capfd.readouterr().err == "a warning\n"


def test_blocks_may_overlap_in_any_order_and_thread(capfd: pytest.CaptureFixture[str]) -> None:
    first, second = library_output_kept(), library_output_kept()
    first.__enter__()
    thread = threading.Thread(target=second.__enter__)
    thread.start()
    thread.join()
    first.__exit__(None, None, None)
    os.write(2, b"inside\n")
    assert capfd.readouterr().err == ""
    second.__exit__(None, None, None)
    os.write(2, b"outside\n")
    assert capfd.readouterr().err == "inside\noutside\n"


def test_python_still_writes_to_the_terminal(tmp_path: Path) -> None:
    import subprocess

    code = (
        "import os, sys\n"
        "from tmeattn.library_output import library_output_kept\n"
        "stream = sys.stderr\n"
        "try:\n"
        "    with library_output_kept():\n"
        "        os.write(2, b'panic')\n"
        "        print('shown', file=sys.stderr)\n"
        "        raise ValueError\n"
        "except ValueError:\n"
        "    print('end', file=sys.stderr)\n"
        "assert sys.stderr is stream\n"
    )
    done = subprocess.run(program_command(code), capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stderr == "shown\nend\n"
    assert sys.stderr is not None


def test_a_panic_of_polars_is_one_error_and_no_row_is_lost(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A damaged header of a page lets a thread of polars panic, and its batches end without an error."""
    import polars as pl

    path = tmp_path / "table.parquet"
    rows = {"text": [f"text {row} good" for row in range(200)], "label": ["a", "b"] * 100}
    pl.DataFrame(rows).write_parquet(path, compression="uncompressed", statistics=False)
    sound = path.read_bytes()
    outcomes = set()
    for at in range(4, min(len(sound), 60)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 0x10]) + sound[at + 1 :])
        try:
            table = open_parquet(path)
            outcomes.add(sum(1 for _ in table.select(list(table.columns))))
        except BadInput:
            outcomes.add(-1)
    assert outcomes <= {-1, 200}
    assert -1 in outcomes
    assert "panicked" not in capfd.readouterr().err
