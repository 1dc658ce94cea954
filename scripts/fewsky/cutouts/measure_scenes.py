"""What is measured on patches whose objects stand anywhere: the same, about the two brightest."""

import numpy as np
import pandas as pd
from scipy import ndimage

from fewsky.cutouts.measure import APERTURE_PX, PIXEL_ARCSEC, by_band, no_rows
from fewsky.cutouts.patches import FWHM, Patches, aperture, prepare, recentred, stacked
from fewsky.cutouts.shapes import measure_shapes

RIM = 2  # pixels at the rim of a patch that no peak is looked for in
APART = 1.5  # FWHM between two peaks, at least


def measure_scenes(
    images: np.ndarray, catalog: pd.DataFrame, bands: list[str], pixel_arcsec: float = PIXEL_ARCSEC
) -> pd.DataFrame:
    """One row an image: measure_patches's columns about the highest peak, feat_second_* about the
    next, and feat_peak_1, feat_peak_2 (signal to noise, all bands together) and feat_gap (FWHM).

    A peak is a pixel of the stack of all bands, smoothed by the PSF, above its neighbours. Patches
    with one peak have 0 in what belongs to the second. No label and no catalogued place is used.
    """
    catalog = catalog.reset_index(drop=True)
    fields = catalog.groupby("field", sort=False).indices.values()
    parts = [_of_field(images[rows], catalog.iloc[rows], bands, pixel_arcsec) for rows in fields]
    table = pd.concat(parts).loc[catalog.index] if parts else no_rows(images, bands, _of_field)
    for name in ("neighbour_arcsec", "neighbour_mag_r"):
        table[name] = catalog[name]
    table.insert(0, "object_id", catalog["object_id"])
    return table.reset_index(drop=True)


def _of_field(
    images: np.ndarray, catalog: pd.DataFrame, bands: list[str], pixel_arcsec: float
) -> pd.DataFrame:
    patches, median, rms = prepare(images, catalog, bands, pixel_arcsec)
    places, height, fwhm = peaks(patches)
    columns = {}
    for k, name in enumerate(("", "second_")):
        here = _about(patches, places[:, k])
        flux, error = aperture(here, np.full(patches.noise.shape, APERTURE_PX))
        snr = np.where(height[:, k, None] > 0, flux / error, 0)
        shapes = measure_shapes(recentred(here, snr), snr, bands)
        known = height[:, k] > 0
        columns |= {f"feat_{name}{key}": np.where(known, v, 0) for key, v in shapes.items()}
        columns |= by_band("snr", snr, bands) if k == 0 else {}
        columns[f"feat_peak_{k + 1}"] = np.arcsinh(height[:, k])
    gap = np.hypot(*(places[:, 0] - places[:, 1]).T) / fwhm
    columns["feat_gap"] = np.where(height[:, 1] > 0, gap, 0)
    columns |= by_band("ring_median", median, bands) | by_band("ring_rms", rms, bands)
    return pd.DataFrame(columns, index=catalog.index)


def peaks(patches: Patches) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places `(n, 2, xy)` in pixels from the centre and heights `(n, 2)` of two peaks, and FWHM.

    Heights are signal to noise in the smoothed stack, 0 where there is no second peak.
    """
    stack, fwhm = stacked(patches)
    side = stack.shape[-1]
    places, heights = np.zeros((len(stack), 2, 2)), np.zeros((len(stack), 2))
    index = np.arange(side) - side // 2
    inner = slice(RIM, side - RIM)
    for n, image in enumerate(stack):
        smooth = ndimage.gaussian_filter(image, fwhm[n] / FWHM)
        # A Gaussian of that width averages over 4 pi sigma^2 pixels.
        pixel = 1 / np.sqrt((1 / patches.noise[n] ** 2).sum())
        noise = pixel / (np.sqrt(4 * np.pi) * fwhm[n] / FWHM)
        top = (smooth == ndimage.maximum_filter(smooth, 3)) & (smooth > 0)
        y, x = (found + RIM for found in np.nonzero(top[inner, inner]))
        for k in range(2):
            if len(y) == 0:
                break
            best = smooth[y, x].argmax()
            places[n, k] = index[x[best]], index[y[best]]
            heights[n, k] = smooth[y[best], x[best]] / noise if np.isfinite(noise) else 0
            far = np.hypot(x - x[best], y - y[best]) > APART * fwhm[n]
            y, x = y[far], x[far]
    return places, heights, fwhm


def _about(patches: Patches, place: np.ndarray) -> Patches:
    """The same patches with their coordinates about other places `(n, xy)`."""
    x, y = (place[:, k, None, None] for k in (0, 1))
    return patches._replace(x=patches.x - x, y=patches.y - y)
