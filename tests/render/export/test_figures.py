import io
import math
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest
from support.explanations import explain

from tmeattn.errors import EnvironmentProblem
from tmeattn.render.export.charts import draw_curves
from tmeattn.render.export.figures import figure_bytes, require_matplotlib
from tmeattn.reproduce.results import (
    Context,
    CurvePanel,
    HeatmapPanel,
    MatrixPanel,
    Panel,
    PlottedLine,
    Result,
    Ridge,
    RidgePanel,
)

EPOCHS = (1.0, 2.0, 3.0)
SLOPE = PlottedLine("mean", EPOCHS, (0.5, 0.6, 0.7))
CURVES = CurvePanel("Accuracy", "epoch", "accuracy", (SLOPE,))
RIDGES = RidgePanel("Entropy", 0.0, 6.0, (Ridge("epoch 1", (0, 5, 9, 1), 3.4), Ridge("epoch 2", (8, 2, 1, 0), 1.4)))
MATRIX = MatrixPanel("Positions", "dimension", "position", ((0.5, -1.0, 0.0), (1.0, 0.2, math.nan)))
REVIEW = "A great film, not a dull one.\n\nSee it!"


@pytest.fixture
def matplotlib() -> Any:
    return pytest.importorskip("matplotlib")


def result(*panels: Panel, **fields: Any) -> Result:
    context = Context("report", "imdb-25k", "validation", 5021, "glove-50d", (0, 1, 2), None, False)
    values: dict[str, Any] = {"name": "figure-1", "title": "Figure 1", "says": None, "context": context}
    return Result(**(values | {"rows": (), "differences": (), "panels": panels, "notes": ()} | fields))


def pixels(drawn: Result) -> np.ndarray:
    """(height, width, 3) values from 0 to 255."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(figure_bytes(drawn, "png"))).convert("RGB"))


def svg(drawn: Result) -> str:
    """The picture, well-formed XML without a warning on the way."""
    text = figure_bytes(drawn, "svg").decode()
    ElementTree.fromstring(text)
    return text


def share_of(rgb: tuple[int, int, int], picture: np.ndarray) -> float:
    """Share of the pixels that have just this colour."""
    return float((picture == rgb).all(axis=2).mean())


def test_importing_costs_no_matplotlib() -> None:
    code = "import sys, tmeattn.render.export.figures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_matplotlib_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(EnvironmentProblem) as caught:
        require_matplotlib()
    assert (
        str(caught.value)
        == 'Exported figures need matplotlib, which is not installed. Install it: pip install "tmeattn[figures]"'
    )
    with pytest.raises(EnvironmentProblem):
        figure_bytes(result(CURVES), "png")


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_equal_results_give_equal_bytes_whatever_the_settings(matplotlib: Any, kind: Any) -> None:
    heatmap = HeatmapPanel("A review", explain(REVIEW, [0.1, 0.9, 0.3, -0.2, 0.0, -0.8, 0.1], signed=True))
    drawn = result(CURVES, RIDGES, MATRIX, heatmap)
    first = figure_bytes(drawn, kind)
    settings = {"lines.linewidth": 9, "font.size": 30, "text.usetex": True, "axes.facecolor": "red", "savefig.dpi": 20}
    with matplotlib.rc_context(settings | {"svg.fonttype": "none", "axes.formatter.limits": (0, 0)}):
        assert figure_bytes(drawn, kind) == first
        assert matplotlib.rcParams["font.size"] == 30
    assert figure_bytes(result(RIDGES), kind) != first


def test_the_layout_does_not_hang_on_memory_addresses(matplotlib: Any) -> None:
    """Matplotlib's own differs in the last digits in about every third call."""
    assert len({figure_bytes(result(CURVES, RIDGES, MATRIX), "svg") for _ in range(4)}) == 1


def test_a_dollar_sign_is_a_dollar_sign(matplotlib: Any) -> None:
    """Mathtext would fail on \\frac{$, and draw the x of $x$ in italics."""
    text = "$x$ \\frac{$ $"
    line = PlottedLine(text, EPOCHS, (1.0, 2.0, 3.0))
    ridges = RidgePanel(text, 0.0, 1.0, (Ridge(text, (1,), 0.5),))
    panels = CurvePanel(text, text, text, (line, line)), ridges, HeatmapPanel(text, explain(text, model=text))
    picture = svg(result(*panels, title=text))
    assert "Oblique" not in picture
    assert picture.count(f"<!-- {text} -->") >= 7  # titles, axis labels, legend, row label
    assert picture.count("<!-- $x$ -->") == 1


@pytest.mark.filterwarnings("error::UserWarning", "error::RuntimeWarning")
def test_what_is_no_number_is_left_out(matplotlib: Any) -> None:
    bad = (math.nan, math.inf, None)
    lines = (
        PlottedLine("_hidden", EPOCHS, bad, (None, math.nan, math.inf)),
        PlottedLine("", (), ()),
        PlottedLine("gap", EPOCHS, (1e-300, None, -1e308), (0.1, None, math.inf)),
        PlottedLine("x", (math.nan, math.inf, 1e308), (1.0, 2.0, 3.0)),
    )
    ridges = (
        Ridge("", (), 0.5),
        Ridge("zeros", (0, 0), math.nan),
        Ridge("far", (1, 2), math.inf),
        Ridge("one", (7,), None),
    )
    words = explain("one two three four", [math.nan, math.inf, -math.inf, 0.5], probabilities=(math.nan, math.nan))
    panels: tuple[Panel, ...] = (
        CurvePanel("", "", "", lines),
        CurvePanel("", "", "", ()),
        RidgePanel("", math.nan, math.inf, ridges),
        RidgePanel("", 2.0, 2.0, ()),
        MatrixPanel("", "", "", ()),
        MatrixPanel("", "", "", ((math.nan, math.inf), (0.0, 1e308))),
        HeatmapPanel("", words),
        HeatmapPanel("", explain("zero", [0.0])),
        HeatmapPanel("", explain("")),
        HeatmapPanel("", explain("not read", [])),
    )
    assert "no data" in svg(result(*panels))
    assert "no data" in svg(result())


@pytest.mark.filterwarnings("error::UserWarning", "error::RuntimeWarning")
def test_text_stays_within_the_picture_and_is_harmless(matplotlib: Any) -> None:
    wide = "W" * 150 + " \x1b[2J\ufffe\udcff\x00 --> ]]> 中文 \u202e &<" + "M" * 100
    line = PlottedLine(wide, EPOCHS, (1.0, 2.0, 3.0))
    context = Context(wide, wide, wide, 7, wide, (1,), 5, True)
    panels: tuple[Panel, ...] = (
        CurvePanel(wide, wide, wide, (line,) * 3),
        CurvePanel(wide, wide, wide, (line,) * 9),
        RidgePanel(wide, 0.0, 1.0, (Ridge(wide, (1, 2), 0.5),) * 2),
        RidgePanel(wide, 0.0, 1.0, (Ridge(wide, (1, 2), 0.5),) * 2),
        MatrixPanel(wide, wide, wide, ((1.0, 2.0),)),
        MatrixPanel(wide, wide, wide, ((1e-9, 2e9),)),
        HeatmapPanel(wide, explain(wide, classes=(wide, wide), true_label=wide, method=wide, unknown=(0,))),
    )
    drawn = result(*panels, title=wide, context=context)
    assert "\x1b" not in svg(result(panels[-1], title=wide, context=context))
    picture = pixels(drawn)
    edges = np.concatenate([picture[:4].ravel(), picture[-4:].ravel(), picture[:, :4].ravel(), picture[:, -4:].ravel()])
    assert (edges == 255).all()
    # Between two panels side by side there is a white gap, so that no title runs into the other.
    height = picture.shape[0]
    upper = picture[height // 5 : height // 2]
    assert (upper[:, 740:760] == 255).all(axis=(0, 2)).any()


def test_curves_differ_without_their_colours(matplotlib: Any) -> None:
    """Each of eight has its own marker, and the first six, as many as there are colours, their own dashes."""
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    draw_curves(CurvePanel("", "", "", (SLOPE,) * 8), axes)
    assert len({line.get_marker() for line in axes.lines}) == 8
    assert len({str(line._unscaled_dash_pattern) for line in axes.lines[:6]}) == 6
    assert len({(line.get_color(), line.get_linestyle()) for line in axes.lines}) == 8


def test_a_band_shows_how_sure_a_curve_is(matplotlib: Any) -> None:
    sure = CurvePanel("", "", "", (PlottedLine("mean", EPOCHS, (0.5, 0.6, 0.7), (0.05, None, 0.05)),))
    assert "FillBetween" in svg(result(sure))
    assert "FillBetween" not in svg(result(CURVES))


def test_24_ridges_of_many_first_and_last_among_them(matplotlib: Any) -> None:
    rows = tuple(Ridge(f"epoch {index}", (1, 2), 3.0) for index in range(1, 101))
    text = svg(result(RidgePanel("", 0.0, 6.0, rows)))
    assert text.count("<!-- epoch ") == 24
    assert "<!-- epoch 1 -->" in text
    assert "<!-- epoch 100 -->" in text


def test_a_ridge_is_scaled_to_its_own_peak(matplotlib: Any) -> None:
    small, large = (RidgePanel("", 0.0, 6.0, (Ridge("", counts, None),)) for counts in ((1, 2), (1000, 2000)))
    assert svg(result(small)) == svg(result(large))


def test_heat_is_orange_for_and_blue_against(matplotlib: Any) -> None:
    orange, blue = (245, 139, 0), (43, 140, 245)
    for_it, against = (pixels(result(HeatmapPanel("", explain("word", [score], signed=True)))) for score in (0.2, -0.2))
    # The legend has both; the word, at full colour, has one.
    assert share_of(orange, for_it) > 2 * share_of(blue, for_it) > 0
    assert share_of(blue, against) > 2 * share_of(orange, against) > 0
    weak = pixels(result(HeatmapPanel("", explain("word", [0.0], signed=True))))
    assert share_of(orange, weak) == share_of(blue, weak) == 0


def test_a_matrix_is_orange_above_zero_and_blue_below(matplotlib: Any) -> None:
    orange, blue = (245, 139, 0), (43, 140, 245)
    one, other = (pixels(result(MatrixPanel("", "x", "y", ((value, 0.0, 0.0, -0.1),)))) for value in (3.0, -3.0))
    assert share_of(orange, one) > 0.1 > 0.01 > share_of(blue, one)
    assert share_of(blue, other) > 0.1 > 0.01 > share_of(orange, other)


def test_a_heatmap_says_what_it_leaves_out(matplotlib: Any) -> None:
    long = "word " * 1000
    text = svg(result(HeatmapPanel("", explain(long))))
    assert "the rest of the text is not shown" in text
    unread = svg(result(HeatmapPanel("", explain(long, [1.0, 2.0], true_label="negative"))))
    assert "998 more words not read by the model" in unread
    assert "predicted positive 97.3 %, wrong: the label is negative" in unread
    assert "not in the vocabulary" not in unread
    assert "not in the vocabulary" in svg(result(HeatmapPanel("", explain("a b", unknown=(1,)))))


def test_a_heatmap_keeps_every_character_in_order(matplotlib: Any) -> None:
    text = "One two,\nthree!\n\n\n" + "x" * 300 + " e\u0301 中 end."
    drawn = svg(result(HeatmapPanel("title", explain(text, [1.0, 0.0, 0.5, 0.2, 0.3, 0.1, 0.9]))))
    comments = [part.split(" -->")[0] for part in drawn.split("<!-- ")[1:]]
    begin = next(index for index, comment in enumerate(comments) if comment == "One")
    assert "".join(comments[begin:]).startswith("".join(text.split()))


def test_panels_with_one_label_share_their_range(matplotlib: Any) -> None:
    from tmeattn.render.export.figures import _figure

    def panel(label: str, *ys: float | None) -> CurvePanel:
        return CurvePanel("", "epoch", label, (PlottedLine("", EPOCHS, ys),))

    panels = (
        panel("%", 0.0, 1.0, 2.0),
        panel("%", 8.0, 9.0, 10.0),
        panel("nats", 3.0, 4.0, 5.0),
        panel("%", *[None] * 3),
    )
    one, two, other, _ = (axes.get_ylim() for axes in _figure("", "", panels, 72).get_axes())
    assert one == two == (-0.5, 10.5)
    assert other[0] > 2.5


def test_the_title_of_a_lone_panel_has_the_whole_width(matplotlib: Any) -> None:
    title = "A title that is a good deal too long for half of the picture but not for all of it"
    for lone in (
        CurvePanel(title, "epoch", "", (SLOPE,)),
        RidgePanel(title, 0.0, 6.0, RIDGES.rows),
        MatrixPanel(title, "", "", MATRIX.values),
    ):
        assert f"<!-- {title} -->" in svg(result(lone))
        assert f"<!-- {title} -->" not in svg(result(lone, lone))


def test_a_heatmap_tells_entropy_note_and_what_its_colours_are(matplotlib: Any) -> None:
    orange = (245, 139, 0)
    words, even = "word " * 50, [0.02] * 50
    uniform = explain(words, even, entropy=3.9, normalized_entropy=0.999, note="Nearly uniform.")
    text = svg(result(HeatmapPanel("", uniform)))
    assert "Attention entropy 3.90 nats, 100 % of uniform. Nearly uniform." in text
    assert "weight above uniform, from 0.02 to 0.06 (3 times uniform); the largest weight is 0.02" in text
    legend_alone = share_of(orange, pixels(result(HeatmapPanel("", explain(words, [0.02] * 50)))))
    peaked = share_of(orange, pixels(result(HeatmapPanel("", explain(words, [0.02] * 49 + [0.08])))))
    assert 0 < legend_alone < peaked
    assert "full colour = score 0.9" in svg(result(HeatmapPanel("", explain("a b c", [0.9, 0.05, 0.05]))))
