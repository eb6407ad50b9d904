"""What is fuzzed: a prepared folder, the files of it that are mutated, and the commands that read them."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tmeattn.testing.toy import planted_texts

from . import scenarios


@dataclass(frozen=True)
class Target:
    """A kind of input.

    prepare:  makes the folder, with valid inputs.
    mutated:  patterns of the files below it of which one is mutated.
    commands: of these one is run.
    succeeds: commands that must succeed whatever was mutated: one bad file never hides the others.
    weight:   its share of the cases.
    """

    name: str
    prepare: Callable[[Path], None]
    mutated: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    succeeds: tuple[tuple[str, ...], ...] = ()
    weight: int = 1

    def choose(self, folder: Path, chance: Random) -> Path:
        return chance.choice(sorted(path for pattern in self.mutated for path in folder.glob(pattern)))


def rows(count: int = 30) -> list[tuple[str, str]]:
    split = planted_texts(count, 0, ("bad", "good"), fewest_fillers=3)
    return [(text, ("negative", "positive")[label]) for text, label in zip(split.texts, split.labels, strict=True)]


def table(ending: str) -> bytes:
    """A valid file of that ending."""
    buffer = io.BytesIO()
    if ending == "parquet":
        import polars

        polars.DataFrame(rows(), schema=["text", "label"], orient="row").write_parquet(buffer)
        return buffer.getvalue()
    if ending == "csv":
        return "".join(["text,label\n", *(f'"{text}",{label}\n' for text, label in rows())]).encode()
    if ending == "tsv":
        return "".join(["text\tlabel\n", *(f"{text}\t{label}\n" for text, label in rows())]).encode()
    if ending == "jsonl":
        return "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows()).encode()
    if ending == "json":
        return json.dumps([{"text": text, "label": label} for text, label in rows()]).encode()
    if ending == "txt":
        return "".join(f"__label__{label} {text}\n" for text, label in rows()).encode()
    if ending == "csv.gz":
        return gzip.compress(table("csv"), mtime=0)
    if ending == "zip":
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("train.csv", table("csv"))
        return buffer.getvalue()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for label in ("negative", "positive"):
            member = tarfile.TarInfo(f"data/{label}/a.txt")
            member.size = 5
            archive.addfile(member, io.BytesIO(b"words"))
    return buffer.getvalue()


def one_table(ending: str) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        folder.mkdir()
        (folder / f"table.{ending}").write_bytes(table(ending))

    return prepare


def class_folders(folder: Path) -> None:
    for number, (text, label) in enumerate(rows(12)):
        place = folder / "texts" / ("train" if number % 3 else "test") / label
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.txt").write_text(text)


def table_folder(folder: Path) -> None:
    (folder / "texts").mkdir(parents=True)
    for name in ("train.csv", "test.csv"):
        (folder / "texts" / name).write_bytes(table("csv"))


def vectors(folder: Path) -> None:
    folder.mkdir()
    words = sorted({word for text, _ in rows() for word in text.lower().split()})
    lines = [f"{word} {' '.join(str(i / 7) for i in range(8))}\n" for word in words]
    (folder / "vectors.txt").write_text("".join(lines))
    (folder / "with-header.vec").write_text(f"{len(lines)} 8\n" + "".join(lines))
    with zipfile.ZipFile(folder / "vectors.zip", "w") as archive:
        archive.writestr("vectors.txt", "".join(lines))


def two_runs(folder: Path) -> None:
    """A damaged run and a whole one, the newer."""
    scenarios.trained(folder)
    (run,) = (folder / "home" / "runs").iterdir()
    scenarios.must(folder, "runs", "export", "latest", "out")
    scenarios.must(folder, "runs", "export", "latest", "out.zip")
    for name in ("aaaa-simple-attn", "bbbb-simple-attn"):
        place = run.with_name(name)
        shutil.copytree(run, place)
        for file in ("run.json", "status.json", "events.jsonl"):
            (place / file).write_text((place / file).read_text().replace(run.name, name))
    shutil.rmtree(run)


def settings(folder: Path) -> None:
    scenarios.data_only(folder)
    (folder / "home").mkdir()
    (folder / "home" / "config.toml").write_text('dataset = "toy.csv"\nvectors = "random"\nthreads = "1"\n')
    (folder / "options.toml").write_text('epochs = 2\nlr = 0.1\nvectors = "random"\n[model]\ndropout = 0.1\n')
    (folder / "options.json").write_text('{"epochs": 2, "lr": 0.1, "recipe": "modern"}')


def plugin_metadata(folder: Path) -> None:
    info = folder / "site" / "fuzzed-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fuzzed\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tmeattn]\nfuzzed = fuzzed_plugin\n")
    (info / "RECORD").write_text("fuzzed_plugin.py,,\n")
    (folder / "site" / "fuzzed_plugin.py").write_text("import tmeattn\n\n\n@tmeattn.hookimpl\ndef tmeattn_models():\n"
                                                      "    return []\n")  # fmt: skip


RUN = "home/runs/aaaa-simple-attn"
OF_RUN = (
    ("runs", "show", "aaaa"), ("runs", "list"), ("runs", "rename", "aaaa", "x"), ("runs", "export", "aaaa", "new"),
    ("runs", "compare", "aaaa", "bbbb"), ("resume", "aaaa"), ("evaluate", "aaaa"),
    ("explain", "good film", "--run", "aaaa"), ("predict", "good film", "--run", "aaaa"),
    ("explain", "--index", "0", "--run", "aaaa"),
)  # fmt: skip
OTHERS = (
    ("runs", "list", "--json"),
    ("explain", "good film", "--run", "bbbb"),
    ("predict", "good film", "--run", "latest"),
)
ENDINGS = ("csv", "tsv", "jsonl", "json", "parquet", "txt", "csv.gz", "zip", "tar.gz")
TARGETS = (
    *(
        Target(
            f"reader of {ending}", one_table(ending), (f"table.{ending}",),
            (("import", f"table.{ending}"),), weight=3,
        )
        for ending in ENDINGS
    ),
    Target("class folders", class_folders, ("texts/*/*/*", "texts/*/*", "texts/*"), (("import", "texts"),)),
    Target("table folder", table_folder, ("texts/*",), (("import", "texts"),)),
    Target(
        "vectors", vectors, ("vectors.*", "*.vec"),
        tuple(("vectors", name) for name in ("vectors.txt", "with-header.vec", "vectors.zip")),
    ),
    Target("run files", two_runs, (f"{RUN}/*.json*",), OF_RUN, OTHERS, weight=6),
    Target("checkpoints", two_runs, (f"{RUN}/checkpoints/*",), OF_RUN, OTHERS, weight=2),
    Target("a run folder", two_runs, (f"{RUN}/*", RUN), OF_RUN, OTHERS[:1]),
    Target(
        "cache", two_runs, ("home/cache/*/*",),
        (("resume", "aaaa"), ("evaluate", "aaaa"), ("import", "toy.csv")), OTHERS[:1],
    ),
    Target(
        "exports", two_runs, ("out/*", "out.zip", "out/checkpoints/*"),
        (("predict", "good film", "--run", "out"), ("predict", "good film", "--run", "out.zip"),
         ("explain", "good film", "--run", "out.zip"), ("runs", "show", "out")),
        OTHERS[:1], weight=2,
    ),
    Target(
        "settings", settings, ("home/config.toml", "options.*"),
        (("config", "get"), ("config", "set", "threads", "2"),
         ("train", "mean", "--config", "options.toml", "--dataset", "no.csv"),
         ("train", "mean", "--config", "options.json", "--dataset", "no.csv")), weight=3,
    ),
    Target(
        "plugins", plugin_metadata, ("site/*/*", "site/*.py"),
        (("plugins", "list"), ("plugins", "doctor"), ("models", "list")), (("plugins", "list", "--json"),),
    ),
)  # fmt: skip
