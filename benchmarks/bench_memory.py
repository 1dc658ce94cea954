"""Memory as fields grow: aligning and cutting them, and training on few labels from their shards.

Every measurement is a process of its own. What counts is its peak resident memory beyond that
after its imports; the peer is the bound stated here, so that a ratio above 1 says within.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
FIELDS = (1, 10, 100)
SHARD = 10  # fields of a job
SIDE, PATCH = 256, 25  # pixels of a frame and of a patch
BOUNDS = {"align": 48, "cut": 48, "train": 512}  # MB, whatever the number of fields
# What is trained on: patches of five bands, so many a field; so many labels are seen in all.
PATCHES, TRAINED_PX, LABELS = 1000, 25, 100
SDSS = {"bands": list("ugriz"), "reference_band": "r", "pixel_arcsec": 0.396, "rerun": 301}
HOW = {"method": "auto", "order": 5, "max_error_px": 0.01}


def rows() -> list[dict]:
    """MB of each task at each number of fields, against its bound."""
    found = []
    with tempfile.TemporaryDirectory(prefix="fewsky-memory-") as folder:
        measured("simulate", folder, max(FIELDS))
        for task in BOUNDS:
            for count in FIELDS:
                found.append(row(task, count, *measured(task, folder, count)))
    return found


def row(task: str, count: int, used: float, size: float) -> dict:
    peer = f"bound; {size:,.0f} MB in the files"
    ratio = BOUNDS[task] / max(used, 1e-3)
    return {"name": f"memory-{task}-{count}-fields", "unit": "MB", "ours": used,
            "peer": BOUNDS[task], "peer_name": peer, "ratio": ratio}  # fmt: skip


def measured(task: str, folder: str | Path, count: int) -> tuple[float, float]:
    """Peak MB of a task's process beyond its imports, and MB of the files that it worked through.

    Raises RuntimeError with the end of what it printed where it fails.
    """
    told = {"PYTHONPATH": f"{ROOT}/scripts:{ROOT}", "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "benchmarks.bench_memory", task, str(folder), str(count)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | told, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{task} of {count} fields: {done.stderr[-2000:]}")
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def peak_mb() -> float:
    """Peak resident memory of this process; unlike ru_maxrss, without that of its parent."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    return float(found[1]) / 1024


def size_mb(paths: Iterable[Path]) -> float:
    return sum(path.stat().st_size for path in paths) / 2**20


# --- the simulated survey -------------------------------------------------------------------------
def shards(count: int) -> Iterator[tuple[str, list[int]]]:
    """Run and camera column, and the fields of each shard; one shard a run."""
    for k in range(-(-count // SHARD)):
        yield f"{5000 + k}-1", list(range(min(SHARD, count - k * SHARD)))


def simulate(folder: Path, count: int) -> None:
    """Write the runs of the demo sky that the largest number of fields needs, and their lists."""
    import pandas as pd
    import yaml

    from fewsky.files import save_table
    from fewsky.sky.sdss import simulate_run
    from fewsky.surveys.sdss import files
    from fewsky.surveys.sdss import shards as split

    demo = yaml.safe_load((ROOT / "profiles/demo/overrides.yaml").read_text())["sky"]["sdss"]
    sky = {**demo, "rows": SIDE, "columns": SIDE, "overlap_rows": 16, "bright_star_mag": 14.5}
    urls = yaml.safe_load((ROOT / "config.yaml").read_text())["surveys"]["sdss"]["urls"]
    for scan, fields in shards(count):
        run = {**demo["runs"][0], "run": int(scan.split("-")[0]), "camcol": 1, "fields": fields}
        made, _ = simulate_run(sky, run, folder / "store", seed=1)
        survey = {**SDSS, "urls": urls, "shard_fields": 1000, "catalogue": "calibobj",
                  "fields": [f"{scan}-{field}" for field in fields]}  # fmt: skip
        (told,) = split(survey).values()
        table = pd.DataFrame(files(told))
        table["path"] = table["url"].str.removeprefix("https://")
        table = table.merge(made[["path", "sha256"]], on="path", validate="one_to_one")
        save_table(table, folder / "raw" / f"{scan}.tsv")


def listed(folder: Path, room: str, scan: str, fields: list[int]):
    """A shard's list in a room, of some of its fields, and of the catalogue of all."""
    from fewsky.files import load_table

    table = load_table(folder / room / f"{scan}.tsv", keep_default_na=False)
    return table[table["field"].isin(["", *(f"{scan}-{field}" for field in fields)])]


def align(folder: Path, count: int) -> Iterator[float | None]:
    """Align the fields, shard after shard; like the others, first its imports, then its work."""
    from fewsky.aligned.align import align_shard
    from fewsky.files import save_table

    yield
    seen = []
    for scan, fields in shards(count):
        raw = listed(folder, "raw", scan, fields)
        told = align_shard(raw, folder / "store", folder / "aligned" / scan,
                           {**SDSS, "align": HOW}, f"of {count}")  # fmt: skip
        save_table(told, folder / "aligned" / f"{scan}.tsv")
        seen += [folder / "store" / path for path in raw["path"]]
    yield size_mb(seen)


def cut(folder: Path, count: int) -> Iterator[float | None]:
    """Cut the patches of aligned fields, shard after shard."""
    from fewsky.cutouts.cut import cut_shard
    from fewsky.files import save_arrays, save_table

    yield
    seen = []
    dataset = {"survey": "sdss", "size": PATCH, "edge": "drop", "objects": {}}
    for scan, fields in shards(count):
        raw, aligned = (listed(folder, room, scan, fields) for room in ("raw", "aligned"))
        told = {**SDSS, "catalogue": "calibobj"}
        images, catalog = cut_shard(raw, aligned, folder / "store", folder / "aligned" / scan,
                                    dataset, told)  # fmt: skip
        save_arrays({"images": images}, folder / "cutouts" / scan / "images.safetensors")
        save_table(catalog, folder / "cutouts" / scan / "catalog.parquet")
        seen += [folder / "aligned" / scan / path for path in aligned["path"]]
    yield size_mb(seen)


# --- the training ---------------------------------------------------------------------------------
def train(folder: Path, count: int) -> Iterator[float | None]:
    """Train on few labels from shards that hold as many fields."""
    from fewsky.models.launch import train_files

    told = given(folder / f"train-{count}", count)
    yield
    train_files(told)
    yield size_mb(map(Path, told["images"]))


def given(folder: Path, count: int) -> dict:
    """Shards, tables and settings of a training, by another process, and what it is told."""
    command = [sys.executable, "-m", "benchmarks.bench_memory", "write", str(folder), str(count)]
    subprocess.run(command, cwd=ROOT, check=True)
    return json.loads((folder / "told.json").read_text())


def write(folder: Path, count: int) -> None:
    """Patches of noise, brighter in the middle where they are galaxies, a shard a field."""
    import pandas as pd

    from fewsky.files import save_arrays, save_json, save_table
    from tests.unit.training_world import settings

    rng, tables = np.random.default_rng(count), []
    for k in range(count):
        images = rng.normal(size=(PATCHES, 5, TRAINED_PX, TRAINED_PX)).astype(np.float32)
        label = np.where(np.arange(PATCHES) % 2, "star", "galaxy")
        images[label == "galaxy", :, 10:15, 10:15] += 1
        save_arrays({"images": images}, folder / f"{k}.safetensors")
        names = [f"{k}-{number}" for number in range(PATCHES)]
        tables.append(pd.DataFrame({"object_id": names, "label": label, "x": 0.0, "y": 0.0}))
        save_table(tables[-1], folder / f"{k}.parquet")
    every = pd.concat(tables, ignore_index=True)
    every = every.assign(ra=0.0, dec=0.0, group=np.arange(len(every)), part="pool", fold=-1)
    save_table(every.drop(columns=["x", "y"]), folder / "manifest.csv")
    ranked = every[["object_id"]].sample(frac=1, random_state=count)
    rank = np.arange(len(ranked))
    role = np.where(rank % 5 == 4, "val", "train")
    save_table(ranked.assign(draw=0, rank=rank, role=role, even=True), folder / "draws.parquet")
    asked = settings(bands=list("ugriz"), budgets=[LABELS], stretch="robust", max_epochs=1)
    paths = {ending: [str(folder / f"{k}.{ending}") for k in range(count)]
             for ending in ("safetensors", "parquet")}  # fmt: skip
    told = {"settings": {**asked, "take": [0, 1, 2, 3, 4]}, "draw": 0, "device": "cpu", "code": "",
            "images": paths["safetensors"], "catalogs": paths["parquet"],
            "manifest": str(folder / "manifest.csv"), "draws": str(folder / "draws.parquet"),
            "out": str(folder / "out"), "resume": str(folder / "resume"),
            **dict.fromkeys(("weights", "stage", "stored", "pseudo"))}  # fmt: skip
    save_json(told, folder / "told.json")


if __name__ == "__main__":
    name, where, number = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if name in ("simulate", "write"):
        {"simulate": simulate, "write": write}[name](where, number)
        print("[0, 0]")
    else:
        steps = {"align": align, "cut": cut, "train": train}[name](where, number)
        next(steps)
        before = peak_mb()
        size = next(steps)
        print(json.dumps([peak_mb() - before, size]))
