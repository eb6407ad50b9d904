"""The JSON documents of `faithfulness`."""

# No `from __future__ import annotations`: as strings, annotations would hide NotRequired from `__required_keys__`.

from typing import Annotated, TypedDict


class Estimate(TypedDict):
    """A mean over texts, and its difference from the random control."""

    mean: Annotated[float, "The mean"]
    low: Annotated[float, "Lower end of its 95 % interval (bootstrap over the texts)"]
    high: Annotated[float, "Upper end"]
    over_control: Annotated[float | None, "Difference from the control"]
    over_low: Annotated[float | None, "Lower end of its 95 % interval (paired by text)"]
    over_high: Annotated[float | None, "Upper end"]


class MethodMeasures(TypedDict):
    """The results of a method."""

    method: Annotated[str, "The method of explanation"]
    measures: Annotated[
        dict[str, Estimate],
        "By the name of the metric: comprehensiveness, sufficiency, deletion, insertion, tau_gradient, "
        "tau_leave_one_out, normalized_comprehensiveness, normalized_sufficiency (means over the texts with bounds), "
        "soft_comprehensiveness, soft_sufficiency, and with human rationales auprc, token_f1, iou_f1",
    ]
    seconds_per_text: Annotated[float, "Mean duration of an explanation, seconds"]


class PassedOver(TypedDict):
    """A method that does not work with the model."""

    method: Annotated[str, "The method of explanation"]
    reason: Annotated[str, "Why it was left out"]


class Bounds(TypedDict):
    """The bounds of normalised erasure."""

    chosen: Annotated[int, "Texts whose bounds were searched"]
    exact: Annotated[int, "Of these by exhaustive search"]
    beam: Annotated[int, "Of these by beam search"]
    flat: Annotated[dict[str, int], "By measure, texts without a scale"]
    widened: Annotated[int, "Texts in which the order of a method was outside of what the beam found"]
    excess: Annotated[float, "By how much at most"]


class SoftErasure(TypedDict):
    """How soft erasure was measured."""

    keep_rate: Annotated[float, "The share that it keeps on average"]
    draws: Annotated[int, "Masks of each text"]
    flat: Annotated[int, "Texts without a figure"]


class AgainstRandom(TypedDict):
    """A method against random rationales by one measure."""

    drop: Annotated[Estimate, "Lost share of the probability of the predicted class"]
    win_rate: Annotated[Estimate, "Share of the random rationales that the method's is better than"]
    p: Annotated[float, "Of the permutation test"]
    p_adjusted: Annotated[float, "After Benjamini and Hochberg over the methods"]
    effect: Annotated[float | None, "Effect size d; null without any spread"]


class MethodAgainstRandom(TypedDict):
    """A method against random rationales of the same length."""

    method: Annotated[str, "The method of explanation"]
    comprehensiveness: Annotated[AgainstRandom, "Without the rationale"]
    sufficiency: Annotated[AgainstRandom, "With the rationale alone"]


class OperatorFigures(TypedDict):
    """All methods against random rationales, with one operator of erasure."""

    operator: Annotated[str, "How words are erased: delete, unknown or infill"]
    share: Annotated[float, "Share of the words of a rationale"]
    draws: Annotated[int, "Random rationales of a text"]
    texts: Annotated[int, "Texts that are compared"]
    methods: Annotated[list[MethodAgainstRandom], "The methods"]


class ErasureOrder(TypedDict):
    """Erasure of attention weights in one order."""

    order: Annotated[str, "The order"]
    first: Annotated[Estimate, "Share of texts whose decision flips without the first weight"]
    flips: Annotated[Estimate, "Share of texts whose decision flips before all weights are erased"]
    fraction: Annotated[Estimate, "Share of the weights that are erased when the decision first flips"]


class WeightErasure(TypedDict):
    """How many attention weights must be erased until the decision flips."""

    texts: Annotated[int, "How many texts"]
    steps: Annotated[int | None, "Shares of the weights that were tried; null: every number"]
    rows: Annotated[list[ErasureOrder], "The orders"]


class AdversaryPoint(TypedDict):
    """How far attention can move where predictions change by at most `allowed`."""

    allowed: Annotated[float, "Total variation distance of the predictions"]
    per_text: Annotated[Estimate | None, "Largest Jensen-Shannon divergence of the attention of each text, nats"]
    one_model: Annotated[float | None, "The same of one trained adversary"]


class Adversary(TypedDict):
    """A state of the trained adversary."""

    factor: Annotated[float, "Its factor"]
    tvd: Annotated[float, "Mean total variation distance of the predictions"]
    jsd: Annotated[float, "Mean Jensen-Shannon divergence of the attention, nats"]
    agree: Annotated[float, "Share of texts with the same decision"]


class AdversarialAttention(TypedDict):
    """How far attention can move while predictions stay."""

    texts: Annotated[int, "How many texts"]
    curve: Annotated[list[AdversaryPoint], "By the allowed change of the predictions"]
    exact: Annotated[bool, "Whether `per_text` is the exact maximum, not only a lower bound"]
    adversaries: Annotated[list[Adversary], "The states of the trained adversary"]
    steps: Annotated[int, "Steps of its training"]
    training_texts: Annotated[int, "Texts of its training"]


class AttentionTests(TypedDict):
    """`--attention-tests`: tests of attention itself."""

    erasure: Annotated[WeightErasure | None, "Erasure of weights; null where it does not apply"]
    adversarial: Annotated[AdversarialAttention | None, "Adversarial attention; null where it does not apply"]
    reasons: Annotated[list[str], "Sentences on what does not apply"]


class Twins(TypedDict):
    """The uniform-weights test: the run and its twin with equal attention weights."""

    twin: Annotated[str, "Id of the twin"]
    texts: Annotated[int, "How many texts"]
    accuracy: Annotated[float, "Of the run"]
    twin_accuracy: Annotated[float, "Of the twin"]
    low: Annotated[float, "Lower end of the 95 % interval of the difference (paired bootstrap over the texts)"]
    high: Annotated[float, "Upper end"]


class Faithfulness(TypedDict):
    """How faithful the explanations of a run are."""

    run: Annotated[str, "Id of the run"]
    name: Annotated[str | None, "Its name"]
    model: Annotated[str, "Its model"]
    data: Annotated[str, "What the texts are"]
    texts: Annotated[int, "How many texts"]
    words: Annotated[float, "Their mean length in words"]
    accuracy: Annotated[float | None, "On these texts, in [0, 1]; null for texts without labels"]
    entropy: Annotated[Estimate | None, "Attention entropy, nats; null without attention"]
    rows: Annotated[list[MethodMeasures], "The methods, the control last"]
    passed_over: Annotated[list[PassedOver], "Methods that do not work with the model"]
    twins: Annotated[Twins | None, "The uniform-weights test"]
    no_twins: Annotated[str | None, "Why there is none"]
    notes: Annotated[list[str], "Sentences on the texts and the methods"]
    bounds: Annotated[Bounds | None, "The bounds of normalised erasure; null with --limit-bounded 0"]
    against_random: Annotated[list[OperatorFigures], "For each operator of erasure"]
    disagreements: Annotated[list[str], "Where operators disagree"]
    soft: Annotated[SoftErasure | None, "How soft erasure was measured"]
    attention_tests: Annotated[AttentionTests | None, "Null without --attention-tests"]


class FaithfulnessOfRuns(TypedDict):
    """`tmeattn faithfulness RUN RUN...`."""

    runs: Annotated[list[Faithfulness], "Each run"]
    comparable: Annotated[list[str], "Measures whose figures may be compared between runs"]
    reason: Annotated[str, "Why others may not"]


class PlantedRun(TypedDict):
    """A run on texts with planted shortcuts."""

    run: Annotated[str, "Id of the run"]
    seed: Annotated[int, "Its seed"]
    accuracy: Annotated[float | None, "On texts that all have the shortcut"]
    alone: Annotated[
        float | None,
        "Share of texts that one word of the shortcut decides without the other; null for a shortcut of one word",
    ]
    problem: Annotated[str | None, "Why the shortcut counts as not learned"]


class PlantedRow(TypedDict):
    """A kind of shortcut and a model."""

    kind: Annotated[str, "The shortcut: token, pair or context"]
    model: Annotated[str, "The model"]
    status: Annotated[str, "learned, not learned, or by how many seeds"]
    accuracy: Annotated[float | None, "Mean of the runs on texts that all have the shortcut"]
    count: Annotated[int, "k: words of the shortcut in a text"]
    texts: Annotated[int, "Texts that the precision was measured on"]
    words: Annotated[float | None, "Their mean length in words"]
    chance: Annotated[float | None, "Precision of a random order"]
    precision: Annotated[dict[str, Estimate], "Precision@k by method; empty where no run has learned the shortcut"]
    runs: Annotated[list[PlantedRun], "The runs"]
    passed_over: Annotated[list[PassedOver], "Methods that do not work with the model"]


class Planted(TypedDict):
    """`tmeattn faithfulness --planted MODELS`: which methods find planted shortcuts."""

    data: Annotated[str, "The dataset whose texts have shortcuts"]
    classes: Annotated[list[str], "The two classes that shortcuts give"]
    planted: Annotated[list[str], "The words: of either class, and the context"]
    train_texts: Annotated[int, "Training texts"]
    least_accuracy: Annotated[float, "Accuracy from which on a shortcut counts as learned"]
    rows: Annotated[list[PlantedRow], "Each kind of shortcut and model"]
    notes: Annotated[list[str], "Sentences on the result"]
