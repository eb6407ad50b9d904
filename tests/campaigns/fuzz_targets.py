"""What is fuzzed: a prepared folder, the files of it that are mutated, and the commands that read them."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import shutil
import struct
import tarfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from random import Random

from tmeattn.testing.toy import planted_texts

from . import scenarios
from .fuzz_case import in_process


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
    if ending in _PACKERS:
        return _PACKERS[ending](table("csv"))
    texts = {f"data/{label}/{number}.txt": text.encode() for number, (text, label) in enumerate(rows(12))}
    if ending == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in texts.items():
                archive.writestr(name, text)
        return buffer.getvalue()
    with tarfile.open(fileobj=buffer, mode="w:gz" if ending == "tar.gz" else "w") as archive:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return buffer.getvalue()


_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "csv.gz": partial(gzip.compress, mtime=0),
    "csv.bz2": bz2.compress,
    "csv.xz": lzma.compress,
}


@cache
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
    (folder / "vectors.txt.gz").write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    with (folder / "vectors.bin").open("wb") as file:
        file.write(f"{len(words)} 8\n".encode())
        for word in words:
            file.write(word.encode() + b" " + struct.pack("<8f", *range(8)) + b"\n")
    with zipfile.ZipFile(folder / "vectors.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("vectors.txt", "".join(lines))


def parsed_vectors(folder: Path) -> None:
    """Word vectors that are in the cache."""
    vectors(folder)
    read_in(folder, "vectors", "vectors.txt")


def imported(folder: Path) -> None:
    """A table that is in the cache."""
    one_table("csv")(folder)
    read_in(folder, "import", "table.csv")


def read_in(folder: Path, kind: str, name: str) -> None:
    """Call one of `fuzz_case.READERS` in a folder."""
    result = in_process(folder, (kind, name))
    scenarios.need(result.code == 0, f"{name} is read", result)


def rationales(folder: Path) -> None:
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "one").write_text("a truly bad film , with a good song")
    evidence = {"docid": "one", "start_token": 1, "end_token": 3, "text": "truly bad"}
    lines = [{"annotation_id": "one", "evidences": [[evidence]]}, {"annotation_id": "two", "evidences": []}]
    (folder / "annotations.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def half_predicted(folder: Path) -> None:
    """An interrupted prediction: the rows so far, and the note about them."""
    scenarios.trained(folder)
    with (folder / "new.csv").open("a") as file:
        file.write('"",positive\n')  # this row has no text
    scenarios.command(folder, *scenarios.PREDICT)
    scenarios.need((folder / "out.csv.part.json").exists(), "an interrupted prediction can be resumed")


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


def listed_runs(folder: Path) -> None:
    """Two runs whose figures are in the cache."""
    two_runs(folder)
    time.sleep(2.5)  # the figures of runs that changed just now are not kept
    scenarios.must(folder, "runs", "list")
    scenarios.need((folder / "home" / "cache" / "run-summaries.json").exists(), "the figures are in the cache")


def settings(folder: Path) -> None:
    scenarios.data_only(folder)
    (folder / "home").mkdir()
    (folder / "home" / "config.toml").write_text('dataset = "toy.csv"\nvectors = "random"\nthreads = "1"\n')
    (folder / "options.toml").write_text('epochs = 2\nlr = 0.1\nvectors = "random"\n[model]\ndropout = 0.1\n')
    (folder / "options.json").write_text('{"epochs": 2, "lr": 0.1, "recipe": "modern"}')


def saved_state(folder: Path) -> None:
    (folder / "home").mkdir(parents=True)
    keys = {"screen": "train", "theme": "dark", "keys": {"quit": "q", "help": "f1"}}
    (folder / "home" / "tui.json").write_text(json.dumps(keys))


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
TABLES = ("csv", "tsv", "jsonl", "json", "parquet", "txt", "csv.gz", "csv.bz2", "csv.xz")
VECTORS = ("vectors.txt", "with-header.vec", "vectors.txt.gz", "vectors.zip", "vectors.bin")
TARGETS = (
    *(
        Target(
            f"reader of {ending}", one_table(ending), (f"table.{ending}",),
            (("import", f"table.{ending}"), ("import", f"table.{ending}"), ("texts", f"table.{ending}")), weight=3,
        )
        for ending in TABLES
    ),
    *(
        Target(f"archive {ending}", one_table(ending), (f"table.{ending}",), (("import", f"table.{ending}"),), weight=2)
        for ending in ("zip", "tar", "tar.gz")
    ),
    Target("class folders", class_folders, ("texts/*/*/*", "texts/*/*", "texts/*"), (("import", "texts"),), weight=2),
    Target("table folder", table_folder, ("texts/*",), (("import", "texts"),)),
    *(Target(f"vectors {name}", vectors, (name,), (("vectors", name),), weight=2) for name in VECTORS),
    Target("cached vectors", parsed_vectors, ("home/cache/*/*",), (("vectors", "vectors.txt"),)),
    Target("cached texts", imported, ("home/cache/*/*",), (("import", "table.csv"),)),
    Target("rationales", rationales, ("annotations.jsonl", "docs/*"), (("rationales", "annotations.jsonl"),)),
    *(
        Target(f"run file {name}", two_runs, (f"{RUN}/{name}",), OF_RUN, OTHERS)
        for name in ("run.json", "status.json", "meta.json", "events.jsonl", "vocabulary.json")
    ),
    Target("checkpoints", two_runs, (f"{RUN}/checkpoints/*",), OF_RUN, OTHERS),
    Target("a run folder", two_runs, (f"{RUN}/*", RUN), OF_RUN, OTHERS[:1]),
    Target(
        "cache of a run", two_runs, ("home/cache/*/*",),
        (("resume", "aaaa"), ("evaluate", "aaaa"), ("import", "toy.csv")), OTHERS[:1],
    ),
    Target(
        "figures of runs", listed_runs, ("home/cache/*.json",), (("runs", "list"), ("runs", "show", "best")), OTHERS,
    ),
    Target(
        "exported folder", two_runs, ("out/*", "out/checkpoints/*"),
        (("predict", "good film", "--run", "out"), ("explain", "good film", "--run", "out"), ("runs", "show", "out")),
        OTHERS[:1],
    ),
    Target(
        "exported zip", two_runs, ("out.zip",),
        (("predict", "good film", "--run", "out.zip"), ("explain", "good film", "--run", "out.zip")), OTHERS[:1],
    ),
    Target(
        "interrupted prediction", half_predicted, ("out.csv.part", "out.csv.part.json", "new.csv"),
        ((*scenarios.PREDICT, "--resume"), (*scenarios.PREDICT, "--resume", "--skip-bad")),
    ),
    Target(
        "settings", settings, ("home/config.toml", "options.*"),
        (("config", "get"), ("config", "set", "threads", "2"),
         ("train", "mean", "--config", "options.toml", "--dataset", "no.csv"),
         ("train", "mean", "--config", "options.json", "--dataset", "no.csv")), weight=3,
    ),
    Target("saved state", saved_state, ("home/tui.json",), (("saved state", "home/tui.json"),)),
    Target(
        "plugins", plugin_metadata, ("site/*/*", "site/*.py"),
        (("plugins", "list"), ("plugins", "doctor"), ("models", "list")), (("plugins", "list", "--json"),),
    ),
)  # fmt: skip
