"""A small results folder of the planetary-nebula chapter, and the jobs of its scripts."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from fewsky.files import save_arrays, save_json, save_table
from fewsky.metrics.comparisons import compare_task, list_pairs
from fewsky.metrics.pseudo import score_pseudo
from fewsky.metrics.scores import score_task
from tests.unit.small_results import ROOT

CLASSES = ["not-pn", "true-pn"]
KINDS = {
    "true-pn": ["elliptical PN", "bipolar PN", "round PN"],
    "not-pn": ["galaxy", "HII region", "possible supernova remnant", "star"],
}
N, SIZE = 160, 64
BUDGETS = (20, 64)
SCORING = {"bootstrap": 20, "prevalences": [10, 100], "top_k": 10, "magnitude": "modelmag_r",
           "bin_mag": 0.5, "snr": [], "by": ["kind", "field"]}  # fmt: skip
PSEUDO = {"threshold": 0, "top_share": None, "t1": 100, "t2": 600, "alpha": 3, "unit": "step"}
STUDENTS = {
    "pn-pl": PSEUDO | {"labels": "self", "teacher": None, "t1": 200, "t2": 800},
    "pn-lpft-pl": PSEUDO | {"labels": "hard", "threshold": 0.9, "teacher": "pn-lpft"},
    "pn-lpft-soft": PSEUDO | {"labels": "soft", "teacher": "pn-lpft"},
    "pn-lpft-top": PSEUDO | {"labels": "hard", "top_share": 0.2, "teacher": "pn-lpft"},
    "pn-lpft-true": PSEUDO | {"labels": "truth", "teacher": "pn-lpft"},
}
SKILL = {"lp": 1.0, "ft": 1.2, "lpft": 1.6, "pl": 1.3, "lpft-pl": 2.0, "lpft-soft": 1.8,
         "lpft-top": 1.9, "lpft-true": 2.6, "lpft-long": 1.6, "forest": 0.8,
         "nuisance": 0.2}  # fmt: skip
ROLES = {"lp": "lp", "lpft": "lpft", "pl": "pl", "both": "lpft-pl", "more_steps": "lpft-long",
         "ceiling": "lpft-true"}  # fmt: skip
PASSES = ["pn/backbone/head", "pn/backbone/last-3"]
BEFORE = {"pn-lp": PASSES[:1], "pn-lpft": [*PASSES, "pn-lp"],
          "pn-lpft-pl": [*PASSES, "pn-lp", "pn-lpft"]}  # fmt: skip
TUNED = ["shift-ft", "shift-lpft"]


def objects_of(known: bool) -> pd.DataFrame:
    """The cutouts room's catalogue; with few columns and nothing known, as a folder's may be."""
    rng = np.random.default_rng(7)
    label = np.array(CLASSES)[np.arange(N) % 2]
    table = pd.DataFrame({"object_id": [f"pn-{k:05d}" for k in range(N)], "label": label})
    table = table.assign(complete=True, kind="", name="", field="", ra=np.nan, dec=np.nan)
    if not known:
        return table
    kinds = [KINDS[one][rng.integers(len(KINDS[one]))] for one in label]
    dec, glat = rng.uniform(-60, 50, N), rng.normal(0, 6, N)
    names = [f"Abell {k}" if k % 3 else f"[ABC2009] J{k:06d}.5-123456" for k in range(N)]
    return table.assign(
        kind=kinds, name=names, ra=rng.uniform(0, 360, N), dec=dec, abs_b=np.abs(glat),
        field=np.where(dec < 2.5, "ukst", "poss"),
        diameter_arcsec=np.exp(rng.normal(np.where(label == "true-pn", 3, 3.4), 0.7)),
    )  # fmt: skip


def write_cutouts(folder: Path, objects: pd.DataFrame, bands: list[str]) -> None:
    """Two shards, the second of them empty, of blobs on noise."""
    rng = np.random.default_rng(8)
    y, x = np.indices((SIZE, SIZE)) - SIZE / 2
    for shard, part in (("part-00", objects), ("part-01", objects[:0])):
        width = rng.uniform(3, 12, (len(part), 1, 1, 1))
        blob = np.exp(-(x**2 + y**2) / (2 * width**2)) * rng.uniform(
            0.2, 1, (len(part), len(bands), 1, 1)
        )
        images = (blob + rng.normal(0.15, 0.06, blob.shape)).clip(0, 1).astype(np.float32)
        place = folder / f"cutouts/pn/{shard}"
        save_arrays({"images": images}, place / "images.safetensors")
        save_table(part, place / "catalog.parquet")


def manifest_of(objects: pd.DataFrame, task: str, hidden: bool) -> pd.DataFrame:
    """The split of a task: by part, over two folds, or from one plate survey to the other."""
    k = np.arange(N)
    manifest = objects[["object_id", "ra", "dec", "label"]].assign(
        group=(k // 4).astype(str), fold=-1
    )
    pool = np.where((k // 4) % 2 & hidden, "unlabelled", "pool")
    if task == "folds":
        return manifest.assign(part=pool, fold=(k // 8) % 2)
    if task == "shift":
        return manifest.assign(part=np.where(objects["field"] == "ukst", "pool", "test"))
    return manifest.assign(part=np.where(k // 4 % 5 < 2, "test", pool))


def predicted(name: str, manifest: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Predictions of all parts at three budgets, the better the more labels."""
    sign = np.where(manifest["label"] == "true-pn", 1.0, -1.0)
    tables = []
    for fold in sorted(set(manifest["fold"])):
        part = manifest["part"].replace("pool", "train")
        if fold >= 0:
            part = part.where(manifest["fold"] != fold, "test")
        part = part.where((part != "train") | (np.arange(N) % 9 != 0), "val")
        for step, budget in list(enumerate(BUDGETS))[-1 if fold >= 0 else 0 :]:
            logit = SKILL[name] * (0.4 + 0.6 * step) * sign + rng.normal(0, 1, N)
            chance = 1 / (1 + np.exp(-2 * logit))
            label = manifest["label"].where(part != "unlabelled", "")
            table = manifest[["object_id"]].assign(part=part, budget=budget, fold=fold, label=label)
            tables.append(table.assign(**{"p_not-pn": 1 - chance, "p_true-pn": chance}))
    return pd.concat(tables, ignore_index=True)


def write_task(folder: Path, objects, task: str, prefix: str, names, draws: int, hidden) -> None:
    """Cards, benchmarks, metrics, pseudo-label scores and comparisons of one task."""
    rng = np.random.default_rng(9)
    manifest = manifest_of(objects, task, hidden)
    settings = {"classes": CLASSES}
    found = {
        (f"{prefix}-{name}", draw): predicted(name, manifest, rng)
        for name in names
        for draw in range(draws)
    }
    for name, draw in found:
        write_run(folder, name, draw)
    scores = score_task(found, manifest, objects, None, settings, SCORING, seed=0)
    save_table(scores, folder / f"metrics/{task}.csv")
    if hidden and task == "task":
        teachers = {key: table for key, table in found.items() if key[0] in ("pn-lp", "pn-lpft")}
        judged = score_pseudo(teachers, manifest, settings, seed=0, bootstrap=20)
        save_table(judged, folder / f"metrics/{task}.pseudo.csv")
    if task == "folds":
        primary = [{"a": "folds-lpft-pl", "b": b, "metric": "mcc"}
                   for b in ("folds-lpft", "folds-pl")]  # fmt: skip
        pairs = list_pairs({name for name, _ in found}, primary)
        table = compare_task(found, manifest, settings, pairs, SCORING, seed=0)
        save_table(table, folder / f"metrics/{task}.comparisons.csv")


def write_run(folder: Path, name: str, draw: int) -> None:
    """A card with its benchmark; a probe has one of each for all draws, an opponent a bare card.

    Full fine-tuning tried three learning rates on a GPU.
    """
    kind = name.split("-", 1)[1]
    if kind in ("forest", "nuisance"):
        save_json({"opponent": {"family": kind}}, folder / f"models/{name}/draw-{draw}/model.json")
        return
    run = {"fold": -1, "trainable_parameters": 3074, "steps": None, "images_seen": 512}
    run |= {} if kind == "lp" else {"trainable_parameters": 5_240_000, "steps": 300 + draw}
    run |= {"learning_rates_tried": [0.1, 0.01, 0.001]} if kind == "ft" else {}
    runs = [run | {"budget": budget} for budget in BUDGETS]
    seconds = pd.DataFrame({"s": [12.5 + draw], "max_rss": [1024.0], "cpu_time": [20.0]})
    if kind == "lp":
        where, path = "draw-all", folder / f"benchmarks/fit_probes/{name}.tsv"
    else:
        where, path = f"draw-{draw}", folder / f"benchmarks/train/{name}/draw-{draw}.tsv"
    card = {"experiment": name, "gpu_mb": 2048.0 if kind == "ft" else None, "runs": runs}
    save_json(card, folder / f"models/{name}/{where}/model.json")
    save_table(seconds, path)


def write_distortion(folder: Path, objects: pd.DataFrame, draws: int) -> None:
    """Change of features: fine-tuning from the start moves them more than from the probe."""
    rng = np.random.default_rng(10)
    part = np.where(objects["field"] == "poss", "test", np.where(np.arange(N) % 9, "train", "val"))
    for name, size in zip(TUNED, (0.5, 0.1), strict=True):
        tables = [
            objects[["object_id", "field"]].assign(
                draw=draw, budget=64, fold=-1, part=part, distance=1.0,
                relative=size * rng.lognormal(0, 0.3, N) * np.where(part == "test", 0.7, 1),
            )
            for draw in range(draws)
        ]  # fmt: skip
        save_table(pd.concat(tables), folder / f"models/{name}/distortion.csv")


def write_results(folder: Path, *, known: bool, draws: int) -> None:
    """A simulated sky with all that may be known, or a folder's few columns and one draw."""
    objects = objects_of(known)
    write_cutouts(folder, objects, list("irb") if known else ["grey"])
    names = list(SKILL) if known else ["lp", "ft", "lpft"]
    write_task(folder, objects, "task", "pn", names, draws, known)
    for cut, seconds in (("head", 32.0), ("last-3", 20.0)):
        told = pd.DataFrame({"s": [seconds], "max_rss": [2048.0], "cpu_time": [seconds]})
        save_table(told, folder / f"benchmarks/extract_features/pn/backbone/{cut}.tsv")
    if known:
        write_task(folder, objects, "folds", "folds", ROLES.values(), draws, True)
        write_task(folder, objects, "shift", "shift", ["lp", "ft", "lpft"], draws, False)
        write_distortion(folder, objects, draws)
    for place in [*folder.glob("cutouts/*/*"), *folder.glob("models/*/draw-*")]:
        save_json({"outputs": {}, "simulated": known}, place / "provenance.json")
    for path in [*folder.glob("metrics/*.csv"), *folder.glob("models/*/distortion.csv")]:
        save_json({"outputs": {}, "simulated": known}, path.with_suffix(".provenance.json"))


def jobs_of(folder: Path, known: bool) -> dict[str, tuple[dict, dict]]:
    """Inputs and settings of every script of the chapter, as the rules give them."""

    def found(pattern):
        return sorted(map(str, folder.glob(pattern)))

    catalogs, published = found("cutouts/*/*/catalog.parquet"), str(ROOT / "report/published.csv")
    images = found("cutouts/*/*/images.safetensors")
    task = {"metrics": [str(folder / "metrics/task.csv")]}
    shown = {"sample": 8 if known else 3, "classes": CLASSES}
    main = [f"pn-{name}" for name in SKILL if known or name in ("lp", "ft", "lpft")]
    kinds = dict.fromkeys(main, "network")
    kinds |= {"pn-forest": "opponent", "pn-nuisance": "nuisance control"} if known else {}
    look = {"bands": list("irb") if known else ["grey"], "field_arcsec": 240 if known else None}
    curve = {"experiments": ["pn-lp", "pn-ft", "pn-lpft", "pn-pl", "pn-lpft-pl"][: len(main)]}
    cards = [path for name in main for path in found(f"models/{name}/draw-*/model.json")]
    jobs = {
        "plot_pn_sample": ({"catalogs": catalogs, "images": images}, shown | look),
        "plot_pn_data": ({"catalogs": catalogs}, {"classes": CLASSES}),
        "plot_pn_curve": (task | {"published": published}, curve),
        "plot_pn_kinds": (task, {"experiments": ["pn-lp", "pn-lpft"], "classes": CLASSES}),
        "tabulate_pn_sample": ({"catalogs": catalogs}, shown),
        "tabulate_pn_main": (
            task | {"cards": cards, "published": published},
            {"kinds": kinds, "classes": CLASSES, "prevalences": [10, 100]},
        ),
        "tabulate_pn_cost": (
            {"benchmarks": [path for pattern in ("extract_features/*/*/*", "train/pn-*/*",
                                                 "fit_probes/pn-*")
                            for path in found(f"benchmarks/{pattern}.tsv")],
             "cards": cards, "catalogs": catalogs},
            {"experiments": {name: BEFORE.get(name, []) for name in main
                             if kinds[name] == "network"},
             "passes": PASSES, "dataset": "pn", "views": 8},
        ),
    }  # fmt: skip
    if not known:
        return jobs
    shift = {"experiments": ["shift-lp", *TUNED], "inside": ["ukst"], "outside": ["poss"]}
    both = {
        "metrics": found("metrics/folds.csv"),
        "comparisons": found("metrics/*.comparisons.csv"),
    }
    return jobs | {
        "plot_pn_pseudo": (
            task | {"pseudo": found("metrics/*.pseudo.csv")},
            {"teachers": ["pn-lp", "pn-lpft"], "students": STUDENTS},
        ),
        "plot_pn_distortion": (
            {"distortions": found("models/*/distortion.csv"),
             "metrics": [str(folder / "metrics/shift.csv")]},
            shift,
        ),
        "tabulate_pn_hypothesis": (
            both, {"hypothesis": {role: f"folds-{name}" for role, name in ROLES.items()}}
        ),
    }  # fmt: skip


@cache
def demo() -> tuple[Path, dict[str, tuple[dict, dict]]]:
    """Results of a demo sky, made once: simulated, two draws, all that may be known."""
    return _made(known=True, draws=2)


@cache
def bare() -> tuple[Path, dict[str, tuple[dict, dict]]]:
    """Results of a folder of grey images: one draw, no positions, kinds, sizes or unlabelled."""
    return _made(known=False, draws=1)


def _made(known: bool, draws: int):
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_results(folder, known=known, draws=draws)
    return folder, jobs_of(folder, known)
