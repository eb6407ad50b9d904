"""The model: states of words in context, pooled by attention whose prior scores are the evidence of n-grams."""

import torch
from torch import nn
from torch.nn import functional as F

import tmeattn
from tmeattn import layers, ngrams


class Evidence(nn.Module):
    """Evidence of each word for each class, from the n-grams that contain it: (B, T) tokens -> (B, T, C).

    In training, each text uses the weights that were fitted without its part; in evaluation, the mean of all folds.
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
        """Return evidence_BTC and bias_BC."""
        keys_BTN = ngrams.ngram_keys(tokens_BT, mask_BT, vocabulary_size=self.vocabulary_size, longest=self.ngrams)
        index_BTN, known_BTN = ngrams.look_up(keys_BTN, self.keys_G)
        counted_BTN = known_BTN & ngrams.first_occurrences(keys_BTN.flatten(1)).view_as(known_BTN)
        folds = len(self.bias_KE) - 1
        fold_B = tokens_BT.sum(dim=1) % folds if self.training else torch.full_like(tokens_BT[:, 0], folds)
        weights_BTNE = self.weights_GKE[index_BTN, fold_B[:, None, None]] * counted_BTN.unsqueeze(-1)
        evidence_BTE = sum(shared(weights_BTNE[:, :, n], n + 1) for n in range(self.ngrams))
        bias_BE = self.bias_KE[fold_B]
        if self.classes == 2:
            return torch.cat([-evidence_BTE, evidence_BTE], dim=-1) / 2, torch.cat([-bias_BE, bias_BE], dim=-1) / 2
        return evidence_BTE, bias_BE


def shared(evidence_BTE, words):
    """Divide evidence that is stored at the last word of an n-gram equally among all its words."""
    shares_BTE = evidence_BTE / words
    return sum(F.pad(shares_BTE, (0, 0, 0, before))[:, before:] for before in range(words))


class NgramAttention(nn.Module):
    """See `tmeattn_ngram_attn.Config` for the formula."""

    def __init__(self, config, space):
        super().__init__()
        self.evidence = Evidence(config, space)
        self.embedding = layers.WordEmbedding(space)
        self.context = layers.WordConvolution(space.vector_size, config.hidden_size, config.window)
        self.query_D = nn.Parameter(torch.zeros(config.hidden_size))
        self.scale = nn.Parameter(torch.ones(()))
        self.classify = layers.ClassifierHead(config.hidden_size, space.num_classes, config.dropout)
        self.floor, self.agreement, self.input_dropout = config.floor, config.agreement, config.input_dropout

    def forward(self, tokens_BT, mask_BT, need_maps=False):
        evidence_BTC, bias_BC = self.evidence(tokens_BT, mask_BT)
        x_BTD = layers.dropout(
            self.embedding(tokens_BT), self.input_dropout, self.training, since=2
        ) * mask_BT.unsqueeze(-1)
        states_BTD = self.context(x_BTD).relu()
        prior_BT = self.prior(evidence_BTC, bias_BC)
        attention_BT = layers.masked_softmax(prior_BT + states_BTD @ self.query_D, mask_BT)
        # The attention weights for q = 0. Evidence is divided by them, so that with q = 0 the weighted sum equals the
        # sum of the evidence. This is not masked_softmax, because --uniform-attention changes the result of that
        # function: numerator and denominator would change alike, and the option would have no effect.
        share_BT = torch.softmax(prior_BT.masked_fill(~mask_BT, -torch.inf), dim=-1)
        value_BTC = evidence_BTC / share_BT.clamp_min(torch.finfo(share_BT.dtype).tiny).unsqueeze(-1)
        pooled_BC = torch.einsum("bt,btc->bc", attention_BT, value_BTC)
        pooled_BD = torch.einsum("bt,btd->bd", attention_BT, states_BTD)
        return tmeattn.ModelOutput(self.scale * (pooled_BC + bias_BC) + self.classify(pooled_BD), attention_BT)

    def prior(self, evidence_BTC, bias_BC):
        """Prior scores (B, T): the amount of evidence of each word, and its agreement with the text's prediction."""
        amount_BT = evidence_BTC.abs().amax(dim=-1) + self.floor
        predicted_BC = torch.softmax(evidence_BTC.sum(dim=1) + bias_BC, dim=-1)
        agreement_BT = torch.einsum("btc,bc->bt", evidence_BTC, predicted_BC) / amount_BT
        return amount_BT.log() + self.agreement * agreement_BT
