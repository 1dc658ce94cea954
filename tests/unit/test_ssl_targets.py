"""The table of pretexts and the ablation by targets and bands: whom they show, and their cells."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from fewsky.config import Plan
from fewsky.console import FewskyError
from fewsky.figures import self_supervision_targets as ssl
from fewsky.figures import style
from fewsky.files import save_json, save_table
from fewsky.metrics.curves import COLUMNS
from fewsky.metrics.targets import score_targets
from fewsky.paper.captions import read_caption
from fewsky.pretexts_shown import ablated, check_shown, tabulated
from tests.unit.small_atlas import demo
from tests.unit.small_results import ROOT, run_script

TWELVE = ["u", "f378", "f395", "f410", "f430", "g", "f515", "r", "f660", "i", "f861", "z"]
WIDE = ["u", "g", "r", "i", "z"]
METRIC = "balanced_accuracy"
SMALLEST_PT = 7
# Pretexts by task, with the bands of their model and what the configuration says of them.
PRETEXTS = {
    "magnitudes": ("p-mag", None, "magnitudes"),
    "contrastive": ("p-free", None, ""),
    "splus-12": ("p-splus", None, "magnitudes"),
    "splus-5": ("p-splus", WIDE, "magnitudes"),
    "splus-rgb": ("p-rgb", None, "magnitudes, RGB"),
}
# Starts of the atlas by task; splus-sgq-NAME is one question on other bands.
STARTS = {
    "sg": ["magnitudes", "contrastive"],
    "sgq": ["magnitudes", "contrastive"],
    "mg": ["magnitudes"],
    "splus-sgq-12": ["splus-12"],
    "splus-sgq-5": ["splus-5"],
    "splus-sgq-rgb": ["splus-rgb"],
}
SURVEY = {"sg": "specobj", "sgq": "specobj", "mg": "mergers"}
GAIN = {"magnitudes": 0.2, "contrastive": -0.05, "splus-12": 0.1, "splus-5": 0.06}
WAYS = {"probe": 0.0, "lpft": 0.03}


# --- whom they show -------------------------------------------------------------------------------
def plan_of():
    """A plan of three surveys with five pretexts and an atlas of six tasks."""
    tasks = {
        "p-mag": {"dataset": "specobj", "classes": [],
                  "targets": {"columns": ["mag_g", "mag_r"], "errors": ["err_g", "err_r"]}},
        "p-free": {"dataset": "specobj", "classes": [], "targets": {"columns": [], "errors": []}},
        "p-splus": {"dataset": "splus", "classes": [],
                    "targets": {"columns": ["mag_f378"], "errors": []}},
        "p-rgb": {"dataset": "splus-rgb", "classes": [],
                  "targets": {"columns": ["mag_f378"], "errors": []}},
    }  # fmt: skip
    for name in STARTS:
        classes = ["star", "galaxy"] if name in ("sg", "mg") else ["star", "galaxy", "quasar"]
        dataset = SURVEY.get(name, "splus-rgb" if name.endswith("rgb") else "splus")
        tasks[name] = {"dataset": dataset, "classes": classes}
    items = {
        name: {"task": task, "about": about, "weights": None, "recipe": {"loss": "mae"},
               "model": {"name": "m", **({"bands": bands} if bands else {})}}
        for name, (task, bands, about) in PRETEXTS.items()
    }  # fmt: skip
    items["contrastive"]["recipe"] = {"loss": "contrastive"}
    items["forest"] = {"task": "p-mag", "weights": None, "opponent": {"family": "forest"}}
    items["guess"] = {"task": "p-mag", "weights": None, "opponent": {"family": "mode"}}
    rows = []
    for task, starts in STARTS.items():
        for start, way in [("none", "tuned"), *((s, w) for s in starts for w in WAYS)]:
            name = f"atlas-{task}-{start}-{way}"
            weights = None if start == "none" else f"w-{start}"
            items[name] = {"task": task, "weights": weights, "model": {"name": "m"}}
            against = "" if start == "none" else f"atlas-{task}-none-tuned"
            rows.append({"task": task, "start": start, "way": way, "experiment": name, "words": "",
                         "against": against})  # fmt: skip
    colours = {"bands": ["red", "green", "blue"]}
    return Plan(
        surveys={"specobj": colours, "mergers": colours, "splus": {"bands": TWELVE}},
        datasets={**{name: {"survey": name} for name in ("specobj", "mergers", "splus")},
                  "splus-rgb": {"survey": "splus", "composite": {"bands": ["i", "r", "g"]}}},
        tasks=tasks, experiments=items, paper={}, gates=[], sky=None, atlas=rows,
        weights={f"w-{name}": {"from": name} for name in PRETEXTS},
    )  # fmt: skip


def test_the_table_is_told_bands_targets_and_the_median():
    told = {row["experiment"]: row for row in tabulated(plan_of(), [*PRETEXTS, "forest"])}
    assert [row["bands"] for row in told.values()] == ["RGB", "RGB", "12 bands", "5 bands", "RGB",
                                                       ""]  # fmt: skip
    assert told["magnitudes"]["columns"] == ["mag_g", "mag_r"] and told["magnitudes"]["errors"]
    assert told["magnitudes"]["median"] == "guess" and told["splus-12"]["median"] is None
    assert told["contrastive"]["columns"] == [] and told["contrastive"]["loss"] == "contrastive"
    assert told["contrastive"]["words"] == "contrastive", "its name, where nothing is said"


def test_the_ablation_keeps_to_the_survey_of_the_pretext():
    rows = ablated(plan_of(), list(PRETEXTS))
    assert "mg" not in {row["task"] for row in rows}, "it is on another survey"
    assert len(rows) == len(WAYS) * 7 and not [row for row in rows if row["start"] == "none"]
    assert all(row["nothing"] == f"atlas-{row['task']}-none-tuned" for row in rows)
    assert all(row["start"] == row["pretext"] for row in rows)
    plan = plan_of()
    plan.atlas[1]["against"] = "atlas-sg-none-other-tuned"
    other = {row["nothing"] for row in ablated(plan, ["magnitudes"]) if row["way"] == "probe"}
    assert other == {"atlas-sg-none-other-tuned", "atlas-sgq-none-tuned"}, "that of its network"
    few = ablated(plan_of(), ["contrastive"])
    assert {row["pretext"] for row in few} == {"contrastive"}


def test_a_panel_is_one_question_to_one_survey():
    groups = ssl.panels(ablated(plan_of(), list(PRETEXTS)))
    assert [rows[0]["title"] for rows in groups.values()] == ["sg", "sgq", "splus-sgq"]
    assert [len(rows) for rows in groups.values()] == [4, 4, 6]


def test_lines_are_told_apart():
    *_, splus = ssl.panels(ablated(plan_of(), list(PRETEXTS))).values()
    assert list(ssl.labels(splus).values()) == ["magnitudes, 12 bands", "magnitudes, 5 bands",
                                                "magnitudes, RGB"]  # fmt: skip
    same = [{**row, "words": "all alike", "bands": "RGB"} for row in splus]
    assert list(ssl.labels(same).values()) == [f"all alike, splus-sgq-{b}"
                                               for b in ("12", "5", "rgb")]  # fmt: skip
    one = [{**row, "task": "t"} for row in same]
    assert next(iter(ssl.labels(one).values())) == "all alike, splus-12"
    sg = next(iter(ssl.panels(ablated(plan_of(), list(PRETEXTS))).values()))
    assert list(ssl.labels(sg).values()) == ["magnitudes", "contrastive"], "bands do not differ"


def test_what_cannot_be_shown_is_refused():
    plan, nothing = plan_of(), {"pretexts": [], "targets": []}
    check_shown("here", {"pretexts": list(PRETEXTS), "targets": list(PRETEXTS)}, plan)
    for key in nothing:
        with pytest.raises(FewskyError, match=rf"here.{key}: wanted .* targets; found atlas-sg-.*"):
            check_shown("here", {**nothing, key: ["atlas-sg-none-tuned"]}, plan)
    plan.weights["w-splus-5"]["from"] = "splus-12"
    with pytest.raises(FewskyError, match=r"here.targets: .* found splus-5, which none on splus"):
        check_shown("here", {**nothing, "targets": list(PRETEXTS)}, plan)


# --- cells and points -----------------------------------------------------------------------------
def predicted(catalog, apart, rng):
    """Predictions of test objects that are off by `apart` in g and twice that in r."""
    table = catalog[["object_id"]].assign(part="test", budget=300, fold=-1, label="object")
    for k, name in enumerate(("mag_g", "mag_r")):
        sign = rng.choice([-1, 1], len(catalog))
        table[f"t_{name}"] = catalog[name]
        table[f"y_{name}"] = catalog[name].fillna(17.0).to_numpy() + sign * apart * (k + 1)
    return table


def write_metrics(folder, simulated, rng):
    """The metrics of the pretext on magnitudes and of the median, made by the metrics room."""
    ids = [f"o{k}" for k in range(80)]
    catalog = pd.DataFrame({"object_id": ids, "mag_g": rng.uniform(15, 20, 80), "err_g": 0.1,
                            "mag_r": rng.uniform(15, 20, 80), "err_r": 0.4})  # fmt: skip
    catalog.loc[:9, "mag_r"] = np.nan
    manifest = catalog[["object_id"]].assign(ra=np.nan, dec=np.nan, group=ids, label="object",
                                             part="test", fold=-1)  # fmt: skip
    found = {("magnitudes", 0): predicted(catalog, 0.2, rng), ("guess", 0): (
        predicted(catalog, 1.5, rng))}  # fmt: skip
    task = plan_of().tasks["p-mag"]
    told = {"targets": {**task["targets"], "low": None, "high": None}}
    table = score_targets(found, manifest, catalog, told, {"bootstrap": 50}, seed=0)
    return saved(table, folder / "metrics/p-mag.csv", simulated)


def write_curves(folder, task, rows, simulated):
    """Curves of one task with known gains, halved at the larger budget, and an area."""
    found = []
    for row in rows:
        full = GAIN.get(row["start"], 0.0) + WAYS.get(row["way"], 0.0)
        for budget, share in ((0, 0.75), (30, 1.0), (300, 0.5)):
            for metric in (METRIC, "accuracy"):
                gain = np.nan if row["start"] == "none" else share * full
                edges = {"gain_lower": gain - 0.04, "gain_upper": gain + 0.05}
                if not simulated:  # a single draw and group
                    edges = dict.fromkeys(edges, np.nan)
                found.append({**row, "budget": budget, "metric": metric, "gain": gain, **edges,
                              "value": 0.6 + share * full * (metric == METRIC)})  # fmt: skip
    table = pd.DataFrame(found).reindex(columns=COLUMNS)
    return saved(table, folder / f"metrics/{task}.curves.csv", simulated)


def saved(table, path, simulated):
    save_table(table, path)
    save_json({"outputs": {}, "simulated": simulated}, path.with_suffix(".provenance.json"))
    return str(path)


@cache
def results(simulated=True):
    """The jobs of both scripts; measured results have one panel, and nothing has an interval."""
    folder, rng, plan = Path(tempfile.mkdtemp()), np.random.default_rng(1), plan_of()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    rows = ablated(plan, list(PRETEXTS) if simulated else ["contrastive"])
    rows = [row for row in rows if simulated or row["task"] == "sgq"]
    curves = {
        task: write_curves(folder, task, [r for r in plan.atlas if r["task"] == task], simulated)
        for task in dict.fromkeys(row["task"] for row in rows)
    }
    pretexts = tabulated(plan, ["magnitudes", "contrastive"])
    return folder, {
        "plot_ssl_targets": ({"curves": list(curves.values())}, {"metric": METRIC, "rows": rows}),
        "tabulate_ssl_pretext": (
            {"metrics": [write_metrics(folder, simulated, rng)]}, {"pretexts": pretexts}
        ),
    }  # fmt: skip


@cache
def table(simulated=True):
    folder, jobs = results(simulated)
    outputs = run_script(folder, "tabulate_ssl_pretext", *jobs["tabulate_ssl_pretext"])
    return pd.read_csv(outputs.csv, dtype=str, keep_default_na=False)


@cache
def figure(simulated=True):
    """The figure that the script draws."""
    seen, (folder, jobs) = [], results(simulated)

    def save(fig, *paths, saved=style.save, **marks):
        seen.append(fig)
        saved(fig, *paths, **marks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "save", save)
        patch.setitem(style.RC, "savefig.dpi", 60)  # few pixels, for speed
        run_script(folder, "plot_ssl_targets", *jobs["plot_ssl_targets"])
    seen[0].draw_without_rendering()
    return seen[0]


def test_cells_are_those_of_the_metrics():
    rows = table().set_index("Target")
    assert list(rows.index) == ["mag_g", "mag_r", "none (contrastive)"]
    assert rows.loc["mag_g", "MAE"].startswith("0.200 [")
    assert rows.loc["mag_r", "MAE"].startswith("0.400 [")
    assert rows.loc["mag_g", "MAE of the median"].startswith("1.500 [")
    assert rows.loc["mag_r", "MAE of the median"].startswith("3.000 [")
    assert rows.loc["mag_g", "Error / catalogue's error"].startswith("2.0 [")
    assert rows.loc["mag_r", "Error / catalogue's error"].startswith("1.0 [")
    assert 0.9 < float(rows.loc["mag_g", "R2"][:5]) < 1
    assert rows["Test objects"].tolist() == ["80", "70", "–"], "ten have no catalogue value in r"
    assert rows["Labels"].tolist() == ["300", "300", "–"] and set(rows["Sees"]) == {"RGB"}
    assert rows["Survey"].unique().tolist() == ["specobj"]
    assert set(rows.loc["none (contrastive)"].iloc[3:-1]) == {"–"}
    assert set(rows["Data"]) == {"SIMULATED"} and "Data" not in table(False)


def test_without_a_median_or_errors_there_is_a_dash():
    folder, jobs = results(False)
    inputs, told = jobs["tabulate_ssl_pretext"]
    bare = [{**told["pretexts"][0], "median": None, "errors": False}]
    outputs = run_script(folder, "tabulate_ssl_pretext", inputs, {"pretexts": bare})
    rows = pd.read_csv(outputs.csv, dtype=str, keep_default_na=False)
    assert set(rows["MAE of the median"]) == set(rows["Error / catalogue's error"]) == {"–"}
    assert rows["MAE"].str.startswith("0.").all()


def test_auroc_stands_beside_the_score_of_every_way():
    folder, jobs = demo()
    inputs, told = jobs["tabulate_ssl_starts"]
    outputs = run_script(folder, "tabulate_ssl_starts", inputs, told)
    rows = pd.read_csv(outputs.csv, dtype=str, keep_default_na=False)
    for words in ("frozen, probe", "LP-FT", "fine-tuned"):
        score, ranked = rows[words[0].upper() + words[1:]], rows[f"AUROC, {words}"]
        assert ((score == "–") == (ranked == "–")).all()
        own = score != "–"
        apart = ranked[own].str[:5].astype(float) - score[own].str[:5].astype(float)
        assert apart.round(3).between(0.019, 0.021).all() and ranked[own].str.contains(r"\[").all()
    outputs = run_script(folder, "tabulate_ssl_starts", inputs, {**told, "metric": "auroc"})
    columns = pd.read_csv(outputs.csv, dtype=str, keep_default_na=False).columns
    assert [name for name in columns if "LP-FT" in name] == ["AUROC, LP-FT"]


def drawn(ax):
    """Place and reach of each point: x, lower, upper by way, in the order of the lines."""
    found = {}
    for mark in ax.containers:
        line, _, [bars] = mark.lines
        ends = [(part[0, 0], part[1, 0]) for part in bars.get_segments()]
        found[line.get_marker()] = [
            (x, *end) for x, end in zip(line.get_xdata(), ends, strict=True)
        ]
    return found


def test_points_are_gains_at_the_fewest_labels():
    _, sgq, splus = figure().axes
    assert drawn(sgq)["o"] == [pytest.approx((0.2, 0.16, 0.25)), pytest.approx((-0.05, -0.09, 0.0))]
    assert [x for x, *_ in drawn(sgq)["s"]] == pytest.approx([0.23, -0.02])
    assert [x for x, *_ in drawn(splus)["o"]] == pytest.approx([0.1, 0.06, 0.0])
    assert sgq.get_title(loc="left") == "(b) sgq, 30 labels"
    words = [" ".join(label.get_text().split()) for label in splus.get_yticklabels()]
    assert words == ["magnitudes, 12 bands", "magnitudes, 5 bands", "magnitudes, RGB"]
    top, bottom = sgq.containers[0].lines[0].get_ydata()
    assert sgq.transData.transform((0, top))[1] > sgq.transData.transform((0, bottom))[1]
    assert [text.get_text() for text in sgq.texts] == ["0.600", "0.600", "nothing"]


def test_lines_of_one_panel_may_have_other_numbers_of_labels():
    assert ssl.budget_words([30, 30]) == "30 labels"
    assert ssl.budget_words([3000, 50]) == "50–3,000 labels"


@pytest.mark.parametrize("simulated", [True, False], ids=["demo", "bare"])
def test_the_figure_keeps_to_its_page(simulated):
    fig = figure(simulated)
    assert len(fig.axes) == (3 if simulated else 1)
    words = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    assert [t.get_text() for t in words if t.get_fontsize() < SMALLEST_PT] == []
    assert any(t.get_text().startswith("SIMULATED") for t in words) == simulated
    page, box = fig.get_size_inches(), fig.get_tightbbox()
    assert page[0] in (style.COLUMN, style.PAGE) and box.x0 > -0.01 and box.y0 > -0.01  # inches
    assert box.x1 < page[0] + 0.01 and box.y1 < page[1] + 0.01
    [legend] = fig.legends
    assert [t.get_text() for t in legend.get_texts()] == ["frozen, probe", "LP-FT"]
    assert not any(legend.get_window_extent().overlaps(ax.get_tightbbox()) for ax in fig.axes)
    assert not any(legend.get_window_extent().overlaps(t.get_window_extent()) for t in words
                   if t not in legend.get_texts())  # fmt: skip
    spacing = {round(ax.bbox.height / np.ptp(ax.get_ylim()), 3) for ax in fig.axes[:2]}
    assert len(spacing) == 1, "lines are equally far apart side by side"
    boxes = [ax.get_tightbbox().padded(-1) for ax in fig.axes]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[k + 1 :])


def test_a_measure_that_no_curve_has_is_one_line():
    folder, jobs = results()
    inputs, told = jobs["plot_ssl_targets"]
    with pytest.raises(AssertionError, match="wanted auroc of atlas-sg-magnitudes-probe"):
        run_script(folder, "plot_ssl_targets", inputs, {**told, "metric": "auroc"})


@pytest.mark.parametrize("name", ["tab_ssl_pretext", "fig_ssl_targets"])
def test_captions_can_be_shown(name):
    [paragraph] = read_caption(ROOT / f"report/captions/{name}.rst")
    assert {run["kind"] for run in paragraph} == {"text"}


@pytest.mark.parametrize("script", ["plot_ssl_targets", "tabulate_ssl_pretext"])
def test_the_same_bytes_twice(script):
    def made():
        folder, jobs = results(False)
        outputs = run_script(folder, script, *jobs[script])
        return {end: Path(path).read_bytes() for end, path in outputs.items()}

    assert made() == made()
