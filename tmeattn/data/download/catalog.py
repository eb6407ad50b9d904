"""The published files that can be downloaded, or added by hand without a network, and how they are installed."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tmeattn.data.readers.tables import is_pipe
from tmeattn.data.readers.text_io import read_errors
from tmeattn.data.readers.text_store import open_text_store
from tmeattn.data.readers.user_files import import_known_tree
from tmeattn.data.vectors.source import open_vector_text, reading
from tmeattn.data.vectors.store import VectorStore, build_vector_store, open_vector_store
from tmeattn.errors import BadInput
from tmeattn.limits import open_zip
from tmeattn.paths import data_dir
from tmeattn.plurals import counted

Narrate = Callable[[str], None]
GLOVE_WORDS = 400_000
GLOVE_SIZES = (50, 100, 200, 300)
GLOVE_100D_SHA256 = "95dde4dfd627ab26608d33e76d1195ec059734bd29089ea52cadb08d07c64544"
IMDB_COUNTS = {(split, label): 12_500 for split in ("train", "test") for label in ("negative", "positive")}


@dataclass(frozen=True)
class PublishedFile:
    """A file that its publisher offers for download.

    size:      in bytes.
    install:   called with the name of the data, the path of the file (or of the folder that it unpacks to) and a
               function that prints a line; writes the data below `data_dir()`.
    installed: whether the data of that name is installed.
    """

    file: str
    url: str
    sha256: str
    size: int
    install: Callable[[str, Path, Narrate], None]
    installed: Callable[[str], bool]


def _install_imdb(name: str, path: Path, narrate: Narrate) -> None:
    import_known_tree(path, data_dir() / name, {"neg": "negative", "pos": "positive"}, IMDB_COUNTS, narrate)


def _install_glove(name: str, path: Path, narrate: Narrate) -> None:
    """Install one width of GloVe from glove.6B.zip, or from its text file of that width."""
    width = int(name.removeprefix("glove-").removesuffix("d"))
    member = f"glove.6B.{width}d.txt"

    def check(store: VectorStore) -> None:
        if (store.count, store.size) != (GLOVE_WORDS, width):
            raise BadInput(
                f"{path} contains {counted(store.count, 'vector')} of {counted(store.size, 'dimension')}; {name} has "
                f"{GLOVE_WORDS:,} of {width}.",
                hint="To use these vectors as they are: tmeattn train MODEL --vectors PATH",
            )
        if width == 100 and store.fingerprint != GLOVE_100D_SHA256:
            raise _wrong_file(path, member, GLOVE_100D_SHA256, store.fingerprint)

    if zipfile.is_zipfile(path):
        with reading(path), open_zip(path) as archive:
            if member not in archive.namelist():
                raise BadInput(f"{path} does not contain {member}.", hint="Give glove.6B.zip, or a text file from it.")
    store = build_vector_store(
        data_dir() / name, path, partial(open_vector_text, path, member), check=check, narrate=narrate
    )
    narrate(f"Installed {counted(store.count, 'word')} in {counted(store.size, 'dimension')}.")


def _wrong_file(path: Path, published: str, expected: str, actual: str) -> BadInput:
    return BadInput(
        f"{path} is not {published} as published: its SHA-256 is {actual[:16]}..., expected is {expected[:16]}....",
        hint="Download it again; it may be incomplete.",
    )


_GLOVE = PublishedFile(
    file="glove.6B.zip",
    url="https://nlp.stanford.edu/data/glove.6B.zip",
    sha256="617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb",
    size=862_182_613,
    install=_install_glove,
    installed=lambda name: open_vector_store(data_dir() / name) is not None,
)
PUBLISHED_FILES = {
    "imdb": PublishedFile(
        file="aclImdb_v1.tar.gz",
        url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
        sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
        size=84_125_825,
        install=_install_imdb,
        installed=lambda name: open_text_store(data_dir() / name) is not None,
    ),
    **{f"glove-{size}d": _GLOVE for size in GLOVE_SIZES},
}
"""By the name of the data, as in `tmeattn data fetch NAME`; several names may share a file."""


def add(name: str, path: Path, narrate: Narrate) -> None:
    """Install data from the user's copy: the published file, verified by its SHA-256, or what it unpacks to.

    Raises:
        BadInput: it is another file, is damaged, or does not contain the expected data.
        EnvironmentProblem: the data folder cannot be written.
    """
    published = PUBLISHED_FILES[name]
    if is_pipe(path):
        raise BadInput(f"{path} is a pipe or a device, and no file.", hint=f"Give the path of {published.file}.")
    if path.is_file() and path.name.endswith((".zip", ".gz", ".tgz", ".tar")) and not path.name.endswith(".txt.gz"):
        with read_errors(path), path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        if actual != published.sha256:
            raise _wrong_file(path, published.file, published.sha256, actual)
    published.install(name, path, narrate)
