"""The page of a dataset: the largest classes where there are many, and what was sampled."""

from __future__ import annotations

from typing import Any

from support.explanations import draw

from tmeattn.render.dataset import MOST_CLASSES, SAMPLE_CHARACTERS, dataset_page


def statistics(sizes: dict[str, int], **fields: Any) -> Any:
    """Statistics of a dataset with so many training texts of each class, and one validation text of each."""
    splits = {
        "train": {"texts": sum(sizes.values()), "classes": sizes, "duplicates": 3},
        "validation": {"texts": len(sizes), "classes": dict.fromkeys(sizes, 1), "duplicates": 0},
    }
    return {
        "name": "mine",
        "fingerprint": "f",
        "classes": list(sizes),
        "splits": splits,
        "shared": {},
        "sampled": {name: split["texts"] for name, split in splits.items()},
        "lengths": {
            "quantiles": {"0": 1, "0.25": 2, "0.5": 4, "1": 9},
            "mean": 4.0,
            "histogram": {"low": 0, "high": 9, "counts": [1, 2, 3]},
        },
        "unknown": [
            {"tokenizer": "words", "words": 9, "words_kept": 5, "validation": 0.5, "without_vector": {"glove": 0.25}}
        ],
        "typical": {name: ["word"] for name in sizes},
        "samples": [],
        "warnings": [],
        **fields,
    }


def lines(page: Any) -> list[str]:
    return [" ".join(line.split()) for line in draw(page, 100).splitlines()]


def test_of_many_classes_the_largest_are_listed() -> None:
    sizes = {f"class-{number:02}": number for number in range(1, MOST_CLASSES + 4)}
    shown = lines(dataset_page(statistics(sizes)))
    listed = [line.split()[0] for line in shown if line.startswith("class-") and "%" in line]
    assert listed == [f"class-{number:02}" for number in range(MOST_CLASSES + 3, 3, -1)]
    assert any(line.startswith("3 more") for line in shown)
    assert "all 378 27 –" in shown


def test_few_classes_are_listed_in_their_order_with_their_share() -> None:
    shown = lines(dataset_page(statistics({"b": 1, "a": 3})))
    assert shown.index("b 1 1 25.0 %") + 1 == shown.index("a 3 1 75.0 %")
    assert not any("more" in line for line in shown)
    assert "tokens per text minimum 1, 25 % 2, median 4, maximum 9" in shown
    assert "shared texts none" in shown


def test_a_sample_is_told() -> None:
    page = dataset_page(statistics({"a": 5000, "b": 5000}, sampled={"train": 2000, "validation": 2}))
    assert "word statistics of 2,000 train texts, evenly spaced" in lines(page)
    assert not any(line.startswith("word statistics") for line in lines(dataset_page(statistics({"a": 1}))))


def test_samples_are_cut_and_stay_text() -> None:
    text = "[bold]\x1b[31m " + "x" * SAMPLE_CHARACTERS
    shown = "".join(lines(dataset_page(statistics({"a": 1}, samples=[{"label": "a", "text": text}]))))
    assert "\x1b" not in shown
    assert "[bold]" in shown
    assert shown.count("xx") < SAMPLE_CHARACTERS / 2
    assert shown.endswith("…")
