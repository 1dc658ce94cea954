"""Figures and tables of the Galaxy10 chapter: drawn from any results, true to them, by number."""

import re
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.image import imread
from matplotlib.text import Text
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve

from fewsky.console import FewskyError
from fewsky.figures import diagrams, style
from fewsky.figures import galaxy10 as g10
from fewsky.files import load_json, load_table, save_json, save_table
from fewsky.metrics import printed
from fewsky.metrics.measures import confusion_measures
from fewsky.models import loop
from fewsky.paper import galaxy10 as cells
from fewsky.paper import tables, trials
from fewsky.paper.captions import read_caption
from tests.unit.small_g10_results import CV, DECALS, NINE, REPORTS, TEN, demo
from tests.unit.small_results import ROOT, run_script

PLOTS = [name for name in demo()[1] if name.startswith("plot_")]
TABLES = [name for name in demo()[1] if name.startswith("tabulate_")]
CELL = re.compile(r"(?<!\\)&")
SMALLEST_PT = 6.5
PUBLISHED = tables.load_published(ROOT / "report/published.csv")
# Tessa and Terranova's training objects by class, and the weights that they print.
COUNTS = [2488, 5017, 4552, 257, 1122, 415, 797, 646, 381]
PRINTED_F1 = [0.67, 0.92, 0.88, 0.73, 0.89, 0.86, 0.70, 0.58, 0.64]
WEIGHTS = [0.6999, 0.3471, 0.3826, 6.7764, 1.5521, 4.1965, 2.1851, 2.6959, 4.5710]


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


def numbers(cell):
    return [float(text.replace("−", "-")) for text in re.findall(r"−?\d+\.\d+", cell)]


def metric(task, name, **where):
    """One mean over draws with its limits, of the metrics of a task."""
    rows = load_table(demo()[0] / f"metrics/{task}.csv")
    where = {"part": "test", "subset": "all", "draw": -1, "fold": -1} | where | {"metric": name}
    for key, value in where.items():
        rows = rows[rows[key] == value]
    [row] = rows.to_dict("records")
    return row


# --- figures --------------------------------------------------------------------------------------
@pytest.mark.parametrize("script", PLOTS)
def test_every_figure_of_a_demo(script):
    fig = figure(script)
    assert fig.get_size_inches()[0] == style.PAGE and fig.get_size_inches()[1] < 9
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


@pytest.mark.parametrize("script", ["plot_g10_roc", "plot_g10_confusion", "plot_g10_balance"])
def test_titles_do_not_run_into_each_other(script):
    fig = figure(script)
    fig.draw_without_rendering()
    titles = [ax._left_title.get_window_extent() for ax in fig.axes if ax.get_title(loc="left")]
    assert len(titles) >= 4
    assert not any(a.overlaps(b) for a, b in combinations(titles, 2))


def test_what_is_null_is_left_out():
    few = {"simple": "g10-simple", "scratch": None, "vgg": "g10-vgg", "search": None}
    assert len([ax for ax in drawn("plot_g10_confusion", reports=few)[1].axes if ax.images]) == 2
    _, fig = drawn("plot_g10_balance", imbalance={"none": "g10-none", "weights": None})
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["(a) raw: g10-none"]
    _, fig = drawn("plot_g10_pareto", {"exports": []})
    assert [t.get_text() for t in fig.legends[0].get_texts()] == ["trial", "Pareto front", "chosen"]
    other = {"other_catalogs": [], "other_images": []}
    _, fig = drawn("plot_g10_sample", other, releases={"Galaxy10 SDSS": TEN})
    assert fig.get_size_inches()[0] == style.PAGE and len(fig.axes) == 1
    table, _ = made("tabulate_g10_scratch", legacy=None, scratch={"simple": "g10-simple"})
    assert table["Source"].tolist() == [cells.PRINTED, "g10-simple"]


def test_the_same_bytes_twice():
    first, _ = drawn("plot_g10_pareto")
    before = {end: Path(path).read_bytes() for end, path in first.items()}
    again, _ = drawn("plot_g10_pareto")
    assert before == {end: Path(path).read_bytes() for end, path in again.items()}
    assert imread(again.png).std() > 0


@pytest.mark.parametrize("script", [*PLOTS, *TABLES])
def test_captions_can_be_shown(script):
    stem = script.replace("plot_", "fig_").replace("tabulate_", "tab_")
    [paragraph] = read_caption(ROOT / f"report/captions/{stem}.rst")
    assert {run["kind"] for run in paragraph} == {"text"}


def test_known_slips_are_said():
    def told(name):
        [paragraph] = read_caption(ROOT / f"report/captions/{name}.rst")
        return " ".join(run["text"] for run in paragraph)

    said = {
        "fig_models": ["7,221,145", "7,211,145"],
        "fig_g10_sample": ["394", "349", "boxy bulge"],
        "tab_g10_reports": ["287", "207", "2,931", "0.78", "0.70"],
        "tab_g10_scratch": ["hard labels"],
        "tab_g10_cv": ["0.0625"],
    }
    for name, words in said.items():
        assert all(word in told(name) for word in words), name


def test_sheet_shows_objects_of_their_class():
    inputs, _ = demo()[1]["plot_g10_sample"]
    found = g10.sheet(inputs["catalogs"], inputs["images"], TEN, 4)
    objects = pd.concat(map(load_table, inputs["catalogs"]))
    assert {name: n for name, (n, _) in found.items()} == objects["label"].value_counts().to_dict()
    # The made galaxies are thinner from class to class.
    heights = [(picture[..., 0].max(axis=1) > 0.1).sum() for _, (picture, *_) in found.values()]
    assert heights == sorted(heights, reverse=True) and heights[0] > 2 * heights[-1]
    assert all(len(pictures) == 4 for _, pictures in found.values())
    words = " ".join(t.get_text() for t in words_of(figure("plot_g10_sample")))
    assert all(g10.class_words(name) in words for name in {*TEN, *DECALS})


def test_sheet_goes_through_a_class_at_equal_steps():
    assert g10._steps(10, 5).tolist() == [0, 2, 4, 6, 8]
    assert g10._steps(3, 5).tolist() == [0, 1, 2] and g10._steps(0, 5).tolist() == []


def test_balance_draws_what_was_shown():
    inputs, _ = demo()[1]["plot_g10_balance"]
    table = g10.balances(inputs["cards"]).set_index(["experiment", "label"])
    card = load_json(next(path for path in inputs["cards"] if "g10-full" in path))
    views, seen = card["runs"][0]["trained_on"], card["runs"][0]["labels_seen"]["train"]
    [ax] = [a for a in figure("plot_g10_balance").axes if "g10-full" in a.get_title(loc="left")]
    shown, repeated, left = [[bar.get_width() for bar in part] for part in ax.containers]
    assert np.add(shown, repeated).tolist() == [views[c] for c in NINE]
    assert np.add(shown, left).tolist() == [max(seen[c], views[c]) - max(0, views[c] - seen[c])
                                            for c in NINE]  # fmt: skip
    assert np.multiply(repeated, left).tolist() == [0] * len(NINE)
    assert (table.loc["g10-full", "weight"] == 1).all()
    own = table.loc["g10-partial"]
    assert (own["weight"] * own["views"]).to_numpy() == pytest.approx(own["views"].sum() / 9)


def test_roc_is_that_of_scikit_learn():
    rng = np.random.default_rng(3)
    score, positive = np.round(rng.normal(0, 1, 80), 1), rng.random(80) < 0.3
    false, true, _ = roc_curve(positive, score, drop_intermediate=False)
    found = g10.roc(score, positive)
    assert np.allclose(found[0], false) and np.allclose(found[1], true)


def test_mean_roc_is_over_draws():
    table = g10.tested(demo()[1]["plot_g10_roc"][0]["predictions"])
    assert set(table["experiment"]) == set(REPORTS.values())
    own = table[table["experiment"] == "g10-ensemble"]
    found = g10.mean_roc(own, "cigar-smooth")
    parts = [part for _, part in own.groupby("draw")]
    areas = [roc_auc_score(p["label"] == "cigar-smooth", p["p_cigar-smooth"]) for p in parts]
    assert len(areas) == 2 and found["area"] == pytest.approx(np.mean(areas))
    assert found["point"][1] == pytest.approx(
        metric("nine", "recall_cigar-smooth", experiment="g10-ensemble")["value"]
    )
    assert (np.diff(found["true"]) >= 0).all() and found["true"][-1] == 1
    assert g10.mean_roc(own.assign(label="none"), "cigar-smooth") is None
    # Rates at or below each false-positive rate: a step, no slope.
    assert g10._at(np.array([0, 0.4, 0.5, 1]), np.array([0, 0, 0.5, 1]),
                   np.array([0, 0.3, 0.6, 1])).tolist() == [0.3, 0.3, 0.6, 1]  # fmt: skip


def test_predictions_without_a_test_part_are_refused(tmp_path):
    path = tmp_path / "models/x/draw-0/predictions.parquet"
    save_table(pd.DataFrame({"part": ["train"], "fold": [-1], "budget": [3]}), path)
    with pytest.raises(FewskyError, match="wanted predictions of a test part; found none"):
        g10.tested([path])


def test_confusion_panels_hold_the_recall():
    [ax] = [a for a in figure("plot_g10_confusion").axes if "g10-vgg" in a.get_title(loc="left")]
    shares = np.asarray(ax.images[0].get_array())
    assert shares.sum(axis=1) == pytest.approx([100] * 9)
    for k, label in enumerate(NINE):
        told = metric("nine", f"recall_{label}", experiment="g10-vgg")["value"]
        assert shares[k, k] == pytest.approx(100 * told)


def test_front_is_what_no_other_point_beats():
    rng = np.random.default_rng(5)
    cost, value = rng.integers(1, 12, 60), rng.integers(1, 12, 60)
    beaten = [
        any((cost[j] <= cost[k]) and (value[j] >= value[k])
            and ((cost[j], value[j]) != (cost[k], value[k]) or j < k) for j in range(60) if j != k)
        for k in range(60)
    ]  # fmt: skip
    assert g10.front(cost, value).tolist() == [not one for one in beaten]


def test_pareto_draws_complete_trials_and_the_chosen_one():
    inputs, _ = demo()[1]["plot_g10_pareto"]
    table = load_table(inputs["trials"])
    found = trials.load_trials(inputs["trials"], inputs["best"])
    assert len(found) == len(table) - 1 and 7 not in found["trial"].tolist()
    ax = figure("plot_g10_pareto").axes[0]
    points, edge, star = ax.lines[:3]
    assert sorted(points.get_ydata()) == sorted(found["value"])
    assert star.get_ydata().tolist() == [found["value"].max()] == [edge.get_ydata()[-1]]
    assert (np.diff(edge.get_ydata()) > 0).all()
    with pytest.raises(FewskyError, match="wanted a complete trial; found none"):
        save_table(table.assign(state="diverged"), demo()[0] / "none.csv")
        trials.load_trials(demo()[0] / "none.csv", inputs["best"])


def test_searched_settings_in_words():
    words = [trials.parameter_words(name) for name in ("model.filters.0", "model.kernels.1",
             "model.dense", "recipe.learning_rate")]  # fmt: skip
    assert words == ["filters 1", "kernel 2", "dense units", "learning rate"]


# --- networks -------------------------------------------------------------------------------------
def test_printed_numbers_of_weights_against_computed_ones():
    found = diagrams.audited()
    assert found["VGG16, features kept"] == {
        "parameters": 14_846_409, "trainable_parameters": 131_721
    }  # fmt: skip
    assert found["VGG16, tuned from block 5"]["trainable_parameters"] == 7_211_145
    assert found["Ruhmer's network"]["parameters"] == 151_297
    rows = PUBLISHED[PUBLISHED["table"] == "g10-parameters"]
    apart = [row.row for row in rows.itertuples() if found[row.row][row.metric] != int(row.value)]
    assert apart == ["VGG16, tuned from block 5"]
    words = [t.get_text() for t in words_of(figure("plot_models"))]
    assert words.count("agree") == 3 and words.count("differ in one digit") == 1
    assert "7,221,145" in words and "7,211,145" in words


def test_diagrams_follow_a_forward_pass():
    vgg = diagrams.network_of({"name": "vgg16"}, 3, 69, 9)
    layers = diagrams.layers_of(vgg, 3, 69, ["block5"])
    assert [layer.n for layer in layers] == [1, 2, 2, 3, 3, 3, 1, 1]
    assert [layer.side for layer in layers] == [69, 69, 34, 17, 8, 4, None, None]
    assert [layer.kind for layer in layers[-3:]] == ["conv", "dense", "head"]
    assert [layer.trained for layer in layers] == [False] * 5 + [True] * 3
    assert sum(layer.parameters for layer in layers) == 14_846_409
    assert sum(layer.parameters for layer in layers if layer.trained) == 7_211_145
    ruhmer = diagrams.layers_of(diagrams.network_of({"name": "ruhmer-base"}, 5, 25, 1), 5, 25)
    assert [layer.side for layer in ruhmer] == [25, 23, 9, None, None]
    assert sum(layer.parameters for layer in ruhmer) == 151_297


def test_normalisation_counts_with_its_convolution():
    model = {"name": "scratch-two", "filters": [4, 6], "kernels": [3, 5], "batch_norm": True}
    network = diagrams.network_of(model, 3, 16, 5)
    layers = diagrams.layers_of(network, 3, 16)
    assert [layer.parameters for layer in layers[1:3]] == [3 * 4 * 9 + 4 + 8, 4 * 6 * 25 + 6 + 12]
    assert sum(layer.parameters for layer in layers) == sum(w.numel() for w in network.parameters())


# --- what is printed ------------------------------------------------------------------------------
def test_class_weights_of_the_printed_counts():
    """The trainer's own weights. With N one less than the counts add up to, all nine are printed
    to 1e-4; with one in-between galaxy less, they are those exactly, cut after four decimals.
    """

    def trained(counts):
        targets = torch.repeat_interleave(torch.arange(9), torch.tensor(counts))
        return loop.class_weights(targets, {"class_weights": "balanced"})

    found = trained(COUNTS)
    assert sum(COUNTS) == 15_675
    assert found.numpy() * 15_674 / 15_675 == pytest.approx(np.array(WEIGHTS), abs=1e-4)
    assert found.numpy() == pytest.approx(np.array(WEIGHTS), rel=2e-4)
    one_less = [n - (n == 4552) for n in COUNTS]
    assert torch.floor(trained(one_less) * 1e4).tolist() == [round(w * 1e4) for w in WEIGHTS]
    assert torch.floor(found * 1e4).tolist() != [round(w * 1e4) for w in WEIGHTS]
    drawn_as = printed.class_weights(dict(zip(NINE, COUNTS, strict=True)))
    assert list(drawn_as.values()) == pytest.approx(found.numpy(), rel=1e-6)
    rows = PUBLISHED[PUBLISHED["table"] == "g10-weights"]
    assert rows["metric"].tolist() == [f"weight_{name}" for name in NINE]
    assert rows["value"].astype(float).tolist() == WEIGHTS


def test_hard_label_area_from_the_rows_of_a_report():
    rng = np.random.default_rng(1)
    counts = rng.integers(1, 30, (9, 9)) + np.diag(rng.integers(50, 300, 9))
    told = confusion_measures(counts.astype(float), NINE)
    rows = [[float(told[f"{key}_{name}"]) for name in NINE] for key in ("precision", "recall")]
    found = printed.hard_label_auroc(*rows, counts.sum(axis=1))
    assert found == pytest.approx(float(told["hard_label_auroc"]), abs=1e-12)
    # One class that is never decided: what is printed as precision 0 has no false positives.
    assert printed.hard_label_auroc([1, 0], [1, 0], [3, 2]) == pytest.approx((1 + 1 + 0 + 1) / 4)


def test_hard_labels_give_the_printed_areas():
    """0.765 and 0.858: precision and recall by class are not at hand, so they are enclosed.

    Accuracy, macro recall and supports leave open less than 0.014, with F1 by class 0.007.
    """
    support = cells.supports(PUBLISHED)
    exact = {"half_digit": 1e-6}
    for (accuracy, recall), area in {(0.70, 0.57): 0.765, (0.83, 0.74): 0.858}.items():
        low, high = printed.hard_label_range(accuracy, recall, support)
        assert low < area < high and high - low < 0.0135
        low, high = printed.hard_label_range(accuracy, recall, support, **exact)
        assert low < area < high and high - low < 0.008
    f1 = [tables.quoted(PUBLISHED, "g10-report", "scratch", f"f1_{name}") for name in NINE]
    low, high = printed.hard_label_range(0.83, 0.74, support, f1)
    assert low < 0.858 < high and high - low < 0.0065
    for variant in cells.VARIANTS:
        told = tables.quoted(PUBLISHED, "g10-scratch", variant, "hard_label_auroc")
        low, high = numbers(cells.range_of_hard_labels(PUBLISHED, variant))
        assert low - 5e-3 <= told <= high + 5e-3


def test_range_encloses_the_area_of_any_matrix_with_those_numbers():
    rng = np.random.default_rng(2)
    for _ in range(5):
        counts = rng.integers(0, 20, (4, 4)) + np.diag(rng.integers(5, 90, 4))
        told = confusion_measures(counts.astype(float), list("abcd"))
        f1 = [float(told[f"f1_{c}"]) for c in "abcd"]
        pair = float(told["accuracy"]), float(told["macro_recall"])
        loose = printed.hard_label_range(*pair, counts.sum(axis=1))
        close = printed.hard_label_range(*pair, counts.sum(axis=1), f1)
        area = float(told["hard_label_auroc"])
        assert loose[0] <= close[0] <= area <= close[1] <= loose[1]
        tight = printed.hard_label_range(*pair, counts.sum(axis=1), f1, half_digit=1e-7)
        assert tight[1] - tight[0] < loose[1] - loose[0]
    assert np.isnan(printed.hard_label_range(0.9, 0.1, [5, 5])).all()


def test_printed_rows_agree_with_each_other():
    support = cells.supports(PUBLISHED)
    assert sum(support) == 2931 and sum(support) - 207 + 287 != 2931
    for row in ("scratch", "vgg", "ensemble", "search"):
        f1 = [tables.quoted(PUBLISHED, "g10-report", row, f"f1_{name}") for name in NINE]
        told = tables.quoted(PUBLISHED, "g10-report", row, "macro_f1")
        assert np.mean(f1) == pytest.approx(told, abs=0.0101)
    weighted, accuracy = (tables.quoted(PUBLISHED, "g10-report", "simple", key)
                          for key in ("weighted_recall", "accuracy"))  # fmt: skip
    assert (weighted, accuracy) == (0.78, 0.70)  # a slip of theirs: both are one quantity
    for row, variant in (("simple", "simple"), ("scratch", "dropout-bn")):
        for key in ("accuracy", "macro_precision", "macro_recall"):
            both = [tables.quoted(PUBLISHED, table, name, key)
                    for table, name in (("g10-report", row), ("g10-scratch", variant))]  # fmt: skip
            assert both[0] == both[1]
    assert PUBLISHED["claim"].is_unique


# --- tables ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("script", TABLES)
def test_every_table_of_a_demo(script):
    table, outputs = made(script)
    assert len(table) and not table.isin(["nan", "NaN", "None", ""]).to_numpy().any()
    text = Path(outputs.tex).read_text()
    assert "SIMULATED" in text and not re.search(r"\b[Nn]a[Nn]\b", text)
    rows = [line for line in text.splitlines() if line.endswith(r"\\") and "multicol" not in line]
    assert {len(CELL.split(row)) for row in rows} == {table.shape[1]}
    ours = ~table.apply(lambda row: row.str.contains("Tessa|published").any(), axis=1)
    assert set(table.loc[ours, "Data"]) == {"SIMULATED"}
    assert set(table.loc[~ours, "Data"]) <= {"published"}


def shows(cell, told, digits=3):
    """Whether a cell prints a value with its limits."""
    wanted = [told[key] for key in ("value", "lower", "upper") if pd.notna(told["lower"])]
    return numbers(cell) == pytest.approx(wanted or [told["value"]], abs=0.51 * 10**-digits)


def test_main_table_prints_every_task():
    table = made("tabulate_g10_main")[0].set_index("Experiment")
    for task, name in (("nine", "g10-vgg"), ("ten", "ten-scratch"), ("decals", "decals-vgg")):
        assert table.loc[name, "Task"] == task
        for key, title in (("macro_f1", "Macro F1"), ("ece", "ECE"), ("auroc", "AUROC")):
            assert shows(table.loc[name, title], metric(task, key, experiment=name))
    kinds = table[table["Kind"] != "published"]["Kind"].tolist()
    assert kinds[4:7] == ["network", "opponent", "nuisance control"]
    assert table.loc["g10-vgg", "Trainable parameters"] == "1,234"  # of 1234 and 1235
    assert table.loc["g10-ensemble", "Trainable parameters"] == "–"
    assert table.loc["Tessa & Terranova: ensemble", ["Accuracy", "Macro F1"]].tolist() == [
        "0.85", "0.81"
    ]  # fmt: skip


def test_scratch_table_pairs_every_row_with_the_printed_one():
    table, _ = made("tabulate_g10_scratch")
    printed_rows = table[table["Source"] == cells.PRINTED]
    assert printed_rows["Network"].tolist() == list(cells.VARIANTS.values())
    assert table["Split"].str.contains("legacy").sum() == 2
    first, ours, legacy = table.to_dict("records")[:3]
    assert [first[key] for key in ("Accuracy", "AUROC of hard labels")] == ["0.70", "0.76"]
    assert first["AUROC of probabilities"] == "–"
    assert first["Hard labels, from accuracy and recall"] == "0.757 to 0.771"
    for row, task in ((ours, "nine"), (legacy, "legacy")):
        for key, title in (("hard_label_auroc", "AUROC of hard labels"),
                           ("auroc", "AUROC of probabilities")):  # fmt: skip
            assert shows(row[title], metric(task, key, experiment=row["Source"]))


def test_reports_hold_every_class_and_the_printed_f1():
    table, _ = made("tabulate_g10_reports")
    rows = table.set_index(["Class", "Measure", "Source"])
    column = "best from nothing: g10-dropout-bn"
    for name, told in zip(NINE, PRINTED_F1, strict=True):
        assert rows.loc[(g10.class_words(name), "F1", cells.PRINTED), column] == f"{told:.2f}"
        own = metric("nine", f"recall_{name}", experiment="g10-dropout-bn")
        assert shows(rows.loc[(g10.class_words(name), "recall", "ours"), column], own, 2)
    assert rows.loc[("weighted mean", "recall", cells.PRINTED)].iloc[0] == "0.78"


def test_cross_validation_table_has_exact_tests():
    table = made("tabulate_g10_cv")[0].set_index(["Row", "Source"])
    rows = load_table(demo()[0] / "metrics/folds.csv")
    rows = rows[(rows["draw"] == 0) & (rows["fold"] >= 0) & (rows["part"] == "test")]
    rows = rows[(rows["metric"] == "accuracy") & (rows["subset"] == "all")]
    a, b = (rows[rows["experiment"] == name].sort_values("fold")["value"].to_numpy()
            for name in CV.values())  # fmt: skip
    assert len(a) == 5
    cell = table.loc[("best from nothing", "folds-scratch, 5 folds"), "Accuracy"]
    assert cell == f"{a.mean():.3f} ± {a.std(ddof=1):.3f}"
    pair = "folds-scratch − folds-vgg"
    exact = table.loc[("exact signed-rank p (at best 0.0625)", pair), "Accuracy"]
    assert float(exact) == pytest.approx(stats.wilcoxon(a, b, method="exact").pvalue, abs=5.1e-5)
    assert table.loc[("best from nothing", cells.PRINTED), "Macro recall"] == "0.70 ± 0.02"
    told = load_table(demo()[0] / "metrics/folds.comparisons.csv").iloc[0]
    shown = numbers(table.loc[("paired bootstrap, difference", pair), "MCC"])
    assert shown == pytest.approx(told[["difference", "lower", "upper"]].tolist(), abs=5.1e-4)
    assert table.loc[("paired bootstrap, difference", pair), "Accuracy"] == "–"


def test_five_folds_cannot_reach_five_per_cent():
    frames = [pd.DataFrame({"value": np.arange(5.0) + k, "n": 20, "budget": 80}) for k in (0, 1)]
    better = frames[1].assign(value=1.1 * frames[1]["value"])
    found = cells.fold_tests(better, frames[0])
    assert found["least"] == 0.0625 == found["wilcoxon"] and found["folds"] == 5
    # Nadeau and Bengio: the variance of the mean grows from 1/5 to 1/5 + 20/80.
    d = np.arange(5.0) * 0.1 + 1.1
    t = d.mean() / np.sqrt((1 / 5 + 20 / 80) * d.var(ddof=1))
    assert found["corrected"] == pytest.approx(2 * stats.t.sf(t, 4))
    assert cells.fold_tests(frames[0][:1], frames[1][:1]) is None


def test_comparisons_are_turned_round():
    row = {"a": "x", "b": "y", "metric": "mcc", "difference": 0.2, "lower": 0.1, "upper": 0.3,
           "verdict": "better", "primary": False}  # fmt: skip
    table = pd.DataFrame([row, row | {"metric": "accuracy", "difference": 0.5}])
    told = cells.difference_cells(cells.compared(table, "y", "x"), "A − B", "Verdict")
    assert told == {"A − B": "MCC −0.200 [−0.300, −0.100]", "Verdict": "worse (exploratory)"}
    assert cells.compared(table, "x", "y", "accuracy")["difference"] == 0.5
    table.loc[1, "primary"] = True
    assert cells.compared(table, "x", "y")["metric"] == "accuracy"
    assert cells.compared(table, "x", "z") is None and cells.compared(table, "x", "x") is None
    assert cells.difference_cells(None, "A", "B") == {"A": "–", "B": "–"}


def test_ensemble_table_has_weights_and_differences():
    table = made("tabulate_g10_ensemble")[0].set_index("Experiment")
    assert table.loc["g10-ensemble", ["Weights", "Found on"]].tolist() == [
        "g10-dropout-bn 0.70 ± 0.00; g10-vgg 0.30 ± 0.00", "48"
    ]  # fmt: skip
    told = load_table(demo()[0] / "metrics/nine.comparisons.csv")
    [row] = told[(told["a"] == "g10-ensemble") & (told["b"] == "g10-vgg")].to_dict("records")
    shown = numbers(table.loc["g10-vgg", "Ensemble less this"])
    assert shown == pytest.approx([row[k] for k in ("difference", "lower", "upper")], abs=5.1e-4)
    assert table.loc["g10-equal", "Found on"] == "–"
    assert table.loc["Tessa & Terranova: ensemble", "Weights"] == "scratch 0.60; vgg 0.40"


def test_imbalance_table_counts_repeated_images():
    table = made("tabulate_g10_imbalance")[0].set_index("Experiment")
    inputs, _ = demo()[1]["tabulate_g10_imbalance"]
    run = load_json(next(path for path in inputs["cards"] if "g10-partial" in path))["runs"][0]
    views, seen = run["trained_on"], run["labels_seen"]["train"]
    repeated = sum(max(0, views[c] - seen[c]) for c in NINE) / sum(views.values())
    assert table.loc["g10-partial", "Repeated"] == f"{100 * repeated:.1f} %"
    assert table.loc["g10-none", ["Repeated", "Verdict"]].tolist() == ["0.0 %", "–"]


def test_search_table_holds_the_best_and_the_front():
    inputs, _ = demo()[1]["tabulate_g10_search"]
    table, _ = made("tabulate_g10_search")
    assert table["Rank"].tolist()[:10] == [str(k) for k in range(1, 11)]
    assert table.loc[table["Chosen"] == "yes", "Trial"].tolist() == [
        str(load_json(inputs["best"])["trial"])
    ]
    assert set(table.loc[table.index[10:], "On a front"]) == {"yes"}


def test_export_tables_name_every_form(tmp_path):
    table, _ = made("tabulate_g10_export")
    assert table["Form"].tolist()[:3] == ["PyTorch", "ONNX, 32-bit floats", "ONNX, 8-bit integers"]
    assert table["Largest difference"].tolist()[:3] == ["–", "4.2e−7", "3.1e−2"]
    assert table["File (kB)"].tolist()[:3] == ["161.0", "163.0", "45.0"]
    path = tmp_path / "models/n/export/export.json"
    save_json({"bytes": {"onnx": 5}, "n": 2}, path)
    assert trials.load_exports([path]).to_dict("records") == [
        {"experiment": "n", "bytes.onnx": 5, "n": 2}
    ]
