"""Figures and tables of the detection chapter: drawn from any results, and true to them."""

from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.image import imread
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from fewsky.boxes.table import EDGES, make_boxes
from fewsky.console import FewskyError
from fewsky.figures import detection as det
from fewsky.figures import style
from fewsky.files import load_table, save_table
from fewsky.metrics import detection_named as named
from fewsky.metrics.detection_tables import in_order, read_boxes
from fewsky.paper import detection as cells
from fewsky.paper.captions import read_caption
from fewsky.paper.tables import load_published, quoted
from tests.unit.small_det_results import CV, FIELD, KINDS, demo
from tests.unit.small_results import ROOT, run_script

SCRIPTS = [
    "plot_det", "plot_det_curves", "plot_det_e2e", "plot_det_frame", "tabulate_det",
    "tabulate_det_cv", "tabulate_det_export", "tabulate_det_latency",
]  # fmt: skip
PLOTS = [name for name in SCRIPTS if name.startswith("plot_")]
SMALLEST_PT = 6.5
PUBLISHED = load_published(ROOT / "report/published.csv")


def drawn(script, inputs=None, **changes):
    """Run a script, some settings or inputs changed; its outputs and the figure as saved."""
    seen = []

    def save(fig, *paths, saved=style.save, **marks):
        seen.append(fig)
        saved(fig, *paths, **marks)

    folder, jobs = demo()
    given, settings = jobs[script]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "save", save)
        patch.setitem(style.RC, "savefig.dpi", 60)  # few pixels, for speed
        return run_script(folder, script, given | (inputs or {}), settings | changes), seen[0]


@cache
def figure(script):
    """The figure that a script draws of the demo, drawn once."""
    return drawn(script)[1]


def made(script, inputs=None, **changes):
    """The CSV of a table as text cells, and its outputs."""
    folder, jobs = demo()
    given, settings = jobs[script]
    outputs = run_script(folder, script, given | (inputs or {}), settings | changes)
    return pd.read_csv(outputs.csv, dtype=str, keep_default_na=False), outputs


def words_of(fig):
    return [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]


def frames_of(ax):
    """Boxes drawn on one picture."""
    return [patch for patch in ax.patches if isinstance(patch, Rectangle) and not patch.fill]


def metric(name, key, task="galaxies", **where):
    """One mean over draws with its limits."""
    rows = cells.load_scores([demo()[0] / f"metrics/{task}.csv"])
    rows = rows[rows["experiment"] == name]
    where = {"part": "test", "subset": "all", "draw": -1, "fold": -1} | where | {"metric": key}
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows.sort_values("budget").iloc[-1]


# --- figures --------------------------------------------------------------------------------------
@pytest.mark.parametrize("script", PLOTS)
def test_every_figure_of_a_demo(script):
    fig = figure(script)
    assert fig.get_size_inches()[0] == style.PAGE and fig.get_size_inches()[1] < 9.2
    fig.draw_without_rendering()
    words = words_of(fig)
    assert [t.get_text() for t in words if t.get_fontsize() < SMALLEST_PT] == []
    [stamp] = [t for t in words if t.get_text().startswith("SIMULATED")]
    strip = stamp.get_window_extent()
    assert max(ax.get_tightbbox().y1 for ax in fig.axes if ax.get_visible()) <= strip.y0
    page, box = fig.get_size_inches(), fig.get_tightbbox()
    assert box.x0 > -0.01 and box.y0 > -0.01  # inches
    assert box.x1 < page[0] + 0.01 and box.y1 < page[1] + 0.01
    for legend in fig.legends:
        place = legend.get_window_extent()
        shown = [ax for ax in fig.axes if ax.get_visible()]
        assert not any(place.overlaps(ax.get_tightbbox().padded(-1)) for ax in shown)


@pytest.mark.parametrize("script", PLOTS)
def test_titles_do_not_run_into_each_other(script):
    fig = figure(script)
    fig.draw_without_rendering()
    titles = [ax._left_title for ax in fig.axes if ax.get_title(loc="left")]
    titles += [part._suptitle for part in fig.subfigs if part._suptitle]
    boxes = [title.get_window_extent() for title in titles]
    assert len(boxes) >= 3
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_pictures_show_every_detection_that_counts():
    jobs = demo()[1]
    fig = figure("plot_det")
    found = det.predictions_of(jobs["plot_det"][0]["predictions"])
    boxes = pd.concat(map(load_table, jobs["plot_det"][0]["boxes"]))
    least = det.sure_score(found[found["part"] == "val"], boxes)
    tested = found[found["part"] == "test"]
    first = det.at_steps(tested["image"], 10)[0]
    own = tested[(tested["image"] == first) & (tested["score"] >= least)]
    truth = boxes[boxes["image"] == first]
    shown = frames_of(fig.axes[0])
    assert len(shown) == len(own) + len(truth)
    corners = {(round(p.get_x(), 2), round(p.get_y(), 2)) for p in shown}
    assert {(round(x, 2), round(y, 2)) for x, y in own[["x0", "y0"]].to_numpy(float)} <= corners


def test_a_box_lies_on_the_pixels_that_it_names():
    """Edges and not centres: a box of a whole image touches the picture's border."""
    fig = style.figure(2, 2)
    ax = fig.subplots()
    det.photograph(ax, np.zeros((3, 8, 12), np.float32))
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 12), (8, 0))
    assert ax.images[0].get_extent() == [0, 12, 8, 0]


def test_without_windows_there_is_no_row_of_them():
    folder, jobs = demo()
    path = Path(jobs["plot_det"][0]["predictions"])
    table = load_table(path)
    where = folder / "models/det-plain/draw-0/predictions.parquet"
    save_table(table[table["part"] != "off-centre"], where)
    fig = drawn("plot_det", {"predictions": str(where)}, off_centre=0.0)[1]
    assert len(fig.subfigs) == len(figure("plot_det").subfigs) - 1


def test_predictions_without_a_test_part_are_one_line(tmp_path):
    table = pd.DataFrame({"image": ["a"], "part": ["val"], "budget": [3], "fold": [-1]})
    save_table(table, tmp_path / "predictions.parquet")
    with pytest.raises(FewskyError, match=r"wanted detections in a test part; found none"):
        det.predictions_of(tmp_path / "predictions.parquet")


def test_curves_are_those_of_the_table():
    line = figure("plot_det_curves").axes[0].lines[0]
    at = {round(x, 2): y for x, y in zip(*line.get_data(), strict=True)}
    assert len(at) == 101
    assert at[0.5] == pytest.approx(metric("det-ssd", "precision_at_recall_0.50")["value"])
    assert np.mean(list(at.values())) == pytest.approx(metric("det-ssd", "map_50")["value"])


def test_what_learns_from_no_image_is_a_line():
    ax = figure("plot_det_curves").axes[3]
    [line] = [one for one in ax.lines if one.get_linestyle() == "--"]
    assert line.get_ydata()[0] == pytest.approx(metric("det-segments", "map_50")["value"])


def test_negative_magnitudes_are_bins_too():
    names = ["brightness -12.0--11.0", "brightness -11.0--10.0", "all", "size 9.5-inf px"]
    rows = pd.DataFrame({"subset": names})
    assert cells.in_bins(rows, "brightness")[["low", "high"]].to_numpy().tolist() == [
        [-12, -11], [-11, -10],
    ]  # fmt: skip
    assert np.isinf(cells.in_bins(rows, "size")["high"]).all()


def test_bars_are_the_shares_of_all_galaxies():
    table = cells.load_scores([demo()[0] / "metrics/galaxies.named.csv"])
    rows = table[(table["draw"] == -1) & (table["subset"] == "all")].set_index("metric")["value"]
    [ax] = [ax for ax in figure("plot_det_e2e").axes if ax.get_xlabel() == "Share of the galaxies"]
    first = [bar for bar in ax.patches if abs(bar.get_y() + bar.get_height() / 2) < 0.1]
    wide = [bar.get_width() for bar in first if bar.get_width() and bar.get_height()]
    assert wide == pytest.approx([v for v in rows[["found_right", "misnamed", "missed"]] if v])
    assert sum(wide) == pytest.approx(1)


def test_without_frames_the_panel_is_left_out():
    _, fig = drawn("plot_det_e2e", {"composites": [], "frames": []})
    assert len(fig.subfigs) == len(figure("plot_det_e2e").subfigs) - 1


def test_completeness_is_that_of_the_table():
    table = load_table(demo()[0] / f"metrics/frames/{FIELD}.csv")
    rows = table[(table["experiment"] == "det-ssd") & (table["measure"] == "completeness")]
    galaxies = rows[rows["kind"] == "galaxy"]
    line = figure("plot_det_frame").axes[0].containers[0].lines[0]
    assert line.get_ydata().tolist() == pytest.approx(galaxies["value"].tolist())
    assert line.get_xdata() == pytest.approx((galaxies["low"] + galaxies["high"]) / 2, abs=0.1)


def test_a_frame_without_stars_says_so(tmp_path):
    folder, jobs = demo()
    table = load_table(jobs["plot_det_frame"][0]["tables"][0])
    path = folder / "metrics/frames/8162-6-80.csv"
    save_table(table[(table["kind"] != "star") | (table["measure"] == "purity")], path)
    both = {"tables": [*jobs["plot_det_frame"][0]["tables"], str(path)]}
    fig = drawn("plot_det_frame", both)[1]
    path.unlink()
    assert len(fig.subfigs) == 2
    assert "none in the catalogue" in [t.get_text() for t in words_of(fig)]


def test_the_same_bytes_twice():
    first, _ = drawn("plot_det")
    before = {end: Path(path).read_bytes() for end, path in first.items()}
    again, _ = drawn("plot_det")
    assert before == {end: Path(path).read_bytes() for end, path in again.items()}
    assert imread(again.png).std() > 0


def test_looks_are_told_apart_by_colour_and_by_line():
    looks = {word: (to_hex(v["edgecolor"]), v["linestyle"]) for word, v in det.LOOKS.items()}
    del looks[det.FOUND]  # found, and rightly named, are one and the same in two figures
    assert len(set(looks.values())) == len(looks)


@pytest.mark.parametrize("script", SCRIPTS)
def test_captions_can_be_shown(script):
    stem = script.replace("plot_", "fig_").replace("tabulate_", "tab_")
    [paragraph] = read_caption(ROOT / f"report/captions/{stem}.rst")
    assert {run["kind"] for run in paragraph} == {"text"}


# --- matches, against the library that scores ----------------------------------------------------
def scene(rng, images=6):
    """Random boxes, some difficult, and detections near them and elsewhere."""
    tables, found = [], []
    for k in range(images):
        n = rng.integers(0, 5)
        corner = rng.uniform(0, 60, (n, 2))
        edges = np.hstack([corner, corner + rng.uniform(8, 30, (n, 2))])
        tables.append(make_boxes([f"i{k}"] * n, edges, source="true",
                                 difficult=rng.uniform(size=n) < 0.2))  # fmt: skip
        near = np.repeat(edges, 2, axis=0) + rng.normal(0, 2.5, (2 * n, 4))
        extra = rng.uniform(0, 60, (3, 2))
        every = np.vstack([near, np.hstack([extra, extra + 12])])
        score = rng.choice([0.2, 0.4, 0.6, 0.8], len(every)) + rng.uniform(0, 0.01, len(every))
        rows = pd.DataFrame(every.astype(np.float32), columns=EDGES)
        found.append(rows.assign(image=f"i{k}", score=score, label="galaxy"))
    return pd.concat(tables, ignore_index=True), pd.concat(found, ignore_index=True)


@pytest.mark.parametrize("seed", range(6))
def test_pictures_judge_as_the_scores_do(seed):
    """Outcomes of each image and the score that counts are those of metrics.detection_named."""
    boxes, found = scene(np.random.default_rng(seed))
    images = pd.DataFrame(index=pd.Index(sorted(set(found["image"]))))
    true = read_boxes(boxes, images, ["galaxy"])
    listed = in_order(found.assign(image=images.index.get_indexer(found["image"])))
    rows = np.arange(len(images))
    judged = named.judge(rows, true, listed)
    for k, name in enumerate(images.index):
        own = listed[listed["image"] == k]
        seen = det.matched(own, true[true["image"] == k])
        told = judged.loc[judged["image"] == k, "outcome"]
        assert (seen.boxes == det.MISSED).sum() == (told == named.MISSED).sum(), name
        assert (seen.found == det.INVENTED).sum() == (told == named.INVENTED).sum(), name
        assert (seen.found == det.FOUND).sum() == (told == named.RIGHT).sum(), name
    least, _ = named.best_score(rows, true, listed)
    assert det.sure_score(found, boxes) == pytest.approx(least, abs=1e-6)


def test_words_of_outcomes_are_those_of_the_scores():
    told = [named.RIGHT, named.MISNAMED, named.MISSED, named.INVENTED]
    assert told == [det.RIGHT, det.MISNAMED, det.MISSED, det.INVENTED]
    assert {short: word for word, short in named.SHARES.items()} == {
        metric: word for metric, (word, _) in det.SHARES.items()
    }


def test_nothing_found_in_validation_lets_everything_count():
    boxes, found = scene(np.random.default_rng(0))
    nothing = found.assign(score=np.nan)
    assert det.sure_score(nothing, boxes) == -np.inf


def test_the_worst_images_are_those_with_most_faults():
    boxes = make_boxes(["a", "b", "b"], [(0, 0, 9, 9), (0, 0, 9, 9), (20, 20, 30, 30)])
    rows = [("a", 0, 0, 9, 9, 0.9), ("b", 50, 50, 60, 60, 0.8), ("c", *[np.nan] * 5)]
    found = pd.DataFrame(rows, columns=["image", *EDGES, "score"])
    assert det.worst(found, boxes, 3) == ["b"]


# --- tables ---------------------------------------------------------------------------------------
def test_the_main_table_has_all_views_and_printed_rows():
    table, _ = made("tabulate_det")
    ours = table[table["Data"] == "SIMULATED"]
    assert set(ours["Experiment"]) == set(KINDS) and len(ours) == 2 * len(KINDS)
    row = table[(table["Experiment"] == "det-ssd") & (table["Seen"] == "off-centre windows")]
    value = metric("det-ssd", "map_50", part="off-centre")["value"]
    assert row["mAP@.50"].item().startswith(f"{value:.3f} [")
    printed = table[table["Kind"] == "published"]
    assert printed["mAP@.50"].tolist() == ["0.96", "0.94"]
    assert printed["AR@1"].tolist() == ["0.62", "0.60"]
    assert quoted(PUBLISHED, "det", "EfficientDet", "ar_1") == 0.6
    assert set(ours["Boxes"]) == {"true"}


def test_boxes_that_a_rule_proposed_are_called_so(tmp_path):
    folder, _ = demo()
    table = cells.load_scores([folder / "metrics/galaxies.csv"]).drop(columns="task")
    save_table(table.assign(reference="proposed"), tmp_path / "galaxies.csv")
    told, _ = made("tabulate_det", {"metrics": [str(tmp_path / "galaxies.csv")]})
    ours = told[told["Kind"] != "published"]
    assert set(ours["Boxes"]) == {"proposed by a rule"}
    own = ours[ours["Experiment"] == "det-segments"]["Kind"]
    assert set(own) == {"definition of the label, not ranked"}


@pytest.mark.parametrize("found", [["true", "proposed"], ["catalog"]])
def test_scores_against_unknown_boxes_are_one_line(found):
    with pytest.raises(FewskyError, match="wanted scores against one of true"):
        cells.reference_of(pd.DataFrame({"reference": found}))


def test_folds_are_averaged_and_taken_together():
    table, _ = made("tabulate_det_cv")
    scores = cells.load_scores([demo()[0] / "metrics/galaxies-folds.csv"])
    folds = cells.by_fold(scores, CV[0], "map_50")
    assert len(folds) == 3
    first, together = table[table["Row"] == CV[0]]["mAP@.50"]
    assert first == f"{folds['value'].mean():.3f} ± {folds['value'].std(ddof=1):.3f}"
    value = metric(CV[0], "map_50", "galaxies-folds", part="folds")["value"]
    assert together.startswith(f"{value:.3f} [")
    assert table.loc[table["Row"] == "verdict", "mAP@.50"].tolist() == ["better"]
    alone, _ = made("tabulate_det_cv", cv=CV[:1])
    assert not alone["Row"].str.contains("difference").any()


def test_images_a_second_are_those_of_the_median():
    table, _ = made("tabulate_det_latency")
    assert table["Images a second"].tolist() == ["25.0", "40.0", "12.5", "40.0"]
    table, _ = made("tabulate_det_export")
    assert table["Agreement"].tolist() == ["–", "99.8 %"] * 2
