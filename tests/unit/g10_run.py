"""A small results folder of the chapter on Galaxy10, for tests of its numbers and text."""

from pathlib import Path

import pandas as pd
from paper_run import REPORT

from fewsky.files import save_json, save_table

TEN = ["face-on-disk", "round-smooth", "in-between-smooth", "cigar-smooth",
       "edge-on-rounded-bulge", "edge-on-boxy-bulge", "edge-on-no-bulge", "tight-spiral",
       "medium-spiral", "loose-spiral"]  # fmt: skip
NINE = [name for name in TEN if name != "edge-on-boxy-bulge"]
DECALS = ["disturbed", "merging", "round-smooth"]
COUNTS = dict(zip(TEN, (30, 60, 55, 8, 20, 4, 12, 14, 13, 9), strict=True))
SCRATCH = {"simple": "g10-simple", "bigger": "g10-bigger", "dropout": "g10-drop",
           "dropout-bn": "g10-drop-bn", "dropout-reg": "g10-drop-reg"}  # fmt: skip
AFFINE = {"rotation_deg": 40, "shift_x": 0.2, "shift_y": 0.1, "shear_deg": 0.2, "zoom": 0.2,
          "flip": True}  # fmt: skip
IMBALANCE = {"none": "g10-plain", "down-and-up": "g10-full", "weights": "g10-weights",
             "partial-and-weights": "g10-simple"}  # fmt: skip
FOLDS = {"scratch": "g10f-drop-bn", "vgg": "g10f-vgg"}
LEGACY = {"simple": "g10s1-simple", "dropout-bn": "g10s1-drop-bn"}
MAIN = ["g10-simple", "g10-drop-bn", "g10-features", "g10-vgg", "g10-mix", "g10-found",
        "g10-forest", "g10-nuisance", "g10-mode"]  # fmt: skip
OPTIONAL = {
    "legacy_task": "nine-s1", "folds_task": "nine-folds", "ten_task": "ten",
    "decals_task": "decals", "imbalance": IMBALANCE, "scratch": SCRATCH, "legacy": LEGACY,
    "reports": {"simple": "g10-simple", "scratch": "g10-drop-bn", "vgg": "g10-vgg",
                "ensemble": "g10-mix", "search": "g10-found"},
    "cv": FOLDS, "ensemble": "g10-mix", "ensemble_control": "g10-equal", "search": "g10-found",
    "ten": ["g10t-drop-bn"], "decals": ["g10d-drop-bn", "g10d-nuisance"],
    "explain": ["g10-drop-bn"], "export": ["g10-found"],
}  # fmt: skip
NOTHING = {key: [] if isinstance(value, list) else None for key, value in OPTIONAL.items()}
ALWAYS = ["fig_g10_sample"], ["tab_datasets", "tab_g10_main"]
OF_KEY = {
    "imbalance": (["fig_g10_balance"], ["tab_g10_imbalance"]),
    "scratch": ([], ["tab_g10_scratch"]),
    "reports": (["fig_g10_roc", "fig_g10_confusion", "fig_models"], ["tab_g10_reports"]),
    "cv": ([], ["tab_g10_cv"]),
    "ensemble": ([], ["tab_g10_ensemble"]),
    "search": (["fig_g10_pareto"], ["tab_g10_search"]),
    "explain": (["fig_g10_gradcam", "fig_g10_activations", "fig_g10_filters", "fig_g10_sanity"],
                []),
    "export": ([], ["tab_g10_export"]),
}  # fmt: skip
BUDGET = 150


def chapter_of(without=()):
    """The chapter's settings; the keys in `without` are null or empty, "all" empties every one."""
    empty = set(OPTIONAL) if "all" in without else set(without)
    optional = {key: NOTHING[key] if key in empty else value for key, value in OPTIONAL.items()}
    return {"survey": "g10-sdss", "dataset": "g10-sdss", "task": "nine", "main": MAIN, **optional}


def shown_of(chapter):
    """Figures and tables that a run with these settings makes."""
    parts = [ALWAYS, *(parts for key, parts in OF_KEY.items() if chapter[key])]
    return tuple([name for part in parts for name in part[k]] for k in (0, 1))


def names_in(chapter):
    """Experiments that the settings name, by task."""

    def flat(*keys):
        found = []
        for key in keys:
            value = chapter[key]
            found += list(value.values()) if isinstance(value, dict) else (
                [value] if isinstance(value, str) else value or [])  # fmt: skip
        return list(dict.fromkeys(found))

    return {
        "nine": flat("main", "imbalance", "scratch", "reports", "ensemble", "ensemble_control",
                     "search"),
        "nine-s1": flat("legacy"), "nine-folds": flat("cv"), "ten": flat("ten"),
        "decals": flat("decals"),
    }  # fmt: skip


def experiment(name, task):
    """Settings of an experiment as the resolved configuration has them."""
    kind, item = name.split("-", 1)[1], {"task": task, "about": "", "weights": None}
    if kind in ("forest", "nuisance", "mode"):
        told = {"family": "mode" if kind == "mode" else "forest", "columns": ["ring_*", "sky"]}
        return item | {"opponent": told | {"control": "nuisance" if kind == "nuisance" else "none"}}
    if kind in ("mix", "equal"):
        weights = "equal" if kind == "equal" else "validation"
        how = {"of": ["g10-drop-bn", "g10-vgg"], "weights": weights}
        return item | {"ensemble": how}
    of = "all" if kind == "found" else "copies"
    moves = {"augment": "affine", "augment_of": of, "affine": AFFINE}
    ends = {"patience": 10, "monitor": "val_accuracy", "schedule": "plateau", "test_views": 1}
    item |= {"recipe": {**moves, **ends, "unfreeze": "all"}}
    if kind in ("vgg", "features"):
        parts = ["dense", "head"] if kind == "features" else ["block5", "dense", "head"]
        item |= {"weights": "vgg", "start": {"weights": "vgg"}}
        item["recipe"] = {**item["recipe"], "unfreeze": parts}
    if kind == "found":
        space = {"model.filters.0": {"low": 8, "high": 64, "step": 8},
                 "model.kernels.0": {"choices": [3, 5]}}  # fmt: skip
        item |= {"search": {"trials": 6, "startup": 2, "metric": "val_accuracy", "draw": 0,
                            "workers": 1, "space": space}}  # fmt: skip
    return item


def settings(without=(), source="published"):
    """What the rule collect_numbers is told of the chapter."""
    chapter = chapter_of(without)
    split = {"by": "hash", "draws": 10, "folds": 0, "link_arcsec": None, "audit": "enforce"}
    tasks = {
        "nine": {"classes": NINE, "split": split},
        "nine-s1": {"classes": NINE, "split": split | {"by": "random", "audit": "report"}},
        "nine-folds": {"classes": NINE, "split": split | {"folds": 5}},
        "ten": {"classes": TEN, "split": split},
        "decals": {"classes": DECALS, "split": split | {"by": "radius"}, "patch_arcsec": 67},
    }
    keys = ("task", "legacy_task", "folds_task", "ten_task", "decals_task")
    tasks = {name: tasks[name] for name in filter(None, (chapter[key] for key in keys))}
    made = {"published": {"url": "https://x"}, "experiment": {"from": "g10-pretext"},
            "random": {"random": 0}}[source]  # fmt: skip
    items = {name: experiment(name, task) for task in tasks for name in names_in(chapter)[task]}
    decals = {"name": "g10-decals", "dataset": {"size": 128},
              "survey": {"counts": dict.fromkeys(DECALS, 40), "field_arcsec": 67}}  # fmt: skip
    return {
        "chapter": chapter,
        "survey": {"reader": "galaxy10", "bands": ["red", "green", "blue"], "counts": COUNTS},
        "dataset": {"size": 69}, "second": decals if chapter["decals_task"] else None,
        "tasks": tasks, "experiments": items, "families": {},
        "weights": {"vgg": {"model": "vgg16", "about": "ImageNet", **made}},
        "sky": False, "scoring": {"bootstrap": 1000},
        "comparisons": [{"a": "g10-mix", "b": "g10-drop-bn", "metric": "macro_f1"}],
    }  # fmt: skip


def make_paper(folder, without=(), truth=False, verdict="better", nuisance=0.55, twins=3, **told):
    """Write the files that the rule collect_numbers reads; return settings by chapter and files."""
    folder, own = Path(folder), settings(without, **told)
    chapter, items = own["chapter"], own["experiments"]
    answered = {item["task"] for item in items.values()}  # others are neither scored nor audited
    tasks = {name: task for name, task in own["tasks"].items() if name in answered}
    models = folder / "models"
    files = {
        "raw": {"g10-sdss": [folder / "raw.tsv"]},
        "catalogs": {"g10-sdss": [folder / "sdss.parquet"], "g10-decals": [folder / "d.parquet"]},
        "audits": {task: folder / "splits" / task / "audit.json" for task in tasks},
        "metrics": {task: folder / "metrics" / f"{task}.csv" for task in tasks},
        "comparisons": {task: folder / "metrics" / f"{task}.comparisons.csv" for task in tasks},
        "cards": {
            name: models / name / f"draw-{'all' if 'ensemble' in item else 0}" / "model.json"
            for name, item in items.items()
            if "opponent" not in item
        },
        "searches": {n: models / n / "search/trials.csv" for n in [chapter["search"]] if n},
        "found": {n: models / n / "search/best.json" for n in [chapter["search"]] if n},
        "exports": {name: models / name / "export/export.json" for name in chapter["export"]},
        "explained": {name: models / name / "explain.csv" for name in chapter["explain"]},
        "published": REPORT / "published.csv", "constants": REPORT / "constants.csv",
    }  # fmt: skip
    _write_images(files)
    for task, told_of in tasks.items():
        names = [name for name, item in items.items() if item["task"] == task]
        save_json(audit(task, told_of["classes"], twins), files["audits"][task])
        table = metrics(names, task, told_of["classes"], truth, nuisance)
        save_table(table, files["metrics"][task])
        save_table(comparisons(names, verdict), files["comparisons"][task])
    for name, path in files["cards"].items():
        save_json(card(items[name]), path)
    for path in files["searches"].values():
        save_table(trials(), path)
    for path in files["found"].values():
        save_json({"trial": 4, "tuned_with": BUDGET}, path)
    for path in files["exports"].values():
        save_json(export(), path)
    for path in files["explained"].values():
        save_table(explained(), path)
    return {"galaxy10": own}, files


def _write_images(files):
    listed = pd.DataFrame({"kind": ["images"], "path": ["zenodo.org/Galaxy10.h5"]})
    save_table(
        listed.assign(bytes=210_000_000, url="", sha256="0" * 64), files["raw"]["g10-sdss"][0]
    )
    labels = [name for name, n in COUNTS.items() for _ in range(n)]
    save_table(pd.DataFrame({"label": labels}), files["catalogs"]["g10-sdss"][0])
    save_table(pd.DataFrame({"label": DECALS * 40}), files["catalogs"]["g10-decals"][0])


def audit(task, classes, twins):
    parts = {"pool": 20, "test": 5} if task != "nine-folds" else {"pool": 25}
    placed = task == "decals"
    return {
        "sky": "auditable" if placed else "not auditable",
        "counts": {part: {c: n + (c == classes[1]) for c in classes} for part, n in parts.items()},
        "duplicates_removed": 1 if placed else 0, "pairs_near_copy": 2 * (task == "nine-s1"),
        "pairs_sharing_pixels": 0, "verdict": "clean",
        "twins": twins if placed else 0, "twin_label_agreement": 0.9 if placed and twins else None,
        "label_noise": 0.0528 if placed and twins else None,
        "random_split_leak": {"splits": 20, "test_share_leaked": 0.021},
    }  # fmt: skip


def metrics(names, task, classes, truth, nuisance):
    """A tidy metrics table: 0.5 for the first name, 0.05 more for each further one."""
    places = [(draw, "test", -1) for draw in (-1, 0, 1)]
    if task == "nine-folds":
        places = [(0, "test", fold) for fold in range(5)] + [(-1, "folds", -1), (0, "folds", -1)]
    measures = ["accuracy", "macro_precision", "macro_recall", "macro_f1", "mcc", "auroc",
                "hard_label_auroc", *(f"{m}_{c}" for m in ("f1", "recall") for c in classes),
                *(f"confusion_{a}_{b}" for a in classes[:3] for b in classes[:3])]  # fmt: skip
    rows = [
        {"experiment": name, "draw": draw, "fold": fold, "budget": BUDGET, "part": part,
         "reference": reference, "subset": subset, "metric": metric,
         "value": 0.5 + k / 20 + max(fold, 0) / 100 * (k + 1), "lower": 0.45 + k / 20,
         "upper": 0.55 + k / 20, "n": 46}
        for k, name in enumerate(names)
        for draw, part, fold in places
        for reference in ["catalogue", "truth"][: 1 + truth]
        for subset in ("all", "matched nuisance")
        for metric in measures
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    own = table["experiment"].str.endswith("nuisance") & (table["metric"] == "auroc")
    table.loc[own, ["value", "lower", "upper"]] = nuisance, nuisance - 0.02, nuisance + 0.02
    return table


def comparisons(names, verdict):
    """Every pair, the later name held against the earlier; those of the ensemble are primary."""
    rows = [
        {"a": b, "b": a, "primary": b == "g10-mix" and a == "g10-drop-bn", "metric": "macro_f1",
         "difference": 0.031, "lower": -0.004, "upper": 0.066, "p": 0.013,
         "p_holm": 0.026, "minimum_detectable": 0.05, "n_replicates": 10, "verdict": verdict}
        for k, a in enumerate(names) for b in names[k + 1 :]
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["a", "b", "p", "primary"])


def card(item):
    """A card; an ensemble's has its weights, one for every draw."""
    run = {"budget": BUDGET, "fold": -1, "tuned_with": BUDGET}
    if "ensemble" in item:
        pairs = [(0.7, 0.3), (0.5, 0.5)]
        runs = [run | {"draw": k, "objects": 30, "weights": dict(zip(item["ensemble"]["of"], p,
                strict=True))} for k, p in enumerate(pairs)]  # fmt: skip
        return {"runs": runs}
    seen = {"train": {"a": 100, "b": 20}, "val": {"a": 25, "b": 5}}
    run |= {"parameters": 14_846_409, "trainable_parameters": 131_721, "epochs": 12,
            "labels_seen": seen, "trained_on": {"a": 60, "b": 60}}  # fmt: skip
    return {"runs": [run]}


def trials():
    rows = [
        {"trial": k, "model.filters.0": 8 * k + 8, "value": 0.7 + k / 100, "epochs": 9,
         "parameters": 10_000 * (k + 1), "flops": 1_000_000 * (k + 1), "state": "complete"}
        for k in range(5)
    ]  # fmt: skip
    rows.append({**rows[0], "trial": 5, "value": float("nan"), "state": "diverged"})
    return pd.DataFrame(rows)


def export():
    three = {"torch": 0.7, "onnx": 0.7, "int8": 0.69}
    return {
        "parameters": 40_000, "flops": 1_200_000, "n": 30, "accuracy": three,
        "bytes": {"safetensors": 160_000, "onnx": 161_000, "int8": 45_000},
        "difference": {"onnx": 2.4e-7, "int8": 0.031}, "agreement": {"onnx": 1.0, "int8": 0.97},
    }  # fmt: skip


def explained():
    """Two objects; with all layers anew the maps are less alike than with the last one only."""
    rows = [
        {"object_id": name, "group": "sample", "picture": -1, "randomised": step,
         "spearman": 0.9 - step / 5 if step else float("nan"),
         "ssim": 0.8 - step / 5 if step else float("nan")}
        for name in ("a", "b") for step in (0, 1, 4)
    ]  # fmt: skip
    return pd.DataFrame(rows)
