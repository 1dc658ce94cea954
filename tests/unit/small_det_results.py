"""A small results folder of the detection chapter, and the jobs of its scripts."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from fewsky.boxes.table import EDGES, save_boxes
from fewsky.files import save_arrays, save_json, save_table
from fewsky.metrics.detection import score_detections
from fewsky.metrics.detection_named import judge, score_named
from fewsky.metrics.detection_tables import read_boxes
from fewsky.metrics.frames import score_frame
from fewsky.models.detect_crops import OFF_CENTRE, windows
from fewsky.sky.crowds_paint import draw
from fewsky.sky.crowds_population import population
from tests.unit.crowds_world import SEED, SKY
from tests.unit.small_results import ROOT

N, SIDE, SHARE, FOLDS = 36, 96, 0.7, 3
TASK = {"boxes": {"classes": ["galaxy"], "off_centre": SHARE}, "split": {"folds": 0, "draws": 2}}
SCORING = {"bootstrap": 20, "bin_mag": 1.0}
BUDGETS = (8, 24)
# How far corners lie off, in shares of a box's side; how many are missed; how many are invented.
SKILL = {"det-ssd": (0.05, 0.05, 0.2), "det-effdet": (0.07, 0.1, 0.3)}
KINDS = {
    "det-ssd": {"kind": "network", "family": None},
    "det-effdet": {"kind": "network", "family": None},
    "det-central": {"kind": "opponent", "family": "central-box"},
    "det-segments": {"kind": "opponent", "family": "segments"},
}
CV = ["detf-ssd", "detf-effdet"]
TWICE = ("det-ssd", "det-central")  # trained on two numbers of images
CLASSIFIER, FIELD = "g10-ours", "94-1-12"
DETECTORS = ("det-ssd", "det-segments")
FRAME = (150, 220)  # y, x


def objects_of():
    """Images (n, 3, y, x) of 0 to 1, their catalogue, and their boxes with the true class."""
    listed, galaxies = population(SKY, N, SEED)
    groups = dict(list(galaxies.groupby("image", sort=False)))
    images, boxes = [], []
    for item in listed.itertuples():
        pixels, own, _ = draw(SKY, groups.get(item.object_id, galaxies[:0]), SEED, item.number)
        images.append(pixels.transpose(2, 0, 1) / 255)
        boxes.append(own)
    catalog = listed[["object_id", "ra", "dec", "label"]].assign(complete=True)
    return np.array(images, np.float32), catalog, pd.concat(boxes, ignore_index=True)


def manifest_of(catalog, folds=0):
    """A third of the images is tested, or all of them in folds."""
    k = np.arange(N)
    table = catalog[["object_id", "ra", "dec"]].assign(label="object", group=k.astype(str))
    part = "pool" if folds else np.where(k % 3 == 0, "test", "pool")
    return table.assign(part=part, fold=k % folds if folds else -1)


def detected(name, boxes, names, part, seed, skill):
    """Predictions in some images: boxes a little off, some missed, some invented."""
    rng, (off, missed, invented) = np.random.default_rng(seed), skill
    rows = []
    for image in names:
        own = boxes.loc[boxes["image"] == image, EDGES].to_numpy(float)
        side = (own[:, 2:] - own[:, :2]).repeat(2, axis=0).reshape(-1, 4)
        own = (own + off * side * rng.normal(0, 1, own.shape))[rng.uniform(size=len(own)) > missed]
        made = rng.uniform(0, 0.7 * SIDE, (rng.poisson(invented), 2))
        own = np.concatenate([own, np.hstack([made, made + rng.uniform(8, 20, made.shape)])])
        own = np.clip(own, 0, SIDE)
        own = own[(own[:, 2:] - own[:, :2]).min(axis=1, initial=9) > 2]
        score = np.sort(rng.beta(4, 2, len(own)))[::-1]
        rows += [(image, *edges, s, "galaxy") for edges, s in zip(own, score, strict=True)]
        rows += [] if len(own) else [(image, *[np.nan] * 5, "")]
    table = pd.DataFrame(rows, columns=["image", *EDGES, "score", "label"])
    return table.assign(part=part).astype(dict.fromkeys([*EDGES, "score"], "float32"))


def seen(boxes, at):
    """The boxes cut to the windows of their images."""
    corner = at.set_index("image").reindex(boxes["image"])[EDGES].to_numpy(float)
    own = boxes[EDGES].to_numpy(float)
    own = np.concatenate([np.maximum(own, corner)[:, :2], np.minimum(own, corner)[:, 2:]], axis=1)
    cut = boxes.assign(**dict(zip(EDGES, own.T, strict=True)))
    return cut[(cut["x1"] > cut["x0"] + 3) & (cut["y1"] > cut["y0"] + 3)]


def predicted(name, boxes, manifest, draw):
    """All predictions of one draw of an experiment."""
    if name == "det-central":
        skill = (0.0, 0.0, 0.0)
        middle = np.tile([34.0, 34.0, 62.0, 62.0], (N, 1))
        boxes = pd.DataFrame(middle, columns=EDGES).assign(image=manifest["object_id"])
    else:
        skill = SKILL.get(name.replace("detf", "det"), (0.06, 0.15, 0.4))
    tables = []
    budgets = (0,) if name == "det-segments" else BUDGETS if name in TWICE else BUDGETS[1:]
    for fold in sorted(set(manifest["fold"])):
        tested = manifest["fold"] == fold if fold >= 0 else manifest["part"] == "test"
        names = {"test": manifest.loc[tested, "object_id"], "val": manifest["object_id"][~tested]}
        if name == "det-segments":
            del names["val"]
        for step, budget in enumerate(budgets):
            seed = [draw, fold + 1, step, len(name)]
            worse = tuple(x * (1 + (budget == BUDGETS[0])) for x in skill)
            tables += [
                detected(name, boxes, own, part, seed, worse).assign(fold=fold, budget=budget)
                for part, own in names.items()
            ]
            if fold < 0:
                at = windows(names["test"], SIDE, SHARE, 0)
                own = detected(name, seen(boxes, at), at["image"], OFF_CENTRE, seed, worse)
                tables.append(own.assign(fold=fold, budget=budget))
    return pd.concat(tables, ignore_index=True)


def write_task(folder, task, names, boxes, manifest, draws):
    """Predictions, cards, metrics and comparisons of one task."""
    found = {(n, d): predicted(n, boxes, manifest, d) for n in names for d in range(draws)}
    at = windows(manifest["object_id"], SIDE, SHARE, 0) if task == "galaxies" else None
    table = score_detections(found, boxes, manifest, TASK, SCORING, seed=0, windows=at)
    save_table(table, folder / f"metrics/{task}.csv")
    save_table(comparisons(names, draws), folder / f"metrics/{task}.comparisons.csv")
    save_table(manifest, folder / f"splits/{task}/manifest.csv")
    for name in names:
        swept = name in ("det-central", "det-segments")
        tables = [found[name, d].assign(draw=d) for d in range(draws)]
        if swept:
            where = folder / f"models/{name}/draw-all"
            save_table(pd.concat(tables), where / "predictions.parquet")
        for d, one in enumerate([] if swept else tables):
            where = folder / f"models/{name}/draw-{d}"
            save_table(one.drop(columns="draw"), where / "predictions.parquet")
            run = {"budget": BUDGETS[-1], "fold": -1, "parameters": 3_400_000,
                   "trainable_parameters": 3_400_000, "steps": 900}  # fmt: skip
            save_json({"experiment": name, "draw": d, "runs": [run]}, where / "model.json")


def comparisons(names, draws):
    """Every pair, the first held against the others."""
    return pd.DataFrame([
        {"a": a, "b": b, "primary": b == "det-central", "metric": "map_50", "difference": 0.1321,
         "lower": 0.0721, "upper": 0.1904, "p": 0.0004, "p_holm": 0.0004 if k == 0 else np.nan,
         "minimum_detectable": 0.05, "verdict": "better", "n_replicates": draws, "note": "",
         "budget_a": 24, "budget_b": 24}
        for k, a in enumerate(names) for b in names[k + 1 :]
    ])  # fmt: skip


def write_named(folder, boxes, manifest):
    """What each detection of the first network is called, how right it is, and what is judged."""
    rng = np.random.default_rng(3)
    table = predicted("det-ssd", boxes, manifest, 0)
    table = table[(table["part"] == "test") & (table["budget"] == BUDGETS[-1])]
    classes = sorted(set(boxes["true_class"]))
    known = table["score"].notna().to_numpy()
    named = rng.choice(classes, len(table))
    for k, item in enumerate(table.itertuples()):
        own = boxes[boxes["image"] == item.image]
        if known[k] and len(own) and rng.uniform() < 0.8:
            apart = (own["x0"] + own["x1"] - item.x0 - item.x1).abs()
            named[k] = own.loc[apart.idxmin(), "true_class"]
    table = table.assign(label=np.where(known, named, ""))
    table["probability"] = np.where(known, rng.uniform(0.4, 1, len(table)), np.nan)
    save_table(table, folder / f"models/det-ssd/named/{CLASSIFIER}.parquet")
    save_json({"outputs": {}, "simulated": True},
              folder / f"models/det-ssd/named/{CLASSIFIER}.provenance.json")  # fmt: skip
    true = boxes.assign(label=boxes["true_class"])
    scored = score_named({("det-ssd", 0): table}, true, manifest, classes, SCORING, seed=0)
    save_table(scored, folder / "metrics/galaxies.named.csv")
    images = manifest.set_index("object_id")
    rows = np.flatnonzero(images["part"] == "test")
    found = table[known].assign(image=images.index.get_indexer(table["image"][known]))
    told = judge(rows, read_boxes(true, images, classes), found)
    told["image"] = images.index.to_numpy()[told["image"]]
    save_table(told, folder / "metrics/galaxies.judged.parquet")
    return classes


def write_frame(folder, classes):
    """A picture of a field with detections, what they are called, and how complete they are."""
    rng = np.random.default_rng(4)
    y, x = np.indices(FRAME)
    n = 30
    place = rng.uniform([8, 8], [FRAME[1] - 8, FRAME[0] - 8], (n, 2))
    size = rng.uniform(2, 5, n)
    light = sum(
        np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * s**2))
        for (px, py), s in zip(place, size, strict=True)
    )
    picture = 255 * np.clip(0.1 + light[None] * np.array([1.0, 0.8, 0.6])[:, None, None], 0, 1)
    save_arrays({"image": picture.astype(np.uint8)}, folder / f"models/frames/{FIELD}.safetensors")
    half = 2.5 * size[:, None]
    edges = np.clip(np.hstack([place - half, place + half]), 0, np.tile(FRAME[::-1], 2))
    ra, dec = 20 + place[:, 0] * 1.1e-4, 0.1 + place[:, 1] * 1.1e-4
    found = pd.DataFrame(edges, columns=EDGES).assign(
        score=rng.uniform(0.3, 1, n), label="galaxy", ra=ra, dec=dec, side=64,
        named=rng.choice(classes, n), probability=rng.uniform(0.3, 1, n),
    )  # fmt: skip
    stars = rng.uniform([20, 0.1], [20.02, 0.116], (40, 2))
    true = pd.DataFrame({
        "ra": np.append(ra, stars[:, 0]), "dec": np.append(dec, stars[:, 1]),
        "label": np.where(np.arange(n + 40) < n - 4, "galaxy", "star"),
        "magnitude": np.append(rng.uniform(15, 20, n), rng.uniform(19, 23, 40)),
    })  # fmt: skip
    for name in DETECTORS:
        where = folder / f"models/{name}/frames"
        save_table(found.drop(columns=["named", "probability"]), where / f"{FIELD}.parquet")
        save_table(found, where / f"{FIELD}.named.parquet")
    told = dict(zip(DETECTORS, (found[::2], found), strict=True))
    table = score_frame(told, true, {"match_arcsec": 2.0, "bin_mag": 1.0})
    save_table(table, folder / f"metrics/frames/{FIELD}.csv")


def write_exports(folder):
    """Two exported detectors with their sizes, differences and times."""
    for k, name in enumerate(("det-ssd", "det-effdet"), 1):
        place = folder / f"models/{name}/export"
        save_json(
            {"experiment": name, "parameters": 3_400_000 * k, "flops": 440_000_000 * k,
             "bytes": {"safetensors": 13_700_000 * k, "onnx": 13_900_000 * k}, "n": 20,
             "detections": 55, "side": 128, "raw": False, "difference": {"onnx": 4.2e-6},
             "difference_px": {"onnx": 0.0012}, "agreement": {"onnx": 0.998}},
            place / "export.json",
        )  # fmt: skip
        times = pd.DataFrame({"form": ["torch", "onnx"], "median_ms": [40.0 * k, 25.0],
                              "p05_ms": [38.0, 24.0], "p95_ms": [47.0, 27.0]})  # fmt: skip
        save_table(times, place / "latency.csv")


def write_results(folder: Path, *, simulated: bool = True, draws: int = 2) -> list[str]:
    """All that the chapter's scripts read; returns the classes of the galaxies."""
    images, catalog, boxes = objects_of()
    for shard, rows in (("part-00", slice(0, N // 2)), ("part-01", slice(N // 2, N))):
        place = folder / f"cutouts/gz2/{shard}"
        save_arrays({"images": images[rows]}, place / "images.safetensors")
        save_table(catalog[rows], place / "catalog.parquet")
        own = boxes[boxes["image"].isin(catalog["object_id"][rows])]
        save_boxes(own, folder / f"splits/galaxies/boxes/{shard}.parquet")
    manifest = manifest_of(catalog)
    write_task(folder, "galaxies", list(KINDS), boxes, manifest, draws)
    write_task(folder, "galaxies-folds", CV, boxes, manifest_of(catalog, FOLDS), draws)
    classes = write_named(folder, boxes, manifest)
    write_frame(folder, classes)
    write_exports(folder)
    record = {"outputs": {}, "simulated": simulated}
    rooms = ("cutouts/*/*", "models/*/draw-*", "models/*/export", "splits/*")
    for place in [path for room in rooms for path in folder.glob(room)]:
        save_json(record, place / "provenance.json")
    for path in [*folder.glob("metrics/*.csv"), *folder.glob("metrics/frames/*.csv")]:
        save_json(record, path.with_suffix(".provenance.json"))
    return classes


def jobs_of(folder: Path) -> dict[str, tuple[dict, dict]]:
    """Inputs and settings of every script of the chapter, as the rules give them."""

    def found(*patterns):
        return [str(path) for pattern in patterns for path in sorted(folder.glob(pattern))]

    published = {"published": str(ROOT / "report/published.csv")}
    cutouts = {"catalogs": found("cutouts/gz2/*/catalog.parquet"),
               "images": found("cutouts/gz2/*/images.safetensors"),
               "boxes": found("splits/galaxies/boxes/*.parquet")}  # fmt: skip
    main, exported = found("metrics/galaxies.csv"), {"experiments": ["det-ssd", "det-effdet"]}
    exports = {"exports": found("models/*/export/export.json")}
    frames = {"fields": [FIELD], "detectors": list(DETECTORS)}
    return {
        "plot_det": (cutouts | {"predictions": found("models/det-ssd/draw-0/pred*.parquet")[0]},
                     {"experiment": "det-ssd", "off_centre": SHARE, "seed": 0}),
        "plot_det_curves": ({"metrics": main}, {"experiments": list(KINDS), "task": "galaxies"}),
        "plot_det_e2e": (
            cutouts | {"judged": found("metrics/galaxies.judged.parquet")[0],
                       "metrics": found("metrics/galaxies.named.csv"),
                       "composites": found("models/frames/*.safetensors"),
                       "frames": found("models/det-ssd/frames/*.named.parquet")},
            {"detector": "det-ssd"},
        ),
        "plot_det_frame": ({"tables": found("metrics/frames/*.csv")}, frames),
        "tabulate_det": (published | {"metrics": main,
                                      "cards": found("models/det-*/draw-*/model.json")},
                         {"kinds": KINDS}),
        "tabulate_det_cv": (published | {"metrics": found("metrics/galaxies-folds.csv"),
                                         "comparisons": found("metrics/galaxies-folds.comp*.csv")},
                            {"cv": CV}),
        "tabulate_det_export": (exports, exported),
        "tabulate_det_latency": (exports | {"latencies": found("models/*/export/latency.csv")},
                                 exported),
    }  # fmt: skip


@cache
def demo() -> tuple[Path, dict[str, tuple[dict, dict]]]:
    """Results of a demo sky, made once: simulated, two draws."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_results(folder)
    return folder, jobs_of(folder)
