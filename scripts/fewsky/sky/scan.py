"""A drift scan: pixels to sky along a great circle, and what each field of a run is made with."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np

BANDS = "ugriz"
REFERENCE = BANDS.index("r")
# Calibration and gain of a real frame, 94-1-12: nanomaggies a count, electrons a count.
NMGY = {"u": 0.00742, "g": 0.00319, "r": 0.00476, "i": 0.00689, "z": 0.03328}
GAIN = {"u": 1.62, "g": 3.32, "r": 4.71, "i": 5.165, "z": 4.745}
# Columns and rows by which a band's frame is off the r frame: the mean of runs 94 and 8162.
OFFSETS = {"u": (3.3, 6.6), "g": (3.2, 13.0), "r": (0.0, 0.0), "i": (0.4, 3.2), "z": (1.3, 8.5)}
FULL_WELL_ELECTRONS = 3e5


@dataclass(frozen=True)
class Band:
    """One filter's geometry against r (pixels, relative scale, shear), noise and calibration."""

    name: str
    dx: float
    dy: float
    scale: float
    shear: float
    noise: float
    nmgy: float
    electron: float

    @property
    def full_well(self) -> float:
        """Nanomaggies at which a pixel is full."""
        return FULL_WELL_ELECTRONS * self.electron


@dataclass(frozen=True)
class Scan:
    """One run and camera column; rows count on from field to field, 0 where the scan began."""

    run: int
    camcol: int
    seed: int
    rows: int
    columns: int
    overlap: int
    pixel_arcsec: float
    ra_start: float
    incl: float
    ebv: float
    bands: dict[str, Band]

    @property
    def step(self) -> int:
        """Rows from the start of one field to the start of the next."""
        return self.rows - self.overlap

    @property
    def pixel(self) -> float:
        """Degrees a pixel."""
        return self.pixel_arcsec / 3600

    def generator(self, block: int, purpose: str) -> np.random.Generator:
        """Random numbers of one stretch of the scan, the same whichever fields are asked for."""
        key = (self.seed, self.run, self.camcol, block, crc32(purpose.encode()))
        return np.random.default_rng(key)


def make_scan(settings: dict, run: dict, seed: int) -> Scan:
    """The scan that the sky's settings and one run's block describe."""
    rng = np.random.default_rng((seed, run["run"], run["camcol"], crc32(b"geometry")))
    return Scan(
        run=run["run"],
        camcol=run["camcol"],
        seed=seed,
        rows=settings["rows"],
        columns=settings["columns"],
        overlap=settings["overlap_rows"],
        pixel_arcsec=settings["pixel_arcsec"],
        ra_start=run["ra_start"],
        incl=run["dec"],
        ebv=run["ebv"],
        bands={band: _band(band, run, rng) for band in BANDS},
    )


def _band(name: str, run: dict, rng: np.random.Generator) -> Band:
    dx, dy = OFFSETS[name] + rng.uniform(-0.9, 0.9, 2) * (name != "r")
    # Chips differ by some 1e-4 in scale and rotation, up to half a pixel across a real frame.
    scale, shear = rng.uniform(-2e-4, 2e-4, 2) * (name != "r")
    noise = run["noise"][name] / np.sqrt(run["depth"])
    return Band(
        name, dx, dy, scale, shear, noise, NMGY[name], NMGY[name] / GAIN[name] / run["depth"]
    )


def great_circle(scan: Scan, band: Band, x, row):
    """Along and across the scan's great circle, degrees, of pixels (0-based centres)."""
    column = x - scan.columns / 2
    mu = scan.ra_start + scan.pixel * (row - band.dy - band.shear * column)
    return mu, scan.pixel * (column - band.dx) * (1 + band.scale)


def to_band(scan: Scan, band: Band, x, row):
    """Column and scan row in a band of what lies at a pixel of r."""
    column = (x - scan.columns / 2) / (1 + band.scale) + band.dx
    return column + scan.columns / 2, row + band.dy + band.shear * column


def sky(scan: Scan, band: Band, x, row):
    """Right ascension and declination, degrees, of pixels (0-based centres, scan rows).

    The great circle runs due east where the scan begins, so its inclination is the declination
    there and its node lies 90 degrees before.
    """
    mu, nu = (np.radians(value) for value in great_circle(scan, band, x, row))
    node, incl = np.radians(scan.ra_start - 90), np.radians(scan.incl)
    east, north = np.cos(mu - node) * np.cos(nu), np.sin(mu - node) * np.cos(nu)
    ra = np.arctan2(north * np.cos(incl) - np.sin(nu) * np.sin(incl), east) + node
    dec = np.arcsin(north * np.sin(incl) + np.sin(nu) * np.cos(incl))
    return np.degrees(ra) % 360, np.degrees(dec)


def wcs_cards(scan: Scan, band: Band, field: int) -> dict[str, float]:
    """CRPIX, CRVAL, CD of a frame's TAN projection, fitted to the great circle over the frame."""
    x0, y0 = scan.columns // 2, scan.rows // 2
    ra0, dec0 = sky(scan, band, x0, y0 + field * scan.step)
    x, y = np.meshgrid(np.linspace(0, scan.columns - 1, 5), np.linspace(0, scan.rows - 1, 5))
    xi, eta = _tangent_plane(*sky(scan, band, x, y + field * scan.step), ra0, dec0)
    offsets = np.stack([x.ravel() - x0, y.ravel() - y0], axis=1)
    cd, *_ = np.linalg.lstsq(offsets, np.stack([xi.ravel(), eta.ravel()], axis=1), rcond=None)
    return {
        "CRPIX1": x0 + 1.0, "CRPIX2": y0 + 1.0, "CRVAL1": float(ra0), "CRVAL2": float(dec0),
        "CD1_1": cd[0, 0], "CD1_2": cd[1, 0], "CD2_1": cd[0, 1], "CD2_2": cd[1, 1],
    }  # fmt: skip


def _tangent_plane(ra, dec, ra0, dec0):
    ra, dec, dec0 = np.radians(ra - ra0), np.radians(dec), np.radians(dec0)
    depth = np.sin(dec0) * np.sin(dec) + np.cos(dec0) * np.cos(dec) * np.cos(ra)
    xi = np.cos(dec) * np.sin(ra) / depth
    eta = (np.cos(dec0) * np.sin(dec) - np.sin(dec0) * np.cos(dec) * np.cos(ra)) / depth
    return np.degrees(xi), np.degrees(eta)
