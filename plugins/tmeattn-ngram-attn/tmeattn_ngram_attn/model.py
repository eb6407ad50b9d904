"""The model: words and their neighbours, pooled by attention that starts from the evidence of n-grams."""

import torch
from torch import nn
from torch.nn import functional as F

from tmeattn.models.layers import ClassifierHead, WordEmbedding, masked_softmax
from tmeattn.models.ngrams import first_occurrences, look_up, ngram_keys
from tmeattn.specs import ModelOutput


class Evidence(nn.Module):
    """Evidence of each word for each class, from the n-grams that it is part of: (B, T) tokens -> (B, T, C).

    In training a text meets the weights that were fitted without it.
    """

    def __init__(self, config, space):
        super().__init__()
        self.ngrams, self.vocabulary_size, self.classes = config.ngrams, space.vocabulary_size, space.num_classes
        prepared = {name: torch.from_numpy(array) for name, array in space.prepared.items()}
        mean_G1E = prepared["weights"].mean(dim=1, keepdim=True)
        self.register_buffer("keys_G", prepared["keys"], persistent=False)
        self.register_buffer("weights_GKE", torch.cat([prepared["weights"], mean_G1E], dim=1), persistent=False)
        bias_KE = prepared["bias"]
        self.register_buffer("bias_KE", torch.cat([bias_KE, bias_KE.mean(dim=0, keepdim=True)]), persistent=False)

    def forward(self, tokens_BT, mask_BT):
        """evidence_BTC and bias_BC."""
        keys_BTN = ngram_keys(tokens_BT, mask_BT, vocabulary_size=self.vocabulary_size, longest=self.ngrams)
        place_BTN, known_BTN = look_up(keys_BTN, self.keys_G)
        counted_BTN = known_BTN & first_occurrences(keys_BTN.flatten(1)).view_as(known_BTN)
        folds = len(self.bias_KE) - 1
        fold_B = tokens_BT.sum(dim=1) % folds if self.training else torch.full_like(tokens_BT[:, 0], folds)
        weights_BTNE = self.weights_GKE[place_BTN, fold_B[:, None, None]] * counted_BTN.unsqueeze(-1)
        evidence_BTE = sum(shared(weights_BTNE[:, :, n], n + 1) for n in range(self.ngrams))
        bias_BE = self.bias_KE[fold_B]
        if self.classes == 2:
            return torch.cat([-evidence_BTE, evidence_BTE], dim=-1) / 2, torch.cat([-bias_BE, bias_BE], dim=-1) / 2
        return evidence_BTE, bias_BE


def shared(evidence_BTE, words):
    """Evidence that stands at the last word of its n-gram, in equal shares at all its words."""
    shares_BTE = evidence_BTE / words
    return sum(F.pad(shares_BTE, (0, 0, 0, before))[:, before:] for before in range(words))


class NgramAttention(nn.Module):
    """See `tmeattn_ngram_attn.Config` for the formula."""

    def __init__(self, config, space):
        super().__init__()
        self.evidence = Evidence(config, space)
        self.embedding = WordEmbedding(space)
        self.context = nn.Conv1d(space.vector_size, config.hidden_size, config.window, padding=config.window // 2)
        self.query_D = nn.Parameter(torch.zeros(config.hidden_size))
        self.scale = nn.Parameter(torch.ones(()))
        self.classify = ClassifierHead(config.hidden_size, space.num_classes, config.dropout)
        self.floor, self.agreement, self.input_dropout = config.floor, config.agreement, config.input_dropout

    def forward(self, tokens_BT, mask_BT, need_maps=False):
        evidence_BTC, bias_BC = self.evidence(tokens_BT, mask_BT)
        x_BTD = F.dropout(self.embedding(tokens_BT), self.input_dropout, self.training) * mask_BT.unsqueeze(-1)
        states_BTD = self.context(x_BTD.transpose(1, 2)).transpose(1, 2).relu()
        prior_BT = self.prior(evidence_BTC, bias_BC)
        attention_BT = masked_softmax(prior_BT + states_BTD @ self.query_D, mask_BT)
        # What attention is without a query: divided by it, evidence is handed on as it came where nothing is learned.
        # Not by masked_softmax, whose weights a test of equal weights changes: then both would, and nothing be tested.
        share_BT = torch.softmax(prior_BT.masked_fill(~mask_BT, -torch.inf), dim=-1)
        value_BTC = evidence_BTC / share_BT.clamp_min(torch.finfo(share_BT.dtype).tiny).unsqueeze(-1)
        pooled_BC = torch.einsum("bt,btc->bc", attention_BT, value_BTC)
        pooled_BD = torch.einsum("bt,btd->bd", attention_BT, states_BTD)
        return ModelOutput(self.scale * (pooled_BC + bias_BC) + self.classify(pooled_BD), attention_BT)

    def prior(self, evidence_BTC, bias_BC):
        """Scores before a query: how much evidence a word holds, and whether it speaks for what the whole text says."""
        amount_BT = evidence_BTC.abs().amax(dim=-1) + self.floor
        said_BC = torch.softmax(evidence_BTC.sum(dim=1) + bias_BC, dim=-1)
        agreement_BT = torch.einsum("btc,bc->bt", evidence_BTC, said_BC) / amount_BT
        return amount_BT.log() + self.agreement * agreement_BT
