"""Figures: one style, the same bytes twice, marked where simulated, drawn from any results."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from matplotlib.text import Text

from fewsky.figures import star_galaxy, style
from fewsky.figures.runs import in_bins
from tests.unit.small_results import ROOT, demo, run_script, sample, wcs_of

# The picture of a prediction stands in no paper; test_predict.py draws it.
DRAWN = {path.stem for path in (ROOT / "scripts").glob("plot_*.py")}
SCRIPTS = sorted(DRAWN - {"plot_prediction"})
# Those have test files of their own.
CHAPTERS = ("_pn_", "_g10_", "_ssl_", "_det", "_atlas", "_models")
PARTS = ("_4class", "_radial", "_generated", "_scale", "_dedup")
ELSEWHERE = (*CHAPTERS, *PARTS)
HERE = [name for name in SCRIPTS if not any(part in name for part in ELSEWHERE)]
DPI = 60
STRIP = (0xFB, 0xE3, 0xD5)


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """Fewer pixels, for speed."""
    monkeypatch.setitem(style.RC, "savefig.dpi", DPI)


def drawn(results, script, monkeypatch):
    """Run a script; its outputs and the figure as it was saved."""
    seen = []

    def save(fig, *paths, saved=style.save, **marks):
        seen.append(fig)
        saved(fig, *paths, **marks)

    monkeypatch.setattr(style, "save", save)
    folder, jobs = results
    outputs = run_script(folder, script, *jobs[script])
    return outputs, seen[0]


def plain():
    fig = style.figure(style.COLUMN, 2.0)
    ax = fig.subplots()
    ax.plot([0, 1], [0, 1], label="line")
    ax.set(xlabel="x (pixels)", ylabel="y (pixels)", title="A plot")
    return fig


def strip_of(png):
    """Share of the pixels of the top strip that have the stamp's ground."""
    image = (imread(png)[..., :3] * 255).round().astype(int)
    top = image[: int(style.STAMP * DPI)]
    return (np.abs(top - STRIP).max(axis=2) == 0).mean()


def test_each_script_has_its_rule_and_caption():
    rules = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    for script in SCRIPTS:
        name = script.replace("plot_", "fig_")
        assert f"rule {script}:" in rules and f'    "{name}",\n' in rules
        assert (ROOT / f"report/captions/{name}.rst").is_file()


def test_same_bytes_twice(tmp_path):
    for name in ("one", "two"):
        style.save(plain(), tmp_path / f"{name}.pdf", tmp_path / f"{name}.png", simulated=True)
    for kind in ("pdf", "png"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()
    assert b"CreationDate" not in (tmp_path / "one.pdf").read_bytes()


def test_stamp_stands_above_the_drawing(tmp_path):
    fig, bare = plain(), plain()
    style.save(fig, tmp_path / "a.pdf", tmp_path / "a.png", simulated=True)
    style.save(bare, tmp_path / "b.pdf", tmp_path / "b.png", simulated=False)
    [words] = fig.texts
    assert words.get_text().startswith("SIMULATED") and not bare.texts
    box, drawing = words.get_window_extent(), fig.axes[0].get_tightbbox()
    assert box.y0 >= drawing.y1 and box.x0 >= 0 and box.x1 <= fig.bbox.x1
    assert strip_of(tmp_path / "a.png") > 0.5 and strip_of(tmp_path / "b.png") == 0
    sizes = [f.axes[0].get_window_extent().height for f in (fig, bare)]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.03)


@pytest.mark.parametrize("script", HERE)
def test_every_figure_of_a_demo(script, monkeypatch):
    outputs, fig = drawn(demo(), script, monkeypatch)
    assert fig.get_size_inches()[0] in (style.COLUMN, style.PAGE)
    fig.draw_without_rendering()
    words = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    assert strip_of(outputs.png) > 0.5
    assert [t.get_text() for t in words if t.get_fontsize() < 7] == []
    [stamp] = [t for t in words if t.get_text().startswith("SIMULATED")]
    strip = stamp.get_window_extent()
    boxes = [ax.get_tightbbox() for ax in fig.axes]
    boxes += [item.get_window_extent() for item in [*fig.legends, *titles(fig, stamp)]]
    assert max(box.y1 for box in boxes) <= strip.y0
    # Nothing drawn leaves the page, to 0.01 inch.
    page, box = fig.get_size_inches(), fig.get_tightbbox()
    assert box.x0 > -0.01 and box.y0 > -0.01
    assert box.x1 < page[0] + 0.01 and box.y1 < page[1] + 0.01


def titles(fig, stamp):
    """Texts of the figure and of its parts that belong to no axes."""
    texts = [*fig.texts, *(text for part in fig.subfigs for text in part.texts)]
    return [text for text in texts if text is not stamp]


@pytest.mark.parametrize("script", HERE)
def test_every_figure_of_a_bare_sample(script, monkeypatch):
    outputs, fig = drawn(sample(), script, monkeypatch)
    assert not any("SIMULATED" in t.get_text() for t in fig.findobj(Text))
    assert strip_of(outputs.png) == 0


def test_a_figure_drawn_again_has_the_same_bytes():
    folder, jobs = demo()
    outputs = run_script(folder, "plot_augment", *jobs["plot_augment"])
    first = {end: Path(path).read_bytes() for end, path in outputs.items()}
    run_script(folder, "plot_augment", *jobs["plot_augment"])
    assert first == {end: Path(path).read_bytes() for end, path in outputs.items()}


def test_the_product_has_32_distinct_views(monkeypatch):
    _, fig = drawn(demo(), "plot_augment", monkeypatch)
    words = " ".join(t.get_text() for t in fig.findobj(Text))
    assert "48 views, 32 distinct" in words and "16 repeats" in words


def test_views_drawn_at_the_scores_of_the_metrics(monkeypatch):
    folder, _ = demo()
    _, fig = drawn(demo(), "plot_sdss_views", monkeypatch)
    table = pd.read_csv(folder / "metrics/star-galaxy-small.csv")
    told = table.query(
        "draw == -1 and part == 'test' and reference == 'catalogue' and subset == 'all'"
    )
    told = told.query("experiment == 'sg-small-rotation' and metric == 'mcc' and budget == 40")
    heights = [line.get_ydata()[0] for line in fig.axes[0].lines if len(line.get_ydata()) == 1]
    assert any(np.isclose(height, told["value"].item()) for height in heights)


def test_stretch_rises_from_0_to_1_and_keeps_nan():
    values = np.array([-9.0, -0.2, 0.0, 0.5, 5.0, 50.0, 500.0, np.nan])
    shown = style.stretch(values, 0.1, 50.0)
    assert shown[:2].tolist() == [0, 0] and shown[5:7].tolist() == [1, 1] and np.isnan(shown[-1])
    assert (np.diff(shown[1:6]) > 0).all()


def test_composite_keeps_colour_and_leaves_holes():
    bright = np.full((2, 2), 40.0)
    red, green, blue = 3 * bright, 2 * bright, bright
    red = np.where([[True, False], [True, True]], red, np.nan)
    picture = style.composite(red, green, blue, (1.0, 1.0, 1.0), 1000.0)
    assert picture[..., 3].tolist() == [[1, 0], [1, 1]]
    assert picture[0, 0, :3] / picture[0, 0, 2] == pytest.approx([3, 2, 1])


def test_peaks_finds_lone_unsaturated_stars():
    y, x = np.indices((80, 90))
    image = np.zeros((80, 90), np.float32)
    for x0, y0, height in ((20, 30, 9.0), (60, 50, 5.0), (40, 66, 99.0), (64, 52, 4.0)):
        image += height * np.exp(-((x - x0) ** 2 + (y - y0) ** 2) / 4)
    found = star_galaxy.peaks(image, 0.01, 60.0)
    assert found[["x", "y"]].to_numpy().tolist() == [[20, 30], [60, 50]]


def test_busiest_edge_takes_the_border_without_data():
    known = np.ones((100, 200), bool)
    known[-8:] = False
    sources = pd.DataFrame({"x": [150, 160, 10], "y": [80, 70, 5]})
    y, x = star_galaxy.busiest_edge(known, sources, 40)
    assert (y.start, y.stop) == (60, 100) and x.start <= 150 and x.stop > 160
    assert star_galaxy.brightest_in(sources, (y, x), 5) == (150, 80)


def test_compass_and_scale_bar_agree_with_the_wcs():
    fig = style.figure(style.COLUMN, 2.0)
    ax = fig.subplots()
    ax.set(xlim=(0, 300), ylim=(0, 220))
    star_galaxy.compass(ax, wcs_of())
    star_galaxy.scale_bar(ax, wcs_of())
    [bar] = ax.lines
    assert np.ptp(bar.get_xdata()) == pytest.approx(20 / 0.396, rel=1e-3)
    words = {text.get_text(): text.get_position() for text in ax.texts}
    (north_x, north_y), (east_x, east_y) = words["N"], words["E"]
    assert north_x > east_x and north_y < east_y and "20″" in words


def test_in_bins_reads_the_names_of_subsets():
    names = ["r 18.0-18.5", "neighbour r -inf-18", "neighbour 20-inf arcsec", "all", "r 17.5-18.0"]
    rows = pd.DataFrame({"subset": names})
    assert in_bins(rows, "r ")[["low", "high"]].to_numpy().tolist() == [[17.5, 18.0], [18.0, 18.5]]
    assert in_bins(rows, "neighbour r ")["low"].tolist() == [-np.inf]
    assert in_bins(rows, "neighbour ")["high"].tolist() == [np.inf]
