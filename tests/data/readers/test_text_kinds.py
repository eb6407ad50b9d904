"""Texts of digits, of links, in several scripts and in several languages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.user_files import read, write_csv

from tmeattn.data.readers.languages import LANGUAGES, NONE, SCRIPTS, language_of, script_of
from tmeattn.data.readers.text_kinds import DIGITS, LINKS, PLAIN, TextKinds, kind_of

ENGLISH = "The film was good and it is not for you, but they have seen that with this actor."
GERMAN = "Der Film war nicht sehr gut, und die Geschichte ist auch nicht für mich, aber das wird sich zeigen."


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("A film of 1994 with 12 actors", PLAIN), ("12 345 678,90", DIGITS), ("+49 (0)30 1234567", DIGITS),
        ("2020-01-02 12:05", DIGITS), ("\u0661\u0662\u0663\u0664 \u0665\u0666", DIGITS), ("\uff11\uff12\uff13", DIGITS),
        ("https://example.com/a/b?c=d", LINKS), ("see www.example.com/abcdefgh", LINKS),
        ("HTTPS://EXAMPLE.COM/1 and http://t.co/xyz", LINKS), ("I read https://a.b and liked what it said", PLAIN),
        ("http is a protocol", PLAIN), ("五星好评 2020", PLAIN), ("🎉🎉 10/10!!!", PLAIN), ("1", DIGITS), ("a", PLAIN),
        ("http://example.com/" + "x" * 900 + " word" * 2000, PLAIN), ("1 " * 2000 + "word " * 400, DIGITS),
        ("1 " * 600 + "word " * 4000, PLAIN),
    ],
)  # fmt: skip
def test_the_kind_of_a_text(text, kind):
    assert kind_of(text, text.encode()) == kind


@settings(max_examples=40)
@given(st.text())
def test_every_text_has_a_kind_and_a_script(text):
    data = text.encode("utf-8", "surrogatepass")
    assert kind_of(text, data) in (PLAIN, DIGITS, LINKS)
    assert 0 <= script_of(text) < len(SCRIPTS)
    language_of(text)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("word", "Latin"), ("Größe", "Latin"), ("слово", "Cyrillic"), ("λόγος", "Greek"), ("كلمة", "Arabic"),
        ("מילה", "Hebrew"), ("कथा", "Devanagari"), ("คำ", "Thai"), ("这部 iPhone 很好", "Chinese or Japanese"),
        ("この映画 is good", "Chinese or Japanese"), ("한국어", "Korean"), ("12 !?", "no letters"),
        ("ⵣⴰ", "other letters"),
        ("𠮷野家", "Chinese or Japanese"), ("", "no letters"),
    ],
)  # fmt: skip
def test_the_script_of_a_text(text, script):
    assert SCRIPTS[script_of(text)] == script
    assert SCRIPTS[NONE] == "no letters"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "English"), (GERMAN, "German"),
        ("Je ne sais pas pour vous, mais le film est une merveille.", "French"),
        ("La película no es muy buena, pero el actor con su voz lo salva por una vez.", "Spanish"),
        ("Il film non è della stessa qualità, ma gli attori sono molto bravi anche con questo testo.", "Italian"),
        ("De film is niet goed, maar het verhaal van een kind is zeer mooi met dit licht.", "Dutch"),
        ("Фильм не очень хороший, но я все это видел, как и он.", "Russian"),
        ("Bu film çok güzel değil ama bir daha izlerim ve öneririm.", "Turkish"),
        ("La Dolce Vita", None), ("Bad.", None), ("", None), ("12 34", None),
    ],
)  # fmt: skip
def test_the_language_of_a_text(text, language):
    found = language_of(text)
    assert (None if found is None else LANGUAGES[found]) == language


def warnings(texts, labels=None, classes=("bad", "good")):
    kinds = TextKinds()
    for number, text in enumerate(texts):
        kinds.add(text, text.encode(), f"line {number + 2}")
    labels_N = np.array(labels if labels is not None else [number % 2 for number in range(len(texts))])
    return kinds.warnings(np.arange(len(texts)), labels_N, classes, texts.__getitem__)


def test_usual_texts_give_no_warning():
    assert warnings([ENGLISH] * 200) == []
    assert warnings([]) == []
    assert warnings([ENGLISH] * 199 + ["10/10 1234"]) == []
    assert warnings([ENGLISH] * 100 + [GERMAN] + ["слово"] * 2) == []


def test_texts_of_digits_and_links_are_counted_by_class():
    lines = warnings([ENGLISH] * 20 + ["123 456"] * 3 + ["http://a.bc"])
    assert lines == [
        "Warning: 3 of 24 texts consist mostly of digits ('bad' (2), 'good' (1), first: line 22), of which a model of "
        "words learns little. Remove such rows from the file, or name another column with --text-column.",
        "Warning: 1 of 24 texts consists mostly of links ('good' (1), first: line 25), of which a model of words "
        "learns little. Remove such rows from the file, or name another column with --text-column.",
    ]
    assert warnings(["1"] * 9 + [ENGLISH])[0].endswith("--text-column names another column.")


def test_mixed_scripts_and_languages_are_counted_by_class():
    (line,) = warnings([ENGLISH, "Это не очень хороший фильм"] * 10)
    assert line.startswith(
        "Warning: the texts are in several scripts: 10 in Latin ('bad' (10)); 10 in Cyrillic ('good' (10)). "
        "--tokenizer unicode"
    )
    (line,) = warnings([ENGLISH] * 20 + [GERMAN] * 4)
    assert line.startswith(
        "Warning: the texts seem to be in several languages: 20 in English ('bad' (10), 'good' (10)); "
        "4 in German ('bad' (2), 'good' (2)): a model of words learns"
    )


def test_the_import_of_a_file_warns_of_what_is_left_after_dropping(tmp_path):
    rows = [(f"{ENGLISH} {i}", ["good", "bad"][i % 2]) for i in range(30)] + [(f"{i} 12345", "junk") for i in range(5)]
    path, narrated = write_csv(tmp_path / "a.csv", rows), []
    read(path, tmp_path, narrated)
    assert "5 of 35 texts consist mostly of digits ('junk' (5), first: line 32)" in narrated[-1]
