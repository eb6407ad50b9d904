"""The lowest and the highest reachable AOPC of a text, which make comprehensiveness and sufficiency comparable across
models (Edin et al., arXiv 2408.08137): normalised = (AOPC - lower) / (upper - lower).

An order of the words erases (or keeps) nested sets of words, one for each share of `BINS`. The bounds are the lowest
and the highest AOPC of any order. Texts of at most `EXACT_WORDS` words are searched exhaustively. Longer ones are
searched with a beam: words join the set in at most `STEPS` steps between two shares, and the words of a step come from
the top of three rankings (their effect when left out of the text, their effect alone, and the mean of both ranks).

Shapes: N words, K shares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tmeattn.data.encoding.words import Units
from tmeattn.faithfulness.metrics import BINS

EXACT_WORDS = 12
"""The most words of a text that is searched exhaustively."""
BEAM = 5
"""Sets that a beam keeps after each step (as in the paper)."""
STEPS = 4
"""The most steps of a beam from one share of the words to the next."""
ROUNDING = 1e-6
"""Differences of probabilities that are only rounding."""

Predict = Callable[[list[Units]], np.ndarray]
"""Class probabilities (M, C) of M sequences of words."""


@dataclass(frozen=True)
class Limits:
    """The lowest and the highest reachable AOPC of a text.

    exact: whether all orders were searched; else the bounds are the best that the beam found.
    """

    comprehensiveness: tuple[float, float]
    sufficiency: tuple[float, float]
    exact: bool


@dataclass(frozen=True)
class BoundedText:
    """A text whose bounds are searched: its words, the index and the probability of its predicted class, and the
    scores of its words by leave-one-out."""

    ids_N: Units
    target: int
    whole: float
    leave_one_out_N: np.ndarray


def sizes(words: int) -> list[int]:
    """The number of words at each share of `BINS`, rounded up."""
    return [math.ceil(share * words) for share in BINS]


def bound(predict: Predict, texts: Sequence[BoundedText]) -> list[Limits]:
    """The bounds of each text. Every step of all beams of all texts is one call of `predict`."""
    short = [index for index, text in enumerate(texts) if len(text.ids_N) <= EXACT_WORDS]
    long = [index for index, text in enumerate(texts) if len(text.ids_N) > EXACT_WORDS]
    found = {index: _exhaustive(predict, texts[index]) for index in short}
    found |= dict(zip(long, _beams(predict, [texts[index] for index in long]), strict=True))
    return [found[index] for index in range(len(texts))]


def normalized(aopc: float, limits: tuple[float, float]) -> float:
    """The AOPC on the scale of its bounds; NaN where there is no scale."""
    lower, upper = limits
    return math.nan if is_flat(limits) else (aopc - lower) / (upper - lower)


def is_flat(limits: tuple[float, float]) -> bool:
    """Whether every order has the same AOPC, up to rounding, so that there is no scale."""
    return limits[1] - limits[0] <= ROUNDING


def widened(limits: tuple[float, float], reached: Sequence[float]) -> tuple[float, float]:
    """The bounds with AOPCs that some orders have reached, so that none lies outside."""
    return min(limits[0], *reached), max(limits[1], *reached)


def excess(wide: tuple[float, float], limits: tuple[float, float]) -> float:
    """By how much bounds are wider than others, at the end where it is more."""
    return max(limits[0] - wide[0], wide[1] - limits[1])


def _exhaustive(predict: Predict, text: BoundedText) -> Limits:
    """Both bounds of both measures over all orders.

    The best order of each set of words adds one word to the best order of a set without it, so the sets are visited by
    their size, as numbers whose bits are the words.
    """
    words = len(text.ids_N)
    measured = sizes(words)
    sets_S = np.arange(2**words)
    members_SN = (sets_S[:, None] >> np.arange(words)) & 1 == 1
    size_S = members_SN.sum(axis=1)
    needed = [int(one) for one in sets_S if size_S[one] in measured]
    rows_MC = predict(
        [*(text.ids_N[~members_SN[one]] for one in needed), *(text.ids_N[members_SN[one]] for one in needed)]
    )
    falls_2M = text.whole - rows_MC[:, text.target].reshape(2, -1)
    limits = []
    for falls_M in falls_2M:
        value_S = np.zeros(len(sets_S))
        value_S[needed] = falls_M
        gain_S = value_S * np.array([measured.count(int(size)) for size in size_S])
        limits.append(
            (
                -_best_chain(-gain_S, members_SN, size_S, measured[-1]),
                _best_chain(gain_S, members_SN, size_S, measured[-1]),
            )
        )
    comprehensiveness, sufficiency = ((low / len(BINS), high / len(BINS)) for low, high in limits)
    return Limits(comprehensiveness, sufficiency, exact=True)


def _best_chain(gain_S: np.ndarray, members_SN: np.ndarray, size_S: np.ndarray, last: int) -> float:
    """The highest sum of gains along a chain of sets, from the empty set to one of `last` words."""
    best_S = np.full(len(gain_S), -np.inf)
    best_S[0] = 0.0
    for size in range(1, last + 1):
        of_size = np.flatnonzero(size_S == size)
        before = np.where(members_SN[of_size], of_size[:, None] - (1 << np.arange(members_SN.shape[1])), 0)
        reached = np.where(members_SN[of_size], best_S[before], -np.inf)
        best_S[of_size] = reached.max(axis=1) + gain_S[of_size]
    return float(best_S[size_S == last].max())


@dataclass
class _State:
    """A set of words in a beam: its members (N,), and the sum of the values at the shares that it has passed."""

    members_N: np.ndarray
    total: float


class _Beam:
    """The search of one bound of one measure of one text.

    keep: whether the set is what is kept of the text (sufficiency); else it is what is erased (comprehensiveness).
    sign: 1 to search the highest fall of the probability, -1 for the lowest.
    """

    def __init__(self, text: BoundedText, alone_N: np.ndarray, *, keep: bool, sign: int) -> None:
        self.text, self.keep, self.sign = text, keep, sign
        # The fall is high if words that speak for the class are erased first, or words against it are kept first.
        wanted = sign * (-1 if keep else 1)
        ranks = [_ranks(wanted * text.leave_one_out_N), _ranks(wanted * alone_N)]
        self.orders = [np.argsort(rank_N, kind="stable") for rank_N in (*ranks, ranks[0] + ranks[1])]
        self.measured = sizes(len(text.ids_N))
        self.plan = _plan(self.measured)
        self.states = [_State(np.zeros(len(text.ids_N), dtype=bool), 0.0)]

    def expand(self, step: int) -> list[tuple[_State, np.ndarray]]:
        """The sets of the next size, each with the state that it comes from."""
        if step >= len(self.plan):
            return []
        found: dict[bytes, tuple[_State, np.ndarray]] = {}
        for state in self.states:
            more = self.plan[step] - int(state.members_N.sum())
            for chosen_M in self._candidates(state.members_N, more):
                members_N = state.members_N.copy()
                members_N[chosen_M] = True
                known = found.get(members_N.tobytes())
                if known is None or self.sign * known[0].total < self.sign * state.total:
                    found[members_N.tobytes()] = (state, members_N)
        return list(found.values())

    def _candidates(self, members_N: np.ndarray, more: int) -> list[np.ndarray]:
        """Choices of the words that join a set: the first of each ranking, and of leave-one-out the first after its
        very first."""
        left = [order_N[~members_N[order_N]] for order_N in self.orders]
        return [*(order_N[:more] for order_N in left), left[0][1 : more + 1] if len(left[0]) > more else left[0][:more]]

    def sequence(self, members_N: np.ndarray) -> Units:
        """What the model reads."""
        return self.text.ids_N[members_N if self.keep else ~members_N]

    def select(self, step: int, expanded: list[tuple[_State, np.ndarray]], falls_M: np.ndarray) -> None:
        """Keep the best sets, by the values at the shares so far and the value now."""
        times = self.measured.count(self.plan[step])
        order = np.argsort(
            [-self.sign * (state.total + fall) for (state, _), fall in zip(expanded, falls_M, strict=True)],
            kind="stable",
        )
        self.states = [
            _State(expanded[at][1], expanded[at][0].total + times * float(falls_M[at])) for at in order[:BEAM]
        ]

    @property
    def best(self) -> float:
        """The AOPC of the best state."""
        return self.sign * max(self.sign * state.total for state in self.states) / len(BINS)


def _plan(measured: Sequence[int]) -> list[int]:
    """The sizes of the sets after each step: every measured size, and at most `STEPS` - 1 between two of them."""
    plan, before = [], 0
    for size in sorted(set(measured)):
        steps = min(STEPS, size - before)
        plan += [before + round((size - before) * part / steps) for part in range(1, steps + 1)]
        before = size
    return plan


def _ranks(scores_N: np.ndarray) -> np.ndarray:
    """(N,) the rank of each word, 0 for the highest score."""
    return np.argsort(np.argsort(-scores_N, kind="stable"), kind="stable")


def _beams(predict: Predict, texts: Sequence[BoundedText]) -> list[Limits]:
    """The bounds of long texts by beam search."""
    if not texts:
        return []
    alone_MC = predict([text.ids_N[at : at + 1] for text in texts for at in range(len(text.ids_N))])
    ends = np.cumsum([len(text.ids_N) for text in texts])[:-1]
    alone = [rows_NC[:, text.target] for text, rows_NC in zip(texts, np.split(alone_MC, ends), strict=True)]
    beams = [
        _Beam(text, alone_N, keep=keep, sign=sign)
        for text, alone_N in zip(texts, alone, strict=True)
        for keep in (False, True)
        for sign in (-1, 1)
    ]
    for step in range(max(len(beam.plan) for beam in beams)):
        expanded = [beam.expand(step) for beam in beams]
        rows_MC = predict(
            [beam.sequence(members_N) for beam, sets in zip(beams, expanded, strict=True) for _, members_N in sets]
        )
        for beam, sets, rows in zip(
            beams, expanded, np.split(rows_MC, np.cumsum(list(map(len, expanded)))[:-1]), strict=True
        ):
            if sets:
                beam.select(step, sets, beam.text.whole - rows[:, beam.text.target])
    four = [beam.best for beam in beams]
    return [
        Limits((four[at], four[at + 1]), (four[at + 2], four[at + 3]), exact=False) for at in range(0, len(four), 4)
    ]
