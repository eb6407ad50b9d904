"""Small files that claim or unpack to gigabytes; each function writes one into a folder and returns its path."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

PIECE = 2**26
GIGABYTES = 3 * 2**30
ROWS = [f"a fine text with the number {number},{'pos' if number % 2 else 'neg'}" for number in range(40)]


def repeated(folder: Path, name: str, head: bytes, line: bytes, pack: Callable[[bytes], bytes]) -> Path:
    """A compressed file of 3 GiB of one line; compressed pieces may be put one after the other."""
    path = folder / name
    size = PIECE // 16
    piece = pack(line * (size // len(line)))
    with path.open("wb") as file:
        file.write(pack(head))
        for _ in range(GIGABYTES // size):
            file.write(piece)
    return path


def fast_gzip(data: bytes) -> bytes:
    return gzip.compress(data, 6)


def long_line(folder: Path, name: str, head: bytes, end: bytes = b"\n") -> Path:
    """A file of 3 GiB that needs no disk: `head`, then a line of NUL bytes."""
    path = folder / name
    with path.open("wb") as file:
        file.write(head)
        file.truncate(GIGABYTES)
        file.seek(0, 2)
        file.write(end)
    return path


def text(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def table(folder: Path) -> Path:
    return text(folder, "table.csv", "text,label\n" + "\n".join(ROWS) + "\n")


def parquet(folder: Path) -> Path:
    import polars as pl

    path = folder / "p.parquet"
    texts = ["a fine text " * 1000 + str(number) for number in range(7)]
    codes = pl.Series(range(200_000)) % 7
    pl.DataFrame({"text": pl.Series(texts)[codes], "label": codes.cast(pl.String)}).write_parquet(path)
    return path


def zip_of_zeros(folder: Path) -> Path:
    path = folder / "zeros.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for label in "ab":
            for number in range(60):
                archive.writestr(f"{label}/{number}.txt", bytes(15 * 2**20))
    return path


def tar_of_zeros(folder: Path) -> Path:
    path = folder / "zeros.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for number in range(100):
            info = tarfile.TarInfo(f"{'ab'[number % 2]}/{number}.bin")
            info.size = 2**24
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    return path


def tar_with_a_long_header(folder: Path) -> Path:
    """The first member is a header (pax) of 3 GiB."""
    path = folder / "pax.tar.gz"
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, GIGABYTES
    piece = gzip.compress(b"9" * PIECE, 1)
    with path.open("wb") as file:
        file.write(gzip.compress(info.tobuf(tarfile.USTAR_FORMAT), 1))
        for _ in range(GIGABYTES // PIECE):
            file.write(piece)
    return path


def class_folder(folder: Path) -> Path:
    for label in "ab":
        for number in range(6):
            text(folder, f"tree/{label}/{number}.txt", f"text {label} {number}")
    long_line(folder, "tree/a/long.txt", b"x")
    return folder / "tree"


def quoted_lines(folder: Path) -> Path:
    """One row of 400 MB, as each field holds the end of a line."""
    path = folder / "quotes.csv"
    with path.open("wb") as file:
        file.write(b"text,label\n")
        for _ in range(50):
            file.write(b'"a\n",' * (2**23 // 5))
    return path


def many_labels(folder: Path) -> Path:
    """Each of 60 rows has another label of 10 MB."""
    path = folder / "labels.csv"
    with path.open("wb") as file:
        file.write(b"text,label\n")
        for number in range(60):
            file.write(f"text {number},{number}".encode() + b"x" * 10**7 + b"\n")
    return path


def nested(folder: Path) -> Path:
    row = json.dumps({"text": "a", "label": "b"})
    return text(folder, "nested.jsonl", f'{row}\n{{"text": "a", "label": {"[" * 10**6}}}\n')


def digits(folder: Path) -> Path:
    row = json.dumps({"text": "a", "label": "b"})
    return text(folder, "digits.jsonl", f'{row}\n{{"text": "a", "label": {"9" * 5000}}}\n')


def model_zip(folder: Path, run: Path, change: Callable[[dict[str, Any]], None], weights: int = 0) -> Path:
    """The export of a run with another `run.json`, and with `weights` bytes of zeros in place of its weights."""
    path = folder / "model.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        info = json.loads((run / "run.json").read_text(encoding="utf-8"))
        change(info)
        archive.writestr("run/run.json", json.dumps(info))
        archive.write(run / "vocabulary.json", "run/vocabulary.json")
        best = "run/checkpoints/best.safetensors"
        if weights:
            with archive.open(best, "w", force_zip64=True) as file:
                for _ in range(weights // PIECE):
                    file.write(bytes(PIECE))
        else:
            archive.write(run / "checkpoints/best.safetensors", best)
    return path


def wide(info: dict[str, Any]) -> None:
    """Claim an embedding of 2 TB."""
    info["data"]["vector_size"] = 2**36 // 64


def deep(info: dict[str, Any]) -> None:
    """Claim networks of 8,192 by 8,192, many times."""
    info["config"]["model_options"]["query_hidden"] = [8192] * 40


PACKERS = {"gz": fast_gzip, "bz2": bz2.compress, "xz": lambda data: lzma.compress(data, preset=0)}
