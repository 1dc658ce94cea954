"""The numbers and facts of a run: those of each chapter, and those that chapters share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fewsky.files import load_table
from fewsky.paper import (
    chapter_detection,
    chapter_galaxy10,
    chapter_planetary_nebulae,
    chapter_self_supervision,
    chapter_star_galaxy,
    numbers_audit,
)
from fewsky.paper.numbers import Numbers, constants, keyed, published
from fewsky.paper.numbers_star_galaxy_radial import KINDS as RADIAL

CHAPTERS = {
    "star-galaxy": chapter_star_galaxy,
    "planetary-nebulae": chapter_planetary_nebulae,
    "galaxy10": chapter_galaxy10,
    "detection": chapter_detection,
    "self-supervision": chapter_self_supervision,
}
MAKERS = {
    "archive": "rule download_fields, download_images or download_catalogue, from the raw room",
    "published": "report/published.csv",
    "constant": "report/constants.csv",
    "protocol": "config.yaml, block paper.scoring",
}
BY_TASK = ("audits", "metrics", "comparisons", "pseudo", "curves", "contrasts", "represented",
           "boxes", "named")  # fmt: skip
BY_EXPERIMENT = ("cards", "distortions", "searches", "found", "exports", "explained", *RADIAL)
Files = Mapping[str, Any]


def collect(settings: Mapping[str, Any], files: Files) -> dict[str, Any]:
    """Numbers, facts and makers of a paper; `settings` holds those of each chapter, in order, and
    of `leakage` where the paper has it.

    `files` holds lists of paths by survey `raw`, `aligned`, `sharpness`, by dataset `catalogs`;
    paths by task as BY_TASK names them; by experiment as BY_EXPERIMENT does; the lists of paths
    `frames` and `maps`, one a field; paths by what they hold `generated` and `scale`; and the
    single paths `shift`, `published` and `constants`; and `audit`, the files of the audit. Facts
    of a chapter lie under its name, and numbers of two chapters have no key in common.
    """
    chapters = {name: told for name, told in settings.items() if name in CHAPTERS}
    scoring = next(iter(chapters.values()))["scoring"]
    raw = [path for paths in files["raw"].values() for path in paths]
    numbers = {
        **published(files["published"]),
        **constants(files["constants"]),
        **of_protocol(scoring),
        **of_archive(raw),
    }
    facts, makers = {}, dict(MAKERS)
    for name, told in chapters.items():
        found = CHAPTERS[name].collect(told, files_of(files, told))
        numbers |= found["numbers"]
        makers |= found["makers"]
        facts[name] = found["facts"]
    audit = numbers_audit.collect(files.get("audit", {}), settings.get("leakage"))
    facts["audit"] = audit["facts"]
    numbers, makers = numbers | audit["numbers"], makers | audit["makers"]
    return {"numbers": numbers, "facts": facts, "makers": makers}


def files_of(files: Files, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The files of a chapter: those of its survey, its datasets, its tasks and its experiments."""
    chapter = settings["chapter"]
    own: dict[str, Any] = {key: files[key] for key in ("published", "constants")}
    own |= {room: files.get(room, []) for room in ("frames", "maps")}
    own |= {room: files.get(room, {}) for room in ("generated", "scale")}
    own["shift"] = files.get("shift")
    for room in ("raw", "aligned", "sharpness"):
        own[room] = list(files.get(room, {}).get(chapter["survey"], []))
    own["catalogs"] = list(files["catalogs"][chapter["dataset"]])
    if second := settings.get("second"):
        own["second"] = list(files["catalogs"][second["name"]])
    for room, names in (
        *((room, settings["tasks"]) for room in BY_TASK),
        *((room, settings["experiments"]) for room in BY_EXPERIMENT),
    ):
        own[room] = {name: path for name, path in files.get(room, {}).items() if name in names}
    return own


def of_archive(paths: Sequence[str | Path]) -> Numbers:
    """How many files of archives were read by all chapters, and their size."""
    files = pd.concat([load_table(path, keep_default_na=False) for path in paths])
    files = files.drop_duplicates("path")
    values = {
        "files": (len(files), ",d"),
        "megabytes": (files["bytes"].sum() / 1e6, ",.0f"),
    }
    return keyed(values, paths[0], "archive")


def of_protocol(scoring: Mapping[str, Any]) -> Numbers:
    """How intervals and verdicts are made."""
    from fewsky.metrics.stats import FEWEST_REPLICATES, LEVEL, POWER

    values = {
        "fewest_draws": (FEWEST_REPLICATES, "d"),
        "level": (LEVEL, ".0%"),
        "power": (POWER, ".0%"),
        "bootstrap": (scoring["bootstrap"], ",d"),
    }
    return keyed(values, "scripts/fewsky/metrics/stats.py and paper.scoring", "protocol")
