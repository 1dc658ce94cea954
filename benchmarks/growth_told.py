"""What is told of growth: each cost at every number of fields, against the smallest number."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

FLAT = 0.20  # share by which a cost may differ from that at the smallest number of fields


def figures(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every cost: name, unit, fields, values, ratios to the first of them, and whether it is flat.

    `runs` are those of `growth.grown`, fewest fields first. What one more field costs is the
    difference between two numbers of fields, so that it starts at the second; what Python and
    Snakemake take to start, which many fields share, is in the whole workflow's alone.
    """
    counts = [run["fields"] for run in runs]
    rows = []
    for stage in runs[0]["stages"]:
        name = f"cpu of one more field, {stage}"
        rows += more(name, counts, [beyond(run, stage, "cpu_s") for run in runs])
    for key, name in (("cpu_s", "cpu"), ("wall_s", "wall")):
        rows += more(f"{name} of one more field", counts, [whole(run, key) for run in runs])
    for key, name in (("cpu_s", "cpu"), ("wall_s", "wall")):
        cost = [whole(run, key) / run["fields"] for run in runs]
        rows.append(figure(f"{name} of the workflow", "s a field", counts, cost))
    for stage in runs[0]["jobs"]:
        peaks = [run["jobs"][stage]["peak_mb"] for run in runs]
        rows.append(figure(f"memory of a job of {stage}", "MB", counts, peaks))
    peaks = [max(one["peak_mb"] for one in run["stages"].values()) for run in runs]
    rows.append(figure("memory of Snakemake", "MB", counts, peaks))
    dry = [run["dry_run"]["wall_s"] for run in runs]
    rows.append(figure("dry run, all fields together", "s", counts, dry))
    return rows


def more(name: str, fields: Sequence[int], costs: Sequence[float]) -> list[dict[str, Any]]:
    """What one more field costs from each number of fields to the next; none of one number."""
    if len(fields) < 2:
        return []
    steps = zip(pairwise(fields), pairwise(costs), strict=True)
    values = [(high - low) / (many - few) for (few, many), (low, high) in steps]
    return [figure(name, "s a field", fields[1:], values)]


def figure(name: str, unit: str, fields: Sequence[int], values: Sequence[float]) -> dict[str, Any]:
    """One cost at rising numbers of fields."""
    ratios = [value / values[0] for value in values]
    flat = all(abs(ratio - 1) <= FLAT for ratio in ratios)
    grows = any(ratio > 1 + FLAT for ratio in ratios)
    return {"name": name, "unit": unit, "fields": list(fields), "values": list(values),
            "ratios": ratios, "flat": flat, "grows": grows}  # fmt: skip


def beyond(run: Mapping[str, Any], stage: str, key: str) -> float:
    """What a stage took beyond a dry run: its jobs, and Snakemake's handling of them."""
    return run["stages"][stage][key] - run["dry_run"][key]


def whole(run: Mapping[str, Any], key: str) -> float:
    """What all stages took, with the configuration read and the graph built once."""
    return run["dry_run"][key] + sum(beyond(run, stage, key) for stage in run["stages"])
