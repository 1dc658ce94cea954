"""The archive's catalogues: photoObj of a field, and the sweeps of a run and camera column."""

import gzip
import io

import numpy as np
from astropy.io import fits

from fewsky.sky.columns import BINNED1, BLENDED, CHILD, EDGE, SATURATED, SWEEP, empty
from fewsky.sky.frames import mjd
from fewsky.sky.photo import GALAXY, STAR
from fewsky.sky.resolve import PRIMARY, near_edge
from fewsky.sky.scan import BANDS, REFERENCE, Scan, great_circle, sky

RERUN, SKY_VERSION = 301, 2
# SDSS's extinction a unit of E(B-V) (Stoughton et al. 2002, table 22), and the softening of its
# asinh magnitudes (Lupton, Gunn & Szalay 1999).
EXTINCTION = np.array([5.155, 3.793, 2.751, 2.086, 1.479])
SOFTENING = np.array([1.4, 0.9, 1.2, 1.8, 7.4]) * 1e-10
# Stars enter the sweeps by psf, galaxies by model magnitude, in any band, extinction taken off.
LIMITS = {
    "star": ("PSFFLUX", STAR, np.array([22.5, 22.5, 22.5, 22.0, 21.5])),
    "gal": ("MODELFLUX", GALAXY, np.array([21.0, 22.0, 22.0, 20.5, 20.1])),
}
DETECTED_SN = 5.0


def photo_obj(scan: Scan, field: int, measured: dict) -> np.ndarray:
    """The photoObj rows of one field, from `photo.measure`; the resolve columns are still empty."""
    table = empty(len(measured["x"]))
    _names(table, scan, field, measured)
    _places(table, scan, field, measured)
    _shapes(table, measured)
    for name in ("psf", "fiber", "cmodel", "model", "petro", "dev", "exp", "aper"):
        table[f"{name.upper()}FLUX"] = measured[f"{name}flux"]
        table[f"{name.upper()}FLUX_IVAR"] = measured[f"{name}flux_ivar"]
        if f"{name.upper()}MAG" in table.dtype.names:
            flux, ivar = measured[f"{name}flux"], measured[f"{name}flux_ivar"]
            table[f"{name.upper()}MAG"], table[f"{name.upper()}MAGERR"] = luptitude(flux, ivar)
    table["PSF_FWHM"] = measured["psf_fwhm"]
    electron = np.array([scan.bands[band].electron for band in BANDS])
    table["SKYFLUX"] = measured["noise"] ** 2 / electron / scan.pixel_arcsec**2
    table["NMGYPERCOUNT"] = [scan.bands[b].nmgy for b in BANDS]
    _flags(table, scan, measured)
    return table


def luptitude(flux: np.ndarray, ivar: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Asinh magnitude and its error of fluxes (n, 5) in nanomaggies (Lupton et al. 1999)."""
    ratio = flux * 1e-9 / (2 * SOFTENING)
    factor = 2.5 / np.log(10)
    error = factor * 1e-9 / (2 * SOFTENING) / np.sqrt(ivar) / np.sqrt(1 + ratio**2)
    return -factor * (np.arcsinh(ratio) + np.log(SOFTENING)), error


def object_id(scan: Scan, field: int, number) -> np.ndarray:
    """SDSS's 64-bit object identifier, as text: version, rerun, run, camcol, field, number."""
    key = SKY_VERSION << 59 | RERUN << 48 | scan.run << 32 | scan.camcol << 29 | field << 16
    return np.array([str(key | int(n)) for n in np.atleast_1d(number)], dtype="S19")


def _names(table: np.ndarray, scan: Scan, field: int, measured: dict) -> None:
    number = np.arange(1, len(table) + 1)
    parent = np.where(measured["parent"] >= 0, measured["parent"] + 1, -1)
    table["OBJID"] = object_id(scan, field, number)
    table["PARENTID"] = np.where(parent > 0, object_id(scan, field, np.maximum(parent, 0)), b"")
    table["FIELDID"] = object_id(scan, field, 0)
    values = {"SKYVERSION": SKY_VERSION, "RUN": scan.run, "RERUN": str(RERUN), "FIELD": field}
    values |= {"CAMCOL": scan.camcol, "ID": number, "PARENT": parent, "MJD": int(mjd(scan, field))}
    values |= {"NCHILD": measured["children"], "CALIB_STATUS": 1, "SCORE": 0.9, "NOBSERVE": 1}
    for name, value in values.items():
        table[name] = value


def _places(table: np.ndarray, scan: Scan, field: int, measured: dict) -> None:
    # photo counts a pixel's centre as one half.
    table["OBJC_COLC"], table["OBJC_ROWC"] = measured["x"] + 0.5, measured["y"] + 0.5
    table["COLC"], table["ROWC"] = measured["colc"] + 0.5, measured["rowc"] + 0.5
    at = (scan, scan.bands["r"], measured["x"], measured["y"] + field * scan.step)
    table["RA"], table["DEC"] = sky(*at)
    # Dust varies by a tenth over a degree of the scan.
    ebv = scan.ebv * (1 + 0.1 * np.sin(2 * np.pi * great_circle(*at)[0]))
    table["EXTINCTION"] = ebv[:, None] * EXTINCTION
    table["PIXSCALE"] = scan.pixel_arcsec


def _shapes(table: np.ndarray, measured: dict) -> None:
    for name in ("petrotheta", "petroth50", "petroth90"):
        table[name.upper()] = measured[name]
    for kind in ("DEV", "EXP"):
        table[f"THETA_{kind}"] = measured[f"theta_{kind.lower()}"][:, None]
        table[f"AB_{kind}"] = measured["ab"][:, None]
    table["FRACDEV"] = measured["fracdev"][:, None]
    table["TYPE"], table["OBJC_TYPE"] = measured["type"], measured["objc_type"]
    table["PROB_PSF"], table["OBJC_PROB_PSF"] = table["TYPE"] == STAR, table["OBJC_TYPE"] == STAR


def _flags(table: np.ndarray, scan: Scan, measured: dict) -> None:
    seen = measured["psfflux"] * np.sqrt(measured["psfflux_ivar"]) > DETECTED_SN
    flags = BINNED1 * seen + SATURATED * measured["saturated"]
    shared = EDGE * np.logical_or(*near_edge(table, scan))
    shared = shared + BLENDED * (measured["children"] > 0) + CHILD * (measured["parent"] >= 0)
    table["FLAGS"] = flags | shared[:, None]
    table["OBJC_FLAGS"] = table["FLAGS"][:, REFERENCE]


def sweep(tables: list[np.ndarray], kind: str) -> np.ndarray:
    """The rows of photoObj tables that the archive's sweep of a kind, `star` or `gal`, holds."""
    rows = np.concatenate(tables)
    column, objc_type, limit = LIMITS[kind]
    bright = rows[column] > 10 ** (0.4 * (22.5 - limit - rows["EXTINCTION"]))
    chosen = (rows["MODE"] == PRIMARY) & (rows["OBJC_TYPE"] == objc_type) & bright.any(axis=1)
    kinds = [(name, rows.dtype[name].base.str, rows.dtype[name].shape) for name in SWEEP[kind]]
    result = np.zeros(int(chosen.sum()), dtype=kinds)
    for name in SWEEP[kind]:
        result[name] = rows[name][chosen]
    return result


def table_bytes(table: np.ndarray, cards: dict) -> bytes:
    """A FITS file with one binary table and the given primary header cards, marked simulated."""
    header = fits.Header([("SIMULATE", True, "simulated by fewsky, not observed"), *cards.items()])
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(header=header), fits.BinTableHDU(table)]).writeto(stream)
    return stream.getvalue()


def zipped(content: bytes) -> bytes:
    """The content in gzip's format, without a date."""
    return gzip.compress(content, mtime=0)
