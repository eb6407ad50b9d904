"""Open the dataset and the word vectors of a run, of a new one from its options or of an existing one unchanged."""

from __future__ import annotations

from collections.abc import Callable

from tmeattn.config import TrainOptions
from tmeattn.data.edited_dataset import EditedDataset
from tmeattn.data.sources import changed_data, check_unchanged, dataset_of, open_vectors
from tmeattn.errors import BadInput
from tmeattn.models.building import choose_device
from tmeattn.run_config import RunConfig
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.run_files import DataInfo
from tmeattn.specs import Dataset, WordVectors

Narrate = Callable[[str], None]
"""Called with a line about the progress of the preparation."""
Sources = tuple[Dataset, WordVectors | None]
RANDOM_VECTOR_SIZE = 50
"""The dimensions of random vectors where the user gives no number."""


def open_data(options: TrainOptions, narrate: Narrate = lambda line: None) -> tuple[Sources, DataInfo]:
    """The dataset and the vectors of a run to be trained, and their description for `run.json`.

    Raises:
        BadInput, EnvironmentProblem: the dataset, the vectors or the device is missing, or does not fit the options.
    """
    choose_device(options.device)
    dataset, vectors = dataset_of(options, narrate), open_vectors(options.vectors, narrate)
    data: DataInfo = {
        "fingerprint": dataset.fingerprint,
        "classes": list(dataset.classes),
        "vectors": vectors.fingerprint if vectors else None,
        "vector_size": _vector_size(options, vectors),
    }
    if isinstance(dataset, EditedDataset) and dataset.edited is not None:
        data["labels"] = dataset.edited
    return (dataset, vectors), data


def _vector_size(options: TrainOptions, vectors: WordVectors | None) -> int:
    wanted = options.vector_size
    if vectors is None:
        return wanted or RANDOM_VECTOR_SIZE
    if wanted not in (None, vectors.size):
        raise BadInput(
            f"--vector-size {wanted}: the vectors {options.vectors} have {vectors.size} dimensions.",
            hint="Leave --vector-size out, or use --vectors random.",
        )
    return vectors.size


def stored_sources(run: RunDirectory, config: RunConfig, narrate: Narrate) -> Sources:
    """The dataset and the vectors of an existing run.

    Raises:
        BadInput: they have changed since the run was started.
    """
    dataset = dataset_of(config.train, narrate)
    check_unchanged(run, dataset)
    vectors = open_vectors(config.train.vectors, narrate)
    if not run.has_checkpoint() and (vectors.fingerprint if vectors else None) != run.data["vectors"]:
        raise changed_data(run)  # with a checkpoint, the vectors are in it
    return dataset, vectors
