"""A small results folder as the rooms leave it, and a stand-in for Snakemake to run one script."""

import atexit
import runpy
import shutil
import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.wcs import WCS

from fewsky.files import load_json, save_arrays, save_json, save_table
from fewsky.metrics.scores import score_task

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (220, 300)  # y, x
OFFSETS = {"u": (2, -5), "g": (5, 12), "r": (0, 0), "i": (-3, 4), "z": (1, -3)}  # x, y in pixels
CLASSES = ["galaxy", "star"]
AUGMENTS = ["none", "rotation", "d4"]
TASKS = {"sg-small": "star-galaxy-small", "sg-large": "star-galaxy-large"}
SKILL = {"base": 0.9, "none": 1.6, "forest": 1.8, "definition": 3.0}
SCORING = {"bootstrap": 20, "prevalences": [10], "top_k": 20, "magnitude": "modelmag_r",
           "bin_mag": 0.5, "snr": [5.0]}  # fmt: skip


def wcs_of() -> WCS:
    """RA along the rows' pixels as SDSS has it: North to the right, East up."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crpix, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [150, 110], [20.0, 0.0]
    wcs.wcs.cd = np.array([[0, 1], [1, 0]]) * 0.396 / 3600
    return wcs


def sky(band: str, stars: pd.DataFrame) -> np.ndarray:
    """A frame `(y, x)` in nanomaggies: Gaussian stars at their places in that band, and noise."""
    rng = np.random.default_rng(ord(band))
    y, x = np.indices(SHAPE)
    image = rng.normal(0, 0.02, SHAPE)
    dx, dy = OFFSETS[band]
    for star in stars.itertuples():
        image += star.peak * np.exp(-((x - star.x - dx) ** 2 + (y - star.y - dy) ** 2) / 4.5)
    return image.astype(np.float32)


def write_field(folder: Path, name: str, shard: str, stars: pd.DataFrame, mark: dict) -> None:
    """A field in the raw, store and aligned rooms."""
    run, camcol, field = map(int, name.split("-"))
    rows, planes = [], []
    for band, (dx, dy) in OFFSETS.items():
        image = sky(band, stars)
        path = f"frame-{band}-{run:06d}-{camcol}-{field:04d}.fits"
        header = wcs_of().to_header()
        header.update(RUN=run, CAMCOL=camcol, FILTER=band, BUNIT="nanomaggy")
        hdus = [fits.PrimaryHDU(image, header), *(fits.ImageHDU(np.zeros(3)) for _ in range(3))]
        (folder / "store").mkdir(parents=True, exist_ok=True)
        fits.HDUList(hdus).writeto(folder / "store" / path)
        rows.append({"kind": "frame", "field": name, "band": band, "url": path, "path": path})
        plane = np.full(SHAPE, np.nan, np.float32)
        inside = tuple(
            slice(max(-d, 0), n - max(d, 0)) for d, n in zip((dy, dx), SHAPE, strict=True)
        )
        from_ = tuple(slice(max(d, 0), n + min(d, 0)) for d, n in zip((dy, dx), SHAPE, strict=True))
        plane[inside] = image[from_]
        planes.append(plane)
    save_table(pd.DataFrame(rows), folder / f"raw/sdss/{shard}.tsv")
    fields = folder / "aligned/sdss/fields"
    fields.mkdir(parents=True, exist_ok=True)
    fits.PrimaryHDU(np.stack(planes), wcs_of().to_header()).writeto(fields / f"{name}.fits")
    row = {"field": name, "path": f"fields/{name}.fits", "bands": "ugriz"}
    save_table(
        pd.DataFrame([row | {f"noise_{b}": 0.02 for b in OFFSETS}]),
        folder / f"aligned/sdss/{shard}.tsv",
    )
    save_json({"outputs": {}, **mark}, folder / f"aligned/sdss/{shard}.provenance.json")
    sharp = [
        {
            "field": name,
            "band": b,
            "stage": s,
            "n": 9,
            "scatter_px": p,
            "offset_x": p,
            "offset_y": 0,
        }
        for b in "ugiz"
        for s, p in (("before", 5.0), ("after", 0.03))
    ]
    save_table(pd.DataFrame(sharp), folder / f"aligned/sdss/{shard}.sharpness.csv")


def catalogue(name: str, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Catalogue rows of a field, in the cutouts room's columns; none of them where n is 0."""
    x, y = rng.uniform(15, SHAPE[1] - 15, n), rng.uniform(20, SHAPE[0] - 25, n)
    ra, dec = wcs_of().all_pix2world(x, y, 0)
    run, camcol, field = name.split("-")
    label = rng.choice(CLASSES, n)
    table = pd.DataFrame(
        {"object_id": [f"{name}-{k}" for k in range(n)], "field": name, "run": int(run),
         "camcol": int(camcol), "x": x, "y": y, "ra": ra + int(field), "dec": dec, "label": label,
         "complete": True, "modelmag_r": rng.uniform(17, 22.5, n), "psf_fwhm_r": 1.3,
         "petror50_r": np.where(label == "star", 0.7, rng.uniform(1, 3, n)),
         "petror90_r": rng.uniform(2, 9, n)}
    )  # fmt: skip
    return table.assign(**{f"noise_{b}": 0.02 for b in OFFSETS})


def write_objects(folder: Path, names: dict[str, str], counts: dict[str, int]) -> pd.DataFrame:
    """Cutouts of every shard, one of which may be empty; all objects with measured columns."""
    rng = np.random.default_rng(5)
    tables = []
    for name, shard in names.items():
        table = catalogue(name, counts[name], rng)
        images = rng.normal(0, 0.02, (len(table), 5, 25, 25)).astype(np.float32)
        images[:, :, 9:14, 12:17] += (
            10 ** (-0.4 * (table["modelmag_r"].to_numpy() - 20))[:, None, None, None]
        )
        place = folder / f"cutouts/patches/{shard}"
        save_arrays({"images": images}, place / "images.safetensors")
        save_table(table, place / "catalog.parquet")
        tables.append(table)
    objects = pd.concat([table for table in tables if len(table)], ignore_index=True)
    return objects.assign(
        snr_r=10 ** (-0.4 * (objects["modelmag_r"] - 23)),
        neighbour_arcsec=rng.uniform(1, 40, len(objects)),
        neighbour_mag_r=rng.uniform(16, 23, len(objects)),
    )


def write_models(folder: Path, objects: pd.DataFrame, draws: int, val: bool, truth: bool) -> None:
    """Splits, predictions, histories, cards and metrics of two tasks."""
    rng = np.random.default_rng(6)
    part = np.where(np.arange(len(objects)) % 2, "test", "pool")
    known = objects[["object_id", "ra", "dec", "label"]]
    group = (objects["y"] // 40).astype(int).astype(str)
    manifest = known.assign(group=group, part=part, fold=-1)
    for stem, task in TASKS.items():
        save_table(manifest, folder / f"splits/{task}/manifest.csv")
        save_json(audit_of(manifest), folder / f"splits/{task}/audit.json")
        predictions = {}
        for name in [f"{stem}-{a}" for a in (*AUGMENTS, "base", "forest", "definition")]:
            for draw in range(draws):
                table = predicted(name, manifest, rng)
                place = folder / f"models/{name}/draw-{draw}"
                save_table(table, place / "predictions.parquet")
                write_training(place, name, draw, val, rng)
                predictions[name, draw] = table
        real = objects[["ra", "dec"]].assign(true_class=objects["label"]) if truth else None
        scores = score_task(
            predictions, manifest, objects, real, {"classes": CLASSES}, SCORING, seed=0
        )
        save_table(scores, folder / f"metrics/{task}.csv")
        save_table(compared_of(stem), folder / f"metrics/{task}.comparisons.csv")


def predicted(name: str, manifest: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Predictions at two budgets, the smaller one useless."""
    sign = np.where(manifest["label"] == "star", 1.0, -1.0)
    tables = []
    for budget, skill in ((20, 0.0), (40, SKILL.get(name.split("-")[-1], 1.5))):
        star = 1 / (1 + np.exp(-skill * sign - rng.normal(0, 1, len(sign))))
        table = manifest[["object_id", "label"]].assign(budget=budget, fold=-1)
        table["part"] = manifest["part"].replace("pool", "train")
        tables.append(table.assign(p_galaxy=1 - star, p_star=star))
    return pd.concat(tables, ignore_index=True)


def write_training(place: Path, name: str, draw: int, val: bool, rng: np.random.Generator) -> None:
    """A history of ten epochs and its card, which keeps epoch 7."""
    epoch = np.arange(1, 11)
    history = pd.DataFrame({"budget": 40, "fold": -1, "epoch": epoch, "lr": 1e-3})
    for side in ("train", "val"):
        noise = rng.normal(0, 0.01, 10)
        known = side == "train" or val
        history[f"{side}_loss"] = 1 / epoch + noise if known else np.nan
        history[f"{side}_accuracy"] = 0.9 - 0.3 / epoch + noise if known else np.nan
    save_table(history, place / "history.csv")
    runs = [{"budget": 40, "fold": -1, "epoch": 7}]
    save_json({"experiment": name, "draw": draw, "runs": runs}, place / "model.json")


def audit_of(manifest: pd.DataFrame) -> dict:
    """An audit as the splits room writes it."""
    counts = manifest.groupby(["part", "label"]).size().unstack().to_dict("index")
    leak = {"splits": 20, "pairs_near_copy": 1.5, "pairs_sharing_pixels": 12.0,
            "test_share_near_copy": 0.01, "test_share_leaked": 0.2}  # fmt: skip
    return {
        "mode": "enforce", "verdict": "clean", "counts": counts, "guard_arcsec": 14.0,
        "min_separation_arcsec": {"pool-test": None}, "pairs_near_copy": 0,
        "pairs_sharing_pixels": 0, "twins": 0, "twin_label_agreement": None, "label_noise": None,
        "random_split_leak": leak,
    }  # fmt: skip


def compared_of(stem: str) -> pd.DataFrame:
    """A table of comparisons: one primary, one not."""
    row = {"metric": "mcc", "difference": -0.0312, "lower": -0.0721, "upper": 0.0104, "p": 0.0004,
           "p_holm": np.nan, "minimum_detectable": 0.05, "verdict": "cannot be told",
           "n_replicates": 2, "note": "exploratory: 2 replicates"}  # fmt: skip
    pairs = [(f"{stem}-none", f"{stem}-base", True), (f"{stem}-base", f"{stem}-forest", False)]
    return pd.DataFrame([{"a": a, "b": b, "primary": p, **row} for a, b, p in pairs])


def write_results(
    folder: Path, *, draws=2, val=True, truth=True, simulated=True, empty=False
) -> dict:
    """A results folder of two fields, the second perhaps without objects; returns the shards."""
    names = {"94-1-12": "94-1-0001", "94-1-40": "94-1-0005"}
    rng = np.random.default_rng(4)
    stars = pd.DataFrame(
        {
            "x": rng.uniform(20, 280, 25),
            "y": rng.uniform(20, 200, 25),
            "peak": rng.uniform(3, 9, 25),
        }
    )
    mark = {"simulated": simulated}
    for name, shard in names.items():
        write_field(folder, name, shard, stars, mark)
        save_json({"outputs": {}, **mark}, folder / f"cutouts/patches/{shard}/provenance.json")
    objects = write_objects(folder, names, {"94-1-12": 240, "94-1-40": 0 if empty else 80})
    write_models(folder, objects, draws, val, truth)
    for task in TASKS.values():
        save_json({"outputs": {}, **mark}, folder / f"splits/{task}/provenance.json")
        save_json({"outputs": {}, **mark}, folder / f"metrics/{task}.provenance.json")
        save_json({"outputs": {}, **mark}, folder / f"metrics/{task}.comparisons.provenance.json")
    for model in folder.glob("models/*/draw-*"):
        save_json({"outputs": {}, **mark}, model / "provenance.json")
    return names


class Named(dict):
    """Named files as a script sees them: by attribute, or one after the other."""

    __getattr__ = dict.__getitem__

    def __iter__(self):
        for value in self.values():
            yield from value if isinstance(value, list) else [value]


def run_script(folder: Path, script: str, inputs: dict, settings: dict) -> Named:
    """Run one plotting or tabulating script and return its outputs."""
    drawn = script.startswith("plot_")
    kind, ends = ("figures", ("pdf", "png")) if drawn else ("tables", ("csv", "tex"))
    stem = folder / kind / ("fig_" if drawn else "tab_")
    name = str(stem) + script.split("_", 1)[1]
    outputs = Named({end: f"{name}.{end}" for end in ends}, provenance=f"{name}.provenance.json")
    log = folder / "logs" / f"{script}.log"
    given = SimpleNamespace(
        input=Named(inputs), output=outputs, log=[str(log)],
        params=SimpleNamespace(settings=settings, code="0"),
        resources=SimpleNamespace(store=str(folder / "store")),
    )  # fmt: skip
    try:
        runpy.run_path(str(ROOT / "scripts" / f"{script}.py"), init_globals={"snakemake": given})
    except SystemExit:
        raise AssertionError(log.read_text()) from None
    return outputs


def jobs_of(folder: Path, shards: dict, draws: int) -> dict[str, tuple[dict, dict]]:
    """Inputs and settings of every script of the chapter, as the rules give them."""
    metrics = [str(folder / f"metrics/{task}.csv") for task in TASKS.values()]
    cutouts = [folder / f"cutouts/patches/{shard}" for shard in shards.values()]
    catalogs = [str(place / "catalog.parquet") for place in cutouts]
    images = [str(place / "images.safetensors") for place in cutouts]
    field, shard = next(iter(shards.items()))
    aligned = str(folder / f"aligned/sdss/{shard}.tsv")
    published = str(ROOT / "report/published.csv")
    small, large = ({f"{stem}-{a}": a for a in AUGMENTS} for stem in TASKS)
    pair = ["sg-small-base", "sg-large-none"]
    shown = [*pair, "sg-large-forest", "sg-large-definition"]
    kinds = dict.fromkeys(pair, "network") | {
        "sg-large-forest": "opponent", "sg-large-definition": "definition of the label, not ranked",
    }  # fmt: skip

    def runs(names, file):
        return [str(folder / f"models/{n}/draw-{k}/{file}") for n in names for k in range(draws)]

    def split(file):
        return [str(folder / f"splits/{task}/{file}") for task in TASKS.values()]

    by_class = {"experiments": shown, "classes": CLASSES}
    both = {"metrics": metrics, "published": published}
    tasks = list(TASKS.values())
    binned = by_class | {"band": "r"}
    place = {"field": field, "cutout_px": 120, "reference_band": "r"}
    look = {"bands": list("ugriz"), "reference_band": "r", "magnitude": "modelmag_r"}
    trained = {"histories": runs([*small, *large], "history.csv"),
               "cards": runs([*small, *large], "model.json")}  # fmt: skip
    curves = {"histories": runs(pair, "history.csv"), "cards": runs(pair, "model.json")}
    raw = str(folder / f"raw/sdss/{shard}.tsv")
    objects = {"catalogs": catalogs, "images": images}
    plurals = {"plurals": {"star": "stars", "galaxy": "galaxies"}}
    views = {"small": {"label": "1 field", "experiments": small},
             "large": {"label": "7 fields", "experiments": large}}  # fmt: skip
    told = {"Dataset": "patches", "Survey": "sdss", "Patch (px)": 25, "Classes": "galaxy / star"}
    shifted = str(folder / "metrics" / "star-galaxy-shift.shift.csv")
    save_shifted(shifted, pair)
    by_side = {"experiments": pair, "snr": [5.0], "label": "star"}
    marked = load_json(metrics[0].replace(".csv", ".provenance.json"))
    save_json(marked, shifted.replace(".csv", ".provenance.json"))
    sharp = [str(folder / f"aligned/sdss/{name}.sharpness.csv") for name in shards.values()]
    return {
        "plot_sdss_align": ({"files": raw, "fields": aligned}, place | {"colours": list("irg")}),
        "plot_sdss_sharpness": ({"tables": sharp}, look),
        "plot_sdss_targets": ({"fields": aligned, "catalog": catalogs[0]}, place),
        "plot_sdss_patches": (objects, look | plurals),
        "plot_augment": (objects, look | {"brightness_nmgy": 0.1, "blur_px": 1.0}),
        "plot_sdss_curves": (curves, {"experiments": pair}),
        "plot_sdss_confusion": (both, {"experiments": pair}),
        "plot_sdss_views": ({"metrics": metrics}, views),
        "plot_sdss_mag": ({"metrics": metrics}, binned | {"task": tasks[1]}),
        "plot_sdss_shift": ({"metrics": shifted}, by_side),
        "tabulate_sdss_shift": ({"metrics": shifted}, by_side),
        "plot_sdss_neighbours": ({"metrics": metrics}, {"experiments": shown}),
        "plot_sdss_calibration": (
            {"predictions": runs(shown, "predictions.parquet"), "metrics": metrics},
            {"experiments": shown, "label": "galaxy", "plural": "galaxies"},
        ),
        "tabulate_sdss_stats": (
            {"catalogs": catalogs, "published": published},
            {"fields": list(shards), "patch_arcsec": 9.9},
        ),
        "tabulate_datasets": ({"manifests": split("manifest.csv")}, dict.fromkeys(tasks, told)),
        "tabulate_sdss_leak": ({"audits": split("audit.json")}, {}),
        "tabulate_sdss_aug": (trained | {"published": published}, {"small": small, "large": large}),
        "tabulate_sdss_main": (both, {"kinds": kinds}),
        "tabulate_sdss_controls": ({"metrics": metrics}, binned | {"prevalences": [10]}),
        "tabulate_sdss_readings": (
            both,
            {"experiments": pair, "classes": CLASSES},
        ),
        "tabulate_sdss_snr": ({"metrics": metrics}, by_class | {"snr": [5.0], "tasks": tasks}),
        "tabulate_sdss_comparisons": (
            {"tables": [path.replace(".csv", ".comparisons.csv") for path in metrics]},
            {"experiments": shown},
        ),
    }  # fmt: skip


def save_shifted(path: str, names: list[str]) -> None:
    """Scores of two experiments inside and outside a run; outside are stars only."""
    rows = [
        {"experiment": name, "side": side, "subset": subset, "metric": metric,
         "value": 0.9 if known else np.nan, "lower": 0.85 if known else np.nan,
         "upper": 0.95 if known else np.nan, "n": 100, "budget": 200}
        for name in names
        for side in ("inside", "outside")
        for subset in ("all", "snr>5", "matched r")
        for metric in ("auroc", "accuracy", "accuracy_prior_corrected", "ece", "ece_calibrated",
                       "recall_star")
        for known in [metric != "auroc" or side == "inside"]
    ]  # fmt: skip
    save_table(pd.DataFrame(rows), path)


@cache
def demo() -> tuple[Path, dict[str, tuple[dict, dict]]]:
    """Results of a demo sky, made once: simulated, with truth, two draws; and its jobs."""
    folder = _folder()
    return folder, jobs_of(folder, write_results(folder), 2)


@cache
def sample() -> tuple[Path, dict[str, tuple[dict, dict]]]:
    """Results of a real sky: no truth, one draw, no validation, a field without a catalogue."""
    folder = _folder()
    shards = write_results(folder, draws=1, val=False, truth=False, simulated=False, empty=True)
    return folder, jobs_of(folder, shards, 1)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
