"""Build an encoder of transformers and load its weights, without code of the checkpoint and without pickle."""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from torch import nn

from tmeattn.errors import BadInput, shortened
from tmeattn.foreign import one_line
from tmeattn_transformers.checkpoints import Source, not_installed

_ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")
"""The names of the dropout rate of attention weights in configurations."""


def load_encoder(source: Source, attention_dropout: float = 0.0) -> Any:
    """The encoder of a checkpoint with its weights, in float32 and without a pooler: a `PreTrainedModel`.

    attention_dropout: the dropout rate of attention weights, in place of that of the checkpoint. Fused attention has no
    dropout on a CPU: with 0, the steps of training take half the time.

    Raises:
        BadInput: it is no encoder, needs code of its own, or its weights do not fit.
        EnvironmentProblem: transformers is not installed.
    """
    try:
        import transformers
        from transformers import AutoConfig, AutoModel
    except ImportError:
        raise not_installed("transformers") from None
    name = shortened(source.name)
    with _quiet(transformers):
        try:
            config = AutoConfig.from_pretrained(source.folder, local_files_only=True, trust_remote_code=False)
        except Exception as error:
            if "auto_map" in source.settings:
                raise BadInput(
                    f"The checkpoint {name} ({source.settings.get('model_type')}) cannot be built without code of its "
                    "own, which tmeattn never runs.",
                    hint="Choose a checkpoint whose type transformers knows.",
                ) from None
            raise BadInput(
                f"transformers {transformers.__version__} cannot use the config.json of the checkpoint {name}: "
                f"{one_line(error)}."
            ) from None
        _require_encoder(config, name)
        for rate in _ATTENTION_DROPOUT:
            if hasattr(config, rate):
                setattr(config, rate, attention_dropout)
        source_files = source.weights  # which may be missing
        try:
            encoder, loaded = AutoModel.from_pretrained(
                source.folder,
                config=config,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
        except Exception as error:
            raise BadInput(f"The weights of the checkpoint {name} cannot be loaded: {one_line(error)}.") from None
    missing = sorted(key for key in loaded["missing_keys"] if not key.startswith("pooler."))
    if missing or loaded.get("mismatched_keys"):
        wrong = (missing or sorted(str(key) for key in loaded["mismatched_keys"]))[0]
        raise BadInput(f"{source_files[0].name} of the checkpoint {name} does not fit its config.json: {wrong}.")
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None  # its states are pooled by the model that uses it
    return encoder.float()


def _require_encoder(config: Any, name: str) -> None:
    """Check that all tokens see one another.

    Raises:
        BadInput: it is a decoder, or has one.
    """
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    kind = config.model_type
    hint = "Use a checkpoint of an encoder, such as BERT, RoBERTa, DistilBERT, MiniLM or ModernBERT."
    if config.is_encoder_decoder:
        raise BadInput(f"The checkpoint {name} ({kind}) is an encoder with a decoder, not an encoder alone.", hint=hint)
    only_causal = kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    if getattr(config, "is_decoder", False) or only_causal:
        raise BadInput(
            f"The checkpoint {name} ({kind}) is a decoder: its tokens do not see those behind them.", hint=hint
        )


def layers_of(encoder: nn.Module, name: str) -> tuple[nn.Module, str]:
    """The list of the encoder's layers, as its parent module and its name there.

    Raises:
        BadInput: it is not clear which list it is.
    """
    count = encoder.config.num_hidden_layers
    lists = [(path, module) for path, module in encoder.named_modules() if isinstance(module, nn.ModuleList)]
    fitting = [path for path, module in lists if len(module) == count and "." not in path.replace("encoder.", "", 1)]
    if not fitting:
        fitting = [path for path, module in lists if len(module) == count]
    if not fitting:
        raise BadInput(
            f"The layers of the checkpoint {shortened(name)} ({encoder.config.model_type}) are not a list.",
            hint="Train the whole encoder: leave --freeze-encoder and --tune-layers out.",
        )
    parent, _, own = fitting[0].rpartition(".")
    return encoder.get_submodule(parent), own


@contextlib.contextmanager
def _quiet(transformers: Any) -> Any:
    """Without the library's progress bars and notes, such as on weights of a head that is not used."""
    logging = transformers.utils.logging
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
