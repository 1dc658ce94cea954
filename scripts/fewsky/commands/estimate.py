"""What the whole paper will cost: its jobs by class, and hours by the benchmarks of a finished run.

    python -m fewsky.commands.estimate RESULTS

RESULTS is a results folder whose `benchmarks/` say how long a job of each rule took, best one made
on the same machines at full size: a job of the demo is smaller.
"""

import csv
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from fewsky.console import FewskyError

ROOT = Path(__file__).resolve().parents[3]
CLASSES = {"    localrule: True\n": "here", "**GPU": "gpu", "**LARGE": "large", "**SMALL": "small"}


class Cost(NamedTuple):
    """Jobs of a rule, its class, and the mean seconds of one by benchmarks, if there are any."""

    rule: str
    kind: str
    jobs: int
    seconds: float | None

    @property
    def hours(self) -> float:
        return self.jobs * (self.seconds or 0) / 3600


def jobs_by_rule(folder: Path = ROOT) -> dict[str, int]:
    """Jobs of every rule in the whole paper, from a dry run that takes nothing as made."""
    snakemake = [sys.executable, "-m", "snakemake", "--profile", "slurm", "--dry-run", "--forceall"]
    done = subprocess.run(
        [*snakemake, "--quiet", "rules"], cwd=folder, capture_output=True, text=True
    )
    rows = re.findall(r"^(\w+) +(\d+)$", done.stdout + done.stderr, re.M)
    if done.returncode or not rows:
        raise FewskyError(f"{folder}: wanted a dry run; Snakemake said: {done.stderr[-500:]}")
    return {name: int(count) for name, count in rows if name not in ("all", "total")}


def classes(folder: Path = ROOT) -> dict[str, str]:
    """The class of every rule: here (beside Snakemake), small, large or gpu."""
    text = "".join(path.read_text() for path in sorted((folder / "rules").glob("*.smk")))
    bodies = re.split(r"^rule (\w+):$", text, flags=re.M)[1:]
    return {
        name: next((kind for mark, kind in CLASSES.items() if mark in body), "here")
        for name, body in zip(bodies[::2], bodies[1::2], strict=True)
    }


def seconds_by_rule(benchmarks: Path) -> dict[str, float]:
    """Mean wall time of a job of every rule that has benchmark files."""
    found: dict[str, list[float]] = {}
    for path in sorted(benchmarks.glob("*/**/*.tsv")):
        rule = path.relative_to(benchmarks).parts[0]
        with open(path, newline="") as stream:
            found.setdefault(rule, []).extend(
                float(row["s"]) for row in csv.DictReader(stream, delimiter="\t")
            )
    return {rule: fmean(seconds) for rule, seconds in found.items()}


def table(costs: Iterable[Cost]) -> list[str]:
    """The lines that are printed: a rule each, then a class each."""
    costs = sorted(costs, key=lambda cost: (cost.kind, cost.rule))
    lines = [f"{'class':6} {'rule':28} {'jobs':>5} {'s each':>8} {'hours':>7}"]
    for cost in costs:
        told = (
            "       –       –" if cost.seconds is None else f"{cost.seconds:8.1f} {cost.hours:7.2f}"
        )
        lines.append(f"{cost.kind:6} {cost.rule:28} {cost.jobs:5d} {told}")
    for kind in dict.fromkeys(cost.kind for cost in costs):
        mine = [cost for cost in costs if cost.kind == kind]
        unknown = sum(cost.jobs for cost in mine if cost.seconds is None)
        rest = f"; {unknown} jobs without a benchmark" if unknown else ""
        lines.append(
            f"{kind}: {sum(cost.jobs for cost in mine)} jobs, "
            f"{sum(cost.hours for cost in mine):.2f} {'GPU-' * (kind == 'gpu')}hours{rest}"
        )
    return lines


def main(arguments: list[str]) -> int:
    """Print the estimate; returns the exit status."""
    try:
        jobs, kinds = jobs_by_rule(), classes()
    except FewskyError as error:
        print(f"fewsky: {error}", file=sys.stderr)
        return 1
    seconds = seconds_by_rule(Path(arguments[0]) / "benchmarks")
    print(
        *table(Cost(rule, kinds[rule], n, seconds.get(rule)) for rule, n in jobs.items()), sep="\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
