"""Numbers and facts of the star/galaxy chapter's section on patches of four classes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fewsky.files import load_json, load_table
from fewsky.paper.numbers import Numbers, interval, keyed, number

MAKERS = {
    "four": "config.yaml, the data set's scene and paper.star-galaxy.four_classes",
    "parts": "rule make_split, from the audit of the task on four classes",
    "map": "rule score_map, from the agreement of the maps of a field",
}
PARTS = ("pool", "val", "test", "overlap")


def of_rule(block: Mapping[str, Any], dataset: Mapping[str, Any], pixel_arcsec: float) -> Numbers:
    """What the configuration says of patches of four classes, and of the map."""
    scene = dataset["scene"]
    values = {
        "size_px": (dataset["size"], "d"),
        "window_px": (2 * scene["within_px"] + 1, "d"),
        "within_arcsec": (scene["within_px"] * pixel_arcsec, ".1f"),
        "shift_px": (scene["shift_px"], "d"),
        "faintest_mag": (scene["faintest_mag"], "g"),
        "distance_arcsec": (scene["distance_arcsec"], "g"),
        "overlap": (scene["overlap"], ".0%"),
        "step_px": (block["step_px"], "d"),
        "tile_arcmin": (block["tile_arcmin"], "g"),
    }
    return keyed(values, "config.yaml", "four")


def of_parts(path: str | Path, classes: Sequence[str]) -> Numbers:
    """Patches by part and class; `overlap` are those left out for sharing pixels between fields."""
    counts = load_json(path)["counts"]
    values = {part: (sum(counts.get(part, {}).values()), ",d") for part in PARTS}
    for part in PARTS:
        values |= {f"{part}.{name}": (counts.get(part, {}).get(name, 0), ",d") for name in classes}
    return keyed(values, path, "parts")


def of_map(path: str | Path) -> Numbers:
    """Agreement of the network's map with the catalogue's, with intervals over sky tiles."""
    numbers: Numbers = {}
    for row in load_table(path).itertuples():
        share = row.metric.split("_")[0] in ("share", "mapped")
        if share:
            numbers[f"map.{row.metric}"] = number(float(row.value), ".1%", path)
        else:
            numbers |= interval(f"map.{row.metric}", row, ".3f", path)
            numbers["map.decided"] = number(int(row.n), ",d", path)
    return numbers


def facts_of(block: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What shapes the section's sentences."""
    task = settings["tasks"][block["task"]]
    part = next(
        (p for p in ("train", "val", "test") if block["field"] in task["split"][p]), "mixed"
    )
    return {
        **{key: block[key] for key in ("task", "main", "network", "field")},
        "classes": task["classes"],
        "faint": settings["scene_datasets"][task["dataset"]]["scene"]["faintest_mag"] is not None,
        "field_part": part,
    }


def collect(
    settings: Mapping[str, Any], files: Mapping[str, Any]
) -> tuple[Numbers, dict[str, Any] | None]:
    """Numbers and facts of the section; none of both where the paper has no such block."""
    block = settings["chapter"].get("four_classes")
    if not block:
        return {}, None
    task = settings["tasks"][block["task"]]
    dataset = settings["scene_datasets"][task["dataset"]]
    numbers = {
        **of_rule(block, dataset, settings["survey"]["pixel_arcsec"]),
        **of_parts(files["audits"][block["task"]], task["classes"]),
        **of_map(files["maps"][0]),
    }
    return numbers, facts_of(block, settings)
