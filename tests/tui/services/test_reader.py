"""Runs that read texts on a thread of their own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from tmeattn.errors import BadInput
from tmeattn.explain.explanation import ExplainRequest, without_words
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.services.reader import CHUNK, LOADED, TextReader

TEXTS = ["a good film", "the bad plot", "music and light"]


@pytest.fixture
def reader() -> Iterator[TextReader]:
    reader = TextReader()
    yield reader
    reader.close()


def test_a_blanked_text_keeps_the_other_words_and_their_places() -> None:
    assert without_words("don't stop", [(3, 4)]) == "don t stop"
    assert without_words("a good film", [(2, 6), (0, 1)]) == "       film"


async def test_a_text_is_explained_as_on_the_command_line(reader: TextReader, trained: RunDirectory) -> None:
    import tmeattn

    assert await reader.explain(trained, ExplainRequest("a good film")) == tmeattn.load(trained.path).explain(
        "a good film"
    )


async def test_dropped_words_are_not_seen_and_offsets_stay(reader: TextReader, trained: RunDirectory) -> None:
    shorter = await reader.explain(trained, ExplainRequest("a film"))
    without = await reader.explain(trained, ExplainRequest("a good film", dropped=((2, 6),)))
    assert [(word.start, word.token) for word in without.words] == [(0, "a"), (7, "film")]
    assert without.probabilities == pytest.approx(shorter.probabilities)
    assert (without.whole_text, without.deleted[0].word) == ("a good film", "good")


async def test_only_asked_rows_are_predicted_and_kept(
    reader: TextReader, trained: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await reader.predict(trained, "three", TEXTS, [0])
    assert np.isnan(found[1:]).all()
    assert found[0].sum() == pytest.approx(1)
    asked: list[int] = []
    monkeypatch.setattr(reader, "probabilities", _counting(reader, asked))
    again = await reader.predict(trained, "three", TEXTS, [0, 1, 2])
    assert asked == [2]
    assert again[0] == pytest.approx(found[0])
    assert not np.isnan(again).any()


async def test_many_texts_are_read_in_turns(reader: TextReader, trained: RunDirectory) -> None:
    steps: list[tuple[int, int]] = []
    count = 2 * CHUNK + 3
    await reader.predict(trained, "many", TEXTS[:1] * count, list(range(count)), lambda *step: steps.append(step))
    assert steps == [(CHUNK, count), (2 * CHUNK, count), (count, count)]


async def test_weights_are_loaded_once_and_again_when_they_change(reader: TextReader, trained: RunDirectory) -> None:
    for _ in range(2):
        await reader.explain(trained, ExplainRequest("good"))
    assert len(reader._loaded) == 1
    best = trained.checkpoints / "best.safetensors"
    best.touch()
    await reader.explain(trained, ExplainRequest("good"))
    assert len(reader._loaded) == 2
    assert LOADED >= 2


async def test_a_question_given_up_before_its_turn_is_never_worked_on(
    reader: TextReader, trained: RunDirectory
) -> None:
    first = asyncio.create_task(reader.explain(trained, ExplainRequest("good")))
    second = asyncio.create_task(reader.explain(trained, ExplainRequest("", target="no such class")))
    await asyncio.sleep(0)
    second.cancel()
    await first
    with pytest.raises(asyncio.CancelledError):
        await second


async def test_what_is_wrong_with_a_run_is_one_line(reader: TextReader, trained: RunDirectory) -> None:
    for name in ("best", "last", "previous"):
        (trained.checkpoints / f"{name}.safetensors").unlink(missing_ok=True)
    with pytest.raises(BadInput, match="no checkpoint yet"):
        await reader.explain(trained, ExplainRequest("good"))
    trained.delete()
    with pytest.raises(BadInput, match="was deleted"):
        await reader.explain(trained, ExplainRequest("good"))


async def test_a_run_whose_words_are_damaged_says_so(reader: TextReader, trained: RunDirectory) -> None:
    trained.vocabulary_path.write_text("[")
    with pytest.raises(Exception, match="vocabulary") as caught:
        await reader.explain(trained, ExplainRequest("good"))
    assert "\n" not in str(caught.value)


async def test_a_bug_in_reading_is_one_line_too(reader: TextReader, trained: RunDirectory) -> None:
    trained.info["data"].pop("vector_size")
    with pytest.raises(BadInput, match=f"{trained.id} cannot be read: KeyError"):
        await reader.explain(trained, ExplainRequest("good"))


async def test_abilities_name_classes_and_explainers(reader: TextReader, trained: RunDirectory) -> None:
    found = await reader.capabilities(trained)
    assert found.classes == ("negative", "positive")
    assert found.heads == ()
    reasons = {spec.name: reason for spec, reason in found.methods}
    assert reasons["attention"] is None
    assert "no self-attention" in reasons["rollout"]


def test_the_module_is_imported_without_torch() -> None:
    code = "import sys, tmeattn.tui.services.reader; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def _counting(reader: TextReader, asked: list[int]):  # type: ignore[no-untyped-def]
    original = reader.probabilities

    async def probabilities(run: RunDirectory, texts: list[str]) -> np.ndarray:
        asked.append(len(texts))
        return await original(run, texts)

    return probabilities
