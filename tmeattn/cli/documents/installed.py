"""The JSON documents of `models`, `data`, `config`, `plugins` and `docs`."""

# No `from __future__ import annotations`: as strings, annotations would hide NotRequired from `__required_keys__`.

from typing import Annotated, Any, Literal, NotRequired, TypedDict


class ListedModel(TypedDict):
    """A model in a list."""

    name: Annotated[str, "Its name"]
    summary: Annotated[str, "What it is, in a sentence"]
    attention: Annotated[str, "pool, self or none"]
    reference: Annotated[str, "Where it is described"]
    plugin: Annotated[str, "The distribution that provides it"]
    version: Annotated[str, "The version of the distribution"]


class DiagramNode(TypedDict):
    """A step of a diagram."""

    kind: Annotated[Literal["input", "module", "operation", "parameter"], "What it is"]
    label: Annotated[str, "Its name"]
    detail: Annotated[str, "Its settings"]
    shape: Annotated[str, "Shape of its output"]
    parameters: Annotated[int, "Its parameters"]
    trainable: Annotated[int, "Those that are trained"]
    times: Annotated[int, "How many such modules follow one another"]
    inputs: Annotated[list[int], "Positions of the nodes whose output it takes"]


class ModelDiagram(TypedDict):
    """The steps of a model, or of a module that it repeats."""

    name: Annotated[str, "The module"]
    nodes: Annotated[list[DiagramNode], "The steps in the order in which they are computed"]
    parameters: Annotated[int, "Parameters of the whole"]
    trainable: Annotated[int, "Those that are trained"]


class ModelOption(TypedDict):
    """An option of a model."""

    name: Annotated[str, "Its name, with underscores"]
    help: Annotated[str | None, "What it does"]
    modern: Annotated[Any, "Its default in the recipe `modern`"]
    report: Annotated[Any, "Its default in the recipe `report`"]


class ModelRecipes(TypedDict):
    """The values of all options in each recipe."""

    modern: Annotated[dict[str, Any], "Of the recipe `modern`"]
    report: Annotated[dict[str, Any], "Of the recipe `report`"]


class Model(ListedModel):
    """`tmeattn models NAME`: a model with its options and its size."""

    description: Annotated[str | None, "What its options are about"]
    parameters: Annotated[
        int | None, "Trainable parameters besides the word vectors; null if the number depends on the data"
    ]
    diagrams: Annotated[list[ModelDiagram], "Of the whole model and of a module that it repeats"]
    options: Annotated[list[ModelOption], "The model's own options"]
    recipes: Annotated[ModelRecipes, "The values of all options"]


class ListedData(TypedDict):
    """A dataset, word vectors or a tokenizer in a list."""

    name: Annotated[str, "Its name"]
    kind: Annotated[Literal["dataset", "vectors", "tokenizer"], "What it is"]
    summary: Annotated[str, "What it contains, in a sentence"]
    here: Annotated[bool, "Whether it is installed"]
    hint: Annotated[str | None, "How to get it"]
    default: Annotated[bool, "Whether it is taken where none is named"]
    plugin: Annotated[str, "The distribution that provides it"]


class SplitSizes(TypedDict):
    """A split of a dataset."""

    texts: Annotated[int, "Its texts"]
    classes: Annotated[dict[str, int], "Texts of each class"]
    duplicates: Annotated[int, "Texts that repeat an earlier one"]


class LengthHistogram(TypedDict):
    """Texts by their length."""

    low: Annotated[int, "Lower edge of the first bin, words"]
    high: Annotated[int, "Upper edge of the last bin, words"]
    counts: Annotated[list[int], "Texts in each bin"]


class Lengths(TypedDict):
    """Lengths of the training texts, in words."""

    quantiles: Annotated[dict[str, int], "By the share of the texts that are at most so long"]
    mean: Annotated[float, "The mean"]
    histogram: Annotated[LengthHistogram, "All lengths but those of the longest texts"]


class UnknownWords(TypedDict):
    """Words of the training texts under one tokenizer."""

    tokenizer: Annotated[str, "The tokenizer"]
    words: Annotated[int, "Distinct words"]
    words_kept: Annotated[int, "Those that are in the vocabulary"]
    validation: Annotated[float, "Share of the validation words that are unknown"]
    without_vector: Annotated[dict[str, float], "By word vectors, the share of the training words without a vector"]
    unknown_characters: Annotated[
        float, "Share of the characters of the training words that are in words outside the vocabulary"
    ]
    long_characters: Annotated[float, "The same of words of more than 40 characters"]


class TextSample(TypedDict):
    """A text of the training split."""

    label: Annotated[str, "Its class"]
    text: Annotated[str, "The text"]


class DatasetFigures(TypedDict):
    """The figures of a dataset."""

    name: Annotated[str, "Its name"]
    path: NotRequired[Annotated[str, "Of a file of the user, its path"]]
    notes: NotRequired[Annotated[list[str], "Of a file of the user, how it was read"]]
    fingerprint: Annotated[str, "Of the texts, labels and splits"]
    classes: Annotated[list[str], "The classes"]
    splits: Annotated[dict[str, SplitSizes], "By split, its sizes"]
    shared: Annotated[dict[str, int], "Texts of one split that are also in another, such as `validation in train`"]
    sampled: Annotated[dict[str, int], "By split, the texts from which the word statistics are computed"]
    lengths: Annotated[Lengths, "Lengths of the training texts"]
    tokenizer: Annotated[str, "That of the lengths and the typical words, which fits the script of the texts"]
    warnings: Annotated[list[str], "Lines about unusual labels, and about texts of which a model can use little"]
    unknown: Annotated[list[UnknownWords], "For each tokenizer"]
    typical: Annotated[dict[str, list[str]], "The most typical words of each class"]
    samples: Annotated[list[TextSample], "Some texts"]


class Defaults(TypedDict, total=False):
    """The user's own defaults."""

    dataset: Annotated[str | None, "Of --dataset"]
    vectors: Annotated[str | None, "Of --vectors"]
    device: Annotated[str | None, "Of --device"]
    threads: Annotated[str | int | None, "Of --threads"]


class ListedPlugin(TypedDict):
    """An installed plugin."""

    name: Annotated[str, "Its entry point"]
    distribution: Annotated[str, "The distribution"]
    version: Annotated[str, "Its version"]
    provides: Annotated[list[str], "What it provides"]
    problems: Annotated[list[str], "What keeps it from working"]
    warnings: Annotated[list[str], "What does not"]


class DiagnosedPlugin(ListedPlugin):
    """A plugin with what its import shows."""

    target: Annotated[str, "Its module"]
    seconds: Annotated[float, "Load time, seconds"]
    imports: Annotated[list[str], "Packages that it imports"]
    tracebacks: Annotated[list[str], "Of its problems"]
    advice: Annotated[str | None, "What to do"]


class PluginVersions(TypedDict):
    """Versions that matter to plugins."""

    tmeattn: Annotated[str, "Of tmeattn"]
    api: Annotated[int | str, "Of the contract of plugins"]
    python: Annotated[str, "Of Python"]
    torch: Annotated[str, "Of torch"]
    pluggy: Annotated[str, "Of pluggy"]
    pydantic: Annotated[str, "Of pydantic"]


class PluginDiagnosis(TypedDict):
    """Versions, plugins and what to do."""

    versions: Annotated[PluginVersions, "The versions"]
    plugins: Annotated[list[DiagnosedPlugin], "The plugins"]


class PluginCheck(TypedDict):
    """A check of what a plugin provides."""

    name: Annotated[str, "The check"]
    of: Annotated[str, "What is checked"]
    problem: Annotated[str | None, "What is wrong"]
    advice: Annotated[str | None, "What to do"]
    skipped: Annotated[str | None, "Why it was not checked"]


class NewPlugin(TypedDict):
    """A package that was created."""

    name: Annotated[str, "Name of the distribution"]
    kind: Annotated[str, "What it provides"]
    folder: Annotated[str, "Its folder"]
    files: Annotated[list[str], "Its files"]
    next: Annotated[list[str], "The commands to type"]


class ListedTopic(TypedDict):
    """A page of the manual in a list."""

    name: Annotated[str, "What `tmeattn docs NAME` takes"]
    title: Annotated[str, "Its title"]
    summary: Annotated[str, "What it explains, in a sentence"]


class ManualTopic(TypedDict):
    """`tmeattn docs TOPIC`: a page of the manual."""

    name: Annotated[str, "What `tmeattn docs NAME` takes"]
    title: Annotated[str, "Its title"]
    text: Annotated[str, "Its text, in Markdown"]


class FoundLine(TypedDict):
    """`tmeattn docs --search WORD`: a line of the manual."""

    topic: Annotated[str, "The page"]
    heading: Annotated[str, "The heading above it"]
    line: Annotated[str, "The line, without the marks of Markdown"]


class OptionHelp(TypedDict):
    """An option of a command."""

    flags: Annotated[list[str], "Its names"]
    help: Annotated[str, "What it does"]
    values: Annotated[str | None, "What it takes; null for a flag"]
    repeatable: Annotated[bool, "Whether it can be given several times"]


class CommandHelp(TypedDict):
    """A command."""

    command: Annotated[str, "The command, such as `tmeattn runs list`"]
    usage: Annotated[str, "Its arguments"]
    help: Annotated[str, "What it does"]
    options: Annotated[list[OptionHelp], "Its options"]
    exit_codes: Annotated[dict[str, str], "What each exit code means"]
    document: Annotated[
        dict[str, Any] | None, "JSON Schema of what it prints with --json, which refers to `$defs`; null without --json"
    ]


class JsonTopic(ManualTopic):
    """`tmeattn docs json`: this page, and the same for programs."""

    exit_codes: Annotated[dict[str, str], "What each exit code means of most commands"]
    commands: Annotated[list[CommandHelp], "All commands"]
