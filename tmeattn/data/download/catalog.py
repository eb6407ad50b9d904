"""What can be fetched from its publisher, or brought by hand where there is no network, and how it is kept."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from tmeattn.data.readers.text_io import reading
from tmeattn.data.readers.text_store import open_texts
from tmeattn.data.readers.user_files import import_tree
from tmeattn.data.vectors.parse import naming
from tmeattn.data.vectors.pretrained import opened_text
from tmeattn.data.vectors.store import VectorStore, build_vector_store, open_vector_store
from tmeattn.errors import BadInput
from tmeattn.paths import data_dir

Narrate = Callable[[str], None]
GLOVE_WORDS = 400_000
GLOVE_SIZES = (50, 100, 200, 300)
GLOVE_100D_SHA256 = "95dde4dfd627ab26608d33e76d1195ec059734bd29089ea52cadb08d07c64544"
IMDB_COUNTS = {(split, label): 12_500 for split in ("train", "test") for label in ("negative", "positive")}


@dataclass(frozen=True)
class Source:
    """A file that its publisher offers.

    install: called with the name wanted, the file (or the tree it unpacks to) and a narrator; keeps what it holds
             under `data_dir()`.
    here:    whether what was wanted by that name is kept already.
    """

    file: str
    url: str
    sha256: str
    size: int
    install: Callable[[str, Path, Narrate], None]
    here: Callable[[str], bool]


def _install_imdb(name: str, path: Path, narrate: Narrate) -> None:
    import_tree(path, data_dir() / name, {"neg": "negative", "pos": "positive"}, IMDB_COUNTS, narrate)


def _install_glove(name: str, path: Path, narrate: Narrate) -> None:
    """From glove.6B.zip, or from the one text file of it that is wanted."""
    width = int(name.removeprefix("glove-").removesuffix("d"))

    def check(store: VectorStore) -> None:
        if (store.count, store.size) != (GLOVE_WORDS, width):
            raise BadInput(
                f"{path} holds {store.count:,} vectors of width {store.size}; {name} has {GLOVE_WORDS:,} of {width}.",
                hint="Any vectors can be used as they are: tmeattn train MODEL --vectors PATH",
            )
        if width == 100 and store.fingerprint != GLOVE_100D_SHA256:
            raise differs(path, "glove.6B.100d.txt", GLOVE_100D_SHA256, store.fingerprint)

    lines = partial(_in_zip, path, f"glove.6B.{width}d.txt") if zipfile.is_zipfile(path) else partial(opened_text, path)
    store = build_vector_store(data_dir() / name, path, lines, check=check)
    narrate(f"{store.count:,} words in {store.size} dimensions.")


@contextmanager
def _in_zip(path: Path, member: str) -> Iterator[IO[bytes]]:
    with naming(path):
        archive = zipfile.ZipFile(path)
    with archive:
        if member not in archive.namelist():
            raise BadInput(f"{path} holds no {member}.", hint="It should be glove.6B.zip, or a text file out of it.")
        with archive.open(member) as file:
            yield file


def differs(path: Path, what: str, expected: str, found: str) -> BadInput:
    """The error for a file that is not the one published."""
    return BadInput(
        f"{path} is not {what} as published: its SHA-256 is {found[:16]}..., expected is {expected[:16]}....",
        hint="Get it again; it may be cut short.",
    )


_GLOVE = Source(
    file="glove.6B.zip",
    url="https://nlp.stanford.edu/data/glove.6B.zip",
    sha256="617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
    size=862_182_613,
    install=_install_glove,
    here=lambda name: open_vector_store(data_dir() / name) is not None,
)
SOURCES = {
    "imdb": Source(
        file="aclImdb_v1.tar.gz",
        url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
        sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
        size=84_125_825,
        install=_install_imdb,
        here=lambda name: open_texts(data_dir() / name) is not None,
    ),
    **{f"glove-{size}d": _GLOVE for size in GLOVE_SIZES},
}


def add(name: str, path: Path, narrate: Narrate) -> None:
    """Keep what was brought by hand: the published file, checked by its SHA-256, or what it unpacks to.

    Raises:
        BadInput: it is another file, damaged, or does not hold what it should.
        EnvironmentProblem: the data folder cannot be written.
    """
    source = SOURCES[name]
    if path.is_file() and path.name.endswith((".zip", ".gz", ".tgz", ".tar")) and not path.name.endswith(".txt.gz"):
        with reading(path), path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != source.sha256:
            raise differs(path, source.file, source.sha256, found)
    source.install(name, path, narrate)
