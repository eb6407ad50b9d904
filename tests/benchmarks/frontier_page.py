"""The table and the picture of the manual from the results of `frontier.py`."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- frontier: begin -->", "<!-- frontier: end -->"
PICTURE = "![Accuracy over seconds of tmeattn's models, fastText, scikit-learn and spaCy](../../.assets/frontier.svg)"
PARTS = {
    "validation": "the validation reviews of `imdb-25k`",
    "choice": "held-out training reviews of `imdb-25k`",
    "test": "the official test half of IMDb",
}
OURS = ("mean", "simple-attn", "nb-logreg", "ngram-attn", "ngram-attn narrow", "lstm-attn")


def family(name: str) -> str:
    """What stands before the comma: rows of one family are the points of one curve."""
    return name.split(",")[0]


def budget(name: str) -> str:
    return name.split(", ")[1].replace("1 epochs", "1 epoch").replace("1 words", "1 word")


def write_page(results: dict[str, Any], root: Path) -> None:
    """Replace the table of docs/training.md, and .assets/frontier.svg."""
    page = root / "tmeattn" / "docs" / "training.md"
    text = page.read_text(encoding="utf-8")
    block = f"{BEGIN}\n{PICTURE}\n\n{texts(results)}\n\n{table(results)}\n{END}"
    page.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: block, text, flags=re.DOTALL), encoding="utf-8")
    draw(results, root / ".assets" / "frontier.svg")


def texts(results: dict[str, Any]) -> str:
    counts = (
        f"{results['train']:,} training reviews; accuracy on {results['measured']:,} reviews, {PARTS[results['part']]}"
    )
    return f"{counts}. {results['cores']} cores."


def table(results: dict[str, Any]) -> str:
    """Rows in the order of their seconds. Bold: no other row is both as fast and as accurate."""
    ordered = sorted(results["rows"].items(), key=lambda item: item[1]["seconds"])
    lines = [
        "| model | budget | accuracy (95 % interval) | seconds | CPU seconds | peak MiB |",
        "|---|---|---|---|---|---|",
    ]
    best = 0.0
    for name, row in ordered:
        accuracy = f"{row['accuracy']:.1%}"
        if row["accuracy"] > best:
            best, accuracy = row["accuracy"], f"**{accuracy}**"
        shown = f"`{family(name)}`" if family(name) in OURS else family(name)
        interval = f"{row['low'] * 100:.1f} to {row['high'] * 100:.1f}"
        lines.append(
            f"| {shown} | {budget(name)} | {accuracy} ({interval}) | {row['seconds']:.1f} | {row['cpu_seconds']:.1f} "
            f"| {row['peak_mib']:,.0f} |"
        )
    return "\n".join(lines)


def draw(results: dict[str, Any], path: Path) -> None:
    """Accuracy over seconds, on a logarithmic axis; one line for each family, solid for tmeattn's models."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    style = {"font.size": 9, "svg.fonttype": "path", "svg.hashsalt": "tmeattn", "axes.spines.top": False}
    with mpl.rc_context({**style, "axes.spines.right": False, "text.hinting": "no_hinting"}):
        figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
        for name, group in groupby(sorted(results["rows"]), key=family):
            rows = sorted((results["rows"][row] for row in group), key=lambda row: row["seconds"])
            ours = name in OURS
            axes.plot(
                [row["seconds"] for row in rows],
                [100 * row["accuracy"] for row in rows],
                marker="o" if ours else "s",
                markersize=5 if ours else 4,
                linestyle="-" if ours else ":",
                label=name,
            )
        axes.set(xscale="log", xlabel="Seconds: reading, training, predicting", ylabel="Accuracy (%)")
        axes.xaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
        axes.xaxis.set_minor_formatter(mpl.ticker.NullFormatter())
        axes.grid(color="0.88")
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)
