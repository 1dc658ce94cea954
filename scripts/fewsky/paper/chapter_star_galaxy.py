"""The star/galaxy chapter: which result files its text quotes, joined into numbers and facts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fewsky.files import load_table
from fewsky.paper import numbers_scores as scores
from fewsky.paper import numbers_star_galaxy as read
from fewsky.paper import (
    numbers_star_galaxy_classes,
    numbers_star_galaxy_distance,
    numbers_star_galaxy_generated,
    numbers_star_galaxy_radial,
    numbers_star_galaxy_scale,
    numbers_star_galaxy_shift,
    numbers_star_galaxy_tried,
)
from fewsky.paper.kinds import kind_of
from fewsky.paper.numbers import constants, published

# Optional parts of the chapter, by the fact that is none where a part is left out.
PARTS = {
    "radial": numbers_star_galaxy_radial,
    "tried": numbers_star_galaxy_tried,
    "distance": numbers_star_galaxy_distance,
    "generated": numbers_star_galaxy_generated,
    "four": numbers_star_galaxy_classes,
    "scale": numbers_star_galaxy_scale,
    "shift": numbers_star_galaxy_shift,
}
MAKERS = {
    "survey": "config.yaml, blocks surveys and datasets",
    "raw": "rule download_fields, from the lists of the raw room",
    "align": "rules align_fields and measure_sharpness",
    "split": "rule make_split, from the audit of the task",
    "recipe": "config.yaml, the recipe of the experiment",
    "model": "rule train, from the card of draw 0",
    "score": "rule score, from the metrics table of the task",
    "truth": "rule score, where the truth is known",
    "reading": "scripts/fewsky/metrics/readings.py, from published confusion matrices",
    "objects": "rule cut_patches, from the catalogues of the patches",
    "augment": "scripts/fewsky/models/augment.py",
    **{room: maker for part in PARTS.values() for room, maker in part.MAKERS.items()},
}
RANGE = "(?P<low>[-.\\w]+?)-(?P<high>[.\\w]+)"
Paths = Mapping[str, Mapping[str, str | Path] | Sequence[str | Path] | str | Path]


def collect(settings: Mapping[str, Any], files: Paths) -> dict[str, Any]:
    """Numbers, facts and makers of the chapter.

    `files` holds lists of paths `raw`, `aligned`, `sharpness`, `catalogs`; paths by task `audits`,
    `metrics`, `comparisons`; paths by experiment `cards`, and what the optional parts name; and
    the single paths `published` and `constants`.
    """
    chapter = settings["chapter"]
    roles = {role: settings["families"][chapter[role]] for role in ("small", "large")}
    tasks = {role: settings["experiments"][names[0]]["task"] for role, names in roles.items()}
    known = {**published(files["published"]), **constants(files["constants"])}
    numbers = {
        **read.of_survey(settings["survey"], settings["dataset"]),
        **read.of_raw(files["raw"]),
        **read.of_alignment(files["aligned"], files["sharpness"]),
        **read.of_recipes(settings["experiments"]),
        **read.of_cards(files["cards"]),
        **read.of_readings(settings["survey"], known),
        **read.of_views(),
    }
    area = None if settings["sky"] else numbers["reading.area_deg2"]["value"]
    numbers |= read.of_objects(files["catalogs"], area)
    for role, task in tasks.items():
        numbers |= read.of_split(role, files["audits"][task], settings["tasks"][task])
    for path in files["metrics"].values():
        numbers |= scores.of_metrics(path, chapter["confusion"])
    facts = {
        **_of_config(settings, roles, tasks),
        **_of_files(settings, files),
        "nearer": _nearer(numbers),
        "truth": any(key.startswith("truth.") for key in numbers),
    }
    for name, part in PARTS.items():
        more, facts[name] = part.collect(settings, files)
        numbers |= more
    return {"numbers": numbers, "facts": facts, "makers": MAKERS}


def _nearer(numbers: Mapping[str, Any]) -> str:
    """The published class, zero or one, whose density is nearer to that of our galaxies."""
    if "objects.galaxy.density" not in numbers:
        return ""
    ours = numbers["objects.galaxy.density"]["value"]
    theirs = {k: numbers[f"reading.improved.{k}.density"]["value"] for k in ("zero", "one")}
    return min(theirs, key=lambda k: abs(theirs[k] - ours))


def _of_config(settings, roles, tasks) -> dict[str, Any]:
    """What shapes sentences and stands in the configuration."""
    chapter, survey, items = settings["chapter"], settings["survey"], settings["experiments"]
    return {
        "bands": survey["bands"],
        "reference_band": survey["reference_band"],
        "edge": settings["dataset"]["edge"],
        "split_by": {role: settings["tasks"][task]["split"]["by"] for role, task in tasks.items()},
        "same_sets": settings["tasks"][tasks["small"]] == settings["tasks"][tasks["large"]],
        "catalogues": _labelled(survey),
        "snr_cuts": [f"{cut:g}" for cut in settings["scoring"]["snr"]],
        "kinds": {name: kind_of(item) for name, item in items.items()},
        "stretches": {
            name: item["recipe"]["stretch"] for name, item in items.items() if "recipe" in item
        },
        "about": {name: item["about"] for name, item in items.items()},
        "roles": roles,
        "plain": {role: _plain(names, items) for role, names in roles.items()},
        **{key: chapter[key] for key in ("main", "curves", "confusion")},
    }


def _labelled(survey: Mapping[str, Any]) -> list[str]:
    """Kinds of catalogue that tell classes: one half of the datasweeps alone does not."""
    kinds = set(survey["catalogue"].values()) - {"none"}
    half = len(survey["calibobj_kinds"]) < 2
    return sorted(kinds - {"calibobj"} if half else kinds)


def _plain(names: Sequence[str], items: Mapping[str, Any]) -> str:
    """The experiment of a family that is trained without augmentation, else its first."""
    unchanged = [name for name in names if items[name]["recipe"]["augment"] == "none"]
    return (unchanged or list(names))[0]


def _of_files(settings, files) -> dict[str, Any]:
    """What shapes sentences and stands in result files."""
    aligned = [load_table(path) for path in files["aligned"]]
    headline = settings["chapter"]["confusion"][-1]
    metrics = files["metrics"][settings["experiments"][headline]["task"]]
    band = settings["scoring"]["magnitude"].split("_")[-1]
    pairs = [
        row
        for path in files["comparisons"].values()
        for row in scores.comparisons(path, settings["comparisons"])
    ]
    return {
        "methods": sorted(
            {way for table in aligned for m in table["method"] for way in m.split("+")}
        ),
        "magnitude_bins": scores.bins(metrics, headline, f"{band} {RANGE}"),
        "neighbour_bins": scores.bins(metrics, headline, f"neighbour {RANGE} arcsec"),
        "comparisons": sorted(pairs, key=lambda pair: not pair["named"]),
    }
