"""The astrometry of an SDSS frame as its fourth HDU gives it, distortion of the camera included.

A frame's header has the nearest TAN projection, which is off by up to 0.2 pixels, differently in
each band. The table has what it was made from: pixels to great circle, cubic in the column.
Source: https://data.sdss.org/datamodel/files/PHOTO_REDUX/RERUN/RUN/astrom/asTrans.html
"""

from typing import NamedTuple

import numpy as np

# Displacement by refraction goes with the colour u-g in u, g-r in g and r-i in the others; these
# are of a common star (G to K). A frame has one geometry, so objects of other colours stay off by
# some 0.02 pixels.
COLOUR = {"u": 1.6, "g": 0.6, "r": 0.25, "i": 0.25, "z": 0.25}
LINEAR = ("A", "B", "C", "D", "E", "F", "NODE", "INCL")
CUBIC = tuple(f"D{axis}{power}" for axis in ("ROW", "COL") for power in range(4))
COLUMNS = (*LINEAR, *CUBIC, "CSROW", "CSCOL", "CCROW", "CCCOL", "RICUT")


class Astrometry(NamedTuple):
    """Great circle coordinates mu, nu, linear in the row and column once distortion is undone."""

    linear: np.ndarray  # (2, 2) degrees a pixel
    origin: np.ndarray  # (2,) mu and nu of the first pixel's corner, degrees
    row: np.ndarray  # (4,) correction of the row in pixels, by power of the column
    column: np.ndarray
    node: float
    incl: float

    def to_sky(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Right ascension and declination in degrees of pixels (0-based centres)."""
        row, column = self._undistorted(np.asarray(x, float) + 0.5, np.asarray(y, float) + 0.5)
        mu, nu = np.tensordot(self.linear, np.stack([row, column]), 1)
        return great_circle_to_equatorial(
            mu + self.origin[0], nu + self.origin[1], self.node, self.incl
        )

    def to_pixel(self, ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (0-based centres) of positions in degrees."""
        mu, nu = equatorial_to_great_circle(ra, dec, self.node, self.incl)
        mu = self.origin[0] + (mu - self.origin[0] + 180) % 360 - 180
        turned = np.stack([mu - self.origin[0], nu - self.origin[1]])
        row, column = np.tensordot(np.linalg.inv(self.linear), turned, 1)
        across, down = column, row
        for _ in range(3):  # the correction changes by 1e-3 a pixel: each round gains three digits
            rows, columns = self._undistorted(across, down)
            across, down = across + column - columns, down + row - rows
        return across - 0.5, down - 0.5

    def _undistorted(self, column: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        polyval = np.polynomial.polynomial.polyval
        return row + polyval(column, self.row), column + polyval(column, self.column)


def read_astrometry(table, band: str) -> Astrometry | None:
    """The astrometry in a frame's table (FITS columns by name); None where it does not hold one."""
    names = {name.upper(): name for name in getattr(table, "names", None) or ()}
    if len(names) == 0 or len(table) != 1 or not set(COLUMNS) <= set(names):
        return None
    value = {name: float(table[names[name]][0]) for name in COLUMNS}
    linear = np.array([[value["B"], value["C"]], [value["E"], value["F"]]])
    if not np.isfinite(list(value.values())).all() or np.linalg.det(linear) == 0:
        return None
    cubic = np.array([value[name] for name in CUBIC]).reshape(2, 4)
    blue = COLOUR[band] < value["RICUT"]
    cubic[:, 0] += [
        value[f"CS{axis}"] * COLOUR[band] if blue else value[f"CC{axis}"] for axis in ("ROW", "COL")
    ]
    origin = np.array([value["A"], value["D"]])
    return Astrometry(linear, origin, *cubic, value["NODE"], value["INCL"])


def great_circle_to_equatorial(mu, nu, node: float, incl: float):
    """Right ascension and declination of SDSS great circle coordinates, all in degrees."""
    along, nu, incl = np.radians(mu - node), np.radians(nu), np.radians(incl)
    east, north, up = np.cos(along) * np.cos(nu), np.sin(along) * np.cos(nu), np.sin(nu)
    y = north * np.cos(incl) - up * np.sin(incl)
    z = north * np.sin(incl) + up * np.cos(incl)
    return (np.degrees(np.arctan2(y, east)) + node) % 360, np.degrees(np.arcsin(z))


def equatorial_to_great_circle(ra, dec, node: float, incl: float):
    """SDSS great circle coordinates of right ascension and declination, all in degrees."""
    mu, nu = great_circle_to_equatorial(np.asarray(ra), np.asarray(dec), node, -incl)
    return mu, nu
