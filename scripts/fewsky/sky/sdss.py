"""A simulated SDSS run and camera column, written as a mirror of the archive, with its truth."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fewsky.console import FewskyError, say
from fewsky.files import published
from fewsky.sky.catalogue import photo_obj, sweep, table_bytes, zipped
from fewsky.sky.frames import frame_bytes
from fewsky.sky.paint import field_objects, frame_image, psf_fwhm
from fewsky.sky.photo import measure
from fewsky.sky.population import FLUXES, blended
from fewsky.sky.redshifts import redshift_files
from fewsky.sky.resolve import resolve
from fewsky.sky.scan import BANDS, Scan, make_scan, sky

ARCHIVE = "data.sdss.org/sas/dr17/eboss"
TRUTH = ["field", "truth_id", "x", "y", "ra", "dec", "true_class", *FLUXES, "mag_r"]
TRUTH += ["half_light_arcsec", "is_blend"]


def simulate_run(
    settings: dict,
    run: dict,
    out_mirror: str | Path,
    *,
    seed: int,
    asked: Mapping[str, Any] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The list of files written under `out_mirror` (path, bytes, sha256), and the truth.

    One row of the truth is one object whose centre lies in one field's r frame: an object of an
    overlap has two rows and one `truth_id`. `x`, `y` are 0-based pixels of r, fluxes nanomaggies.
    A field's frames depend on the seed, the settings and the run, never on the other fields asked
    for. Redshifts are written where `asked` says of which kind, and at which address. Raises
    FewskyError on frames too small for the overlap and on fields out of range.
    """
    _check(settings, run)
    scan = make_scan(settings, run, seed)
    files, tables, truths = [], {}, []
    for field in sorted(run["fields"]):
        objects = field_objects(scan, settings, run, field)
        images = {
            band: frame_image(scan, settings, run, scan.bands[band], field, objects)
            for band in BANDS
        }
        for band in BANDS:
            content = frame_bytes(scan, scan.bands[band], field, images[band])
            files.append(_write(content, out_mirror, frame_path(scan, band, field)))
        tables[field] = photo_obj(scan, field, measure(images, scan, run["psf_fwhm"]))
        truths.append(_truth(scan, settings, run, field, objects))
        say(f"sky: run {scan.run} camcol {scan.camcol} field {field}: {len(tables[field])} sources")
    resolve(scan, tables)
    files += [_write(*item) for item in _catalogues(scan, tables, out_mirror)]
    for url, content in redshift_files(scan, tables, asked) if asked else ():
        files.append(_write(content, out_mirror, url.split("://", 1)[1]))
    return pd.DataFrame(files), pd.concat(truths, ignore_index=True)


def frame_path(scan: Scan, band: str, field: int) -> str:
    """Path of a frame in the mirror."""
    name = f"frame-{band}-{scan.run:06d}-{scan.camcol}-{field:04d}.fits.bz2"
    return f"{ARCHIVE}/photoObj/frames/301/{scan.run}/{scan.camcol}/{name}"


def photo_obj_path(scan: Scan, field: int) -> str:
    """Path of a field's catalogue in the mirror."""
    name = f"photoObj-{scan.run:06d}-{scan.camcol}-{field:04d}.fits"
    return f"{ARCHIVE}/photoObj/301/{scan.run}/{scan.camcol}/{name}"


def sweep_path(scan: Scan, kind: str) -> str:
    """Path of a half of the sweeps, `star` or `gal`, in the mirror."""
    return f"{ARCHIVE}/sweeps/dr13_final/301/calibObj-{scan.run:06d}-{scan.camcol}-{kind}.fits.gz"


def _check(settings: dict, run: dict) -> None:
    rows, overlap, columns = settings["rows"], settings["overlap_rows"], settings["columns"]
    if rows < 2 * overlap or columns < 64 or rows < 64:
        raise FewskyError(
            f"sky: wanted 64 columns or more, and rows of twice the overlap of {overlap}; found "
            f"{columns} columns and {rows} rows. Enlarge rows and columns."
        )
    wrong = [field for field in run["fields"] if not 0 <= field < 1000]
    if wrong or len(set(run["fields"])) != len(run["fields"]):
        raise FewskyError(
            f"sky run {run['run']}: wanted fields from 0 to 999, each once; found {run['fields']}. "
            "Correct the list."
        )


def _write(content: bytes, mirror: str | Path, path: str) -> dict:
    with published(Path(mirror) / path) as temporary:
        temporary.write_bytes(content)
    return {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _catalogues(scan: Scan, tables: dict[int, np.ndarray], mirror: str | Path):
    cards = {"RUN": scan.run, "RERUN": 301, "CAMCOL": scan.camcol}
    for field, table in tables.items():
        content = table_bytes(table, cards | {"FIELD": field, "FILTERS": "u g r i z"})
        yield content, mirror, photo_obj_path(scan, field)
    for kind in ("star", "gal"):
        content = zipped(table_bytes(sweep(list(tables.values()), kind), cards))
        yield content, mirror, sweep_path(scan, kind)


def _truth(scan: Scan, settings: dict, run: dict, field: int, objects: pd.DataFrame):
    width = psf_fwhm(scan, settings, run, scan.bands["r"], field)
    ra, dec = sky(scan, scan.bands["r"], objects["x"].to_numpy(), objects["row"].to_numpy())
    table = objects.assign(
        field=field, y=objects["row"] - field * scan.step, ra=ra, dec=dec,
        is_blend=blended(objects, width, scan.pixel_arcsec),
    )  # fmt: skip
    inside = table["x"].between(-0.5, scan.columns - 0.5)
    inside &= table["y"].between(-0.5, scan.rows - 0.5)
    return table.loc[inside, TRUTH].reset_index(drop=True)
