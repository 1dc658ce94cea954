"""Simulated plates around the objects of a simulated HASH, written as a mirror, with its truth."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.files import published
from fewsky.sky.emulsion import make_plate
from fewsky.sky.nebulae import BANDS
from fewsky.sky.plate_image import cut, neighbourhood, paint, total_flux
from fewsky.sky.pnmain import catalogue_bytes, readme_bytes
from fewsky.sky.pnpopulation import entries
from fewsky.surveys.hash import plate_side_arcmin, plate_url, plates_of

TRUTH = ["idPNMain", "ra", "dec", "glon", "glat", "field", "group", "true_class", "label", "status"]
TRUTH += ["true_status", "true_kind", "label_is_wrong", "diameter_arcsec", "axis_ratio"]
TRUTH += ["flux_r", "seeing_r"]


def simulate_plates(
    settings: dict, survey: dict, store: str | Path, *, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The list of files written under `store` (path, bytes, sha256), and the truth.

    Written are the catalogue V/163 with its ReadMe, and a plate a band of every entry whose code
    has a label in survey["status"]. One row of the truth is one entry: place, true and catalogued
    class, kind, size (arcsec), flux in r (units of the sky's a square arcsec) and seeing (arcsec)
    of the r plate. An object's plates depend on the seed, the settings and its own number only.
    Raises FewskyError on codes without a kind and on bands that no plate has.
    """
    _check(survey)
    count = settings["objects"]
    # The last entry may have its neighbour beyond the end of the catalogue.
    everyone = entries({**settings, "objects": count + count % 2}, survey, seed)
    table = everyone.head(count)
    labels = {code: label for label, codes in survey["status"].items() for code in codes}
    files = [
        _write(catalogue_bytes(table, seed), store, survey["urls"]["pnmain"]),
        _write(readme_bytes(len(table)), store, survey["urls"]["readme"]),
    ]
    members = {group: list(rows.itertuples()) for group, rows in everyone.groupby("group")}
    labelled = table[table["status"].isin(labels)]
    for entry in labelled.itertuples():
        for band, content in _plates(settings, survey, seed, entry, members[entry.group]):
            files.append(_write(content, store, _url(survey, entry, band)))
    say(f"sky: {len(table)} entries, {len(labelled)} of them with plates in {len(BANDS)} bands")
    return pd.DataFrame(files), _truth(table, labels, seed)


def _check(survey: dict) -> None:
    wrong = sorted(set(survey["bands"]) - set(BANDS))
    if wrong:
        raise FewskyError(
            f"survey bands: wanted some of {', '.join(BANDS)}; found {', '.join(wrong)}. Correct "
            "the survey's bands."
        )


def _url(survey: dict, entry, band: str) -> str:
    plates = plates_of(entry.dec)
    side = plate_side_arcmin(survey)
    return plate_url(survey["urls"], entry.ra, entry.dec, side, plates, band)


def _write(content: bytes, store: str | Path, url: str) -> dict:
    path = url.split("://", 1)[1]
    with published(Path(store) / path) as temporary:
        temporary.write_bytes(content)
    return {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _plates(settings: dict, survey: dict, seed: int, entry, group: list) -> Iterator:
    plates = plates_of(entry.dec)
    side = int(np.ceil(plate_side_arcmin(survey) * 60 / survey["pixel_arcsec"]))
    sky = neighbourhood(settings, survey, seed, group)
    for band in survey["bands"]:
        plate = make_plate(plates, band, seed, entry.group)
        density, wcs = paint(plate, survey["pixel_arcsec"], seed, group, sky)
        yield band, cut(plate, density, wcs, entry, side)


def _truth(table: pd.DataFrame, labels: dict, seed: int) -> pd.DataFrame:
    field = [plates_of(dec) for dec in table["dec"]]
    truth = table.assign(
        field=field,
        true_class=table["true_status"].map(labels).fillna(""),
        label=table["status"].map(labels).fillna(""),
        flux_r=[total_flux(entry, seed) for entry in table.itertuples()],
        seeing_r=[
            make_plate(plates, "r", seed, group).seeing
            for plates, group in zip(field, table["group"], strict=True)
        ],
    )
    truth["label_is_wrong"] = (truth["label"] != "") & (truth["label"] != truth["true_class"])
    return truth[TRUTH]
