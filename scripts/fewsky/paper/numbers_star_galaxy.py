"""Numbers and facts of the star/galaxy chapter, one function a kind of result file."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.files import load_json, load_table
from fewsky.metrics.readings import both_readings
from fewsky.paper.numbers import Numbers, keyed, number

COUNTED = ("pool", "val", "test", "guard", "duplicate")
DEGREE_ARCSEC = 3600.0


def of_survey(survey: Mapping[str, Any], dataset: Mapping[str, Any]) -> Numbers:
    """What the configuration says of pixels and patches."""
    size = dataset["size"]
    return keyed(
        {
            "bands": (len(survey["bands"]), "d"),
            "rerun": (survey["rerun"], "d"),
            "pixel_arcsec": (survey["pixel_arcsec"], ".3f"),
            "max_error_px": (survey["align"]["max_error_px"], "g"),
            "order": (survey["align"]["order"], "d"),
            "patch_px": (size, "d"),
            "patch_arcsec": (size * survey["pixel_arcsec"], ".1f"),
        },
        "config.yaml",
        "survey",
    )


def of_raw(paths: Iterable[str | Path]) -> Numbers:
    """How many frames were read, and of how many fields."""
    paths = list(paths)
    files = pd.concat([load_table(path, keep_default_na=False) for path in paths])
    files = files.drop_duplicates("path")
    frames = files[files["kind"] == "frame"]
    return keyed(
        {
            "frames": (len(frames), ",d"),
            "fields": (frames["field"].nunique(), "d"),
        },
        paths[0],
        "raw",
    )


def of_alignment(fields: Iterable[str | Path], sharpness: Iterable[str | Path]) -> Numbers:
    """Geometry of the aligned fields, and how far bright stars lie from their place, in pixels."""
    fields, sharpness = list(fields), list(sharpness)
    aligned = pd.concat([load_table(path) for path in fields])
    moved = aligned[[name for name in aligned if name.startswith("shift_px_")]]
    numbers = keyed(
        {
            "fields": (len(aligned), "d"),
            "geometry_error_px": (aligned["geometry_error_px"].max(), ".4f"),
            "shift_px": (moved.max().max(), ".2f"),
            "moved": (int((moved > 0).sum().sum()), "d"),
        },
        fields[0],
        "align",
    )
    table = pd.concat([load_table(path) for path in sharpness])
    for stage, rows in table.groupby("stage"):
        numbers |= keyed(
            {
                f"{stage}.distance_px": (rows["scatter_px"].median(), ".3f"),
                f"{stage}.distance_worst_px": (rows["scatter_px"].max(), ".3f"),
                f"{stage}.stars": (rows["n"].sum(), ",d"),
            },
            sharpness[0],
            "align",
        )
    return numbers


def of_split(role: str, audit_path: str | Path, task: Mapping[str, Any]) -> Numbers:
    """Objects by part and class, separations, and what a random split would have leaked."""
    audit, split = load_json(audit_path), task["split"]
    values: dict[str, tuple[Any, str]] = {
        "draws": (split["draws"], "d"),
        "guard_arcsec": (audit["guard_arcsec"], ".1f"),
        "duplicates": (audit["duplicates_removed"], ",d"),
        "twins": (audit["twins"], ",d"),
        "twin_agreement": (audit["twin_label_agreement"], ".3f"),
        "label_noise": (audit["label_noise"], ".3f"),
        "tile_arcmin": (split["tile_arcmin"], "g"),
    }
    for part in COUNTED:
        counts = audit["counts"].get(part, {})
        total = sum(counts.values())
        values[f"{part}"] = (total, ",d")
        for name in task["classes"]:
            values[f"{part}.{name}"] = (counts.get(name, 0), ",d")
            values[f"{part}.{name}_share"] = (counts.get(name, 0) / total if total else None, ".1%")
    values["labelled"] = (sum(values[part][0] for part in ("pool", "val", "test")), ",d")
    test = audit["counts"].get("test", {})
    values["mode_accuracy"] = (max(test.values()) / sum(test.values()) if test else None, ".3f")
    for part in ("train", "val", "test"):
        values[f"fields_{part}"] = (len(split[part]), "d")
    values |= _leaks(audit)
    return keyed(values, audit_path, f"split.{role}")


def _leaks(audit: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    known = [value for value in audit["min_separation_arcsec"].values() if value is not None]
    leak = audit["random_split_leak"]
    return {
        "nearest_arcsec": (min(known) if known else None, ".1f"),
        "near_copies": (audit["pairs_near_copy"], ",d"),
        "shared_pixels": (audit["pairs_sharing_pixels"], ",d"),
        "random.splits": (leak["splits"], "d"),
        "random.near_copies": (leak["pairs_near_copy"], ",.1f"),
        "random.shared_pixels": (leak["pairs_sharing_pixels"], ",.1f"),
        "random.share_near_copy": (leak["test_share_near_copy"], ".1%"),
        "random.share_leaked": (leak["test_share_leaked"], ".1%"),
    }


def of_cards(paths: Mapping[str, str | Path]) -> Numbers:
    """Size and labels of each trained experiment, from its first draw's card."""
    numbers: Numbers = {}
    for name, path in paths.items():
        runs = load_json(path)["runs"]
        last = max(runs, key=lambda run: run["budget"])
        numbers |= keyed(
            {
                "parameters": (last["parameters"], ",d"),
                "labels": (last["budget"], ",d"),
                "tuned_with": (last["tuned_with"], ",d"),
                "epochs": (last["epochs"], "d"),
            },
            path,
            f"model.{name}",
        )
    return numbers


def of_recipes(experiments: Mapping[str, Any]) -> Numbers:
    """Numbers in the training settings of each experiment that trains a network."""
    return {
        f"recipe.{name}.{key}": number(value, "g", "config.yaml")
        for name, item in experiments.items()
        for key, value in item.get("recipe", {}).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def of_readings(survey: Mapping[str, Any], known: Numbers) -> Numbers:
    """Ruhmer's published confusion matrices, and the sky densities that each reading implies.

    `known` holds published numbers and constants. The area is that of one frame; densities are in
    objects a square degree. True classes stand first: zero.as_one are objects of class zero that
    were taken for class one.
    """
    pixels = known["constant.frame_rows"]["value"] * known["constant.frame_columns"]["value"]
    area = pixels * (survey["pixel_arcsec"] / DEGREE_ARCSEC) ** 2
    numbers: Numbers = {"reading.area_deg2": number(area, ".4f", "frame size and pixel side")}
    for name in ("base", "improved"):
        counts = [
            [known[f"published.s2-confusion-{name}-{k}{j}"]["value"] for j in (0, 1)]
            for k in (0, 1)
        ]
        table = both_readings(counts, ["zero", "one"]).iloc[:2].set_index("class")
        values: dict[str, tuple[Any, str]] = {
            "accuracy": (table["accuracy"].iloc[0], ".3f"),
            "mcc": (table["mcc"].iloc[0], ".3f"),
            "n": (table["n"].iloc[0], ",d"),
        }
        for own, row in table.iterrows():
            values[f"{own}.n"] = (row["support"], ",d")
            values[f"{own}.recall"] = (row["recall"], ".3f")
            values[f"{own}.density"] = (row["support"] / area, ",.0f")
        numbers |= keyed(values, "report/published.csv", f"reading.{name}")
    return numbers


def of_objects(catalogs: Iterable[str | Path], area_deg2: float | None) -> Numbers:
    """Stars and galaxies with a patch, all fields together, and their densities a square degree.

    `area_deg2` is the area of a frame, None where frames are not the archive's. Objects seen in two
    fields count twice, as they do in the area.
    """
    catalogs = list(catalogs)
    table = pd.concat([load_table(path, columns=["field", "label"]) for path in catalogs])
    table = table[table["label"].isin(["star", "galaxy"])]
    n_fields = table["field"].nunique()
    values: dict[str, tuple[Any, str]] = {"fields": (n_fields, "d")}
    for name in ("star", "galaxy"):
        count = int((table["label"] == name).sum())
        values[name] = (count, ",d")
        if area_deg2 and n_fields:
            values[f"{name}.density"] = (count / (n_fields * area_deg2), ",.0f")
    return keyed(values, catalogs[0], "objects")


def of_views() -> Numbers:
    """How many views the combined augmentation makes, and how many of them differ."""
    from fewsky.models.augment import members

    views = members("combined")
    distinct = {(view.element, view.brightness, view.blur) for view in views}
    turns = {view.element for view in views}
    return keyed(
        {
            "views": (len(views), "d"),
            "distinct": (len(distinct), "d"),
            "symmetries": (len(members("d4")), "d"),
            "turned": (len(turns), "d"),
        },
        "scripts/fewsky/models/augment.py",
        "augment",
    )
