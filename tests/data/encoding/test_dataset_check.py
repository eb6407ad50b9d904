"""A dataset that breaks the contract of `Dataset.read` is rejected before it is encoded."""

import pytest
from support.tiny_corpus import TRAIN, VALIDATION

from tmeattn.data.encoding.corpus import open_corpus
from tmeattn.data.encoding.encode import CorpusSettings
from tmeattn.errors import BadInput
from tmeattn.specs import Dataset, Split

SETTINGS = CorpusSettings()


@pytest.mark.parametrize(
    ("splits", "complaint"),
    [
        ({"train": TRAIN}, "films has no split 'validation'"),
        ({"train": TRAIN, "validation": VALIDATION, "dev": VALIDATION}, "split 'dev': a split must be named"),
        ({"train": TRAIN, "validation": Split([], [])}, "split 'validation': the split is empty"),
        ({"train": Split(["a", "b"], [1, 1]), "validation": VALIDATION}, "all texts have the same label"),
        ({"train": Split(["a", "b"], [0, 2]), "validation": VALIDATION}, "split 'train', row 1: the label 2"),
        ({"train": Split(["a", "b"], [0, -1]), "validation": VALIDATION}, "the label -1 is not a number from 0 to 1"),
        ({"train": Split(["a", "b"], [0, "1"]), "validation": VALIDATION}, "the label '1' is not a number"),
        ({"train": Split(["a", None], [0, 1]), "validation": VALIDATION}, "row 1: the text is NoneType"),
        ({"train": TRAIN, "validation": Split(["a"], [0, 1])}, "1 text but 2 labels"),
    ],
)
def test_malformed_dataset_is_named(tmp_path, splits, complaint):
    malformed = Dataset("films", ("negative", "positive"), "f1", lambda: splits)
    with pytest.raises(BadInput, match=complaint) as caught:
        open_corpus(malformed, SETTINGS, None, tmp_path)
    assert "films" in caught.value.message
    assert not list(tmp_path.iterdir())
