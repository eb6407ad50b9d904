"""A random BERT of two layers with a vocabulary of some words and letters, made in milliseconds: for tests."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from tmeattn.testing import toy

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = [*toy.CLASSES[:2], *toy.FILLERS, "film", "good", "bad", "un", "##believ", "##able", ",", ".", "中", "文"]
VOCABULARY = list(dict.fromkeys([*SPECIAL, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]))


def make_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.enable_truncation(8)  # as in published files
    tokenizer.enable_padding(length=8)
    return tokenizer


SIZES = {
    "vocab_size": len(VOCABULARY),
    "hidden_size": 16,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "initializer_range": 0.5,
    "pad_token_id": 0,
    "cls_token_id": 2,
    "sep_token_id": 3,
}
KINDS: dict[str, tuple[str, dict[str, object]]] = {
    "bert": ("BertConfig", {}),
    "distilbert": ("DistilBertConfig", {"dim": 16, "hidden_dim": 32, "n_heads": 2}),
    "electra": ("ElectraConfig", {"embedding_size": 16}),
    "modernbert": ("ModernBertConfig", {"global_attn_every_n_layers": 2, "local_attention": 8}),
    "mpnet": ("MPNetConfig", {"pad_token_id": 1}),
    "roberta": ("RobertaConfig", {"pad_token_id": 1}),
    "xlm-roberta": ("XLMRobertaConfig", {"pad_token_id": 1}),
}
"""Kinds of encoders: their configuration in transformers, and settings beside `SIZES`."""


def make_checkpoint(folder: Path, *, kind: str = "bert", layers: int = 2, positions: int = 40, seed: int = 0) -> Path:
    """A checkpoint with random weights.

    kind: one of `KINDS`.
    """
    import transformers

    torch.manual_seed(seed)
    name, settings = KINDS[kind]
    depth = {"n_layers" if kind == "distilbert" else "num_hidden_layers": layers}
    config = getattr(transformers, name)(**{**SIZES, "max_position_embeddings": positions, **depth, **settings})
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    make_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def changed(folder: Path, **settings: object) -> Path:
    """The checkpoint with other settings in its config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))
    return folder
