"""Figures and tables of the planetary-nebula chapter: drawn from any results, true to them."""

import re
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from matplotlib.text import Text

from fewsky.console import FewskyError
from fewsky.figures import planetary_nebulae as pn
from fewsky.figures import style
from fewsky.files import load_table
from fewsky.paper.captions import read_caption
from tests.unit.small_pn_results import CLASSES, KINDS, STUDENTS, bare, demo
from tests.unit.small_results import ROOT, run_script

NAMES = [path.stem for path in (ROOT / "scripts").glob("*_pn_*.py")]
PLOTS = sorted(name for name in NAMES if name.startswith("plot_"))
TABLES = sorted(name for name in NAMES if name.startswith("tabulate_"))
ONLY_KNOWN = {"plot_pn_pseudo", "plot_pn_distortion", "tabulate_pn_hypothesis"}
CELL = re.compile(r"(?<!\\)&")
SMALLEST_PT = 6.5


def drawn(results, script, **changes):
    """Run a script, some settings or inputs changed; its outputs and the figure as saved."""
    seen = []

    def save(fig, *paths, saved=style.save, **marks):
        seen.append(fig)
        saved(fig, *paths, **marks)

    inputs, settings = results[1][script]
    inputs = inputs | {key: changes.pop(key) for key in list(changes) if key in inputs}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "save", save)
        patch.setitem(style.RC, "savefig.dpi", 60)  # few pixels, for speed
        return run_script(results[0], script, inputs, settings | changes), seen[0]


@cache
def figure(script):
    """The figure that a script draws of the demo, drawn once."""
    return drawn(demo(), script)[1]


def panel(script, letter):
    """The panel of a figure of the demo whose title starts with a letter."""
    [ax] = [ax for ax in figure(script).axes if ax.get_title(loc="left").startswith(f"({letter})")]
    return ax


def made(results, script, **changes):
    """The CSV of a table as text cells, and its outputs."""
    folder, jobs = results
    outputs = run_script(folder, script, jobs[script][0], jobs[script][1] | changes)
    return pd.read_csv(outputs.csv, dtype=str, keep_default_na=False), outputs


def words_of(fig):
    return [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]


def metric(rows, name, **where):
    """One mean over draws with its limits, of the metrics of a task."""
    chosen = rows[
        (rows["metric"] == name) & (rows["draw"] == -1) & (rows["reference"] == "catalogue")
    ]
    where = {"part": "test", "subset": "all", "fold": -1} | where
    for key, value in where.items():
        chosen = chosen[chosen[key] == value]
    [row] = chosen[chosen["budget"] == chosen["budget"].max()].to_dict("records")
    return row


def numbers(cell):
    return [float(text.replace("−", "-")) for text in re.findall(r"−?\d+\.\d+", cell)]


@pytest.mark.parametrize("script", PLOTS)
def test_every_figure_of_a_demo(script):
    fig = figure(script)
    assert fig.get_size_inches()[0] in (style.COLUMN, style.PAGE)
    fig.draw_without_rendering()
    words = words_of(fig)
    assert [t.get_text() for t in words if t.get_fontsize() < SMALLEST_PT] == []
    [stamp] = [t for t in words if t.get_text().startswith("SIMULATED")]
    strip = stamp.get_window_extent()
    assert max(ax.get_tightbbox().y1 for ax in fig.axes) <= strip.y0
    # Nothing drawn leaves the page, to 0.01 inch.
    page, box = fig.get_size_inches(), fig.get_tightbbox()
    assert box.x0 > -0.01 and box.y0 > -0.01
    assert box.x1 < page[0] + 0.01 and box.y1 < page[1] + 0.01


@pytest.mark.parametrize("script", PLOTS)
def test_legends_cover_no_axes(script):
    fig = figure(script)
    fig.draw_without_rendering()
    legends = [*fig.legends, *(one for part in fig.subfigs for one in part.legends)]
    for legend in legends:
        box = legend.get_window_extent()
        assert not any(box.overlaps(ax.get_tightbbox().padded(-1)) for ax in fig.axes)


@pytest.mark.parametrize("script", [name for name in PLOTS if name not in ONLY_KNOWN])
def test_every_figure_of_a_bare_folder(script):
    outputs, fig = drawn(bare(), script)
    assert not any("SIMULATED" in t.get_text() for t in words_of(fig))
    assert imread(outputs.png).std() > 0


def test_the_same_bytes_twice():
    first, _ = drawn(demo(), "plot_pn_sample")
    before = {end: Path(path).read_bytes() for end, path in first.items()}
    again, _ = drawn(demo(), "plot_pn_sample")
    assert before == {end: Path(path).read_bytes() for end, path in again.items()}


def test_captions_can_be_shown():
    for name in NAMES:
        stem = name.replace("plot_", "fig_").replace("tabulate_", "tab_")
        [paragraph] = read_caption(ROOT / f"report/captions/{stem}.rst")
        assert {run["kind"] for run in paragraph} == {"text"}


def test_sample_has_half_of_each_class_and_several_kinds():
    objects = pn.load_objects(demo()[1]["plot_pn_sample"][0]["catalogs"])
    shown = pn.shown_objects(objects, 8, CLASSES)
    assert shown["label"].tolist() == ["true-pn"] * 4 + ["not-pn"] * 4
    assert all(shown.loc[shown["label"] == c, "kind"].nunique() >= 3 for c in CLASSES)
    odd = pn.shown_objects(objects.assign(complete=objects["object_id"] > "pn-00100"), 5, CLASSES)
    assert odd["label"].value_counts().to_dict() == {"true-pn": 3, "not-pn": 2}
    assert odd["object_id"].min() > "pn-00100"


def test_a_named_sample_keeps_its_order_and_names_what_is_missing():
    objects = pn.load_objects(demo()[1]["plot_pn_sample"][0]["catalogs"])
    wanted = ["pn-00009", "pn-00002", "pn-00150"]
    assert pn.shown_objects(objects, wanted, CLASSES)["object_id"].tolist() == wanted
    with pytest.raises(FewskyError, match=r"wanted the objects pn-x .* Correct paper.planetary"):
        pn.shown_objects(objects, ["pn-x", "pn-00001"], CLASSES)


def test_sample_shows_the_images_of_its_objects():
    inputs, _ = demo()[1]["plot_pn_sample"]
    objects = pn.load_objects(inputs["catalogs"])
    images = pn.images_of(objects[objects["object_id"] == "pn-00042"], inputs["images"])
    _, fig = drawn(demo(), "plot_pn_sample", sample=["pn-00042"])
    [row] = [fig.axes]
    colour, *bands = [ax.images[0].get_array() for ax in row if ax.images]
    for k, shown in enumerate(bands):
        assert np.array_equal(shown, images["pn-00042"][k])
        assert np.array_equal(colour[..., k], images["pn-00042"][k])
    words = [t.get_text() for t in words_of(fig)]
    assert "Abell 42" not in words and "[ABC2009]\nJ000042.5-123456" in words


def test_kinds_count_every_object():
    fig = figure("plot_pn_data")
    objects = pn.load_objects(demo()[1]["plot_pn_data"][0]["catalogs"])
    bars = [bar.get_width() for bar in fig.axes[0].patches]
    counts = [objects[objects["label"] == c]["kind"].value_counts().tolist() for c in CLASSES[::-1]]
    assert bars == [*chain(*counts)] and sum(bars) == len(objects)
    words = {t.get_text() for t in fig.axes[0].get_yticklabels()}
    assert words == set(chain(*KINDS.values()))


def test_the_change_of_survey_is_marked_where_there_is_one():
    def change(results):
        _, fig = drawn(results, "plot_pn_data")
        return [line.get_xdata()[0] for ax in fig.axes[1:] for line in ax.lines]

    assert change(demo()) == [2.5] and change(bare()) == []


def test_separation_is_the_area_either_way_round():
    label = pd.Series(["a", "a", "b", "b", "b"])
    assert pn.separation(pd.Series([1.0, 2, 3, 4, np.nan]), label, "b") == 1
    assert pn.separation(pd.Series([3.0, 4, 1, 2, np.nan]), label, "b") == 1
    assert pn.separation(pd.Series([1.0, 1, 1, 1, 1]), label, "b") == 0.5
    assert np.isnan(pn.separation(pd.Series([1.0, 1, np.nan, np.nan, np.nan]), label, "b"))


def test_pseudo_labels_in_words():
    told = [pn.pseudo_words(settings) for settings in STUDENTS.values()]
    assert told == ["own, every step", "hard, p ≥ 0.90", "soft", "hard, top 20 %", "true labels"]


def test_pseudo_labels_are_drawn_as_scored():
    inputs, _ = demo()[1]["plot_pn_pseudo"]
    table = load_table(inputs["pseudo"][0]).query("experiment == 'pn-lpft' and draw == -1")
    table = table[table["budget"] == table["budget"].max()]
    above, below = (panel("plot_pn_pseudo", letter) for letter in "ab")
    assert np.allclose(above.lines[1].get_ydata(), table["accuracy"], equal_nan=True)
    assert np.allclose(below.lines[1].get_ydata(), table["share"])
    assert [float(t.get_text()) for t in below.get_xticklabels()] == table["threshold"].tolist()


def test_alpha_is_drawn_with_the_runs_own_schedule():
    own, lee = panel("plot_pn_pseudo", "d").lines
    for line, (t1, t2) in ((own, (200, 800)), (lee, (100, 600))):
        t, alpha = line.get_data()
        half = np.interp((t1 + t2) / 2, t, alpha)
        assert alpha[t <= t1].max() == 0 and half == pytest.approx(1.5) and alpha[-1] == 3
        assert (alpha[t >= t2] == 3).all()
    assert list(pn.ramps(STUDENTS)) == [("step", 200, 800, 3), ("step", 100, 600, 3)]
    assert (
        pn.ramps({"a": {"labels": "hard", "t1": None, "t2": 5, "alpha": 1, "unit": "step"}}) == {}
    )


def test_open_symbols_are_the_unlabelled_half():
    folder, _ = demo()
    metrics = load_table(folder / "metrics/task.csv")
    filled, hollow = panel("plot_pn_pseudo", "c").containers
    for points, part in ((filled, "test"), (hollow, "unlabelled")):
        told = metric(metrics, "mcc", experiment="pn-lpft-pl", part=part)["value"]
        line = np.round(np.asarray(points[0].get_ydata(), float)).tolist().index(3)
        assert points[0].get_xdata()[line] == told
    assert hollow[0].get_markerfacecolor() == "white" != filled[0].get_markerfacecolor()


def test_curves_stand_at_the_scores(tmp_path):
    folder, _ = demo()
    row = {"claim": "x", "study": "AI20", "table": "pn", "row": "a network", "metric": "mcc",
           "value": 0.9, "source": "a paper"}  # fmt: skip
    path = tmp_path / "published.csv"
    pd.DataFrame([row, row | {"table": "main", "value": 0.1}]).to_csv(path, index=False)
    _, fig = drawn(demo(), "plot_pn_curve", published=str(path))
    rows = load_table(folder / "metrics/task.csv")
    rows = rows[(rows["experiment"] == "pn-lpft") & (rows["draw"] == -1) & (rows["part"] == "test")]
    for ax, name in zip(fig.axes, ("mcc", "auroc", "accuracy"), strict=True):
        told = rows[(rows["metric"] == name) & (rows["subset"] == "all")].sort_values("budget")
        curve = ax.containers[2][0]
        assert curve.get_ydata().tolist() == told["value"].tolist()
        assert np.allclose(curve.get_xdata(), told["budget"], rtol=0.08)
        levels = [line.get_ydata()[0] for line in ax.lines if line.get_color() == style.GREY]
        assert levels == ([0.9] if name == "mcc" else [])
        assert ax.get_xscale() == "log"


def test_kinds_are_the_recall_of_their_class():
    folder, _ = demo()
    metrics = load_table(folder / "metrics/task.csv").assign(task="task")
    found = pn.kinds_of(metrics, ["pn-lpft"], "kind")
    assert len(found) > 4 and not found["name"].duplicated().any()
    for row in found.itertuples():
        assert row.label == next(c for c, kinds in KINDS.items() if row.name in kinds)
        told = metric(
            metrics, f"recall_{row.label}", experiment="pn-lpft", subset=f"kind {row.name}"
        )
        assert (row.value, row.n) == (told["value"], told["n"])
    folds = load_table(folder / "metrics/folds.csv").assign(task="folds")
    both = pn.kinds_of(folds, ["folds-lpft"], "field")
    assert both.groupby("label")["n"].sum().tolist() == [80, 80]


def test_distortion_separates_objects_trained_on():
    fig = figure("plot_pn_distortion")
    words = " ".join(t.get_text() for t in words_of(fig))
    objects = pn.load_objects(demo()[1]["plot_pn_data"][0]["catalogs"])
    poss = objects["field"] == "poss"
    held = (~poss & (np.arange(len(objects)) % 9 == 0)).sum()
    assert f"UKST, held out (n = {held})" in words and f"POSS (n = {poss.sum()})" in words
    assert f"UKST, trained on (n = {(~poss).sum() - held})" in words


def test_nothing_fine_tuned_is_said():
    _, fig = drawn(demo(), "plot_pn_distortion", distortions=[])
    assert any("nothing fine-tuned" in t.get_text() for t in words_of(fig))


@pytest.mark.parametrize(
    "results, script",
    [(demo, name) for name in TABLES] + [(bare, n) for n in TABLES if n not in ONLY_KNOWN],
)
def test_every_table_of_any_results(results, script):
    table, outputs = made(results(), script)
    assert len(table) and not table.isin(["nan", "NaN", "None"]).to_numpy().any()
    text = Path(outputs.tex).read_text()
    assert not re.search(r"\b[Nn]a[Nn]\b", text)
    assert ("SIMULATED" in text) == (results is demo)
    rows = [line for line in text.splitlines() if line.endswith(r"\\") and "multicol" not in line]
    assert {len(CELL.split(row)) for row in rows} == {table.shape[1]}


def test_sample_table_has_the_columns_of_table_1():
    table, _ = made(demo(), "tabulate_pn_sample", sample=["pn-00001", "pn-00002"])
    assert list(table)[:5] == ["ID", "Name", "DRAJ2000", "DDECJ2000", "Label"]
    objects = pn.load_objects(demo()[1]["plot_pn_data"][0]["catalogs"]).set_index("object_id")
    first, second = table.to_dict("records")
    assert numbers(first["DRAJ2000"]) == [round(objects.loc["pn-00001", "ra"], 5)]
    assert numbers(first["DDECJ2000"]) == [round(objects.loc["pn-00001", "dec"], 5)]
    assert first["Label"] == "True PN"
    assert second["Label"] == f"Not PN ({objects.loc['pn-00002', 'kind']})"


def test_main_table_prints_scores_and_costs():
    folder, _ = demo()
    table = made(demo(), "tabulate_pn_main")[0].set_index("Experiment")
    metrics = load_table(folder / "metrics/task.csv")
    cells = {
        "MCC": ("mcc", "test"),
        "AUROC": ("auroc", "test"),
        "F1, True PN": ("f1_true-pn", "test"),
        "Purity at 1:100": ("purity_true-pn_at_1:100", "test"),
        "MCC, unlabelled half": ("mcc", "unlabelled"),
    }
    for title, (name, part) in cells.items():
        told = metric(metrics, name, experiment="pn-lpft-pl", part=part)
        wanted = [told[key] for key in ("value", "lower", "upper") if pd.notna(told["lower"])]
        shown = numbers(table.loc["pn-lpft-pl", title])
        assert shown == pytest.approx(wanted or [told["value"]], abs=5.1e-3)
    cost = ["Trainable parameters", "Steps", "Images seen"]
    assert table.loc["pn-lp", cost].tolist() == ["3,074", "–", "512"]
    assert table.loc["pn-ft", cost].tolist() == ["5,240,000", "300", "512"]
    assert table.loc["pn-forest", cost].tolist() == ["–", "–", "–"]
    ours = table[table["Kind"] != "published"]
    assert ours["Kind"].tolist()[-2:] == ["opponent", "nuisance control"]


def test_hypothesis_table_turns_comparisons_round():
    inputs, _ = demo()[1]["tabulate_pn_hypothesis"]
    table, _ = made(demo(), "tabulate_pn_hypothesis")
    assert len(table) == 6
    told = load_table(inputs["comparisons"][0]).set_index(["a", "b"])
    turned = 0
    for row in table.itertuples():
        sign = 1 if (row.A, row.B) in told.index else -1
        turned += sign < 0
        found = told.loc[(row.A, row.B) if sign > 0 else (row.B, row.A)]
        limits = ["difference", "lower", "upper"] if sign > 0 else ["difference", "upper", "lower"]
        assert numbers(row[7]) == pytest.approx((sign * found[limits]).tolist(), abs=5.1e-4)
        assert ("better" in row[12]) == (found["verdict"] == ("better" if sign > 0 else "worse"))
    assert 0 < turned < len(table)


def test_hypothesis_table_goes_without_what_is_null():
    few = {"both": "folds-lpft-pl", "lpft": "folds-lpft", "ceiling": None}
    table, _ = made(demo(), "tabulate_pn_hypothesis", hypothesis=few)
    assert table[["A", "B"]].to_numpy().tolist() == [["folds-lpft-pl", "folds-lpft"]]


def test_cost_table_divides_images_by_seconds():
    table = made(demo(), "tabulate_pn_cost")[0].set_index("Experiment")
    assert table.loc["pn-lp", ["Jobs", "Runs", "Seconds a job"]].tolist() == ["1", "2", "13.5"]
    assert table.loc["pn-lpft", "Seconds a job"] == "13.0 ± 0.7"  # 12.5 and 13.5 s
    assert table.loc["pn-lpft", "Images/s"] == f"{4 * 512 / 26:.1f}"
    assert table.loc["pn-ft", "Images/s"] == f"{3 * 4 * 512 / 26:.1f}"  # three rates were tried
    assert table.loc["pn-ft", "Steps, all runs and rates"] == "3,606"
    memory = ["Peak memory of the host (GiB)", "Peak memory of the GPU (GiB)"]
    assert table.loc["pn-lpft", memory].tolist() == ["1.00", "–"]
    assert table.loc["pn-ft", memory].tolist() == ["1.00", "2.00"]
    assert "pn-forest" not in table.index


def test_cost_table_has_the_passes_and_all_stages_before():
    table = made(demo(), "tabulate_pn_cost")[0].set_index("Experiment")
    one = table.loc["one pass: pn/backbone/head"]
    assert one[["Runs", "Seconds, all jobs", "Images/s"]].tolist() == ["–", "32.0", "40.0"]
    assert one["Images seen, all runs and rates"] == "1,280"  # 160 objects in 8 views
    before = table["Seconds, all stages before"]
    assert before["pn-ft"] == "0.0" and before["pn-lp"] == "32.0"
    # Two passes, the probe's one job and, for the student, two trainings of LP-FT.
    assert before["pn-lpft"] == "65.5" and before["pn-lpft-pl"] == "91.5"
    other = made(demo(), "tabulate_pn_cost", dataset="another")[0].set_index("Experiment")
    assert other.loc["one pass: pn/backbone/head", "Images/s"] == "–"
