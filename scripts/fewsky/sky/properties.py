"""The sky of properties: one population, as SDSS, S-PLUS, EFIGI and the list of mergers have it."""

import hashlib
from pathlib import Path

import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.files import published
from fewsky.sky.properties_population import (
    TRUTH,
    galaxies_by_type,
    pairs_and_singles,
    points_and_galaxies,
    seen_by_splus,
)
from fewsky.sky.properties_sdss import mergers_files, specobj_files
from fewsky.sky.properties_splus import splus_files
from fewsky.sky.properties_types import efigi_files

# By reader: who is there, and what writes its files: an iterator of address and content.
SURVEYS = {
    "efigi": (galaxies_by_type, efigi_files),
    "mergers": (pairs_and_singles, mergers_files),
    "specobj": (points_and_galaxies, specobj_files),
    "splus": (seen_by_splus, splus_files),
}


def simulate_properties(
    settings: dict, survey: dict, store: str | Path, *, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The list of files written under `store` (path, bytes, sha256), and the truth.

    Written are the survey's catalogue and the images of all its objects, in the archive's own
    formats. One row of the truth is one object: place (degrees), catalogued and true class,
    redshift, true r magnitude and form; `number` is the same for one object in specobj and splus.
    Raises FewskyError where the sky has fewer objects of a class than the survey draws.
    """
    people, files = SURVEYS[survey["reader"]]
    table = people(settings, seed)
    _check(table, survey)
    own = table.assign(object_id=_names(table, survey["reader"]))
    written = [_write(content, store, url) for url, content in files(own, settings, survey, seed)]
    wrong = int(own["label_is_wrong"].sum())
    say(f"sky: {len(own)} objects of {survey['reader']}, {wrong} labels wrong")
    extra = [name for name in ("hubble_t", "true_t") if name in own]
    return pd.DataFrame(written), own[[*TRUTH, *extra]]


def _names(table: pd.DataFrame, name: str) -> list[str]:
    pattern = {
        "efigi": "PGC{:07d}", "mergers": "mg-9{:06d}", "specobj": "sdss-9{:06d}",
        "splus": "splus-9{:06d}",
    }[name]  # fmt: skip
    return [pattern.format(number) for number in table["number"]]


def _check(table: pd.DataFrame, survey: dict) -> None:
    fewest = int(table["label"].value_counts().min())
    if survey.get("per_class") and survey["per_class"] > fewest:
        before = {"mergers": "mergers_", "splus": "splus_"}.get(survey["reader"], "")
        key = f"{before}per_class"
        raise FewskyError(
            f"sky.properties.{key}: wanted at least the survey's per_class, {survey['per_class']}; "
            f"found {fewest}. Raise it, or lower that."
        )


def _write(content: bytes, store: str | Path, url: str) -> dict:
    path = url.split("://", 1)[1]
    with published(Path(store) / path) as temporary:
        temporary.write_bytes(content)
    return {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
