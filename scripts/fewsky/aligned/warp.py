"""One band on the reference band's pixels, by the fast spline where its geometry allows it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from astropy.wcs import WCS
from scipy import ndimage

from fewsky.aligned.geometry import Map, Shape, fit_map
from fewsky.aligned.resample import resample
from fewsky.console import FewskyError


class Plane(NamedTuple):
    """A band on the reference grid `(y, x)`, how it got there, and its geometric error in pixels.

    The error is 0 for reproject, which follows the WCS itself.
    """

    image: np.ndarray
    method: str
    error_px: float


def align_band(
    image: np.ndarray,
    wcs: WCS,
    reference: WCS,
    shape: Shape,
    settings: Mapping[str, Any],
    positions: Callable | None = None,
) -> Plane:
    """Flux per pixel of the reference grid, `(y, x)` float32, NaN where the band has no data.

    `settings` holds method (auto, spline, reproject), order and max_error_px. `positions(x, y)`
    gives a reference pixel's place in the band where that is known better than by the two WCSs.
    Pixels that are not finite do not ring: they are filled before the spline, and everything that
    they reach is NaN after it. Raises FewskyError where `spline` is asked for and cannot follow.
    """
    mapped = fit_map(positions or through_sky(wcs, reference), shape)
    bad = ~np.isfinite(image)
    if bad.all():
        raise FewskyError("wanted an image of the sky; found no finite pixel in it.")
    filled = _filled(image, bad)
    if _takes_spline(mapped, settings):
        plane = Plane(resample(filled, mapped, shape, settings["order"]), "spline", mapped.error_px)
    else:
        plane = Plane(_reproject(filled, wcs, reference, shape), "reproject", 0.0)
    if bad.any():
        # A spline's weight at k pixels falls as 0.27**k (order 3) or 0.43**k (order 5).
        reach = settings["order"] // 2 + 2
        reached = ndimage.binary_dilation(bad, iterations=reach)
        plane.image[_seen_through(reached, mapped, shape)] = np.nan
    return plane


def through_sky(wcs: WCS, reference: WCS) -> Callable:
    """The function `(x, y) -> (x, y)` from the reference's pixels to the band's, by their WCSs."""
    return lambda x, y: wcs.all_world2pix(*reference.all_pix2world(x, y, 0), 0, quiet=True)


def overlap(positions: Callable, shape: Shape, band_shape: Shape) -> float:
    """The share of the reference frame that the band covers, by the places of a grid of pixels."""
    x, y = np.meshgrid(*(np.linspace(0, n - 1, 25) for n in shape[::-1]))
    x, y = positions(x, y)
    inside = (x >= 0) & (x <= band_shape[1] - 1) & (y >= 0) & (y <= band_shape[0] - 1)
    return float(inside.mean())


def _takes_spline(mapped: Map, settings: Mapping[str, Any]) -> bool:
    fits = mapped.is_near_identity() and mapped.error_px <= settings["max_error_px"]
    if settings["method"] == "spline" and not fits:
        raise FewskyError(
            f"align.method spline: wanted a map within {settings['max_error_px']:g} px of the WCS "
            f"and close to the identity; found {mapped.error_px:.3g} px. Set align.method to auto."
        )
    return fits and settings["method"] != "reproject"


def _filled(image: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """The image with each bad pixel replaced by the nearest good one."""
    if not bad.any():
        return image
    nearest = ndimage.distance_transform_edt(bad, return_distances=False, return_indices=True)
    return image[tuple(nearest)]


def _seen_through(mask: np.ndarray, mapped: Map, shape: Shape) -> np.ndarray:
    """The mask of a band on the reference grid, by the nearest pixel; False outside the band."""
    (rows_x, columns_x), (rows_y, columns_y) = mapped.dx.bases(shape), mapped.dy.bases(shape)
    x = np.rint(np.arange(shape[1]) + rows_x @ columns_x).astype(int)
    y = np.rint(np.arange(shape[0])[:, None] + rows_y @ columns_y).astype(int)
    inside = (x >= 0) & (x < mask.shape[1]) & (y >= 0) & (y < mask.shape[0])
    return inside & mask[np.clip(y, 0, mask.shape[0] - 1), np.clip(x, 0, mask.shape[1] - 1)]


def _reproject(image: np.ndarray, wcs: WCS, reference: WCS, shape: Shape) -> np.ndarray:
    """Bicubic interpolation by reproject, times the area of each output pixel in input pixels."""
    from reproject import reproject_interp

    values, _ = reproject_interp((image, wcs), reference, shape_out=shape, order="bicubic")
    return (values * _areas(wcs, reference, shape)).astype(np.float32)


def _areas(wcs: WCS, reference: WCS, shape: Shape, step: int = 8) -> np.ndarray:
    """Area of each reference pixel in the band's pixels, from a grid with nodes `step` apart."""
    nodes = [np.arange(0, n - 1 + step, step) for n in shape]
    y, x = np.meshgrid(*nodes, indexing="ij")
    x, y = through_sky(wcs, reference)(x, y)
    (x_down, x_right), (y_down, y_right) = np.gradient(x, step), np.gradient(y, step)
    area = np.abs(x_right * y_down - x_down * y_right)
    at = np.meshgrid(*(np.arange(n) / step for n in shape), indexing="ij")
    return ndimage.map_coordinates(area, at, order=1, mode="nearest")
