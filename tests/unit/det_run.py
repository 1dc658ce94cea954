"""A small results folder of the chapter on detection, for tests of its numbers and text."""

from pathlib import Path

import numpy as np
import pandas as pd
from paper_run import REPORT

from fewsky.boxes.table import make_boxes
from fewsky.files import save_json, save_table

FIELD = "94-1-12"
NAMED = {"detector": "det-ssd", "classifier": "g10-ours", "context": 2.0}
FRAMES = {"survey": "sdss", "fields": [FIELD], "sides": [64, 160], "overlap": 0.4,
          "composite": {"bands": ["i", "r", "g"], "stretch": 0.5}, "match_arcsec": 2.0,
          "bin_mag": 1.0, "detectors": ["det-ssd", "det-segments"]}  # fmt: skip
OPTIONAL = {"folds_task": "galaxies-folds", "cv": ["detf-ssd", "detf-effdet"], "named": NAMED,
            "frames": FRAMES, "export": ["det-ssd"]}  # fmt: skip
NOTHING = {"folds_task": None, "cv": [], "named": None, "frames": None, "export": []}
ALWAYS = ["fig_det", "fig_det_curves"], ["tab_datasets", "tab_det"]
OF_KEY = {"cv": ([], ["tab_det_cv"]), "named": (["fig_det_e2e"], []),
          "frames": (["fig_det_frame"], []), "export": ([], ["tab_det_export"])}  # fmt: skip
MAIN = ["det-ssd", "det-ssd-none", "det-effdet", "det-central", "det-segments"]
CLASSES = ["round-smooth", "tight-spiral"]
MEASURES = ("map_50", "map_50_95", "ar_1", "ar_10", "ar_100")


def chapter_of(without=(), main=MAIN):
    """The chapter's settings; the keys in `without` are null or empty, "all" empties every one."""
    empty = set(OPTIONAL) if "all" in without else set(without)
    optional = {key: NOTHING[key] if key in empty else value for key, value in OPTIONAL.items()}
    told = {"survey": "gz2", "dataset": "gz2", "task": "galaxies", "shown": "det-ssd"}
    return {**told, "main": list(main), **optional}


def shown_of(chapter):
    """Figures and tables that a run with these settings makes."""
    parts = [ALWAYS, *(parts for key, parts in OF_KEY.items() if chapter[key])]
    return tuple([name for part in parts for name in part[k]] for k in (0, 1))


def experiment(name, task):
    """Settings of an experiment as the resolved configuration has them."""
    item = {"task": task, "about": "", "weights": None}
    family = {"central": "central-box", "segments": "segments"}.get(name.split("-")[1])
    if family:
        return item | {"opponent": {"family": family, "control": "none", "options": {}}}
    model = "ssdlite-small" if "ssd" in name else "effdet-d0"
    weights = {"weights": "coco", "start": {"weights": "coco"}} if name == "det-ssd" else {}
    return item | {"model": {"name": model}, "recipe": {"augment": "d4"}, **weights}


def settings(without=(), main=MAIN, boxes="sky", off=0.7, weights="published"):
    """What the rule collect_numbers is told of the chapter."""
    chapter = chapter_of(without, main)
    split = {"by": "radius", "draws": 10, "folds": 0, "link_arcsec": 60, "seed": 0}
    sought = {"classes": ["galaxy"], "from": boxes, "off_centre": off}
    task = {"classes": [], "boxes": sought, "dataset": "gz2", "patch_arcsec": 60}
    tasks = {"galaxies": task | {"split": split}}
    items = {name: experiment(name, "galaxies") for name in main}
    if chapter["folds_task"]:
        tasks["galaxies-folds"] = task | {"split": split | {"folds": 5}}
        items |= {name: experiment(name, "galaxies-folds") for name in chapter["cv"]}
    made = {"published": {"url": "https://x"}, "random": {"random": 0}}[weights]
    told = {"classes": CLASSES, "survey": "galaxy10-sdss"} if chapter["named"] else None
    return {
        "chapter": chapter, "survey": {"reader": "galaxyzoo", "bands": ["red", "green", "blue"]},
        "dataset": {"size": 96}, "second": None, "tasks": tasks, "experiments": items,
        "families": {}, "weights": {"coco": {"model": "ssdlite", "about": "COCO", **made}},
        "classifier": told, "sky": boxes == "sky", "scoring": {"bootstrap": 1000},
        "comparisons": [{"a": "det-ssd", "b": "det-central", "metric": "map_50"}],
    }  # fmt: skip


def make_paper(folder, verdict="better", source="true", few=True, **told):
    """Write the files that the rule collect_numbers reads; return settings by chapter and files."""
    folder, own = Path(folder), settings(**told)
    chapter, items, tasks = own["chapter"], own["experiments"], own["tasks"]
    models = folder / "models"
    files = {
        "raw": {"gz2": [folder / "raw.tsv"]},
        "catalogs": {"gz2": [folder / "catalog.parquet"]},
        "audits": {task: folder / "splits" / task / "audit.json" for task in tasks},
        "boxes": {"galaxies": [folder / "splits/galaxies/boxes/part-00.parquet"]},
        "metrics": {task: folder / "metrics" / f"{task}.csv" for task in tasks},
        "comparisons": {task: folder / "metrics" / f"{task}.comparisons.csv" for task in tasks},
        "cards": {name: models / name / "draw-0/model.json" for name in items if "model" in
                  items[name]},
        "exports": {name: models / name / "export/export.json" for name in chapter["export"]},
        "frames": [folder / f"metrics/frames/{FIELD}.csv"] if chapter["frames"] else [],
        "published": REPORT / "published.csv", "constants": REPORT / "constants.csv",
    }  # fmt: skip
    if chapter["named"]:
        files["named"] = {"galaxies": folder / "metrics/galaxies.named.csv"}
        save_table(named(source), files["named"]["galaxies"])
    _write_images(files, source)
    for task in tasks:
        names = [name for name, item in items.items() if item["task"] == task]
        save_json(audit(), files["audits"][task])
        off = bool(tasks[task]["boxes"]["off_centre"])
        save_table(metrics(names, task, source, off, few), files["metrics"][task])
        save_table(comparisons(names, verdict, off), files["comparisons"][task])
    for path in files["cards"].values():
        run = {"budget": 80, "fold": -1, "parameters": 3_412_345, "trainable_parameters": 3_412_345}
        save_json({"runs": [run]}, path)
    for path in files["exports"].values():
        save_json(export(), path)
    for path in files["frames"]:
        save_table(frame(), path)
    return {"detection": own}, files


def _write_images(files, source):
    listed = pd.DataFrame({"kind": ["packed"], "path": ["zenodo.org/images_gz2.zip"]})
    save_table(listed.assign(bytes=10**9, url="", sha256="0" * 64), files["raw"]["gz2"][0])
    names = [f"gz2-{k}" for k in range(120)]
    save_table(pd.DataFrame({"object_id": names}), files["catalogs"]["gz2"][0])
    side = np.linspace(10, 50, 100)[:, None]
    edges = np.hstack([np.zeros((100, 2)), side, side])
    boxes = make_boxes(
        names[:100], edges, source=source, difficult=[k % 20 == 0 for k in range(100)]
    )
    save_table(boxes, files["boxes"]["galaxies"][0])


def audit():
    parts = {"pool": {"object": 80}, "test": {"object": 40}}
    return {"sky": "auditable", "counts": parts, "duplicates_removed": 0, "pairs_near_copy": 0,
            "pairs_sharing_pixels": 0, "verdict": "clean", "twins": 0,
            "twin_label_agreement": None, "label_noise": None,
            "random_split_leak": {"splits": 20, "test_share_leaked": 0.0}}  # fmt: skip


def metrics(names, task, source, off, few):
    """A tidy table: mAP 0.5 for the first name, 0.05 more for each further one, less with 20."""
    parts = ["folds"] if "folds" in task else ["test", *(["off-centre"] if off else [])]
    rows = []
    for k, name in enumerate(names):
        budgets = (0,) if "segments" in name else (20, 80) if few else (80,)
        subsets = {"all": MEASURES, "size 0-14.2 px": ("ar_10",), "size 14.2-30.1 px": ("ar_10",),
                   "size 30.1-inf px": ("ar_10",), "brightness 14.0-15.0": ("recall_50",),
                   "brightness 16.0-17.0": ("recall_50",)}  # fmt: skip
        rows += [
            {"experiment": name, "draw": draw, "fold": -1, "budget": budget, "part": part,
             "reference": source, "subset": subset, "metric": metric,
             "value": 0.5 + k / 20 - 0.2 * (budget == 20) - 0.1 * (part == "off-centre"),
             "lower": 0.45 + k / 20, "upper": 0.55 + k / 20, "n": 60}
            for budget in budgets for part in parts for draw in (-1, 0, 1)
            for subset, measures in subsets.items() for metric in measures
        ]  # fmt: skip
        if "folds" in task:
            rows += [
                {**rows[-1], "draw": 0, "fold": fold, "part": "test", "subset": "all", "budget": 64,
                 "metric": metric, "value": 0.5 + k / 20 + fold / 100}
                for fold in range(5) for metric in MEASURES
            ]  # fmt: skip
    sample = {"experiment": "sample", "draw": -1, "fold": -1, "budget": 0, "part": "test",
              "reference": source, "subset": "all", "n": 40}  # fmt: skip
    counts = {"images": 40, "images_without_box": 4, "boxes": 60, "difficult_boxes": 3}
    rows += [{**sample, "metric": metric, "value": value} for metric, value in counts.items()]
    return pd.DataFrame(rows)


def comparisons(names, verdict, off):
    """Every pair, the later name held against the earlier, whole and off the centre."""
    measures = ["map_50", *(["off_centre_map_50"] if off else [])]
    rows = [
        {"a": b, "b": a, "primary": {a, b} == {"det-ssd", "det-central"} and metric == "map_50",
         "metric": metric, "difference": -0.131, "lower": -0.19, "upper": -0.07, "p": 0.013,
         "p_holm": 0.026, "minimum_detectable": 0.05, "n_replicates": 10,
         "verdict": {"better": "worse", "worse": "better"}.get(verdict, verdict)}
        for k, a in enumerate(names) for b in names[k + 1 :] for metric in measures
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else ["a", "b", "p", "primary"])


def named(source):
    """Shares of all galaxies, and of each class."""
    whole = {"found_right": 0.6, "misnamed": 0.25, "missed": 0.15, "found": 0.85,
             "right_of_found": 0.706, "invented": 0.2, "invented_per_image": 0.41}  # fmt: skip
    rows = [("all", metric, value) for metric, value in whole.items()]
    for k, name in enumerate(CLASSES):
        rows += [(f"class {name}", metric, 0.5 + k / 10)
                 for metric in ("found_right", "misnamed", "missed", "purity")]  # fmt: skip
    told = {"experiment": "det-ssd", "draw": -1, "fold": -1, "budget": 80, "part": "test"}
    return pd.DataFrame([
        {**told, "reference": source, "subset": subset, "metric": metric, "value": value,
         "lower": value - 0.05, "upper": value + 0.05, "n": 57}
        for subset, metric, value in rows
    ])  # fmt: skip


def frame():
    """Galaxies found down to 17, then ever fewer; a share of the stars."""
    shares = [1.0, 0.9, 0.6, 0.2, 0.5]
    rows = []
    for name in FRAMES["detectors"]:
        rows += [
            {"experiment": name, "measure": "completeness", "kind": kind, "low": 15.0 + k,
             "high": 16.0 + k, "n": 10, "found": round(10 * share / (1 + (kind == "star"))),
             "value": share / (1 + (kind == "star")), "lower": 0.1, "upper": 1.0, "chance": 0.02}
            for kind in ("galaxy", "star") for k, share in enumerate(shares)
        ]  # fmt: skip
        rows += [
            {"experiment": name, "measure": "purity", "kind": kind, "n": 48, "found": 36,
             "value": 0.75, "lower": 0.61, "upper": 0.85}
            for kind in ("galaxy", "star", "either")
        ]  # fmt: skip
    return pd.DataFrame(rows)


def export():
    return {"experiment": "det-ssd", "parameters": 3_412_345, "flops": 440_000_000, "n": 16,
            "detections": 40, "side": 128, "raw": False,
            "bytes": {"safetensors": 13_700_000, "onnx": 13_900_000},
            "difference": {"onnx": 2.4e-6}, "difference_px": {"onnx": 0.0013},
            "agreement": {"onnx": 1.0}}  # fmt: skip
