"""What the commands print with `--json`: a type for each document, from which the manual, `tmeattn docs json` and the
tests are made.

A field is `Annotated` with one line of description, which begins with a capital letter and names the unit, if there is
one. `reference.py` describes all commands, `schema.py` makes JSON Schema of a type.
"""

from __future__ import annotations

from typing import Any


def documents() -> dict[str, tuple[Any, ...]]:
    """The types of the document of each command with `--json`, by the path of the command. Several: one of them."""
    from tmeattn.cli.documents import explaining, faithful, installed, measuring, reproduction, training

    return {
        "tmeattn train MODEL": (training.Run, list[training.Run]),
        "tmeattn resume": (training.Run,),
        "tmeattn sweep MODEL": (training.Sweep,),
        "tmeattn sweep show": (training.Sweep,),
        "tmeattn sweep best": (training.BestTrial,),
        "tmeattn sweep list": (list[training.ListedSweep],),
        "tmeattn explain": (explaining.Explanation, list[explaining.Explanation], explaining.AttentionMap),
        "tmeattn predict": (list[explaining.PredictedText],),
        "tmeattn evaluate": (measuring.Evaluation, measuring.UnlabelledEvaluation),
        "tmeattn mistakes": (explaining.Mistakes,),
        "tmeattn faithfulness": (faithful.Faithfulness, faithful.FaithfulnessOfRuns, faithful.Planted),
        "tmeattn runs list": (list[training.Run],),
        "tmeattn runs show": (training.ShownRun,),
        "tmeattn runs compare": (measuring.RunComparison,),
        "tmeattn runs tag": (list[training.Tags],),
        "tmeattn runs queue": (list[training.QueueItem],),
        "tmeattn runs queue add": (list[training.QueueItem],),
        "tmeattn runs track": (training.Tracked,),
        "tmeattn models": (list[installed.ListedModel], installed.Model),
        "tmeattn data list": (list[installed.ListedData],),
        "tmeattn data show": (installed.DatasetFigures,),
        "tmeattn submit": (training.SubmittedJob, training.PrintedJob, list[training.ListedJob]),
        "tmeattn reproduce": (
            reproduction.Reproduction,
            list[reproduction.Reproduction],
            list[reproduction.ListedTarget],
        ),
        "tmeattn config get": (installed.Defaults, str | int | None),
        "tmeattn plugins list": (list[installed.ListedPlugin],),
        "tmeattn plugins doctor": (installed.PluginDiagnosis,),
        "tmeattn plugins check": (list[installed.PluginCheck],),
        "tmeattn plugins new": (installed.NewPlugin,),
        "tmeattn docs": (
            list[installed.ListedTopic],
            installed.ManualTopic,
            list[installed.FoundLine],
            installed.JsonTopic,
        ),
    }
