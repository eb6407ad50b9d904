"""Made-up reviews in Chinese, German and Arabic, in which one word decides."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

WORDS = {
    "zh": ("", ("这", "部", "电影", "演员", "情节", "音乐", "我们", "昨天", "看", "了", "晚上", "，")),
    "de": (" ", ("der", "Film", "die", "Schauspieler", "Handlung", "Musik", "wir", "gestern", "haben", "Ähnliches,")),
    "ar": (" ", ("هذا", "الفيلم", "الممثلون", "القصة", "الموسيقى", "شاهدنا", "أمس", "مع", "في،", "المساء")),
}
"""What stands between the words of a language, and words that decide nothing."""
DECISIVE = {
    "zh": {"good": ("精彩", "喜欢"), "bad": ("无聊", "糟糕")},
    "de": {"good": ("großartig", "SCHÖN"), "bad": ("öde", "Schrecklich")},
    "ar": {"good": ("رائع", "جميلٌ"), "bad": ("سيئ", "مُمل")},
}


def texts(count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """The language, the text and the label of each."""
    draw = random.Random(seed)
    for index in range(count):
        language, label = ("zh", "de", "ar")[index % 3], ("good", "bad")[index // 3 % 2]
        between, fillers = WORDS[language]
        words = draw.choices(fillers, k=draw.randint(4, 9))
        words.insert(draw.randint(0, len(words)), draw.choice(DECISIVE[language][label]))
        yield language, between.join(words) + "。!؟"[index % 3], label


def write_reviews(path: Path, count: int = 240) -> Path:
    """A table of the texts with the seed 0."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *((text, label) for _, text, label in texts(count, 0))])
    return path
