"""Chinese, German and Arabic texts train with the tokenizer of a checkpoint."""

import pytest
import torch
from support.three_scripts import WORDS, texts, write_reviews
from tmeattn_transformers import tmeattn_models
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.testing import sandbox
from tmeattn.training.session import start

(SPEC,) = tmeattn_models()
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


@pytest.fixture(scope="module")
def three_scripts(tmp_path_factory):
    """A random BERT of two layers whose pieces were learned from texts in the three languages."""
    from transformers import BertConfig, BertModel

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=220, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator([text for _, text, _ in texts(240, 2)], trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    folder = tmp_path_factory.mktemp("three-scripts")
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=60, initializer_range=0.2,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


def test_three_scripts_train_above_90_per_cent(three_scripts, tmp_path):
    options = {
        "dataset": str(write_reviews(tmp_path / "reviews.csv")), "checkpoint": str(three_scripts), "max_length": 58,
        "epochs": 15, "lr": 0.01, "encoder_lr": 3e-3, "batch_size": 16, "threads": 1, "device": "cpu", "patience": 0,
    }  # fmt: skip
    with sandbox(SPEC):
        classifier = TrainedClassifier(start("encoder", options))
        for wanted in WORDS:
            asked = [(text, label) for language, text, label in texts(180, 1) if language == wanted]
            predicted = classifier.probabilities([text for text, _ in asked]).argmax(axis=1)
            right = [classifier.classes[at] == label for at, (_, label) in zip(predicted, asked, strict=True)]
            assert sum(right) / len(right) > 0.9, wanted
