"""The checks of tokenizers: their pieces give back the text they come from, and a run with them can be explained."""

from __future__ import annotations

import pickle

from tmeattn.data.encoding.open_tokenizer import OpenTokenizer, open_tokenizer
from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.specs import TokenizerSpec
from tmeattn.testing import toy
from tmeattn.testing.checks import Check, Problem, Step, check_import, run_in_sandbox
from tmeattn.training.session import start

ENGLISH = "A splendid film, isn't it?  With a dreadful END..."
TEXTS = (
    ENGLISH,
    "",
    " \n\t ",
    '<br />A "quoted"<br/>w"ord; (and) marks: 3.5 %',
    "👩🏽‍🚀 liked it 👍🏿👍 🇩🇪🇫🇷",
    "cafe\u0301 and café, n\u0303 and ñ, a\u0323\u0307",
    "İstanbul'da IŞIK ışık İİ",
    "这部电影太精彩了！我很喜欢。",
    "これは、すばらしい映画です。カタカナ",
    "لم يُعجبني هذا الفيلمُ، إطلاقًا؟",
    "यह फ़िल्म बहुत अच्छी है।",
    "ภาพยนตร์เรื่องนี้ยอดเยี่ยม",
    "\ufeffzero\u200bwidth\u00adsoft\u00a0space \u202bright\u202c",
    "x" * 3_000,
    "a lone \ud800 surrogate and \x00",
)
"""Texts in several scripts, with what tokenizers treat specially."""


def tokenizer_checks(spec: TokenizerSpec) -> list[Check]:
    """The offsets are right in every script, two loads agree, and a run with the tokenizer is trained and explained."""

    def pieces_are_valid() -> None:
        tokenizer = open_tokenizer(spec.name)
        for text in TEXTS:
            _check_pieces(tokenizer, text)

    def vocabulary_is_valid() -> None:
        tokenizer = open_tokenizer(spec.name)
        if tokenizer.vocabulary is None:
            return
        known = Vocabulary.fixed(tokenizer.vocabulary)
        if not any(known.knows(piece) for piece in tokenizer.tokens(ENGLISH)):
            raise Problem(
                f"its vocabulary has none of the pieces of {ENGLISH!r}.",
                "Return pieces as the vocabulary spells them, without a mark that only one of the two has.",
            )

    def is_repeatable() -> None:
        first, second = open_tokenizer(spec.name), open_tokenizer(spec.name)
        if first.fingerprint != second.fingerprint:
            raise Problem(
                "its fingerprint differs from one load to the next.",
                "Make it of settings and versions: encoded texts are cached under it.",
            )
        for text in TEXTS:
            if first.tokens(text) != second.tokens(text):
                raise Problem(f"two loads give different pieces of {text[:40]!r}.", "Fix every seed and setting.")

    def can_be_pickled() -> None:
        tokenizer = open_tokenizer(spec.name)
        try:
            copy = pickle.loads(pickle.dumps(tokenizer.source))
        except Exception as error:
            raise Problem(
                f"it cannot be pickled ({type(error).__name__}), so datasets are encoded in one process.",
                "Give it __getstate__ and __setstate__, or keep it free of lambdas, locks and open files.",
            ) from None
        if OpenTokenizer(copy, tokenizer.whose).tokens(ENGLISH) != tokenizer.tokens(ENGLISH):
            raise Problem("its pickled copy gives different pieces.", "Pickle all settings.")

    def run_can_be_explained() -> None:
        options = {**toy.QUICK, "dataset": toy.dataset_name(2), "tokenizer": spec.name}
        classifier = TrainedClassifier(start("simple-attn", options))
        for method in ("attention", "leave-one-out"):
            explained = explain(classifier, ExplainRequest(ENGLISH, method=method))
            if not explained.words:
                raise Problem(f"a run with it reads no word of {ENGLISH!r}.", "Return the pieces of each word.")

    steps: list[Step] = [
        ("listing", lambda: check_import(spec.load)),
        ("pieces", pieces_are_valid),
        ("vocabulary", vocabulary_is_valid),
        ("repeatable", is_repeatable),
        ("pickle", can_be_pickled),
        ("run", run_can_be_explained),
    ]
    return run_in_sandbox(spec, steps, required=2)


def _check_pieces(tokenizer: OpenTokenizer, text: str) -> None:
    """Check all pieces and the first few of a text; `pieces` itself checks offsets and words."""
    every = tokenizer.pieces(text)
    for most in (1, 3, 10_000):
        first = tokenizer.pieces(text, most)
        if list(first.pieces) != list(every.pieces[:most]) or list(first.starts) != list(every.starts[:most]):
            raise Problem(
                f"pieces(text, {most}) are not the first of pieces(text), for {text[:40]!r}.",
                "Cut the pieces of the whole text; a cut text may have others at its end.",
            )
        if first.total != every.total:
            raise Problem(
                f"pieces(text, {most}).total is {first.total} of {every.total} pieces of {text[:40]!r}.",
                "Count the pieces of the whole text.",
            )
    for wanted in (None, 3):
        quick, slow = tokenizer.tokens(text, wanted), list(every.pieces[:wanted])
        if quick != slow:
            raise Problem(
                f"tokens(text, {wanted}) of {text[:40]!r} are {quick[:3]}, and pieces(text, {wanted}) are {slow[:3]}.",
                "Return the same pieces from both, or leave out `tokens`.",
            )
