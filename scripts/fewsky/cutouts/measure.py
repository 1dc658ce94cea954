"""What is measured on patches: signal to noise, shape against the field's PSF, surroundings."""

import numpy as np
import pandas as pd

from fewsky.cutouts.extent import measure_extent
from fewsky.cutouts.patches import aperture, prepare, recentred
from fewsky.cutouts.shapes import measure_shapes

PIXEL_ARCSEC = 0.396  # SDSS
APERTURE_PX = 3.0


def measure_patches(
    images: np.ndarray, catalog: pd.DataFrame, bands: list[str], pixel_arcsec: float = PIXEL_ARCSEC
) -> pd.DataFrame:
    """One row an image: snr_<band>, feat_*, extent_*, ring_* and the nearest neighbour.

    No feature is NaN. snr is the flux within 3 pixels over its error. Every feature is relative to
    the object's own field: to its PSF (0 is what a star has), its noise and its background. Where a
    band has no data its features are 0. ring_median and ring_rms (nanomaggies a pixel) are of the
    outer ring of the patch with sources clipped away. No label, no catalogue magnitude is used.
    """
    catalog = catalog.reset_index(drop=True)
    fields = catalog.groupby("field", sort=False).indices.values()
    parts = [
        _measure_field(images[rows], catalog.iloc[rows], bands, pixel_arcsec) for rows in fields
    ]
    table = pd.concat(parts).loc[catalog.index] if parts else _no_rows(images, bands)
    for name in ("neighbour_arcsec", "neighbour_mag_r"):
        table[name] = catalog[name]
    table.insert(0, "object_id", catalog["object_id"])
    return table.reset_index(drop=True)


def _measure_field(
    images: np.ndarray, catalog: pd.DataFrame, bands: list[str], pixel_arcsec: float
) -> pd.DataFrame:
    patches, median, rms = prepare(images, catalog, bands, pixel_arcsec)
    flux, error = aperture(patches, np.full(patches.noise.shape, APERTURE_PX))
    snr = flux / error
    columns = _by_band("snr", snr, bands)
    shapes = measure_shapes(recentred(patches, snr), snr, bands)
    columns |= {f"feat_{name}": value for name, value in shapes.items()}
    place = catalog[["x", "y"]].to_numpy(float)
    extent = measure_extent(patches, place, snr, bands)
    columns |= {f"extent_{name}": value for name, value in extent.items()}
    columns |= _by_band("ring_median", median, bands) | _by_band("ring_rms", rms, bands)
    return pd.DataFrame(columns, index=catalog.index)


def _by_band(name: str, values: np.ndarray, bands: list[str]) -> dict[str, np.ndarray]:
    return {f"{name}_{band}": values[:, k] for k, band in enumerate(bands)}


def _no_rows(images: np.ndarray, bands: list[str]) -> pd.DataFrame:
    """The measured columns of a shard without objects."""
    names = [f"{kind}_{band}" for kind in ("psf_fwhm", "noise") for band in bands]
    blank = pd.DataFrame([[0.0, 0.0] + [1.0] * len(names)], columns=["x", "y", *names])
    return _measure_field(np.zeros((1, *images.shape[1:])), blank, bands, PIXEL_ARCSEC)[:0]
