"""A small results folder of the Galaxy10 chapter, and the jobs of its scripts."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from fewsky.files import save_arrays, save_json, save_table
from fewsky.metrics.comparisons import compare_task, list_pairs
from fewsky.metrics.scores import score_task
from tests.unit.small_results import ROOT

TEN = [
    "face-on-disk", "round-smooth", "in-between-smooth", "cigar-smooth", "edge-on-rounded-bulge",
    "edge-on-boxy-bulge", "edge-on-no-bulge", "tight-spiral", "medium-spiral", "loose-spiral",
]  # fmt: skip
NINE = [name for name in TEN if name != "edge-on-boxy-bulge"]
DECALS = [
    "disturbed", "merging", "round-smooth", "in-between-smooth", "cigar-smooth", "barred-spiral",
    "tight-spiral", "loose-spiral", "edge-on-no-bulge", "edge-on-with-bulge",
]  # fmt: skip
N, SIZE = 360, 24
SCORING = {"bootstrap": 20, "prevalences": [10], "top_k": 10, "magnitude": "modelmag_r",
           "bin_mag": 0.5, "snr": [], "by": []}  # fmt: skip
IMBALANCE = {"none": "g10-none", "down-and-up": "g10-full", "weights": "g10-weights",
             "partial-and-weights": "g10-partial"}  # fmt: skip
VARIANTS = ["simple", "bigger", "dropout", "dropout-reg-bn", "dropout-bn", "dropout-reg", "reg-bn"]
SCRATCH = {name: f"g10-{name}" for name in VARIANTS}
LEGACY = {"simple": "legacy-simple", "dropout-bn": "legacy-dropout-bn"}
REPORTS = {"simple": "g10-simple", "scratch": "g10-dropout-bn", "vgg": "g10-vgg",
           "ensemble": "g10-ensemble", "search": "g10-search"}  # fmt: skip
CV = {"scratch": "folds-scratch", "vgg": "folds-vgg"}
ENSEMBLE = {"g10-dropout-bn": "member", "g10-vgg": "member", "g10-ensemble": "ensemble",
            "g10-equal": "equal weights"}  # fmt: skip
MAIN = dict.fromkeys(REPORTS.values(), "network") | {
    "g10-forest": "opponent", "g10-nuisance": "nuisance control",
}  # fmt: skip
SKILL = {"nuisance": 0.2, "forest": 1.2, "simple": 1.5, "none": 1.4, "vgg": 2.2, "ensemble": 2.8,
         "equal": 2.6, "search": 2.1, "dropout-bn": 2.4}  # fmt: skip
NETWORKS = {
    "g10-simple": ({"name": "scratch-simple", "dense": 16}, "all"),
    "g10-dropout-bn": ({"name": "scratch-bigger", "batch_norm": True, "dropout": 0.3}, "all"),
    "g10-vgg": ({"name": "vgg16"}, ["block5"]),
    "g10-search": ({"name": "scratch-two", "filters": [24, 40], "kernels": [5, 3]}, "all"),
}
VGG_SIZE = 69


def objects_of(prefix: str, classes: list[str]) -> pd.DataFrame:
    """A catalogue of unequal classes, without positions."""
    rng = np.random.default_rng(11)
    shares = np.linspace(3, 1, len(classes))
    label = np.sort(rng.choice(classes, N, p=shares / shares.sum()))
    label = rng.permutation(label)
    table = pd.DataFrame({"object_id": [f"{prefix}-{k:05d}" for k in range(N)], "label": label})
    return table.assign(ra=np.nan, dec=np.nan, complete=True)


def write_cutouts(folder: Path, dataset: str, objects: pd.DataFrame, classes: list[str]) -> None:
    """Two shards of ellipses, thinner from class to class."""
    y, x = np.indices((SIZE, SIZE)) - SIZE / 2 + 0.5
    for shard, part in (("part-00", objects[: N // 2]), ("part-01", objects[N // 2 :])):
        number = part["label"].map(classes.index).to_numpy()
        thin = np.linspace(1, 0.25, len(classes))[number][:, None, None]
        blob = np.exp(-(x**2 + (y / thin) ** 2) / 40)
        images = blob[:, None] * np.array([1.0, 0.8, 0.5])[:, None, None]
        place = folder / f"cutouts/{dataset}/{shard}"
        save_arrays({"images": images.astype(np.float32)}, place / "images.safetensors")
        save_table(part, place / "catalog.parquet")


def predicted(name: str, manifest: pd.DataFrame, classes, rng) -> pd.DataFrame:
    """Predictions of the test part, or of every fold."""
    skill = SKILL.get(name.partition("-")[2], 1.8)
    truth = manifest["label"].map(classes.index).to_numpy()
    tables = []
    for fold in sorted(set(manifest["fold"])):
        part = manifest["part"].replace("pool", "train")
        part = part.where(manifest["fold"] != fold, "test") if fold >= 0 else part
        part = part.where((part != "train") | (np.arange(N) % 9 != 0), "val")
        logit = rng.normal(0, 1, (N, len(classes))) + skill * np.eye(len(classes))[truth]
        chance = np.exp(1.5 * logit)
        chance /= chance.sum(1, keepdims=True)
        budget = int((part != "test").sum())
        table = manifest[["object_id", "label"]].assign(part=part, budget=budget, fold=fold)
        tables.append(table.assign(**{f"p_{c}": chance[:, k] for k, c in enumerate(classes)}))
    return pd.concat(tables, ignore_index=True)


def write_task(folder: Path, objects, task: str, names, classes, draws: int, folds: int) -> None:
    """Predictions, cards, metrics and comparisons of one task."""
    rng, k = np.random.default_rng(12), np.arange(N)
    manifest = objects[["object_id", "ra", "dec", "label"]].assign(group=(k // 2).astype(str))
    manifest["fold"] = (k // 2) % folds if folds else -1
    manifest["part"] = "pool" if folds else np.where(k // 2 % 3 == 0, "test", "pool")
    found = {(n, d): predicted(n, manifest, classes, rng) for n in names for d in range(draws)}
    settings = {"classes": classes}
    scores = score_task(found, manifest, objects, None, settings, SCORING, seed=0)
    save_table(scores, folder / f"metrics/{task}.csv")
    pairs = list_pairs(names, [{"a": names[0], "b": names[1], "metric": "mcc"}] if folds else [])
    wanted = {"g10-none", "g10-ensemble", *CV.values()}
    pairs = [pair for pair in pairs if {pair["a"], pair["b"]} & wanted]
    if pairs:
        table = compare_task(found, manifest, settings, pairs, SCORING, seed=0)
        save_table(table, folder / f"metrics/{task}.comparisons.csv")
    for (name, draw), predictions in found.items():
        if name not in ("g10-ensemble", "g10-equal"):
            where = folder / f"models/{name}/draw-{draw}"
            save_table(predictions, where / "predictions.parquet")
            save_json(card_of(name, draw, manifest, classes), where / "model.json")
    for name in {"g10-ensemble", "g10-equal"} & set(names):
        write_ensemble(folder, name, [found[name, d].assign(draw=d) for d in range(draws)])


def card_of(name: str, draw: int, manifest: pd.DataFrame, classes) -> dict:
    """The card of a network; what it was shown in an epoch follows its way with unequal classes."""
    pool = manifest.loc[manifest["part"] == "pool", "label"].value_counts()
    seen = {c: int(pool.get(c, 0)) for c in classes}
    mean = round(sum(seen.values()) / len(seen))
    views = {"g10-full": dict.fromkeys(classes, mean),
             "g10-partial": {c: round((n * mean) ** 0.5) for c, n in seen.items()}}  # fmt: skip
    model, unfreeze = NETWORKS.get(name, ({"name": "scratch-simple"}, "all"))
    recipe = {"class_weights": "balanced" if name in ("g10-weights", "g10-partial") else "none",
              "loss": "auto", "unfreeze": unfreeze}  # fmt: skip
    run = {"budget": sum(seen.values()), "fold": -1, "labels_seen": {"train": seen, "val": {}},
           "trained_on": views.get(name, seen), "trainable_parameters": 1234 + draw}  # fmt: skip
    return {"experiment": name, "draw": draw, "classes": classes, "model": model, "recipe": recipe,
            "bands": ["red", "green", "blue"], "size": VGG_SIZE, "runs": [run]}  # fmt: skip


def write_ensemble(folder: Path, name: str, tables: list[pd.DataFrame]) -> None:
    """One job for all draws: predictions with their draw, and the weights that were found."""
    where, members = folder / f"models/{name}/draw-all", ["g10-dropout-bn", "g10-vgg"]
    save_table(pd.concat(tables)[["draw", *tables[0].columns.drop("draw")]],
               where / "predictions.parquet")  # fmt: skip
    share = [0.5, 0.5] if name == "g10-equal" else [0.7, 0.3]
    runs = [
        {"draw": d, "budget": 240, "fold": -1, "weights": dict(zip(members, share, strict=True)),
         "objects": 48}
        for d in range(len(tables))
    ]  # fmt: skip
    save_json({"experiment": name, "runs": runs}, where / "model.json")


def write_search(folder: Path) -> None:
    """Thirty trials, one of them diverged, and the best."""
    rng, k = np.random.default_rng(13), np.arange(30)
    table = pd.DataFrame({"trial": k, "model.filters.0": 8 * rng.integers(1, 9, 30),
                          "model.kernels.0": rng.choice([3, 5], 30),
                          "model.dropout": rng.uniform(0, 0.6, 30)})  # fmt: skip
    size = table["model.filters.0"] * table["model.kernels.0"] ** 2
    value = 0.6 + 0.05 * np.log(size / 72) + rng.normal(0, 0.03, 30)
    table = table.assign(value=value, epochs=20, parameters=3000 + 90 * size, flops=40_000 * size)
    table["state"] = np.where(k == 7, "diverged", "complete")
    table.loc[7, "value"] = np.nan
    best = int(table["value"].idxmax())
    place = folder / "models/g10-search/search"
    save_table(table, place / "trials.csv")
    save_json({"trial": best, "value": float(table["value"].max()), "found": {}},
              place / "best.json")  # fmt: skip


def write_exports(folder: Path) -> None:
    """Two exported networks with their sizes, differences and times."""
    for k, name in enumerate(("g10-simple", "g10-search"), 1):
        place = folder / f"models/{name}/export"
        save_json(
            {"experiment": name, "parameters": 40_000 * k, "flops": 9_000_000 * k,
             "bytes": {"safetensors": 161_000 * k, "onnx": 163_000 * k, "int8": 45_000 * k},
             "n": 40, "input": {"mean": [0.1, 0.2]},
             "difference": {"onnx": 4.2e-7, "int8": 0.031},
             "agreement": {"onnx": 1.0, "int8": 0.975},
             "accuracy": {"torch": 0.71, "onnx": 0.71, "int8": 0.70}},
            place / "export.json",
        )  # fmt: skip
        times = pd.DataFrame({"form": ["torch", "onnx", "int8"], "median_ms": [1.5 * k, 0.5, 0.25],
                              "p05_ms": [1.4, 0.4, 0.2], "p95_ms": [1.9, 0.7, 0.4]})  # fmt: skip
        save_table(times, place / "latency.csv")


def write_results(folder: Path, *, simulated: bool, draws: int) -> None:
    """All that the chapter's scripts read."""
    sdss, decals = objects_of("g10-sdss", TEN), objects_of("g10-decals", DECALS)
    write_cutouts(folder, "sdss", sdss, TEN)
    write_cutouts(folder, "decals", decals, DECALS)
    nine = sdss.assign(label=sdss["label"].replace("edge-on-boxy-bulge", "round-smooth"))
    names = [*dict.fromkeys([*IMBALANCE.values(), *SCRATCH.values(), *ENSEMBLE, *MAIN])]
    write_task(folder, nine, "nine", names, NINE, draws, 0)
    write_task(folder, nine, "legacy", list(LEGACY.values()), NINE, draws, 0)
    write_task(folder, nine, "folds", list(CV.values()), NINE, draws, 5)
    write_task(folder, sdss, "ten", ["ten-scratch", "ten-simple"], TEN, draws, 0)
    write_task(folder, decals, "decals", ["decals-vgg", "decals-simple"], DECALS, draws, 0)
    write_search(folder)
    write_exports(folder)
    record = {"outputs": {}, "simulated": simulated}
    rooms = ("cutouts/*/*", "models/*/draw-*", "models/*/search", "models/*/export")
    for place in [path for room in rooms for path in folder.glob(room)]:
        save_json(record, place / "provenance.json")
    for path in folder.glob("metrics/*.csv"):
        save_json(record, path.with_suffix(".provenance.json"))


def jobs_of(folder: Path) -> dict[str, tuple[dict, dict]]:
    """Inputs and settings of every script of the chapter, as the rules give them."""

    def found(*patterns):
        return [str(path) for pattern in patterns for path in sorted(folder.glob(pattern))]

    def cards(names):
        return found(*(f"models/{name}/draw-*/model.json" for name in names))

    published = {"published": str(ROOT / "report/published.csv")}
    nine, folds = ({"metrics": found(f"metrics/{t}.csv"),
                    "comparisons": found(f"metrics/{t}.comparisons.csv")}
                   for t in ("nine", "folds"))  # fmt: skip
    reports = {"reports": REPORTS, "classes": NINE}
    search = {"trials": str(folder / "models/g10-search/search/trials.csv"),
              "best": str(folder / "models/g10-search/search/best.json")}  # fmt: skip
    exports = found("models/*/export/export.json")
    sheets = {"catalogs": found("cutouts/sdss/*/catalog.parquet"),
              "images": found("cutouts/sdss/*/images.safetensors"),
              "other_catalogs": found("cutouts/decals/*/catalog.parquet"),
              "other_images": found("cutouts/decals/*/images.safetensors")}  # fmt: skip
    kinds = {"nine": MAIN, "ten": {"ten-scratch": "network"}, "decals": {"decals-vgg": "network"}}
    ranked = [name for of in kinds.values() for name in of]
    metric, exported = {"metric": "val_accuracy"}, {"experiments": ["g10-simple", "g10-search"]}
    tasks = found(*(f"metrics/{task}.csv" for task in kinds))
    return {
        "plot_g10_sample": (sheets, {"releases": {"Galaxy10 SDSS": TEN,
                                                  "Galaxy10 DECaLS": DECALS}}),
        "plot_g10_balance": ({"cards": cards(IMBALANCE.values())},
                             {"imbalance": IMBALANCE, "classes": NINE}),
        "plot_g10_roc": ({"predictions": found(*(f"models/{name}/draw-*/predictions.parquet"
                                                 for name in REPORTS.values()))}, reports),
        "plot_g10_confusion": ({"metrics": nine["metrics"]}, reports),
        "plot_models": (published | {"cards": [cards([name])[0] for name in NETWORKS]},
                        {"reports": REPORTS}),
        "plot_g10_pareto": (search | {"exports": exports}, metric | {"search": "g10-search"}),
        "tabulate_g10_main": (published | {"metrics": tasks, "cards": cards(ranked)},
                              {"kinds": kinds}),
        "tabulate_g10_imbalance": (nine | {"cards": cards(IMBALANCE.values())},
                                   {"imbalance": IMBALANCE}),
        "tabulate_g10_scratch": (published | {"metrics": found("metrics/nine.csv",
                                                               "metrics/legacy.csv")},
                                 {"scratch": SCRATCH, "legacy": LEGACY}),
        "tabulate_g10_reports": (published | {"metrics": nine["metrics"]}, reports),
        "tabulate_g10_cv": (published | folds, {"cv": CV}),
        "tabulate_g10_ensemble": (
            published | nine | {"cards": cards(["g10-ensemble", "g10-equal"])},
            {"kinds": ENSEMBLE, "ensemble": "g10-ensemble"},
        ),
        "tabulate_g10_search": (search, metric),
        "tabulate_g10_export": ({"exports": exports}, exported),
        "tabulate_g10_latency": (
            {"exports": found("models/*/export/export.json"),
             "latencies": found("models/*/export/latency.csv")},
            exported,
        ),
    }  # fmt: skip


@cache
def demo() -> tuple[Path, dict[str, tuple[dict, dict]]]:
    """Results of a demo sky, made once: simulated, two draws."""
    return _made(simulated=True, draws=2)


def _made(simulated: bool, draws: int):
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_results(folder, simulated=simulated, draws=draws)
    return folder, jobs_of(folder)
