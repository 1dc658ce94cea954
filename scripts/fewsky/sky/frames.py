"""A frame as the archive has it: image, calibration vector, sky table and astrometry, bzip2."""

import bz2
import io
from datetime import date, timedelta

import numpy as np
from astropy.io import fits

from fewsky.sky.scan import Band, Scan, great_circle, wcs_cards

# Rows of the camera in the order in which a source drifts over them, two fields apart: so the
# header's FRAME equals the field in r only.
DRIFT_ORDER = "riuzg"
CAMERA_ROW = {band: row for row, band in enumerate(DRIFT_ORDER, start=1)}
ROW_SECONDS = 0.036
SKY_BIN = 8


def frame_bytes(scan: Scan, band: Band, field: int, image: np.ndarray) -> bytes:
    """The compressed FITS file of one frame, the same bytes for the same image."""
    header = fits.Header(_cards(scan, band, field))
    hdus = fits.HDUList(
        [
            fits.PrimaryHDU(image.astype(">f4"), header),
            fits.ImageHDU(calibration(scan, band).astype(">f4")),
            fits.BinTableHDU(_sky_table(scan, band)),
            fits.BinTableHDU(_astrometry(scan, band, field)),
        ]
    )
    stream = io.BytesIO()
    hdus.writeto(stream)
    return bz2.compress(stream.getvalue())


def mjd(scan: Scan, field: int) -> float:
    """Modified Julian day of a field's first row: runs follow each other by number."""
    return 51075.0 + scan.run // 2 + field * scan.step * ROW_SECONDS / 86400


def _cards(scan: Scan, band: Band, field: int) -> list[tuple]:
    drift = 2 * DRIFT_ORDER.index(band.name)
    day = date(1858, 11, 17) + timedelta(days=int(mjd(scan, field)))
    return [
        ("TAI", mjd(scan, field + drift) * 86400, "1st row - Number of seconds since Nov 17 1858"),
        ("DATE-OBS", day.isoformat(), "1st row - TAI date"),
        ("ORIGIN", "SDSS", "simulated"),
        ("TELESCOP", "2.5m", "simulated"),
        ("SIMULATE", True, "simulated by fewsky, not observed"),
        ("RUN", scan.run, "Run number"),
        ("FRAME", field + drift, "Frame sequence number within the run"),
        ("CCDLOC", 10 * CAMERA_ROW[band.name] + scan.camcol, "Survey location of CCD"),
        ("FLAVOR", "science", "Flavor of this run"),
        ("SYS_SCN", "mean", "System of the scan great circle"),
        ("EQNX_SCN", 2000.0, "Equinox of the scan great circle. (years)"),
        ("NODE", (scan.ra_start - 90) % 360, "RA of the great circle's ascending node (deg)"),
        ("INCL", scan.incl, "Great circle's inclination wrt cel. eq. (deg)"),
        ("FIELD", "NA", "Field sequence number within the run"),
        ("EXPTIME", "53.907456", "Exposure time (seconds)"),
        ("SYSTEM", "FK5", "System of the TCC coordinates"),
        ("CCDMODE", "DRIFT", "'STARING' or 'DRIFT'"),
        ("COLBIN", 1, "Binning factor perpendicular to the columns"),
        ("ROWBIN", 1, "Binning factor perpendicular to the rows"),
        ("CAMROW", CAMERA_ROW[band.name], "Row in the imaging camera"),
        ("EQUINOX", 2000.0),
        ("SOFTBIAS", 1000, "software 'bias' added to all DN"),
        ("BUNIT", "nanomaggy", "1 nanomaggy = 3.631e-6 Jy"),
        ("FILTER", band.name, "filter used"),
        ("CAMCOL", scan.camcol, "column in the imaging camera"),
        ("RADECSYS", "ICRS", "International Celestial Ref. System"),
        ("CTYPE1", "RA---TAN", "Coordinate type"),
        ("CTYPE2", "DEC--TAN", "Coordinate type"),
        ("CUNIT1", "deg", "Units"),
        ("CUNIT2", "deg", "Units"),
        *wcs_cards(scan, band, field).items(),
        ("NMGY", band.nmgy, "Calibration factor [nMgy per count]"),
        ("NMGYIVAR", 0.145, "Calibration factor inverse variance"),
        ("RERUN", "301", "rerun"),
        ("COMMENT", "Floats truncated at 10 binary digits"),
    ]


def calibration(scan: Scan, band: Band) -> np.ndarray:
    """Nanomaggies a count along the columns, (columns,), flat to half a percent as in SDSS."""
    place = np.linspace(-1, 1, scan.columns)
    return band.nmgy * (1 + 0.005 * (place**2 - 1 / 3))


def sky_level(band: Band) -> float:
    """Sky, nanomaggies a pixel, whose photon noise is the band's noise."""
    return band.noise**2 / band.electron


def _sky_table(scan: Scan, band: Band) -> np.ndarray:
    shape = (-(-scan.rows // SKY_BIN) + 5, scan.columns // SKY_BIN)
    slope = np.linspace(-0.01, 0.01, shape[1]) + np.linspace(0, 0.005, shape[0])[:, None]
    shapes = {"ALLSKY": shape, "XINTERP": scan.columns, "YINTERP": scan.rows}
    table = np.zeros(1, dtype=[(name, ">f4", size) for name, size in shapes.items()])
    table["ALLSKY"] = sky_level(band) / band.nmgy * (1 + slope)
    table["XINTERP"] = (np.arange(scan.columns) + 0.5) / SKY_BIN - 0.5
    table["YINTERP"] = (np.arange(scan.rows) + 0.5) / SKY_BIN + 0.5
    return table


def _astrometry(scan: Scan, band: Band, field: int) -> np.ndarray:
    # mu = A + B row + C col, nu = D + E row + F col, where a pixel's centre counts as one half.
    first = field * scan.step - 0.5
    mu, nu = great_circle(scan, band, np.array([-0.5, 0.5, -0.5]), first + np.array([0, 0, 1.0]))
    numbers = {
        "A": mu[0], "B": mu[2] - mu[0], "C": mu[1] - mu[0],
        "D": nu[0], "E": nu[2] - nu[0], "F": nu[1] - nu[0],
        "NODE": (scan.ra_start - 90) % 360, "INCL": scan.incl, "RICUT": 100.0,
        "MJD": mjd(scan, field), "AIRMASS": 1.1, "MUERR": 0.02, "NUERR": 0.02,
    }  # fmt: skip
    whole = {"RUN": scan.run, "RERUN": "301", "CAMCOL": scan.camcol, "FILTER": band.name}
    whole |= {"NAXIS": (scan.columns, scan.rows), "FIELD": field}
    zero = [f"D{axis}{power}" for axis in ("ROW", "COL") for power in range(4)]
    zero += ["CSROW", "CSCOL", "CCROW", "CCCOL"]
    names = ["RUN", "RERUN", "CAMCOL", "FILTER", "NODE", "INCL", "NAXIS", "FIELD", *"ABCDEF"]
    names += [*zero, "RICUT", "MJD", "AIRMASS", "MUERR", "NUERR"]
    kinds = {"RUN": ">i4", "RERUN": "S3", "CAMCOL": ">i4", "FILTER": "S1", "FIELD": ">i4"}
    kinds |= {"MUERR": ">f4", "NUERR": ">f4", "NAXIS": "(2,)>i4"}
    table = np.zeros(1, dtype=[(name, kinds.get(name, ">f8")) for name in names])
    for name, value in (numbers | whole).items():
        table[name] = value
    return table
