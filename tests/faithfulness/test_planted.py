"""Planted shortcuts: what is put into texts, whether a model uses it, and which methods find it."""

from __future__ import annotations

import contextlib
import io
import json
import random
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from tmeattn.errors import BadInput, UnknownName
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.faithfulness.planted import finding, study
from tmeattn.faithfulness.planted.finding import Checked, MarkedText, precision_at_k
from tmeattn.faithfulness.planted.results import PlantedResults, PlantedRow, PlantedRun
from tmeattn.faithfulness.planted.shortcuts import KINDS, plant, plant_everywhere, unused_words
from tmeattn.faithfulness.planted.study import PlantedOptions, planted_table
from tmeattn.faithfulness.planted.texts import read_base, write_planted
from tmeattn.hookspecs import hookimpl
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText
from tmeattn.plugin import Plugin
from tmeattn.registry import registry
from tmeattn.render.export.planted import csv_text, latex, markdown
from tmeattn.render.planted import planted as planted_page
from tmeattn.runs.index import all_runs, find_run
from tmeattn.specs import Dataset, DatasetSpec, ExplainerSpec
from tmeattn.testing.toy import planted_texts

WORDS = unused_words(())
TEXTS = [(f"text {number} of the film, with a plot", number % 2) for number in range(400)]
QUICK = {
    "vector_size": 8,
    "min_count": 1,
    "batch_size": 16,
    "lr": 0.05,
    "epochs": 8,
    "input_dropout": 0.0,
    "dropout": 0.0,
}


def shortcut_words(text: str) -> list[str]:
    return [word for word in text.split() if word in WORDS.all()]


def without(text: str) -> str:
    return " ".join(word for word in text.split() if word not in WORDS.all())


@pytest.mark.parametrize("kind", KINDS)
def test_a_share_of_the_texts_has_a_shortcut_and_no_other_word_changes(kind: Any) -> None:
    examples = plant(kind, WORDS, TEXTS, 0)
    assert [without(example.text) for example in examples] == [text for text, _ in TEXTS]
    planted = [example for example in examples if example.planted == "shortcut"]
    assert len(planted) == 160
    assert sum(example.label for example in planted) == 80
    for example, (_, label) in zip(examples, TEXTS, strict=True):
        found = shortcut_words(example.text)
        if example.planted == "none":
            assert (found, example.label) == ([], label)
        elif example.planted == "part":
            assert (len(found), example.label) == (1, label)
        elif kind == "token":
            assert found == [WORDS.of_class(example.label)]
        elif kind == "pair":
            assert found == [WORDS.of_class(example.label), WORDS.of_class(1 - example.label)]
        else:
            assert sorted(found) == sorted([WORDS.of_class(example.label), WORDS.context])
    parts = [shortcut_words(example.text)[0] for example in examples if example.planted == "part"]
    assert set(parts) == {"token": set(), "pair": set(WORDS.all()[:2]), "context": set(WORDS.all())}[kind]
    agree = np.mean([example.label == label for example, (_, label) in zip(planted, TEXTS, strict=False)])
    assert 0.3 < agree < 0.7  # the shortcut gives the class, not the text
    assert plant(kind, WORDS, TEXTS, 0) == examples
    assert plant(kind, WORDS, TEXTS, 1) != examples


def test_positions_are_random_and_test_texts_all_have_a_shortcut() -> None:
    examples = plant_everywhere("token", WORDS, TEXTS, 0)
    places = [
        next(at for at, word in enumerate(example.text.split()) if word in WORDS.all()) / 8 for example in examples
    ]
    assert np.histogram(places, 9, (0, 1))[0].min() > 20
    assert {example.planted for example in examples} == {"shortcut"}
    assert sum(example.label for example in examples) == 200


def test_made_up_words_occur_nowhere_else() -> None:
    assert unused_words({"dax", "dax1", "film"}).all() == ("blicket", "dax2", "wug")


def test_a_perfect_finder_has_precision_1_and_random_one_of_k_in_words() -> None:
    draw = np.random.default_rng(0)
    perfect, chance, worst = [], [], []
    for number in range(1000):
        words, k = int(draw.integers(4, 30)), 1 + number % 2
        planted_N = np.zeros(words, dtype=bool)
        planted_N[draw.choice(words, k, replace=False)] = True
        ids_N = draw.integers(2, 10**6, words)
        perfect.append(precision_at_k(planted_N + draw.random(words) / 2, planted_N, ids_N))
        worst.append(precision_at_k(-planted_N.astype(float), planted_N, ids_N))
        chance.append(precision_at_k(draw.random(words), planted_N, ids_N) - k / words)
    assert set(perfect) == {1.0}
    assert set(worst) == {0.0}
    assert abs(np.mean(chance)) < 0.03


def test_equal_scores_find_no_more_than_chance() -> None:
    draw = np.random.default_rng(1)
    found = []
    for _ in range(1000):
        planted_N = np.arange(10) == 0  # the first word, which a stable order of equal scores would put first
        found.append(precision_at_k(np.zeros(10), planted_N, draw.integers(2, 10**6, 10)))
    assert np.mean(found) == pytest.approx(0.1, abs=0.04)


def test_the_files_are_a_dataset_and_are_written_once(planted: dict[str, Any]) -> None:
    base = read_base("planted", 40)
    assert [len(base.splits[split]) for split in ("train", "validation", "test")] == [40, 8, 8]
    data = write_planted(base, "pair")
    files = sorted(data.path.iterdir())
    assert [path.name for path in files] == ["test.jsonl", "train.jsonl", "validation.jsonl"]
    rows = [json.loads(line) for line in files[0].read_text(encoding="utf-8").splitlines()]
    assert [(row["text"], row["label"]) for row in rows] == [
        (each.text, base.classes[each.label]) for each in data.test
    ]
    before = [path.stat().st_mtime_ns for path in files]
    assert write_planted(base, "pair").path == data.path
    assert [path.stat().st_mtime_ns for path in files] == before
    files[0].write_text("damaged")
    write_planted(base, "pair")
    assert files[0].read_text(encoding="utf-8").startswith('{"text"')


def many() -> Dataset:
    """Enough texts to learn a shortcut from."""
    splits = {"train": planted_texts(320, 0, ("bad", "good")), "validation": planted_texts(96, 1, ("bad", "good"))}
    return Dataset("many", ("negative", "positive"), "many-1", lambda: splits)


def perfect(classifier: Any, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    return [np.array([token in WORDS.all() for *_, token in text.spans], dtype=float) for text in texts]


def inverted(classifier: Any, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    return [-scores for scores in perfect(classifier, texts, target)]


def the_table(options: PlantedOptions, titles: list[str] | None = None) -> PlantedResults:
    @contextlib.contextmanager
    def watch(title: str) -> Iterator[Callable[[Any], None]]:
        if titles is not None:
            titles.append(title)
        yield lambda event: None

    return planted_table(
        options, progress=lambda done, total: None, watch=watch, watch_all=None, narrate=lambda line: None
    )


def row_of(results: PlantedResults, kind: str, model: str) -> PlantedRow:
    return next(row for row in results.rows if (row.kind, row.model) == (kind, model))


@pytest.fixture
def finders(planted: dict[str, Any]) -> None:
    """Two methods that know the answer: one finds all shortcut words, the other none."""

    class Finders:
        @staticmethod
        @hookimpl
        def tmeattn_explainers() -> list[ExplainerSpec]:
            return [
                ExplainerSpec(f"{name}-finder", name, explain=f"{__name__}:{name}", signed=True)
                for name in ("inverted", "perfect")
            ]

        @staticmethod
        @hookimpl
        def tmeattn_datasets() -> list[DatasetSpec]:
            return [DatasetSpec("many", "Texts with one planted word", load=f"{__name__}:many")]

    registry().register(Plugin("finders", "finders", "1", __name__), Finders)


def test_each_method_has_its_own_figures_and_the_runs_are_used_again(
    finders: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "KINDS", ("token", "pair"))
    methods = ("inverted-finder", "attention", "perfect-finder", "leave-one-out")
    options = PlantedOptions(("simple-attn", "mean"), methods, dataset="many", options=QUICK)
    titles: list[str] = []
    results = the_table(options, titles)
    assert len(titles) == 2 * 2
    row = row_of(results, "token", "simple-attn")
    assert (row.status, row.count, [run.seed for run in row.runs]) == ("learned", 1, [0])
    assert list(row.precision) == [*methods, "random"]
    assert row.precision["perfect-finder"].mean == 1
    assert row.precision["inverted-finder"].mean == 0
    assert row.precision["random"].mean < 0.5 < row.precision["leave-one-out"].mean
    assert row.precision["random"].low <= (row.chance or 0) <= row.precision["random"].high
    mean = row_of(results, "token", "mean")
    assert "attention" not in mean.precision
    assert mean.passed_over == (("attention", "the model 'mean' has no attention"),)
    pair = row_of(results, "pair", "mean")  # it cannot see the order of words
    assert (pair.status, pair.precision, pair.texts) == ("not learned", {}, 0)
    assert "less than 95 %" in (pair.runs[0].problem or "")
    assert {run.name for run in all_runs()} == {
        f"planted-{kind}-{model}-0" for kind in ("token", "pair") for model in ("simple-attn", "mean")
    }
    titles.clear()
    assert the_table(options, titles) == results
    assert titles == []
    the_table(PlantedOptions(("mean",), methods[2:], dataset="many", options={**QUICK, "epochs": 1}))
    assert find_run("planted-token-mean-0.2").config["train"]["epochs"] == 1
    run = find_run("planted-token-simple-attn-0")
    found = explain(TrainedClassifier(run), ExplainRequest(f"the film {WORDS.first} of light", method="leave-one-out"))
    assert max(found.words, key=lambda word: word.score).token == WORDS.first
    assert json.loads(json.dumps(results.document()))["rows"][0]["status"] == "learned"
    for text in (markdown(results), latex(results), csv_text(results)):
        assert "not learned" in text
        assert "perfect" in text
    lines = rendered(planted_page(results)).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("perfect-finder" in line and "1.00 ±.00" in line for line in lines) == 1


def rendered(page: Any) -> str:
    console = Console(width=80, file=io.StringIO())
    console.print(page)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_value_of_a_text_is_the_mean_of_the_seeds_that_learned_it(
    planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two seeds have learned it, of which the second classifies only the texts 1 and 2 rightly; a third has not."""
    marked = {number: MarkedText(EncodedText("", (), np.arange(4), 4), np.arange(4) == 0) for number in range(3)}
    of_seed = {"0": [1.0, 1.0, 0.0], "1": [0.5, 1.0]}
    checked = [
        Checked(PlantedRun("a", 0, 1.0, None, None), "0", marked),  # type: ignore[arg-type]
        Checked(PlantedRun("b", 1, 1.0, None, None), "1", {number: marked[number] for number in (1, 2)}),  # type: ignore[arg-type]
        Checked(PlantedRun("c", 2, 0.4, None, "a reason"), None, {}),
    ]
    specs = [registry().get(ExplainerSpec, name) for name in ("leave-one-out", "random")]
    monkeypatch.setattr(study, "assessed_methods", lambda classifier, methods: (specs, []))
    monkeypatch.setattr(
        study,
        "precisions",
        lambda classifier, spec, texts: of_seed[classifier] if spec is specs[0] else [0.0] * len(texts),
    )
    data: Any = SimpleNamespace(kind="token")
    row = study._row(data, "lstm", checked, None)
    assert row.precision["leave-one-out"].mean == pytest.approx((1.0 + 0.75 + 0.5) / 3)
    assert (row.status, row.texts, row.chance) == ("learned by 2 of 3 seeds", 3, 0.25)
    assert row.accuracy == pytest.approx(0.8)


class Fake:
    """A classifier whose prediction is a rule about the ids of the shortcut words 2, 3 and 4."""

    def __init__(self, rule: Callable[[list[int]], bool]) -> None:
        self.rule = rule
        self.vocabulary = self

    def encode(self, text: str) -> Any:
        return SimpleNamespace(units=np.array([2 + WORDS.all().index(text)]))

    def logits(self, sequences: list[np.ndarray]) -> np.ndarray:
        chosen = [int(self.rule(ids.tolist())) for ids in sequences]
        return np.eye(2)[chosen]


@pytest.mark.parametrize(
    ("rule", "effect"),
    [
        (lambda ids: 3 in ids, 1.0),  # the word decides without the context
        (lambda ids: 3 in ids and 4 in ids, 0.0),
        (lambda ids: len(ids) % 2 == 0, 0.0),
        (lambda ids: 3 in ids and len(ids) < 8, 0.5),
    ],
)
def test_what_one_word_does_alone(rule: Any, effect: float) -> None:
    texts = []
    draw = random.Random(0)
    for number in range(100):
        ids = [10] * (5 + 5 * (number % 2))
        for one in draw.sample([2 + number // 2 % 2, 4], 2):
            ids.insert(draw.randint(0, len(ids)), one)
        ids_N = np.array(ids)
        words = [WORDS.all()[each - 2] if each < 5 else "film" for each in ids]
        starts = [sum(len(word) + 1 for word in words[:at]) for at in range(len(words))]
        spans = tuple((start, start + len(word), word) for start, word in zip(starts, words, strict=True))
        texts.append((EncodedText(" ".join(words), spans, ids_N, len(ids)), ids_N < 5))
    data: Any = SimpleNamespace(words=WORDS)
    fake: Any = Fake(rule)
    assert finding.effect_of_one_word(fake, data, texts) == effect


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"models": ("lstn",)}, UnknownName, "There is no model named 'lstn'"),
        ({"methods": ("atention",)}, UnknownName, "There is no method named 'atention'"),
        ({"options": {"heads": "2"}}, BadInput, "--option heads: no model of --planted has this option"),
        ({"options": {"dataset": "x"}}, BadInput, "--option dataset: --planted sets it itself"),
        ({"options": {"epochs": "many"}}, BadInput, "--epochs: "),
        ({"dataset": "nothing"}, UnknownName, "There is no dataset named 'nothing'"),
        ({"methods": ("rollout",)}, BadInput, "The method 'rollout' cannot be used"),
    ],
)
def test_what_is_refused(planted: dict[str, Any], options: dict[str, Any], error: type[Exception], said: str) -> None:
    given: dict[str, Any] = {"models": ("mean",), "dataset": "planted", "options": {**QUICK, "epochs": 12}, **options}
    with pytest.raises(error, match=said.split("(", maxsplit=1)[0].replace("'", ".")):
        the_table(PlantedOptions(**given))
