"""The aligned room: every band of a field on the reference band's grid, one FITS a field."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from astropy.io import fits

from fewsky.aligned.bands import Band, align_to, reference_stars
from fewsky.aligned.sharpness import COLUMNS, SHARPNESS
from fewsky.console import FewskyError, say
from fewsky.files import published, sha256
from fewsky.provenance import digest
from fewsky.surveys.sdss import parse_field
from fewsky.surveys.sdss_catalogues import read_photoobj, sweeps_of
from fewsky.surveys.sdss_frames import Frame, read_frame

# What a field's header keeps of each band, the table's column for it, and its unit.
PER_BAND = {
    "PSF": ("psf_fwhm", "FWHM in arcsec"),
    "NOISE": ("noise", "rms in nanomaggies a pixel"),
    "SHIFT": ("shift_px", "pixels moved from the WCS, by stars"),
}
MARK = "SIMULATED: made by the demo sky, not measured"


def align_shard(
    raw: pd.DataFrame, store: Path, out_dir: Path, settings: Mapping[str, Any], code: str
) -> pd.DataFrame:
    """One row a field of the shard: its FITS, made now or found made by the same code and inputs.

    `raw` lists the shard's files in the store, `settings` is the survey's block. Columns: field,
    path (from `out_dir`), sha256, bands, reference_band, method, geometry_error_px, and by band
    psf_fwhm (arcsec, NaN unknown), noise (nanomaggies a pixel) and shift_px (how far stars asked
    the band to be moved). Raises FewskyError on files that are missing or cannot be aligned.
    """
    rows = []
    fields = dict.fromkeys(raw.loc[raw["kind"] == "frame", "field"])
    for field in fields:
        path = Path(out_dir) / "fields" / f"{field}.fits"
        files = _files_of(raw, field, settings["bands"])
        key = _key(files, settings, code)
        if _key_of(path) == key:
            say(f"{field}: kept; the same code made it from the same files")
        else:
            with published(path) as temporary:
                _align_field(files, Path(store), field, settings, key).writeto(temporary)
        rows.append(_row(path, field))
        say(_summary(rows[-1]))
    return pd.DataFrame(rows)


def _files_of(raw: pd.DataFrame, field: str, bands: list[str]) -> pd.DataFrame:
    """The field's rows of the shard's list: a frame a band, then the SDSS catalogue it is in."""
    frames = raw[(raw["kind"] == "frame") & (raw["field"] == field) & raw["band"].isin(bands)]
    missing = [band for band in bands if band not in set(frames["band"])]
    if missing:
        raise FewskyError(
            f"field {field}: wanted bands {', '.join(bands)}; found no frame of "
            f"{', '.join(missing)}. Download it, or take the band out of the survey's bands."
        )
    own = raw[(raw["kind"] == "photoobj") & (raw["field"] == field)]
    catalogue = own if len(own) else raw[raw["kind"].str.startswith("calibobj")]
    return pd.concat([frames, catalogue], ignore_index=True)


def _key(files: pd.DataFrame, settings: Mapping[str, Any], code: str) -> str:
    used = {name: settings[name] for name in ("bands", "reference_band", "align")}
    return digest([used, code, files[["path", "sha256"]].to_numpy().tolist()])


def _key_of(path: Path) -> str | None:
    try:
        return fits.getheader(path).get("FSKEY")
    except OSError:  # none there, or one that is not FITS
        return None


def _align_field(
    files: pd.DataFrame, store: Path, field: str, settings: Mapping[str, Any], key: str
) -> fits.HDUList:
    listed = files[files["kind"] == "frame"].set_index("band")["path"]
    frames = {band: read_frame(store / listed[band]) for band in settings["bands"]}
    chosen = settings["reference_band"]
    reference = frames[chosen]
    stars = reference_stars(reference)
    widths = _catalogue_widths(files, store, field)
    bands = {}
    for name, frame in frames.items():
        band = align_to(reference, frame, stars, settings["align"], Path(listed[name]).name)
        bands[name] = band._replace(psf_fwhm=widths.get(name, band.psf_fwhm))
    header = _header(reference, field, bands, chosen, key)
    for k, row in enumerate(files.itertuples()):
        header[f"IN{k:02d}"], header[f"FN{k:02d}"] = row.sha256, Path(row.path).name
    cube = np.stack([band.plane.image for band in bands.values()])
    return fits.HDUList([fits.PrimaryHDU(cube, header), _sharpness(bands, chosen)])


def _header(
    reference: Frame, field: str, bands: Mapping[str, Band], chosen: str, key: str
) -> fits.Header:
    place = parse_field(field)
    header = reference.wcs.to_header()
    header.pop("MJDREF", None)  # no dates
    header["BUNIT"] = "nanomaggy"
    header["BANDS"] = ("".join(bands), "order of the third axis")
    header["REFBAND"] = (chosen, "band whose pixel grid this is")
    header["RUN"], header["CAMCOL"], header["FIELD"] = place
    methods = {band.plane.method for name, band in bands.items() if name != chosen}
    header["METHOD"] = "+".join(sorted(methods)) or "reference"
    header["GEOERR"] = (max(band.plane.error_px for band in bands.values()), "largest, in pixels")
    for name, band in bands.items():
        for card, (attribute, unit) in PER_BAND.items():
            value = getattr(band, attribute)
            header[f"{card}_{name}"] = (value if np.isfinite(value) else None, unit)
    if reference.simulated:
        header["ORIGIN"] = MARK
    header["FSKEY"] = (key, "")
    return header


def _sharpness(bands: Mapping[str, Band], chosen: str) -> fits.BinTableHDU:
    rows = [
        offsets.row(name, stage)
        for name, band in bands.items()
        if name != chosen
        for stage, offsets in (("before", band.before), ("after", band.after))
    ]
    kinds = [("band", "U8"), ("stage", "U6"), ("n", "i4"), *((name, "f8") for name in COLUMNS[3:])]
    table = np.array([tuple(row.values()) for row in rows], dtype=kinds)
    return fits.BinTableHDU(table, name=SHARPNESS)


def _catalogue_widths(files: pd.DataFrame, store: Path, field: str) -> dict[str, float]:
    """The PSF's FWHM in arcsec by band, the median of the field's catalogue; empty without one."""
    paths = {row.kind: str(store / row.path) for row in files.itertuples() if row.kind != "frame"}
    if not paths:
        return {}
    if "photoobj" in paths:
        table = read_photoobj(paths["photoobj"])
    else:
        table = sweeps_of(paths.get("calibobj-star"), paths.get("calibobj-gal"))
    own = table[table["field"] == field].filter(like="psf_fwhm_")
    return {name.removeprefix("psf_fwhm_"): width for name, width in own.median().dropna().items()}


def _row(path: Path, field: str) -> dict[str, Any]:
    header = fits.getheader(path)
    row = {
        "field": field,
        "path": f"{path.parent.name}/{path.name}",
        "sha256": sha256(path),
        "bands": header["BANDS"],
        "reference_band": header["REFBAND"],
        "method": header["METHOD"],
        "geometry_error_px": header["GEOERR"],
    }
    for card, (column, _) in PER_BAND.items():
        for band in header["BANDS"]:
            value = header[f"{card}_{band}"]
            row[f"{column}_{band}"] = value if isinstance(value, float) else np.nan
    return row


def _summary(row: Mapping[str, Any]) -> str:
    seeing = ", ".join(f"{band} {row[f'psf_fwhm_{band}']:.2f}" for band in row["bands"])
    return (
        f"{row['field']}: {row['bands']} on {row['reference_band']} by {row['method']} within "
        f"{row['geometry_error_px']:.1g} px of the astrometry; seeing in arcsec {seeing}"
    )
