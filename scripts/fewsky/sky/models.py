"""Fluxes by fitting the PSF, an exponential and a de Vaucouleurs profile to an object's pixels."""

import numpy as np
import pandas as pd

from fewsky.sky import profiles
from fewsky.sky.scan import BANDS, REFERENCE

HALF_STAMP = 20
STEPS = np.arange(-HALF_STAMP, HALF_STAMP + 1)
# Below this area an isophote's ellipse is noise, and a round model is fitted.
SHAPED_PX = 40
FLATTEST = 0.25
SHAPE_BANDS = [BANDS.index(band) for band in "gri"]


def fluxes(
    frames: list, found: pd.DataFrame, segments: np.ndarray, places: np.ndarray, pixel: float
) -> dict[str, np.ndarray]:
    """Psf, exponential, de Vaucouleurs, model and composite fluxes and their inverse variances.

    `frames` are the five bands, `places` is (band, x or y, n) in px, `pixel` arcsec. Fluxes are
    (n, 5) in nanomaggies. One radius a profile, theta_exp and theta_dev, arcsec, and the better
    profile are chosen in g, r and i together and fitted in every band (SDSS: in r); ab is the
    axis ratio, fracdev the share of de Vaucouleurs light in r; all (n,).
    """
    free = _free_pixels(found, segments, places[REFERENCE])
    shape = _shape(found)
    stamps = [_Stamps(frame, at, free, shape) for frame, at in zip(frames, places, strict=True)]
    seen = [profiles.tables(frame.psf, pixel) for frame in frames]
    radius, better = _choose(stamps, seen)
    fracdev = _dev_share(stamps[REFERENCE], seen[REFERENCE][0], radius)
    bands = [
        _band(stamp, *tables, radius, better, fracdev)
        for stamp, tables in zip(stamps, seen, strict=True)
    ]
    exp, dev = profiles.RADII_ARCSEC[radius]
    shapes = {"theta_exp": exp, "theta_dev": dev, "ab": shape[0], "fracdev": fracdev}
    return shapes | {key: np.stack([band[key] for band in bands], 1) for key in bands[0]}


def _shape(found: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    flat = np.clip((found["b"] / found["a"]).to_numpy(), FLATTEST, 1)
    return np.where(found["npix"] < SHAPED_PX, 1.0, flat), found["theta"].to_numpy()


def _cut(image: np.ndarray, x: np.ndarray, y: np.ndarray, fill) -> np.ndarray:
    # Band offsets may carry a centre some pixels out of the frame: those stamps are mostly `fill`.
    margin = 2 * HALF_STAMP
    padded = np.pad(image, margin, constant_values=fill)
    rows = np.rint(y).astype(int)[:, None] + STEPS + margin
    columns = np.rint(x).astype(int)[:, None] + STEPS + margin
    return padded[rows[:, :, None], columns[:, None, :]]


def _free_pixels(found: pd.DataFrame, segments: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Stamps, bool (n, y, x): no other object's pixels; a parent owns those of its children."""
    owner = _cut(segments, *place, 0)
    own = found["segment"].to_numpy()[:, None, None]
    whole_of = np.zeros(segments.max(initial=0) + 1, int)
    whole_of[found["segment"]] = found["whole"]
    family = whole_of[owner] == found["whole"].to_numpy()[:, None, None]
    parent = (found["children"] > 0).to_numpy()[:, None, None]
    return (owner == 0) | (owner == own) | (parent & family)


class _Stamps:
    """Data, weights and radii of one band about every object."""

    def __init__(self, frame, place: np.ndarray, free: np.ndarray, shape: tuple):
        self.electron = frame.band.electron
        data = _cut(frame.image, *place, np.nan)
        self.weight = (free & np.isfinite(data)) / frame.noise**2
        self.data = np.nan_to_num(data)
        dx, dy = (np.rint(place) - place)[:, :, None, None]
        dx, dy = dx + STEPS, dy + STEPS[:, None]
        flat, angle = (value[:, None, None] for value in shape)
        along = dx * np.cos(angle) + dy * np.sin(angle)
        across = dy * np.cos(angle) - dx * np.sin(angle)
        self.round = profiles.Lookup(np.hypot(dx, dy))
        self.flat = profiles.Lookup(np.sqrt(along**2 * flat + across**2 / flat))


def _choose(stamps: list[_Stamps], seen: list) -> tuple[np.ndarray, np.ndarray]:
    # Best radius of each kind (kind, n) and the better kind (n,), by chi square over SHAPE_BANDS.
    gain = np.zeros((len(profiles.KINDS), len(profiles.RADII_ARCSEC), len(stamps[0].data)))
    for band in SHAPE_BANDS:
        here, (tables, _) = stamps[band], seen[band]
        for place in np.ndindex(tables.shape[:2]):
            gain[place] += profiles.fit(here.flat(tables[place]), here.data, here.weight)[1]
    return gain.argmax(axis=1), gain.max(axis=1).argmax(axis=0)


def _dev_share(stamps: _Stamps, tables: np.ndarray, radius: np.ndarray) -> np.ndarray:
    exp, dev = (stamps.flat(tables[kind, radius[kind]]) for kind in range(2))
    return profiles.dev_share(dev, exp, stamps.data, stamps.weight)


def _band(stamps: _Stamps, tables, psf, radius, better, fracdev) -> dict[str, np.ndarray]:
    point = stamps.round(psf)
    shapes = {kind: stamps.flat(tables[k, radius[k]]) for k, kind in enumerate(profiles.KINDS)}
    model = np.where(better[:, None, None] == 0, shapes["exp"], shapes["dev"])
    result = {}
    for name, template in {"psf": point, "model": model, **shapes}.items():
        flux, _ = profiles.fit(template, stamps.data, stamps.weight)
        result[f"{name}flux"] = flux
        result[f"{name}flux_ivar"] = profiles.flux_ivar(
            template, flux, stamps.weight, stamps.electron
        )
    mixed = fracdev * result["devflux"] + (1 - fracdev) * result["expflux"]
    return {**result, "cmodelflux": mixed, "cmodelflux_ivar": result["modelflux_ivar"]}
