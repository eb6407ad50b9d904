"""What rank 0 tells the others: which run they train, on which data, and the state in which it begins."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass

from tmeattn.data.encoding.corpus import Corpus
from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.data.sources import dataset_of, open_training_corpus, open_vectors
from tmeattn.errors import BadInput
from tmeattn.run_config import RunConfig, stored_config
from tmeattn.runs.directory import RunDirectory
from tmeattn.training.distributed.place import Place


@dataclass(frozen=True)
class Job:
    """A training.

    run:         the path of its directory, which only rank 0 writes.
    config:      its `RunConfig` as JSON.
    vector_size: the dimensions of a word vector.
    corpus:      the fingerprint of the encoded corpus.
    first:       the words of the run that it starts from; None where it starts from none.
    """

    run: str
    config: dict[str, object]
    vector_size: int
    corpus: str
    first: list[str] | None = None

    @staticmethod
    def of(run: RunDirectory, config: RunConfig, corpus: Corpus, first: Vocabulary | None = None) -> Job:
        words = None if first is None else first.words
        return Job(str(run.path), config.model_dump(mode="json"), run.data["vector_size"], corpus.fingerprint, words)

    def content(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def parse(content: bytes) -> Job | None:
        """None: rank 0 does not train, because it has failed or has nothing to do."""
        fields = json.loads(content)
        return None if fields is None else Job(**fields)

    @property
    def run_config(self) -> RunConfig:
        return stored_config(self.run, self.config)

    def open_corpus(self, place: Place) -> Corpus:
        """The encoded corpus on the computer of this process.

        Raises:
            BadInput, EnvironmentProblem: the data are missing here, or differ from those of rank 0.
        """
        config = self.run_config
        options = config.train
        first = None if self.first is None else Vocabulary(self.first)
        dataset, vectors = dataset_of(options), open_vectors(options.vectors)
        corpus = open_training_corpus(config, dataset, vectors, lambda line: None, first)
        if corpus.fingerprint != self.corpus:
            raise BadInput(
                f"The data {options.dataset} on {socket.gethostname()} differ from those of rank 0.",
                hint="Copy the same files to every computer, or use a shared folder.",
            )
        return corpus
