"""What the tasks of a job run, at first and when the job begins again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tmeattn.cluster.parts import Command, Part, check_tasks, check_work, parts, reference, with_run
from tmeattn.errors import BadInput

NOTHING_YET = {"position": None, "restarts": 0}


def command(line: str, *, path: int = 1, seeds: tuple[int, ...] = (), **values: Any) -> Command:
    words = tuple(line.split())
    return Command(words, words[:path], values, frozenset(values), seeds)


def predict(output: Path, *more: str, **values: Any) -> Command:
    line = " ".join(["predict --file a.csv --output", str(output), *more])
    return command(line, file="a.csv", output=output, **values)


def test_a_training_knows_its_run() -> None:
    training = command("train lstm-attn --lr 0.1", path=2, trackers=("tensorboard",), as_json=True)
    assert parts(training, "k3x9-lstm-attn", **NOTHING_YET) == [
        Part(training.arguments, "k3x9-lstm-attn", ("resume", "k3x9-lstm-attn", "--track", "tensorboard", "--json"))
    ]


def test_seeds_are_runs_of_their_own_and_divided_among_tasks() -> None:
    training = command("train mean --seeds 4,5,6 --name x --lr 0.1", path=2, seeds=(4, 5, 6), name="x")
    every = parts(training, "k3x9-mean", **NOTHING_YET)
    assert [part.run for part in every] == ["k3x9-mean-4", "k3x9-mean-5", "k3x9-mean-6"]
    assert every[1].arguments == ("train", "mean", "--lr", "0.1", "--name", "x-5", "--seed", "5")
    assert [
        [part.run for part in parts(training, "r", position=(task, 2), restarts=0)] for task in range(2)
    ] == [["r-4", "r-6"], ["r-5"]]  # fmt: skip


def test_tasks_are_shards_of_a_prediction(tmp_path: Path) -> None:
    (part,) = parts(predict(tmp_path / "out.csv"), "r", position=(2, 16), restarts=0)
    assert part.arguments[:5] == ("predict", "--shard", "3/16", "--resume", "--file")
    assert part.run is None


@pytest.mark.parametrize(
    ("typed", "begun", "restarts", "continued"),
    [
        ({}, False, 0, False),
        ({}, True, 0, True),
        ({"force": True}, True, 0, False),
        ({"force": True}, True, 1, True),
        ({"shard": "1/2"}, False, 0, True),
        ({"processes": 4}, False, 0, True),
        ({"resume": True}, True, 1, False),  # it is there already
    ],
)
def test_a_prediction_is_continued(
    tmp_path: Path, typed: dict[str, Any], begun: bool, restarts: int, continued: bool
) -> None:
    if begun:
        (tmp_path / "out.csv.part").touch()
    (part,) = parts(predict(tmp_path / "out.csv", **typed), "r", position=None, restarts=restarts)
    assert ("--resume" in part.arguments) == continued


def test_other_commands_are_run_as_they_are(tmp_path: Path) -> None:
    for one in (command("sweep lstm-attn --trials 40", path=1), command("predict -- --resume", output=None)):
        assert parts(one, "r", position=(0, 2), restarts=3) == [Part(one.arguments)]


@pytest.mark.parametrize(
    ("submitted", "tasks", "said"),
    [
        (command("train mean", path=2), 2, "--array 2 is for more runs than there are: 1. Add --seeds 2"),
        (command("train mean --seeds 2", path=2, seeds=(0, 1)), 3, "--array 3 is for more runs than there are: 2."),
        (command("predict a", output=None, file=None), 2, "--array needs predict --output FILE."),
        (command("predict", output=Path("-"), file="a"), 2, "--array needs predict --output FILE."),
        (command("predict", output=Path("a"), file=None), 2, "--array needs predict --file FILE."),
        (predict(Path("a"), shard="1/2"), 2, "--array does not go with predict --shard. Leave --shard out"),
        (command("evaluate", run="latest"), 2, "--array divides train --seeds, predict --output and sweep, not eval"),
    ],
)
def test_what_cannot_be_divided(submitted: Command, tasks: int | None, said: str) -> None:
    with pytest.raises(BadInput) as error:
        check_tasks(submitted, tasks)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    ("submitted", "said"),
    [
        (command("tui"), "tmeattn tui is no work for a job. Submit train, sweep or predict"),
        (command("runs list", path=2), "tmeattn runs list is no work for a job. It is done at once"),
        (command("sweep best", path=2), "tmeattn sweep best is no work for a job."),
        (command("reproduce --list", listing=True), "tmeattn reproduce --list is no work for a job."),
        (command("predict", texts=(), file=None), "A job has no standard input to read texts from."),
        (command("predict --file -", texts=(), file=Path("-")), "A job has no standard input"),
        (command("explain", text=None, file=None, index=None), "A job has no standard input"),
    ],
)
def test_what_is_no_work(submitted: Command, said: str) -> None:
    with pytest.raises(BadInput) as error:
        check_work(submitted)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    "submitted",
    [
        command("sweep", trials=None),
        command("sweep mean", path=2),
        command("explain --index 0", text=None, file=None, index=0),
        command("predict --merge", texts=(), file=None, merge=True),
        command("predict a b", texts=("a", "b"), file=None),
        command("reproduce table1", listing=False),
    ],
)
def test_what_is_work(submitted: Command) -> None:
    check_work(submitted)


@pytest.mark.parametrize(
    ("submitted", "expected"),
    [
        (command("evaluate --split test", path=1, split="test"), "evaluate abcd --split test"),
        (command("evaluate --split test best", path=1, run="best"), "evaluate abcd --split test"),
        (command("faithfulness --limit 2 best", path=1, run=("best",)), "faithfulness abcd --limit 2"),
        (command("predict --run=latest a", path=1, run="latest"), "predict --run abcd a"),
        (command("predict -- --run latest", path=1), "predict --run abcd -- --run latest"),
        (command("train --from latest --lr 1", path=1, from_run="latest"), "train --lr 1 --from abcd"),
        (command("sweep mean --from best", path=2, from_run="best"), "sweep mean --from abcd"),
    ],
)
def test_the_run_is_fixed(submitted: Command, expected: str) -> None:
    assert " ".join(with_run(submitted, "abcd")) == expected


def test_only_words_that_may_mean_another_run_are_replaced() -> None:
    assert reference(command("resume", run="latest")) == "latest"
    assert reference(command("resume mine", run="mine")) is None
    assert reference(command("faithfulness", run=())) == "latest"
    assert reference(command("faithfulness a latest", run=("a", "latest"))) is None
    assert reference(command("train mean --from best", path=2, from_run="best")) == "best"
    assert reference(command("train mean", path=2, from_run=None)) is None
    assert reference(command("runs compare latest best", path=2, run=("latest", "best"))) is None
