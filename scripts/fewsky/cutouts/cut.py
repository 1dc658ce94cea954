"""The cutouts room: patches at catalogue positions, and what the catalogue says of each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.wcs import WCS
from scipy.spatial import cKDTree

from fewsky.console import FewskyError, say
from fewsky.cutouts.composite import composite
from fewsky.cutouts.edges import distance_to_edge
from fewsky.cutouts.found import find_sources
from fewsky.cutouts.gather import check_size, gather
from fewsky.cutouts.scenes import Site, scene_patches
from fewsky.surveys.sdss import catalogue_kind
from fewsky.surveys.sdss_objects import read_catalogue, select_objects
from fewsky.surveys.sdss_redshifts import COLUMNS as REDSHIFTS
from fewsky.surveys.sdss_redshifts import with_redshifts

WHOLE = ("run", "camcol", "mode", "nchild", "clean", "resolve_status", "thing_id")
FIRST = ("object_id", "survey", "field", "run", "camcol", "x", "y", "ra", "dec", "label", "primary",
         "mode", "nchild", "clean", "resolve_status", "thing_id", "complete")  # fmt: skip


def cut_shard(
    raw: pd.DataFrame,
    aligned: pd.DataFrame,
    store: Path,
    aligned_dir: Path,
    dataset: Mapping[str, Any],
    survey: Mapping[str, Any],
) -> tuple[np.ndarray, pd.DataFrame]:
    """Patches `(n, band, size, size)` in nanomaggies and their catalogue, row i of image i.

    With `composite` in the dataset they are red, green and blue in 0..1 (cutouts.composite).
    `raw` and `aligned` are the shard's lists in those rooms, `dataset` its block, `survey` the
    settings of survey and shard. A patch is centred on the pixel that holds the position; x, y
    stay exact. Patches that leave the footprint or hold a pixel without data are left out
    (`edge: drop`) or kept with NaN there and complete = False (`edge: flag`). A shard without
    objects is valid and empty.
    """
    check_size(dataset["size"])
    parts = [
        _cut_field(row, raw, Path(store), Path(aligned_dir), dataset, survey)
        for _, row in aligned.iterrows()
    ]
    images = np.concatenate([images for images, _ in parts])
    catalog = pd.concat([table for _, table in parts], ignore_index=True)
    repeated = catalog["object_id"].duplicated()
    if repeated.any():
        raise FewskyError(
            f"{dataset['survey']}: wanted each object once a field; found "
            f"{catalog['object_id'][repeated].iloc[0]} twice. Take one out of the catalogue."
        )
    if catalog.empty:
        fields = ", ".join(aligned["field"])
        say(f"warning: no object of {dataset['survey']} in {fields}; its shard of patches is empty")
    return composite(images, survey["bands"], dataset.get("composite")), catalog


def neighbours(objects: pd.DataFrame, others: pd.DataFrame, pixel_arcsec: float) -> pd.DataFrame:
    """Distance in arcsec and r magnitude of the nearest other catalogue object of the field.

    `others` holds the objects too, known by their object_id. Without any other, infinity and NaN.
    """
    table = pd.DataFrame(
        {"neighbour_arcsec": np.inf, "neighbour_mag_r": np.nan}, index=objects.index
    )
    if len(others) < 2 or len(objects) == 0:
        return table
    places = others[["x", "y"]].to_numpy()
    distance, index = cKDTree(places).query(objects[["x", "y"]].to_numpy(), k=2)
    own = others["object_id"].to_numpy()[index] == objects["object_id"].to_numpy()[:, None]
    pick = np.where(own[:, 0], 1, 0)  # of two at one place, either may come first
    rows = np.arange(len(objects))
    table["neighbour_arcsec"] = distance[rows, pick] * pixel_arcsec
    table["neighbour_mag_r"] = others["modelmag_r"].to_numpy(float)[index[rows, pick]]
    return table


def _cut_field(
    row: pd.Series, raw: pd.DataFrame, store: Path, folder: Path, dataset, survey
) -> tuple[np.ndarray, pd.DataFrame]:
    with fits.open(folder / row["path"], memmap=False) as hdus:
        cube, header = hdus[0].data.astype(np.float32), hdus[0].header
    wcs = WCS(header, naxis=2)
    listed = _listed(row, raw, store, cube, wcs, dataset, survey)
    objects, counts = select_objects(listed, dataset["objects"])
    objects = with_redshifts(objects, raw, store, survey, row["field"])
    missing = ~np.isfinite(cube).all(axis=0)
    if "scene" in dataset:
        objects = scene_patches(objects, listed, Site(row["field"], wcs, missing), dataset, survey)
    images, complete = gather(
        cube, objects["x"].to_numpy(), objects["y"].to_numpy(), dataset["size"]
    )
    # Blends count by their parts, and SDSS lists some objects again (MODE 3 and 4).
    others = listed[(listed["nchild"] <= 0) & listed["mode"].isin([-1, 1, 2])]
    catalog = objects.assign(
        complete=complete,
        survey=dataset["survey"],
        edge_px=distance_to_edge(missing, objects["x"], objects["y"]),
        **neighbours(objects, others, survey["pixel_arcsec"]),
    )
    catalog["object_id"] = row["field"] + "-" + catalog["object_id"].astype(str)
    kept = complete if dataset["edge"] == "drop" else np.ones(len(complete), bool)
    say(
        f"{row['field']}: {counts['listed']} listed, {len(objects)} selected, "
        f"{(~complete).sum()} at the edge, {kept.sum()} patches"
    )
    return images[kept], _in_order(_with_field(catalog[kept], row), survey["bands"])


def _listed(row, raw, store, cube, wcs, dataset, survey) -> pd.DataFrame:
    """The field's catalogue, or the sources found on its reference band."""
    field, band = row["field"], survey["reference_band"]
    if catalogue_kind(survey, field) == "found":
        plane = cube[survey["bands"].index(band)]
        seeing = _known(row[f"psf_fwhm_{band}"])
        return find_sources(plane, field, wcs, seeing, survey["pixel_arcsec"])
    labelled = dataset["objects"].get("labelled", True)
    return read_catalogue(raw, store, field, survey, wcs, cube.shape[1:], band, labelled)


def _with_field(catalog: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """The catalogue with the field's noise, and its seeing where the catalogue has none."""
    bands = row["bands"]
    added = {f"noise_{band}": _known(row[f"noise_{band}"]) for band in bands}
    for band in bands:
        name = f"psf_fwhm_{band}"
        added[name] = catalog[name].astype(float).fillna(_known(row[name]))
    return catalog.assign(**added)


def _known(cell: object) -> float:
    """The number in a cell of the aligned list; NaN in an empty one, which is what unknown is."""
    return np.nan if cell == "" else float(cell)


def _in_order(catalog: pd.DataFrame, bands: list[str]) -> pd.DataFrame:
    """The columns of the room in a fixed order and type."""
    kinds = ("psfmag", "modelmag", "psfflux", "modelflux", "extinction", "psf_fwhm", "noise")
    numbers = [f"{kind}_{band}" for kind in kinds for band in bands]
    numbers += ["petror50_r", "petror90_r", "edge_px", "neighbour_arcsec", "neighbour_mag_r"]
    numbers += [name for name in REDSHIFTS if name in catalog]
    made_for = ["centre"] if "centre" in catalog else []  # of scenes only
    table = catalog.reindex(columns=[*FIRST, *made_for, *numbers])
    table[numbers] = table[numbers].astype(np.float64)
    return table.astype(
        {name: np.int64 for name in WHOLE} | {"primary": bool, "complete": bool}
    ).reset_index(drop=True)
