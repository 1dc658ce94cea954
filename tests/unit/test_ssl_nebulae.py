"""The figure of starts without labels on nebulae: bins, paired gains, and what is drawn."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from fewsky.chapters import _check_nebulae
from fewsky.config import Plan
from fewsky.console import FewskyError
from fewsky.figures import self_supervision_nebulae as ssl
from fewsky.figures import style
from fewsky.figures.atlas import STARTS as STARTS_OF_ATLAS
from fewsky.files import load_table, save_json, save_table
from fewsky.metrics.comparisons import compare_task, list_pairs
from fewsky.metrics.scores import score_task
from fewsky.metrics.subsets import edges_of, subset_masks
from fewsky.paper.captions import read_caption
from fewsky.paper.tables import load_metrics
from tests.unit.small_results import ROOT, run_script

CLASSES = ["not-pn", "true-pn"]
N, DRAWS = 160, 3
SIZES = (64, 16)
SCORING = {"bootstrap": 30, "prevalences": [10], "top_k": 10, "magnitude": "modelmag_r",
           "bin_mag": 0.5, "snr": [], "by": [], "bins": {"peaks_r": 3}}  # fmt: skip
# Contrastive helps at 64 px and harms at 16, masked helps a little at both.
SKILL = {("none", 64): 0.8, ("contrastive", 64): 2.5, ("masked", 64): 1.2,
         ("none", 16): 0.8, ("contrastive", 16): 0.1, ("masked", 16): 1.0}  # fmt: skip
STARTS = {
    start: {f"pn{size}-{start}": size for size in SIZES}
    for start in ("none", "contrastive", "masked")
}


def predicted(manifest, skill, rng):
    sign = np.where(manifest["label"] == "true-pn", 1.0, -1.0)
    chance = 1 / (1 + np.exp(-2 * (skill * sign + rng.normal(0, 1, N))))
    part = manifest["part"].replace("pool", "train")
    table = manifest[["object_id", "label"]].assign(part=part, budget=80, fold=-1)
    return table.assign(**{"p_not-pn": 1 - chance, "p_true-pn": chance})


@cache
def results():
    """Metrics and comparisons of a task a resolution, and the job of the script."""
    folder, rng = Path(tempfile.mkdtemp()), np.random.default_rng(0)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    ids = [f"pn-{k:03d}" for k in range(N)]
    catalog = pd.DataFrame({"object_id": ids, "peaks_r": rng.poisson(3.0, N).astype(float)})
    manifest = catalog[["object_id"]].assign(
        ra=np.nan, dec=np.nan, group=[str(k // 2) for k in range(N)], fold=-1,
        label=np.array(CLASSES)[np.arange(N) % 2],
        part=np.where(np.arange(N) % 4 < 2, "pool", "test"),
    )  # fmt: skip
    for size in SIZES:
        found = {
            (f"pn{size}-{start}", draw): predicted(manifest, skill, rng)
            for (start, of), skill in SKILL.items()
            if of == size
            for draw in range(DRAWS)
        }
        task, path = {"classes": CLASSES}, folder / f"metrics/true-pn-{size}.csv"
        scores = score_task(found, manifest, catalog, None, task, SCORING, seed=0)
        pairs = list_pairs({name for name, _ in found}, [])
        compared = compare_task(found, manifest, task, pairs, SCORING, seed=0)
        for table, place in ((scores, path), (compared, path.with_suffix(".comparisons.csv"))):
            save_table(table, place)
            save_json({"outputs": {}, "simulated": True}, place.with_suffix(".provenance.json"))
    inputs = {
        "metrics": [str(folder / f"metrics/true-pn-{size}.csv") for size in SIZES],
        "comparisons": [str(folder / f"metrics/true-pn-{size}.comparisons.csv") for size in SIZES],
    }
    return folder, inputs


@cache
def figure():
    """The figure that the script draws."""
    seen, (folder, inputs) = [], results()

    def save(fig, *paths, saved=style.save, **marks):
        seen.append(fig)
        saved(fig, *paths, **marks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "save", save)
        patch.setitem(style.RC, "savefig.dpi", 60)  # few pixels, for speed
        run_script(folder, "plot_ssl_nebulae", inputs, {"starts": STARTS, "column": "peaks_r"})
    seen[0].draw_without_rendering()
    return seen[0]


def drawn(ax):
    """Values of each start in a panel, from left to right."""
    return {c.get_label(): c.lines[0].get_ydata().tolist() for c in ax.containers}


def compared():
    return pd.concat([load_table(path) for path in results()[1]["comparisons"]])


def test_gains_are_the_paired_differences_to_nothing_learned():
    table, found = compared(), ssl.gains(compared(), STARTS).set_index(["start", "size"])
    assert set(found.index) == {(s, size) for s in ("contrastive", "masked") for size in SIZES}
    own = table[(table["a"] == "pn64-contrastive") & (table["b"] == "pn64-none")].iloc[0]
    assert found.loc[("contrastive", 64), "value"] == own["difference"]
    assert found.loc[("contrastive", 64), "lower"] == own["lower"] > 0
    assert found.loc[("contrastive", 16), "upper"] < 0
    assert (found["lower"] < found["value"]).all() and (found["value"] < found["upper"]).all()


def test_gains_do_not_depend_on_which_is_named_first():
    table = compared()
    turned = table.rename(columns={"a": "b", "b": "a", "lower": "upper", "upper": "lower"})
    turned[["difference", "lower", "upper"]] *= -1
    pd.testing.assert_frame_equal(ssl.gains(turned, STARTS), ssl.gains(table, STARTS))


def test_a_resolution_without_the_control_has_no_gain():
    starts = STARTS | {"none": {"pn64-none": 64}}
    assert set(ssl.gains(compared(), starts)["size"]) == {64}


def test_bins_share_out_all_objects():
    objects = pd.DataFrame({"peaks_r": [0.0, 0, 0, 1, 2, 2, 3, 5, 9, np.nan], "part": "test"})
    assert edges_of(objects, "peaks_r", 3) == [0, 1, 3, np.inf]
    assert edges_of(objects, "peaks_r", [4, 2]) == [2, 4, np.inf]
    assert edges_of(objects, "peaks_b", 3) == edges_of(objects, "part", 3) == []
    masks = subset_masks(objects, np.arange(10) % 2, SCORING, np.random.default_rng(0))
    assert {name: mask.sum() for name, mask in masks.items()} == {
        "all": 10, "peaks_r 0-1": 3, "peaks_r 1-3": 3, "peaks_r 3-inf": 3
    }  # fmt: skip


def test_bins_are_named_from_the_lowest():
    names = ["peaks_r 10-inf", "peaks_r 0-2.5", "peaks_r 2.5-10"]
    assert ssl.bins_of(names, "peaks_r") == [
        ("peaks_r 0-2.5", "0 to < 2.5"),
        ("peaks_r 2.5-10", "2.5 to < 10"),
        ("peaks_r 10-inf", "≥ 10"),
    ]


def test_the_figure_shows_the_metrics():
    metrics, axes = load_metrics(results()[1]["metrics"]), figure().axes
    mcc = ssl.by_size(metrics, STARTS, "mcc").sort_values("size")
    for start, values in drawn(axes[0]).items():
        own = mcc[mcc["start"].map(ssl.start_words) == start]
        assert values == own["value"].tolist() and own["size"].tolist() == [16, 64]
    assert set(drawn(axes[0])) == {"random weights", "contrastive", "masked squares"}
    assert axes[1].get_ylabel() == "Difference,\nMatthews correlation"
    assert drawn(axes[1])["contrastive"][0] < 0 < drawn(axes[1])["contrastive"][1]
    for ax, size in ((axes[2], 64), (axes[3], 16)):
        binned = ssl.by_size(metrics, STARTS, "accuracy", "peaks_r")
        binned = binned[(binned["start"] == "masked") & (binned["size"] == size)]
        names = [name for name, _ in ssl.bins_of(binned["subset"], "peaks_r")]
        assert len(names) == 3 and f"{size} px" in ax.get_title(loc="left")
        wanted = binned.set_index("subset").loc[names, "value"].tolist()
        assert drawn(ax)["masked squares"] == wanted


def test_a_start_looks_as_in_the_figures_of_the_atlas():
    looks = {c.get_label(): (c.lines[0].get_color(), c.lines[0].get_marker())
             for c in figure().axes[0].containers}  # fmt: skip
    wanted = {"random weights": "none", "contrastive": "contrastive", "masked squares": "masked"}
    assert looks == {words: STARTS_OF_ATLAS[name][1:] for words, name in wanted.items()}


def test_the_figure_is_marked_and_keeps_to_its_page():
    fig = figure()
    words = [t.get_text() for t in fig.findobj(Text) if t.get_visible()]
    assert any(word.startswith("SIMULATED") for word in words)
    page, box = fig.get_size_inches(), fig.get_tightbbox()
    assert box.x0 > -0.01 and box.y0 > -0.01  # inches
    assert box.x1 < page[0] + 0.01 and box.y1 < page[1] + 0.01
    [legend] = fig.legends
    assert not any(legend.get_window_extent().overlaps(ax.get_tightbbox()) for ax in fig.axes)


def test_the_caption_can_be_shown():
    assert len(read_caption(ROOT / "report/captions/fig_ssl_nebulae.rst")) == 1


def plan_of(sizes):
    """A plan with an experiment of each name; `sizes` gives the task's size by name."""
    names = {name: f"task-{size}" for name, size in sizes.items()}
    return Plan(
        surveys={}, gates=[], sky=None, paper={"scoring": {"bins": {"peaks_r": 3}}},
        datasets={f"data-{size}": {"size": size} for size in sizes.values()},
        tasks={f"task-{size}": {"dataset": f"data-{size}"} for size in sizes.values()},
        experiments={name: {"task": task} for name, task in names.items()},
    )  # fmt: skip


def test_settings_that_cannot_be_compared_are_refused():
    plan = plan_of({"a": 64, "b": 64, "c": 32})
    block = {"starts": {"none": ["a", "c"], "masked": ["b"]}, "column": "peaks_r"}
    _check_nebulae("here", block, plan)
    with pytest.raises(FewskyError, match=r"starts.none: wanted one experiment a resolution"):
        _check_nebulae("here", block | {"starts": {"none": ["a", "b"]}}, plan)
    with pytest.raises(FewskyError, match=r"here.column: wanted a column of bins .* 'peaks_b'"):
        _check_nebulae("here", block | {"column": "peaks_b"}, plan)
    plan.tasks["other"] = plan.tasks["task-64"]
    plan.experiments["b"]["task"] = "other"
    with pytest.raises(FewskyError, match=r"starts.masked: .* found b of other, 64 px"):
        _check_nebulae("here", block, plan)
