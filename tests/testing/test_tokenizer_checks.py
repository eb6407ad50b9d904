"""Each fault of a tokenizer is found, with its remedy."""

import itertools
import threading

import pytest
from support import pieces as plugin

from tmeattn.errors import UnknownName
from tmeattn.registry import registry
from tmeattn.specs import Pieces, TokenizerSpec
from tmeattn.testing import tokenizer_checks as module
from tmeattn.testing.tokenizer_checks import tokenizer_checks

_counter = itertools.count()


class Words(plugin.Thirds):
    vocabulary = None


class CutText(Words):
    def pieces(self, text, most=None):
        whole = super().pieces(text)
        return whole if most is None else Pieces(*(part[:most] for part in whole[:4]), min(most, whole.total))


class OtherTokens(Words):
    def tokens(self, text, most=None):
        return [*self.pieces(text, most).pieces, "more"]


class OtherVocabulary(Words):
    vocabulary = ("▁film",)


class Changing(Words):
    def __init__(self):
        super().__init__(fingerprint=str(next(_counter)))


class Locked(Words):
    def __init__(self):
        super().__init__()
        object.__setattr__(self, "lock", threading.Lock())


class BytesOffsets(Words):
    def pieces(self, text, most=None):
        found = super().pieces(text, most)
        return found._replace(ends=[len(text[:end].encode("utf-8", "surrogatepass")) for end in found.ends])


@pytest.mark.parametrize(
    ("kind", "name", "problem", "advice"),
    [
        (CutText, "pieces", ".total is 1 of ", "Count the pieces of the whole text."),
        (OtherTokens, "pieces", "and pieces(text, None) are", "or leave out `tokens`"),
        (BytesOffsets, "pieces", "in a text of ", "Correct or remove the plugin."),
        (OtherVocabulary, "vocabulary", "has none of the pieces of", "as the vocabulary spells them"),
        (Changing, "repeatable", "its fingerprint differs", "settings and versions"),
        (Locked, "pickle", "it cannot be pickled (TypeError)", "locks"),
    ],
)
def test_each_fault_has_its_remedy(fresh_registry, monkeypatch, kind, name, problem, advice):
    monkeypatch.setattr(module, "check_import", lambda target: None)
    monkeypatch.setattr(module, "start", lambda *_: None)
    failed = [
        check
        for check in tokenizer_checks(TokenizerSpec("faulty", "Pieces", load=f"{__name__}:{kind.__name__}"))
        if not check.passed and check.name != "run"
    ]
    assert [check.name for check in failed] == [name]
    assert problem in (failed[0].problem or "")
    assert advice in failed[0].advice


def test_an_unknown_name_has_the_nearest_ones():
    with pytest.raises(UnknownName, match="unicode"):
        registry().get(TokenizerSpec, "unicod")
