"""Train, watch, explain and compare attention-based text classifiers.

Use from Python:

    import tmeattn
    model = tmeattn.train("lstm-attn", alpha=0.05)
    model.predict("A wonderful film.").label
    model.predict_proba(["A wonderful film.", "Two hours of my life, gone."])
    tmeattn.load("latest").explain("A wonderful film.", method="attention")

Plugins need no other module: specs, hooks, configuration, layers, errors and tests are all names of this one
(`tmeattn.hookimpl`, `tmeattn.ModelSpec`, `tmeattn.layers.masked_softmax`, `tmeattn.testing.check_model` ...). See
`plugins/README.md` in the repository.

Every name is imported when it is first used, so that `import tmeattn` loads neither torch nor pydantic nor NumPy.
"""

# Nothing else is imported here: `python -m tmeattn` runs this file while the current folder is on the import path.
from tmeattn.waiting import set_waiting_policy as _set_waiting_policy

_set_waiting_policy()  # before anything can import torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tmeattn import errors as errors
    from tmeattn import sklearn as sklearn
    from tmeattn import testing as testing
    from tmeattn.api import Explanations as Explanations
    from tmeattn.api import Model as Model
    from tmeattn.api import Prediction as Prediction
    from tmeattn.api import load as load
    from tmeattn.api import train as train
    from tmeattn.config import ModelConfig as ModelConfig
    from tmeattn.config import Recipes as Recipes
    from tmeattn.config import TrainOptions as TrainOptions
    from tmeattn.data.encoding.corpus import Corpus as Corpus
    from tmeattn.errors import BadInput as BadInput
    from tmeattn.errors import EnvironmentProblem as EnvironmentProblem
    from tmeattn.errors import Interrupted as Interrupted
    from tmeattn.errors import TmeattnError as TmeattnError
    from tmeattn.errors import UnknownName as UnknownName
    from tmeattn.explain.explanation import Explanation as Explanation
    from tmeattn.hookspecs import hookimpl as hookimpl
    from tmeattn.inference.classifier import TrainedClassifier as TrainedClassifier
    from tmeattn.inference.read_texts import EncodedText as EncodedText
    from tmeattn.models import layers as layers
    from tmeattn.models import ngrams as ngrams
    from tmeattn.models.recurrent import LstmStates as LstmStates
    from tmeattn.runs.directory import RunDirectory as RunDirectory
    from tmeattn.runs.events import Event as Event
    from tmeattn.specs import API_VERSION as API_VERSION
    from tmeattn.specs import FIRST_OWN_ID as FIRST_OWN_ID
    from tmeattn.specs import PADDING as PADDING
    from tmeattn.specs import UNKNOWN as UNKNOWN
    from tmeattn.specs import UNKNOWN_PIECE as UNKNOWN_PIECE
    from tmeattn.specs import Attribution as Attribution
    from tmeattn.specs import Dataset as Dataset
    from tmeattn.specs import DatasetSpec as DatasetSpec
    from tmeattn.specs import ExplainerSpec as ExplainerSpec
    from tmeattn.specs import ModelOutput as ModelOutput
    from tmeattn.specs import ModelSpec as ModelSpec
    from tmeattn.specs import Pieces as Pieces
    from tmeattn.specs import Space as Space
    from tmeattn.specs import Split as Split
    from tmeattn.specs import Tokenizer as Tokenizer
    from tmeattn.specs import TokenizerSpec as TokenizerSpec
    from tmeattn.specs import TrackerSpec as TrackerSpec
    from tmeattn.specs import VectorsSpec as VectorsSpec
    from tmeattn.specs import WordVectors as WordVectors

    __version__: str

_NAMES_OF = {
    "tmeattn.api": ("Explanations", "Model", "Prediction", "load", "train"),
    "tmeattn.config": ("ModelConfig", "Recipes", "TrainOptions"),
    "tmeattn.data.encoding.corpus": ("Corpus",),
    "tmeattn.errors": ("BadInput", "EnvironmentProblem", "Interrupted", "TmeattnError", "UnknownName"),
    "tmeattn.explain.explanation": ("Explanation",),
    "tmeattn.hookspecs": ("hookimpl",),
    "tmeattn.inference.classifier": ("TrainedClassifier",),
    "tmeattn.inference.read_texts": ("EncodedText",),
    "tmeattn.models.recurrent": ("LstmStates",),
    "tmeattn.runs.directory": ("RunDirectory",),
    "tmeattn.runs.events": ("Event",),
    "tmeattn.specs": (
        *("ModelSpec", "DatasetSpec", "VectorsSpec", "ExplainerSpec", "TrackerSpec", "TokenizerSpec"),
        *("ModelOutput", "Space", "Attribution", "Dataset", "Split", "WordVectors", "Pieces", "Tokenizer"),
        *("PADDING", "UNKNOWN", "FIRST_OWN_ID", "UNKNOWN_PIECE", "API_VERSION"),
    ),
}
"""Public names, by the module that defines them. The block above repeats them for type checkers."""

_MODULES = {
    "errors": "tmeattn.errors",
    "layers": "tmeattn.models.layers",
    "ngrams": "tmeattn.models.ngrams",
    "sklearn": "tmeattn.sklearn",
    "testing": "tmeattn.testing",
}
"""Public names of whole modules."""

_HOME = {name: module for module, names in _NAMES_OF.items() for name in names}

__all__ = sorted([*_HOME, *_MODULES])

if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that `__getattr__` returns

    def __getattr__(name):
        from importlib import import_module

        if name in _HOME:
            return getattr(import_module(_HOME[name]), name)
        if name in _MODULES:
            return import_module(_MODULES[name])
        if name == "__version__":
            from importlib.metadata import version

            return version("tmeattn")
        raise AttributeError(f"module 'tmeattn' has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__, "__version__"})
