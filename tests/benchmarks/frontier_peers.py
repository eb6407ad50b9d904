"""One peer of the benchmark `frontier.py`: reads the texts, trains, predicts, and prints its accuracy as JSON.

    python tests/benchmarks/frontier_peers.py '{"kind": "tfidf", "ngrams": 2}' TABLE.csv

It imports nothing of tmeattn. The table has the columns text, label and split (train, validation).
"""

from __future__ import annotations

import csv
import json
import random
import sys
import tempfile
from pathlib import Path

Part = tuple[list[str], list[str]]


def read(path: str) -> tuple[Part, Part]:
    """The texts and labels for training, and those for the measurement."""
    csv.field_size_limit(1 << 30)
    parts: dict[str, Part] = {"train": ([], []), "validation": ([], [])}
    with Path(path).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            texts, labels = parts[row["split"]]
            texts.append(row["text"])
            labels.append(row["label"])
    return parts["train"], parts["validation"]


def tfidf(train: Part, texts: list[str], *, ngrams: int, strength: float) -> list[str]:
    """TF-IDF and logistic regression of scikit-learn, with sublinear counts and n-grams of at least two texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer(sublinear_tf=True, min_df=2, ngram_range=(1, ngrams))
    model = LogisticRegression(C=strength, max_iter=1000)
    model.fit(words.fit_transform(train[0]), train[1])
    return model.predict(words.transform(texts)).tolist()


def fasttext(
    train: Part, texts: list[str], *, ngrams: int, epochs: int, lr: float, dim: int, threads: int
) -> list[str]:
    """fastText's supervised mode. Its texts are lower-cased, and punctuation is separated, as its tutorial advises."""
    import re

    from fasttext import FastText

    FastText.eprint = lambda *_: None

    def line(text: str) -> str:
        return " ".join(re.findall(r"\w+|[^\w\s]", text.lower()))

    rows = [f"__label__{label} {line(text)}\n" for text, label in zip(*train, strict=True)]
    random.Random(0).shuffle(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        path.write_text("".join(rows), encoding="utf-8")
        model = FastText.train_supervised(
            str(path), wordNgrams=ngrams, epoch=epochs, lr=lr, dim=dim, minCount=2, thread=threads, verbose=0
        )
    # FastText.predict itself does not work with NumPy 2 in all releases.
    return [model.f.predict(line(text), 1, 0.0, "strict")[0][1].removeprefix("__label__") for text in texts]


def spacy(train: Part, texts: list[str], *, kind: str, epochs: int, batch: int) -> list[str]:
    """spaCy's text categorizer with the architecture of its configuration for speed (bow) or accuracy (ensemble)."""
    import spacy as library
    from spacy.training import Example
    from spacy.util import fix_random_seed, minibatch

    fix_random_seed(0)
    language = library.blank("en")
    bow = {"@architectures": "spacy.TextCatBOW.v3", "exclusive_classes": True, "length": 262144, "ngram_size": 2}
    bow["no_output_layer"] = False
    tok2vec = {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 96,
        "depth": 4,
        "embed_size": 2000,
        "window_size": 1,
        "maxout_pieces": 3,
        "subword_features": True,
    }
    models = {
        "bow": bow,
        "ensemble": {"@architectures": "spacy.TextCatEnsemble.v2", "tok2vec": tok2vec, "linear_model": bow},
        "cnn": {"@architectures": "spacy.TextCatReduce.v1", "tok2vec": tok2vec, "exclusive_classes": True}
        | {"use_reduce_first": False, "use_reduce_last": False, "use_reduce_max": False, "use_reduce_mean": True},
    }
    pipe = language.add_pipe("textcat", config={"model": models[kind]})
    labels = sorted(set(train[1]))
    for label in labels:
        pipe.add_label(label)
    examples = [
        Example.from_dict(language.make_doc(text), {"cats": {each: float(each == label) for each in labels}})
        for text, label in zip(*train, strict=True)
    ]
    optimizer = language.initialize(lambda: examples[:100])
    shuffle = random.Random(0).shuffle
    for _ in range(epochs):
        shuffle(examples)
        for chosen in minibatch(examples, batch):
            language.update(chosen, sgd=optimizer, drop=0.2)
    return [max(doc.cats, key=doc.cats.get) for doc in language.pipe(texts, batch_size=256)]


def main() -> None:
    options, path = json.loads(sys.argv[1]), sys.argv[2]
    library = {"tfidf": tfidf, "fasttext": fasttext, "spacy": spacy}[options.pop("library")]
    train, (texts, labels) = read(path)
    predicted = library(train, texts, **options)
    hits = sum(one == other for one, other in zip(predicted, labels, strict=True))
    print(json.dumps({"accuracy": hits / len(labels), "texts": len(labels)}))


if __name__ == "__main__":
    main()
