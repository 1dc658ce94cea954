"""What a field costs as their number grows: time and memory of the workflow up to the cutouts.

`make growth`: the simulator writes 10, 100 and 1,000 fields of small frames, and the rules of the
workflow, run by Snakemake in a folder of its own, download and align them and cut their patches.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import yaml

from benchmarks.growth_figure import draw
from benchmarks.growth_told import figures
from fewsky.files import load_table, save_json

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = [ROOT / "config.yaml", ROOT / "profiles/demo/overrides.yaml"]
RESULTS = "results/growth"
SIDE = 128  # pixels of a frame
SHARD, SCAN = 10, 50  # fields of a job, and of a simulated run and camera column at most
# What a stage of the workflow is asked for; a later one finds what an earlier one has made.
STAGES = {
    "simulate_scan": f"{RESULTS}/raw/sky/growth-{{scan}}.tsv",
    "align_fields": f"{RESULTS}/aligned/growth/{{shard}}.tsv",
    "cut_patches": f"{RESULTS}/cutouts/growth/{{shard}}/images.safetensors",
}


def main(words: Sequence[str] | None = None) -> None:
    """Measure every number of fields, and write the JSON and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fields", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("results"))
    asked = parser.parse_args(words)
    runs = []
    for count in sorted(set(asked.fields)):
        with tempfile.TemporaryDirectory(prefix="fewsky-growth-") as folder:
            runs.append(grown(Path(folder), count, asked.seed, asked.cores))
        written(runs, asked)  # what is measured is kept, should a larger number be broken off
    print(f"wrote {asked.out}/growth.json, growth.pdf and growth.png")


def written(runs: list[dict[str, Any]], asked: argparse.Namespace) -> None:
    """Print, save and draw what is measured so far."""
    told = {
        "simulated": True,
        "seed": asked.seed,
        "cores": asked.cores,
        "frame_px": [SIDE, SIDE],
        "fields_a_job": SHARD,
        "figures": figures(runs),
        "runs": runs,
    }
    for row in told["figures"]:
        ratios = " ".join(f"{ratio:6.2f}" for ratio in row["ratios"])
        state = "flat" if row["flat"] else "grows" if row["grows"] else "falls"
        print(f"{row['name']:36} {row['unit']:10} {row['values'][-1]:10.3g}  {state:6} {ratios}")
    save_json(told, asked.out / "growth.json")
    draw(told, asked.out / "growth.pdf", asked.out / "growth.png")


def grown(folder: Path, count: int, seed: int, cores: int) -> dict[str, Any]:
    """All that was measured of the workflow over so many fields, run in an empty folder.

    Core-seconds of a stage are those of Snakemake and all its jobs, less those of a dry run, which
    says what reading the configuration and building the graph takes.
    """
    layout = laid_out(count)
    overlay = folder / "growth.yaml"
    overlay.write_text(yaml.safe_dump(overlaid(layout, seed)))
    targets = targets_of(layout)
    told = {"fields": count, "load_before": os.getloadavg()[0], "stages": {}}
    told["dry_run"] = snakemake(folder, overlay, targets["cut_patches"], cores, "--dry-run")
    for stage, paths in targets.items():
        told["stages"][stage] = snakemake(folder, overlay, paths, cores)
    told["jobs"] = {rule: benchmarked(folder, rule) for rule in STAGES}
    told["load_after"] = os.getloadavg()[0]
    print(f"{count} fields: {sum(one['wall_s'] for one in told['stages'].values()):.0f} s")
    return told


def laid_out(count: int) -> list[dict[str, Any]]:
    """Runs of the demo sky that hold so many fields: places that do not touch, one night's sky."""
    sky = yaml.safe_load(CONFIGS[1].read_text())["sky"]["sdss"]["runs"][0]
    return [
        {
            **sky,
            "run": 5000 + k // 6,
            "camcol": 1 + k % 6,
            "fields": list(range(min(SCAN, count - k * SCAN))),
            "ra_start": 2.0 * (k % 150),
            "dec": 10.0 + 2.0 * (k // 150),
        }
        for k in range(-(-count // SCAN))
    ]


def fields_of(layout: Sequence[dict[str, Any]]) -> list[str]:
    """Names of all fields of the runs."""
    return [f"{run['run']}-{run['camcol']}-{field}" for run in layout for field in run["fields"]]


def targets_of(layout: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """The files that each stage is asked for."""
    scans = [f"{run['run']}-{run['camcol']}" for run in layout]
    names = [field.rsplit("-", 1) for field in fields_of(layout)]
    shards = sorted({f"{scan}-{int(field) // SHARD:04d}" for scan, field in names})
    return {
        stage: sorted({path.format(scan=scan, shard="") for scan in scans})
        if "{scan}" in path
        else [path.format(shard=shard) for shard in shards]
        for stage, path in STAGES.items()
    }


def overlaid(layout: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    """What is laid over the demo: a survey of these runs beside the others, and its patches."""
    config, demo = (yaml.safe_load(path.read_text()) for path in CONFIGS)
    survey = {
        **config["surveys"]["sdss"],
        "fields": fields_of(layout),
        "shard_fields": SHARD,
        "redshifts": "none",
    }
    # A frame is a small part of a real one, and so is the light of its one bright star.
    frames = {"rows": SIDE, "columns": SIDE, "overlap_rows": 16, "bright_star_mag": 14.5}
    return {
        "pathvars": {"results": RESULTS},
        "sky": {"seed": seed, "sdss": {**frames, "runs": demo["sky"]["sdss"]["runs"] + layout}},
        "surveys": {"growth": survey},
        "datasets": {"growth": {"survey": "growth", "size": 25, "edge": "drop"}},
    }


def snakemake(
    folder: Path, overlay: Path, targets: list[str], cores: int, *options: str
) -> dict[str, float]:
    """Run Snakemake: seconds, core-seconds of it and its jobs, and its own peak memory in MB."""
    command = [sys.executable, "-m", "snakemake", "--profile", str(ROOT / "profiles/demo")]
    command += ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    command += ["--cores", str(cores), *options]
    command += ["--configfile", *map(str, [*CONFIGS, overlay]), "--", *targets]
    with open(folder / "snakemake.log", "w+") as log:
        start = perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        peak = watched(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = perf_counter() - start
        if process.returncode:
            log.seek(0)
            sys.exit(f"growth: Snakemake ended with {process.returncode}: {log.read()[-3000:]}")
    return {"wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "peak_mb": peak}


def watched(pid: int) -> float:
    """Peak resident memory, in MB, of a process alone, once it has ended; Linux only."""
    peak = 0.0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
        peak = float(found[1]) / 1024 if found else peak
        sleep(0.1)
    return peak


def benchmarked(folder: Path, rule: str) -> dict[str, float]:
    """Jobs of a rule, and their largest resident memory in MB."""
    paths = sorted((folder / RESULTS / "benchmarks" / rule).rglob("*.tsv"))
    tables = [load_table(path) for path in paths]
    return {"jobs": len(tables), "peak_mb": max(float(table["max_rss"].max()) for table in tables)}


if __name__ == "__main__":
    main()
