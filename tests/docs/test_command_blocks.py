"""The commands and the Python code in the README and in the manual work as they are typed.

Every ```bash block is run line by line, page by page, each page in a home of its own in which the tiny dataset
`planted` is the default (see support/planted_home.py). Lines that cannot run in a test are in `CANNOT_RUN`, with the
reason. Blocks of another kind (```text) are not commands.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.planted_home import PlantedHome

from tmeattn.docs import FOLDER, ORDER
from tmeattn.runs.directory import RunDirectory

ROOT = Path(__file__).parents[2]
PAGES = {"README": ROOT / "README.md"} | {name: FOLDER / f"{name}.md" for name in ORDER}

CANNOT_RUN = {
    r"python3 -m venv": "it installs the project; .ci/run runs it",
    r"\. \.venv/bin/activate && pytest": "it is this suite; .ci/run runs it",
    r"pip install": "it installs a package",
    r"tmeattn tui": "it is full-screen; tests/tui drives the screens",
    r"tmeattn data fetch": "it needs the network; tests/data/download runs it against a local server",
    r"tmeattn data add": "it needs the published archive; tests/data/download runs it with a small one",
    r"tmeattn config set dataset imdb": "it needs the fetched dataset",
    r"tmeattn data show imdb-25k": "it reads 25,000 reviews; tests/data shows planted data",
    r"tmeattn plugins check (first-attention|text-query)": "it needs an installed plugin; tests/plugins runs the guide",
    r"tmeattn train (first-attention|text-query)": "the same",
    r"tmeattn (train encoder|(explain|faithfulness) .*my-encoder)": "the same; plugins/tmeattn-transformers has tests",
    r"tmeattn (train|resume) .*--processes": "other processes do not know the dataset; tests/training runs them",
    r"tmeattn explain .*--map .*--(layer|head|top)": "the runs here pool; tests/cli/test_explain shows maps",
    r"tmeattn serve": "it ends at a signal; tests/serve runs it",
    r"tmeattn (runs export best model.onnx|predict --run model.onnx)": "it needs an extra; tests/inference runs it",
    r"tmeattn runs queue start": "other processes do not know the dataset; tests/training runs them",
    r"tmeattn submit": "it needs a cluster; tests/cluster starts one",
    r"tmeattn runs compare mine builtin": "it needs the run of such a plugin",
}
"""Patterns of lines that are not run here, each with the reason."""

SMALLER = {
    r"--limit \d+": "--limit 8",
    r"--index \d+": "--index 3",
    r"--vectors \S+": "--vectors random",
    r"(tmeattn train lstm-attn --watch-.*)": r"\1 --vectors random --limit 8 --epochs 1",
    r"(tmeattn train mean .*--name longer)": r"\1 --vectors random",
    r"(tmeattn sweep \S+) --limit \d+ (--trials \d.*)": r"\1 --limit 8 --epochs 3 \2",
    r"--planted \S+( --option \S+)?": "--planted simple-attn --dataset planted --option epochs=1 --methods random",
    r"tmeattn reproduce table1 --recipe modern --seeds 3": "tmeattn reproduce fig2 --recipe modern --seeds 3",
}
"""What is typed, and what is run instead so that it takes a fraction of a second."""


def blocks(path: Path, kind: str) -> Iterator[str]:
    """The code blocks of a kind, without their indentation."""
    for indent, block in re.findall(
        rf"^( *)```{kind}\n(.*?)^ *```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        yield "\n".join(line.removeprefix(indent) for line in block.splitlines())


def typed(path: Path) -> list[str]:
    """The lines of all command blocks of a page."""
    return [line for block in blocks(path, "bash") for line in block.splitlines() if line.strip()]


def cannot_run(line: str) -> bool:
    return any(re.match(pattern, line) for pattern in CANNOT_RUN)


def smaller(line: str) -> str:
    for pattern, instead in SMALLER.items():
        line = re.sub(pattern, instead, line)
    return line


@pytest.fixture
def home(tmp_path: Path, trained_once: Path) -> Iterator[PlantedHome]:
    """A home with two trained runs, and files of a user's own in the working folder."""
    runs = tmp_path / "home" / "runs"
    rows = [
        (f"a {word} film, number {number}", label) for number in range(9) for word, label in (("good", 1), ("bad", 0))
    ]
    (tmp_path / "reviews.csv").write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows))
    (tmp_path / "sentences.txt").write_text("not bad at all\n")
    (tmp_path / "reviews.txt").write_text("".join(f"{text}\n" for text, _ in rows))
    (tmp_path / "big.jsonl").write_text("".join(json.dumps({"id": text[-9:], "text": text}) + "\n" for text, _ in rows))
    with PlantedHome(tmp_path) as home:
        for name in ("older", "newer"):
            RunDirectory(Path(shutil.copytree(trained_once, runs / f"{name[0] * 4}-simple-attn"))).rename(name)
        yield home


@pytest.mark.parametrize("page", [name for name, path in PAGES.items() if any(not cannot_run(t) for t in typed(path))])
def test_the_commands_of_a_page(home: PlantedHome, page: str) -> None:
    for line in typed(PAGES[page]):
        if not cannot_run(line):
            result = home(smaller(line))
            assert result.code == 0, f"{line}\n{result.err}"
            assert result.out or result.err, f"{line} prints nothing"


@pytest.mark.parametrize("page", [name for name, path in PAGES.items() if any(blocks(path, "python"))])
def test_the_python_code_of_a_page(home: PlantedHome, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import tmeattn

    train = tmeattn.train
    quick = {"epochs": 1, "min_count": 1, "vector_size": 8, "max_length": 12}
    monkeypatch.setattr(tmeattn, "train", lambda model, **options: train(model, **{**options, "limit": 8, **quick}))
    for block in blocks(PAGES[page], "python"):
        exec(compile(block, str(PAGES[page]), "exec"), {})


def test_what_cannot_run_is_still_typed_somewhere() -> None:
    lines = [line for path in PAGES.values() for line in typed(path)]
    assert len(lines) > 30
    assert [pattern for pattern in CANNOT_RUN if not any(re.match(pattern, line) for line in lines)] == []


def test_every_block_says_what_it_is() -> None:
    for name, path in PAGES.items():
        kinds = re.findall(r"^ *```(\w*)\n.*?^ *```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        assert set(kinds) <= {"bash", "text", "python", "toml"}, name
