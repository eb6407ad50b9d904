"""The script and the language of texts, to see whether several are mixed: by their letters, and by the most frequent
words of a few languages. No text is said to have a language of which it has few words. No NumPy."""

from __future__ import annotations

import re

from tmeattn.data.encoding.scripts import LATIN_LETTERS

MOST_CHARACTERS, STEP = 16, 5
"""Characters at the beginning of a text by whose letters its script is told; of a longer text, every fifth is taken."""
MOST_WORDS = 200
"""Words at the beginning of a text by which its language is told."""
FEWEST_WORDS = 3
"""Different frequent words of a language that a text in it has at least."""
LATIN, OTHER, NONE = 0, 1, 2
"""Codes of scripts: those of `SCRIPTS` follow."""
_SCRIPTS = {
    "Latin": LATIN_LETTERS, "other letters": "", "no letters": "",
    "Cyrillic": "\u0400-\u052f", "Greek": "\u0370-\u03ff\u1f00-\u1fff",
    "Arabic": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc", "Hebrew": "\u0590-\u05ff",
    "Devanagari": "\u0900-\u097f", "Bengali": "\u0980-\u09ff", "Tamil": "\u0b80-\u0bff", "Telugu": "\u0c00-\u0c7f",
    "Thai": "\u0e00-\u0e7f", "Korean": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3",
    "Chinese or Japanese": "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003134f",
    "Georgian": "\u10a0-\u10ff", "Armenian": "\u0530-\u058f", "Ethiopic": "\u1200-\u137f", "Burmese": "\u1000-\u109f",
    "Khmer": "\u1780-\u17ff",
}  # fmt: skip
SCRIPTS: tuple[str, ...] = tuple(_SCRIPTS)
_WEIGHTS = {SCRIPTS.index("Chinese or Japanese"): 3, SCRIPTS.index("Korean"): 2}
"""Letters of an alphabet that say as much as one of these."""
_OF_SCRIPT = re.compile(
    "|".join(f"([{letters}])" if letters else "((?!))" for letters in _SCRIPTS.values()) + r"|([^\W\d_])"
)
_LETTER = re.compile(r"[^\W\d_]")
_KNOWN: dict[str, int] = {}
"""The scripts of the letters that were looked at."""

_FREQUENT = {
    "English": "the and of to is was that this with for it are have not but you what they from there his her",
    "German": "der die das und ist nicht ein eine ich mit auf den dem zu von war sehr auch wie aber wird sich",
    "French": "le les des est une et pas que dans pour il je vous très ce qui avec sur mais elle nous cette",
    "Spanish": "el los las y que una es no por con para muy pero se lo del como esta más su al fue",
    "Italian": "il che di non una per è sono con del della molto gli ma anche questo nel più si alla ho",
    "Portuguese": "o os as que não uma é para com muito mas do da em um isso mais foi ele você na no",
    "Dutch": "de het een en van niet is ik dat met voor zijn op maar zeer ook naar dit wel goed deze",
    "Swedish": "och att det är som en inte för på jag med var mycket har ett den till men av",
    "Danish or Norwegian": "og ikke jeg det er som på med til meget veldig har den var af av et fra",
    "Finnish": "ja on ei että se oli hän mutta kun niin mitä ovat tämä myös kuin vain hyvä ole",
    "Polish": "nie i się na jest że to w z bardzo jak ale co tak dla po od przez tylko",
    "Czech": "a se na je že to v s velmi jak ale co tak pro po od ne jsem byl bylo není",
    "Turkish": "bir ve bu çok için da de ne ile ama gibi daha olan değil var mi o ben",
    "Indonesian": "yang dan di ini tidak dengan untuk itu dari saya pada ada juga akan bisa sangat",
    "Vietnamese": "và là không của có một cho tôi này được rất với trong những các",
    "Russian": "и в не на что это я с очень как но так у по он все было из",
    "Ukrainian": "і не що це дуже та й є на у як але я з він все було від",
}
LANGUAGES: tuple[str, ...] = tuple(_FREQUENT)
_LANGUAGES_OF: dict[str, list[int]] = {}
for _code, _words in enumerate(_FREQUENT.values()):
    for _word in _words.split():
        _LANGUAGES_OF.setdefault(_word, []).append(_code)
_WORD = re.compile(r"[^\W\d_]+")


def script_of(text: str) -> int:
    """The code of the script that most letters at the beginning of a text have; `NONE` without letters there."""
    if text.isascii():
        return LATIN if _LETTER.search(text) else NONE
    looked_at = text[: MOST_CHARACTERS * STEP : STEP] if len(text) > MOST_CHARACTERS else text
    try:
        scripts = list(map(_KNOWN.__getitem__, looked_at))
    except KeyError:
        _KNOWN.update({char: _script_of_letter(char) for char in looked_at})
        scripts = list(map(_KNOWN.__getitem__, looked_at))
    found = set(scripts) - {NONE}
    if len(found) < 2:
        return found.pop() if found else NONE
    return max(found, key=lambda script: scripts.count(script) * _WEIGHTS.get(script, 1))


def _script_of_letter(char: str) -> int:
    found = _OF_SCRIPT.match(char)
    if found is None or found.lastindex is None:
        return NONE
    return OTHER if found.lastindex > len(SCRIPTS) else found.lastindex - 1


def language_of(text: str) -> int | None:
    """The index in `LANGUAGES` of the language whose frequent words a text has, at least `FEWEST_WORDS` and twice as
    many as those of any other; None where there is no such language."""
    found = [0] * len(LANGUAGES)
    for word in set(_WORD.findall(text[: 12 * MOST_WORDS].lower())[:MOST_WORDS]):
        for language in _LANGUAGES_OF.get(word, ()):
            found[language] += 1
    best = max(range(len(found)), key=found.__getitem__)
    second = sorted(found)[-2]
    return best if found[best] >= FEWEST_WORDS and found[best] >= 2 * second else None
