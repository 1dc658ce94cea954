"""The survey's photometric pipeline in small: a catalogue measured on noisy frames.

It knows what a pipeline knows: pixels, calibration, astrometry and the seeing that the telescope's
guider reports. It never sees the truth.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import sep

from fewsky.sky import apertures, models, profiles
from fewsky.sky.detect import detect, shifted
from fewsky.sky.scan import BANDS, REFERENCE, Band, Scan, to_band

DETECTION = "gri"
# Psf and model magnitudes of a star differ by less (Stoughton et al. 2002, AJ 123, 485).
STAR_LIMIT = 0.145
STAR, GALAXY = 6, 3
DETECTED_SN, CENTRED_SN = 5.0, 8.0
# Stars that show the PSF: this bright, this far from other sources and from the edge.
STAR_SN, ALONE_PX, EDGE_PX = 30.0, 14.0, 16.0
SHARPNESS_BIN = 1.12
PSF_RADII_PX = np.array([0.8, 1.3, 1.8, 2.4, 3.0, 3.8, 4.8, 6.0, 7.5, 9.5, 12.0])


@dataclass(frozen=True)
class Frame:
    """One band of a field, its sky taken off once more, with its noise and its measured PSF."""

    band: Band
    image: np.ndarray
    noise: float
    psf: tuple


def measure(images: dict[str, np.ndarray], scan: Scan, seeing: dict[str, float]) -> dict:
    """What the pipeline measures in one field, as arrays (n,), (n, 5) or (5,) in the order ugriz.

    `images` are nanomaggies by band, `seeing` is the guider's FWHM in arcsec by band. Parents of
    blends stand right before their children; `parent` is the row of the parent or -1.
    """
    images = {band: levelled(images[band]) for band in BANDS}
    noise = {band: pixel_noise(images[band]) for band in BANDS}
    widths = {band: seeing[band] / scan.pixel_arcsec for band in BANDS}
    found, segments = detect(added(images, noise, scan), 1.0, widths["r"])
    found["x"], found["y"] = _canonical(images["r"], noise["r"], found, widths["r"])
    places = np.stack([to_band(scan, scan.bands[band], found["x"], found["y"]) for band in BANDS])
    stars = psf_stars(images["r"], noise["r"], scan.bands["r"].full_well, found)
    psfs = _psfs(images, noise, places[:, :, stars], widths)
    frames = [Frame(scan.bands[band], images[band], noise[band], psfs[band]) for band in BANDS]
    result = {
        "noise": np.array([frame.noise for frame in frames]),
        "psf_fwhm": np.array([profiles.fwhm(frame.psf) * scan.pixel_arcsec for frame in frames]),
        **{name: found[name].to_numpy() for name in ("x", "y", "parent", "children")},
        **models.fluxes(frames, found, segments, places, scan.pixel_arcsec),
        **apertures.circles(frames, found, segments, places, scan.pixel_arcsec),
    }
    result["saturated"] = _saturated(frames, places)
    return result | classes(result) | _centres(frames, places, result, widths)


def levelled(image: np.ndarray) -> np.ndarray:
    """The frame, float64, less the mode of its sky."""
    image = np.ascontiguousarray(image, dtype=np.float64)
    near = image[np.abs(image - np.median(image)) < 3 * pixel_noise(image)]
    # Pearson's mode, free of the skew of faint sources.
    return image - (2.5 * np.median(near) - 1.5 * near.mean())


def pixel_noise(image: np.ndarray) -> float:
    """Robust noise a pixel, from differences of pixels two apart: slow light does not count."""
    return float(1.4826 * np.median(np.abs(image[:, 2:] - image[:, :-2])) / np.sqrt(2))


def added(images: dict, noise: dict, scan: Scan) -> np.ndarray:
    """The g, r and i frames in units of their noise, added on the r grid to noise 1.

    SDSS detects in each band and merges: an object may be blank in r.
    """
    middle = (scan.columns / 2, scan.rows / 2)
    total = np.zeros((scan.rows, scan.columns))
    for band in DETECTION:
        back = middle - np.array(to_band(scan, scan.bands[band], *middle))
        total += shifted(images[band] / noise[band], *back)
    return total / np.sqrt(len(DETECTION))


def _canonical(image: np.ndarray, noise: float, found: pd.DataFrame, width_px: float):
    # Centres come from r where r shows the object, else from the added frames.
    x, y = centroids(image, found["x"], found["y"], width_px)
    flux = sep.sum_circle(image, found["x"].to_numpy(), found["y"].to_numpy(), width_px)[0]
    shown = flux > CENTRED_SN * noise * np.sqrt(np.pi) * width_px
    return np.where(shown, x, found["x"]), np.where(shown, y, found["y"])


def centroids(image: np.ndarray, x, y, width_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Centres, px, under a Gaussian window of the seeing; where it runs away, the ones given."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    new_x, new_y, _ = sep.winpos(image, x, y, np.full(len(x), width_px / 2.355))
    stays = np.hypot(new_x - x, new_y - y) < 1.5
    return np.where(stays, new_x, x), np.where(stays, new_y, y)


def psf_stars(image: np.ndarray, noise: float, full_well: float, found: pd.DataFrame) -> np.ndarray:
    """Rows of bright, lone, unsaturated sources in the fullest bin of sharpness: the stars."""
    x, y = found["x"].to_numpy(), found["y"].to_numpy()
    side = np.minimum(np.minimum(x, image.shape[1] - 1 - x), np.minimum(y, image.shape[0] - 1 - y))
    distance = np.hypot(x[:, None] - x, y[:, None] - y) + 1e9 * np.eye(len(x))
    single = (found["parent"].to_numpy() < 0) & (found["children"].to_numpy() == 0)
    wide, near = (sep.sum_circle(image, x, y, radius)[0] for radius in (6.0, 2.5))
    bright = wide > STAR_SN * noise * np.sqrt(np.pi) * 6.0
    lone = single & (side > EDGE_PX) & (distance.min(axis=1, initial=1e9) > ALONE_PX)
    rows = np.flatnonzero(lone & bright & ~_full(image, x, y, full_well))
    if not len(rows):
        return rows
    sharpness = near[rows] / wide[rows]
    partners = np.abs(np.log(sharpness[:, None] / sharpness)) < np.log(SHARPNESS_BIN) / 2
    # Of equally full bins the sharper: galaxies are wider than stars, never sharper.
    return rows[partners[np.argmax(partners.sum(axis=1) + sharpness)]]


def _full(image: np.ndarray, x, y, full_well: float) -> np.ndarray:
    rows = np.clip(np.rint(y).astype(int), 0, image.shape[0] - 1)
    return image[rows, np.clip(np.rint(x).astype(int), 0, image.shape[1] - 1)] > 0.8 * full_well


def _psfs(images: dict, noise: dict, places: np.ndarray, widths: dict) -> dict[str, tuple]:
    """A round PSF a band from its stars, or of the guider's seeing where they are too faint."""
    result = {}
    for (x, y), band in zip(places, BANDS, strict=True):
        light = np.array([sep.sum_circle(images[band], x, y, r)[0].sum() for r in PSF_RADII_PX])
        error = noise[band] * np.sqrt(np.pi * max(len(x), 1)) * PSF_RADII_PX[-1]
        if light[-1] > STAR_SN * error:
            result[band] = profiles.psf_mixture(PSF_RADII_PX, light)
        else:
            result[band] = (np.ones(1), np.array([widths[band] / 2.355]))
    return result


def classes(measured: dict) -> dict[str, np.ndarray]:
    """`type` (n, 5) by band and `objc_type` (n,) from the summed flux of the bands that see it.

    A full pixel at the centre means a star: no galaxy is that bright.
    """
    psf, model = measured["psfflux"], measured["modelflux"]
    seen = psf * np.sqrt(measured["psfflux_ivar"]) > DETECTED_SN
    seen[:, REFERENCE] |= ~seen.any(axis=1)
    full = measured["saturated"]
    summed = _pointlike((psf * seen).sum(1), (model * seen).sum(1)) | full.any(axis=1)
    return {
        "type": np.where(_pointlike(psf, model) | full, STAR, GALAXY),
        "objc_type": np.where(summed, STAR, GALAXY),
    }


def _pointlike(psf: np.ndarray, model: np.ndarray) -> np.ndarray:
    # psfMag - modelMag < limit, written without logarithms of noise.
    return psf > 10 ** (-0.4 * STAR_LIMIT) * model


def _saturated(frames: list[Frame], places: np.ndarray) -> np.ndarray:
    pairs = zip(frames, places, strict=True)
    return np.stack([_full(frame.image, *at, frame.band.full_well) for frame, at in pairs], axis=1)


def _centres(frames: list[Frame], places: np.ndarray, measured: dict, widths: dict) -> dict:
    """`colc`, `rowc` (n, 5), 0-based: centred in each band that shows the object well enough."""
    sn = measured["psfflux"] * np.sqrt(measured["psfflux_ivar"])
    columns, rows = [], []
    for index, (frame, place) in enumerate(zip(frames, places, strict=True)):
        own = np.stack(centroids(frame.image, *place, widths[frame.band.name]))
        shown = (sn[:, index] > CENTRED_SN) & (np.hypot(*(own - place)) < 1.0)
        column, row = np.where(shown, own, place)
        columns.append(column)
        rows.append(row)
    return {"colc": np.stack(columns, axis=1), "rowc": np.stack(rows, axis=1)}
