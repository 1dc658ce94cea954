"""A small results folder by the contract of the rooms, for tests of the numbers and the paper."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fewsky.files import save_json, save_table, save_text

TASKS = ("star-galaxy-small", "star-galaxy-large")
AUGMENTS = ("none", "rotation", "combined")
FIGURES = (
    "fig_augment", "fig_sdss_align", "fig_sdss_calibration", "fig_sdss_confusion",
    "fig_sdss_curves", "fig_sdss_mag", "fig_sdss_neighbours", "fig_sdss_patches",
    "fig_sdss_sharpness", "fig_sdss_targets", "fig_sdss_views",
)  # fmt: skip
TABLES = (
    "tab_datasets", "tab_sdss_aug", "tab_sdss_comparisons", "tab_sdss_controls", "tab_sdss_leak",
    "tab_sdss_main", "tab_sdss_readings", "tab_sdss_snr", "tab_sdss_stats",
)  # fmt: skip
REPORT = Path(__file__).parents[2] / "report"


def settings(by="field", sky=False):
    """What the rule collect_numbers is told."""
    split = {"by": by, "train": ["1-1-1"], "val": ["1-1-3"], "test": ["1-1-5"], "draws": 5}
    split["tile_arcmin"] = 3.4
    recipe = {"augment": "none", "stretch": "raw", "learning_rate": 0.001, "batch_size": 256}
    recipe |= {"patience": 10, "max_epochs": 60, "restore": "last"}
    experiments = {
        f"{size}-{augment}": {
            "task": f"star-galaxy-{size}", "about": "", "model": {"name": "ruhmer"},
            "recipe": {**recipe, "augment": augment},
        }
        for size in ("small", "large")
        for augment in AUGMENTS
    }  # fmt: skip
    experiments["large-ours"] = {
        "task": "star-galaxy-large",
        "about": "",
        "model": {"name": "ruhmer"},
        "recipe": {**recipe, "augment": "d4", "stretch": "snr"},
    }
    for name, family, control in (
        ("forest", "forest", "none"),
        ("seeing-only", "forest", "nuisance"),
        ("mode", "mode", "none"),
    ):
        experiments[name] = {
            "task": "star-galaxy-large", "about": name,
            "opponent": {"family": family, "control": control},
        }  # fmt: skip
    families = {size: [f"{size}-{augment}" for augment in AUGMENTS] for size in ("small", "large")}
    return {
        "chapter": {
            "survey": "sdss", "dataset": "sdss-ugriz-25px", "field": "1-1-5",
            "small": "small", "large": "large", "curves": ["small-none", "large-none"],
            "confusion": ["small-none", "large-combined"],
            "main": ["large-none", "large-combined", "large-ours", "forest", "seeing-only", "mode"],
        },
        "survey": {
            "bands": list("ugriz"), "reference_band": "r", "rerun": 301, "pixel_arcsec": 0.396,
            "align": {"order": 5, "max_error_px": 0.01}, "catalogue": {"default": "calibobj"},
            "calibobj_kinds": ["star", "gal"],
        },
        "dataset": {"size": 25, "edge": "drop"},
        "tasks": {task: {"classes": ["galaxy", "star"], "split": split} for task in TASKS},
        "experiments": experiments,
        "families": families,
        "sky": sky,
        "comparisons": [{"a": "large-rotation", "b": "large-none", "metric": "mcc"}],
        "scoring": {"bootstrap": 1000, "snr": [5.0, 10.0], "magnitude": "modelmag_r"},
    }  # fmt: skip


def make_run(folder, by="field", truth=True):
    """Write the files that the rule collect_numbers reads; return its settings and its files."""
    folder, told = Path(folder), settings(by, sky=truth)
    files = {
        "raw": [folder / "raw.tsv"],
        "aligned": [folder / "aligned.tsv"],
        "sharpness": [folder / "aligned.sharpness.csv"],
        "catalogs": [folder / "catalog.parquet"],
        "audits": {task: folder / "splits" / task / "audit.json" for task in TASKS},
        "metrics": {task: folder / "metrics" / f"{task}.csv" for task in TASKS},
        "comparisons": {task: folder / "metrics" / f"{task}.comparisons.csv" for task in TASKS},
        "cards": {
            name: folder / "models" / name / "draw-0" / "model.json"
            for name, item in told["experiments"].items()
            if "model" in item
        },
        "published": REPORT / "published.csv",
        "constants": REPORT / "constants.csv",
    }
    _write_fields(files)
    for task in TASKS:
        names = [name for name, item in told["experiments"].items() if item["task"] == task]
        save_json(audit(), files["audits"][task])
        save_table(metrics(names, truth), files["metrics"][task])
        save_table(comparisons(names), files["comparisons"][task])
    for path in files["cards"].values():
        card = {"runs": [{"budget": 900, "parameters": 151297, "tuned_with": 900, "epochs": 31}]}
        save_json(card, path)
    return told, files


def make_paper(folder, **run):
    """The same files as the rule collect_numbers names them, and the settings by chapter."""
    told, files = make_run(folder, **run)
    rooms = {room: {"sdss": files[room]} for room in ("raw", "aligned", "sharpness")}
    catalogs = {"sdss-ugriz-25px": files["catalogs"]}
    return {"star-galaxy": told}, {**files, **rooms, "catalogs": catalogs}


def _write_fields(files):
    frames = pd.DataFrame({"kind": "frame", "field": "1-1-5", "band": list("ugriz")})
    frames["path"] = "host/frame-" + frames["band"]
    save_table(frames.assign(bytes=3_400_000, url="", sha256="0" * 64), files["raw"][0])
    aligned = {"field": ["1-1-5"], "method": ["spline"], "geometry_error_px": [6.2e-4]}
    aligned |= {"shift_px_u": [0.0], "shift_px_g": [0.13]}
    save_table(pd.DataFrame(aligned), files["aligned"][0])
    objects = {"field": "1-1-5", "label": ["star"] * 250 + ["galaxy"] * 320 + [""] * 9}
    save_table(pd.DataFrame(objects), files["catalogs"][0])
    stages = {"before": (9.85, 4.0, 9.0), "after": (0.021, 0.004, -0.003)}
    rows = [
        {"field": "1-1-5", "band": band, "stage": stage, "n": 40, "scatter_px": scatter,
         "offset_x": x, "offset_y": y}
        for stage, (scatter, x, y) in stages.items()
        for band in "ugiz"
    ]  # fmt: skip
    save_table(pd.DataFrame(rows), files["sharpness"][0])


def audit():
    counts = {part: {"galaxy": 2 * n, "star": n} for part, n in
              {"pool": 300, "val": 100, "test": 110, "duplicate": 20}.items()}  # fmt: skip
    return {
        "counts": counts,
        "guard_arcsec": 14.0,
        "duplicates_removed": 60,
        "twins": 55,
        "twin_label_agreement": 0.945,
        "label_noise": 0.0283,
        "min_separation_arcsec": {"pool-test": 812.4, "val-test": None},
        "pairs_near_copy": 0,
        "pairs_sharing_pixels": 0,
        "random_split_leak": {
            "splits": 20, "pairs_near_copy": 31.2, "pairs_sharing_pixels": 204.5,
            "test_share_near_copy": 0.051, "test_share_leaked": 0.302,
        },
    }  # fmt: skip


def metrics(names, truth):
    """A tidy metrics table: MCC 0.5 for the first name, 0.05 more for each further one."""
    subsets = ["all", "snr>5", "snr>10", "r 18.0-18.5", "r 21.0-21.5", "neighbour 0-5 arcsec"]
    measures = ["accuracy", "mcc", "ece", "auroc", "error_rate"]
    rows = [
        {"experiment": name, "draw": draw, "fold": -1, "budget": 900, "part": "test",
         "reference": reference, "subset": subset, "metric": metric, "value": 0.5 + k / 20,
         "lower": 0.45 + k / 20, "upper": 0.55 + k / 20, "n": 330}
        for k, name in enumerate(names)
        for draw in (-1, 0)
        for reference in ["catalogue", "truth"][: 1 + truth]
        for subset in subsets
        for metric in measures
    ]  # fmt: skip
    return pd.DataFrame(rows)


def comparisons(names):
    pairs = [(names[1], names[0], True, "cannot be told"), (names[2], names[0], False, "better")]
    return pd.DataFrame(
        [
            {"a": a, "b": b, "primary": primary, "metric": "mcc", "difference": 0.012,
             "lower": -0.004, "upper": 0.028, "p": 0.13, "p_holm": 0.26 if primary else np.nan,
             "minimum_detectable": 0.031, "verdict": verdict, "n_replicates": 10}
            for a, b, primary, verdict in pairs
        ]
    )  # fmt: skip


def make_shown(folder, simulated=True, figures=FIGURES, tables=TABLES):
    """Write figures, tables, their records and captions; return the paths of the first two."""
    folder = Path(folder)
    figures = [folder / "figures" / f"{name}.pdf" for name in figures]
    tables = [folder / "tables" / f"{name}.csv" for name in tables]
    for path in [*figures, *tables]:
        path.parent.mkdir(parents=True, exist_ok=True)
        inputs = {f"results/x/metrics/task-{k}.csv": f"{k:064x}" for k in range(5)}
        found = {"settings": {"a": 1}, "inputs": inputs, "simulated": simulated, "outputs": {}}
        save_json({**found, "versions": {"numpy": "2.4.6"}}, path.with_suffix(".provenance.json"))
        caption = (
            f"*{path.stem}* in words, with ``code`` & a [bracket], 5 % of #1 and r\\ :sub:`e`."
        )
        save_text(caption + "\n", folder / "captions" / f"{path.stem}.rst")
    for path in figures:
        canvas = Figure(figsize=(7.1, 2.4))
        canvas.subplots().plot([0, 1])
        canvas.savefig(path, metadata={"CreationDate": None})
    for path in tables:
        cells = {"Experiment": ["a-b", "c"], "MCC": ["0.5 [0.4, 0.6]", "–"], "n": ["10", "1200"]}
        save_table(pd.DataFrame(cells), path)
    return figures, tables
