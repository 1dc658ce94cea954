"""A small results folder of the chapter on planetary nebulae, for tests of its numbers and text."""

from pathlib import Path

import numpy as np
import pandas as pd
from paper_run import REPORT

from fewsky.files import save_json, save_table
from fewsky.paper.hypothesis import TURNED

CLASSES = ["not-pn", "true-pn"]
MAIN = ["pn-lp", "pn-ft", "pn-lpft", "pn-lpft-pl", "pn-forest", "pn-nuisance", "pn-mode"]
FOLDS = {"lp": "pnf-lp", "lpft": "pnf-lpft", "pl": "pnf-pl", "both": "pnf-both",
         "more_steps": "pnf-more", "ceiling": "pnf-true"}  # fmt: skip
SHIFT = ["pns-lp", "pns-ft", "pns-lpft"]
ALWAYS = ("fig_pn_sample", "fig_pn_data")
FULL = (*ALWAYS, "fig_pn_pseudo", "fig_pn_curve", "fig_pn_kinds", "fig_pn_distortion")
KINDS = ["elliptical PN", "bipolar PN", "galaxy", "HII region", "star"]


def figures_of(case):
    return FULL if case == "full" else ALWAYS


def tables_of(case):
    return ("tab_datasets", "tab_pn_main", *(("tab_pn_hypothesis",) if case == "full" else ()))


def experiments(case):
    """Settings of the experiments as the resolved configuration has them."""
    ramp = {"t1": 100, "t2": 600, "alpha": 3.0, "unit": "step", "threshold": 0.9}
    weights = {"weights": "pn-backbone", "from": None}
    kinds = {
        "lp": {"probe": {"weights": "pn-backbone", "c": [0.1, 1.0], "views": 8}},
        "ft": {"start": weights},
        "lpft": {"start": {"weights": None, "from": "pn-lp"}},
        "pl": {"start": weights, "pseudo": {"labels": "self", **ramp}},
        "both": {"start": {"from": "pn-lpft"}, "pseudo": {"labels": "self", **ramp}},
        "lpft-pl": {"start": {"from": "pn-lpft"}, "pseudo": {"labels": "hard", **ramp}},
    }
    kinds |= {"more": kinds["lpft"], "true": kinds["both"]}

    def one(name, task):
        kind = name.split("-", 1)[1]
        if kind in ("forest", "nuisance", "mode"):
            family = "forest" if kind == "nuisance" else kind
            control = "nuisance" if kind == "nuisance" else "none"
            return {
                "task": task, "about": "", "weights": None,
                "opponent": {"family": family, "control": control},
            }  # fmt: skip
        own = {"weights": "pn-backbone", "recipe": {"learning_rate": 1e-4}, **kinds[kind]}
        return {"task": task, "about": "", "budgets": [50, 400], **own}

    found = {name: one(name, "true-pn") for name in MAIN}
    if case == "full":
        found |= {name: one(name, "true-pn-folds") for name in FOLDS.values()}
        found |= {name: one(name, "true-pn-shift") for name in SHIFT}
    return found


def settings(case, source="published", balance="class"):
    """What the rule collect_numbers is told of the chapter."""
    full = case == "full"
    split = {"by": "radius", "draws": 10, "folds": 0, "link_arcsec": None, "balance": balance}
    split |= {"train": [], "test": []}
    tasks = {"true-pn": {"classes": CLASSES, "split": split, "patch_arcsec": 240}}
    if full:
        folds = {**split, "folds": 10}
        shift = {**split, "by": "field", "train": ["ukst"], "test": ["poss"]}
        tasks["true-pn-folds"] = tasks["true-pn"] | {"split": folds}
        tasks["true-pn-shift"] = tasks["true-pn"] | {"split": shift}
    hash_only = {
        "field_arcsec": 240, "per_class": 500, "status": {"true-pn": ["T"], "not-pn": ["G", "HII"]}
    }  # fmt: skip
    survey = {
        "reader": "hash" if full else "folder",
        "bands": ["i", "r", "b"] if full else ["grey"],
    }
    survey |= {"pixel_arcsec": 0.67, "note": "" if full else "Negatives come from another place."}
    weights = {"model": "timm-densenet201", "about": "ImageNet"}
    weights |= {
        "published": {"url": "https://x"},
        "experiment": {"from": "pn-pretext"},
        "random": {"random": 0},
    }[source]
    items = experiments(case)
    scale = {"by": "image", "low": 0.5, "high": 99.5} if full else {"by": "fixed"}
    return {
        "chapter": {
            "survey": "hash", "dataset": "pn-sss", "task": "true-pn",
            "folds_task": "true-pn-folds" if full else None,
            "shift_task": "true-pn-shift" if full else None,
            "sample": 8, "main": MAIN, "curve": ["pn-lp", "pn-lpft"] if full else [],
            "teachers": ["pn-lpft"] if full else [], "pseudo": ["pn-lpft-pl"] if full else [],
            "kinds": ["pnf-both"] if full else [], "hypothesis": FOLDS if full else None,
            "distortion": SHIFT if full else [],
        },
        "survey": {**survey, **(hash_only if full else {})},
        "dataset": {"size": 256, "scale": scale},
        "tasks": tasks,
        "experiments": items,
        "families": {},
        "weights": {"pn-backbone": weights},
        "sky": False,
        "comparisons": [
            {"a": FOLDS["both"], "b": FOLDS[part], "metric": "mcc"} for part in ("lpft", "pl")
        ],
        "scoring": {"bootstrap": 1000, "prevalences": [10, 100], "snr": [5.0], "magnitude": "m"},
    }  # fmt: skip


def make_paper(
    folder,
    case="full",
    verdicts=("better", "cannot be told"),
    control="better",
    truth=False,
    **told,
):
    """Write the files that the rule collect_numbers reads; return settings by chapter and files."""
    folder, own = Path(folder), settings(case, **told)
    full, tasks = case == "full", list(own["tasks"])
    files = {
        "raw": {"hash": [folder / "raw.tsv"]},
        "catalogs": {"pn-sss": [folder / "catalog.parquet"]},
        "audits": {task: folder / "splits" / task / "audit.json" for task in tasks},
        "metrics": {task: folder / "metrics" / f"{task}.csv" for task in tasks},
        "comparisons": {task: folder / "metrics" / f"{task}.comparisons.csv" for task in tasks},
        "pseudo": {"true-pn": folder / "metrics" / "true-pn.pseudo.csv"} if full else {},
        "cards": {
            name: folder / "models" / name / "draw-0" / "model.json"
            for name, item in own["experiments"].items()
            if "opponent" not in item
        },
        "distortions": {
            name: folder / "models" / name / "distortion.csv" for name in SHIFT[1:] if full
        },
        "published": REPORT / "published.csv",
        "constants": REPORT / "constants.csv",
    }
    _write_objects(files, full)
    for task in tasks:
        names = [name for name, item in own["experiments"].items() if item["task"] == task]
        save_json(audit(full, task), files["audits"][task])
        save_table(metrics(names, task, full, truth), files["metrics"][task])
        save_table(comparisons(names, task, verdicts, control), files["comparisons"][task])
    for path in files["pseudo"].values():
        save_table(pseudo(), path)
    for path in files["distortions"].values():
        save_table(distortion(), path)
    for name, path in files["cards"].items():
        run = {"budget": 400, "parameters": 18_000_000, "trainable_parameters": 3842}
        kind = name.split("-", 1)[1]
        run |= {} if kind == "lp" else {"steps": 1800 if kind == "pl" else 900}
        save_json({"runs": [{**run, "budget": 50}, run]}, path)
    return {"planetary-nebulae": own}, files


def _write_objects(files, full):
    listed = pd.DataFrame({"kind": "plate", "field": ["pn-1"] * 3, "band": list("irb")})
    listed["path"] = "host/" + listed["band"]
    save_table(listed.assign(bytes=120_000, url="", sha256="0" * 64), files["raw"]["hash"][0])
    table = pd.DataFrame({"object_id": [f"pn-{k}" for k in range(100)]})
    table["label"] = np.where(table.index % 2, "true-pn", "not-pn")
    table["kind"] = [KINDS[k % 2] if k % 2 else KINDS[2 + k % 3] for k in table.index]
    table["field"] = np.where(table.index < 60, "ukst", "poss")
    table["diameter_arcsec"] = 12.0
    if not full:
        table = table[["object_id", "label"]].assign(kind="", field="")
    save_table(table, files["catalogs"]["pn-sss"][0])


def audit(full, task):
    parts = {"pool": 200, "val": 50, "test": 50, "unlabelled": 200 if full else 0}
    if task == "true-pn-folds":
        parts = {"pool": 250, "unlabelled": 250}
    return {
        "sky": "auditable" if full else "not auditable",
        "counts": {part: dict.fromkeys(CLASSES, n) for part, n in parts.items() if n},
        "duplicates_removed": 2, "pairs_near_copy": 0, "pairs_sharing_pixels": 0,
        "random_split_leak": {"splits": 20, "test_share_leaked": 0.021},
    }  # fmt: skip


def metrics(names, task, full, truth):
    """A tidy metrics table: MCC 0.5 for the first name, 0.05 more for each further one."""
    parts = {"true-pn-folds": [("test", 3), ("folds", -1)]}.get(task, [("test", -1)])
    if full and task == "true-pn":
        parts = [*parts, ("unlabelled", -1)]
    subsets = ["all", *(f"kind {kind}" for kind in KINDS), "field ukst", "matched nuisance"]
    rows = [
        {"experiment": name, "draw": draw, "fold": fold, "budget": budget, "part": part,
         "reference": reference, "subset": subset, "metric": metric,
         "value": 0.5 + k / 20 + (part == "unlabelled") / 100 - (budget < 400) / 5,
         "lower": 0.45 + k / 20, "upper": 0.55 + k / 20, "n": 100}
        for k, name in enumerate(names)
        for draw in (-1, 0)
        for budget in (50, 400)
        for part, fold in parts
        for reference in ["catalogue", "truth"][: 1 + truth]
        for subset in subsets[: None if full else 1]
        for metric in ("accuracy", "mcc", "auroc", "error_rate")
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    own = table["subset"].str.startswith(("kind", "field"))
    return table[~own | table["metric"].isin(["accuracy", "error_rate"])]


def comparisons(names, task, verdicts, control):
    row = {"primary": False, "metric": "mcc", "difference": 0.031, "lower": -0.004, "upper": 0.066,
           "p": 0.013, "p_holm": np.nan, "minimum_detectable": 0.05, "n_replicates": 10,
           "verdict": "cannot be told"}  # fmt: skip
    if task != "true-pn-folds":
        return pd.DataFrame([{"a": names[1], "b": names[0], **row}])
    primary = [
        {**row, "a": FOLDS["both"], "b": FOLDS[part], "primary": True, "p_holm": 0.026,
         "verdict": verdict}
        for part, verdict in zip(("lpft", "pl"), verdicts, strict=True)
    ]  # fmt: skip
    # The control was compared the other way round.
    more = {**row, "a": FOLDS["more_steps"], "b": FOLDS["both"], "verdict": TURNED.get(control)}
    rest = [(FOLDS["ceiling"], FOLDS["both"]), (FOLDS["lpft"], FOLDS["lp"])]
    rest += [(FOLDS["pl"], FOLDS["lp"])]
    made = [*primary, *([more] if control else []), *({**row, "a": a, "b": b} for a, b in rest)]
    return pd.DataFrame(made)


def pseudo():
    rows = [
        {"experiment": "pn-lpft", "draw": draw, "budget": budget, "fold": -1, "threshold": cut,
         "n": 300 * (1 - cut), "share": 1 - cut,
         "accuracy": 0.8 + cut / 10 if cut < 0.99 else np.nan,
         "lower": 0.7, "upper": 0.9}
        for draw in (-1, 0)
        for budget in (50, 400)
        for cut in (0, 0.9, 0.99)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def distortion():
    rows = [
        {"draw": draw, "budget": budget, "fold": -1, "object_id": f"{field}-{part}", "part": part,
         "field": field, "distance": 1.0, "relative": 0.2 if field == "ukst" else 0.1}
        for draw in (0, 1)
        for budget in (50, 400)
        for field, part in (("ukst", "train"), ("ukst", "val"), ("poss", "test"))
    ]  # fmt: skip
    return pd.DataFrame(rows)
