"""One band of a field on the reference band: where it lies, checked and refined by stars."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from astropy.wcs.utils import proj_plane_pixel_area

from fewsky.aligned.sharpness import Offsets, compare
from fewsky.aligned.stars import Stars, find_stars, fwhm_px, measure_stars, subtract_sky
from fewsky.aligned.warp import Plane, align_band, overlap, through_sky
from fewsky.console import FewskyError
from fewsky.surveys.sdss_frames import Frame

LEAST_OVERLAP = 0.5  # bands of one field miss each other by 1 % of its side
ASTROMETRY_PX = 2.0  # a real header agrees with the frame's astrometric table to 0.4 px


class Band(NamedTuple):
    """A band on the reference grid, and what its stars say; shift and sharpness in pixels."""

    plane: Plane
    shift_px: float
    before: Offsets
    after: Offsets
    psf_fwhm: float  # arcsec, NaN without stars
    noise: float  # nanomaggies a pixel of the frame as served: interpolation hides a tenth of it


def reference_stars(reference: Frame) -> Stars:
    """Bright single stars of the reference frame whose cores are whole."""
    sky = subtract_sky(reference.image)
    stars = find_stars(sky)
    _, good = measure_stars(sky, stars.x, stars.y, stars.fwhm_px)
    return stars.only(good)


def align_to(
    reference: Frame, frame: Frame, stars: Stars, how: Mapping[str, Any], name: str
) -> Band:
    """The band of `frame` on the grid of `reference`, moved by what their common stars ask for.

    Places come from the frames' astrometric tables where they have one, else from their headers;
    reproject knows the headers only. `how` is the survey's block `align`, `name` the file's, for
    errors. Raises FewskyError on shapes that differ and on coordinates of another field.
    """
    _check_astrometry(frame, name)
    if frame is reference:
        plane = Plane(frame.image, "reference", 0.0)
        return _measured(reference, frame, plane, np.zeros(2), Offsets.none(), stars)
    positions = _checked_positions(reference, frame, name)
    sky = subtract_sky(frame.image)
    offsets, common = compare(sky, stars, positions, name)
    shift = offsets.shift()
    served = np.stack(positions(common.x, common.y)) - [common.x, common.y]
    before = Offsets(offsets.pixels + served)
    wcs = frame.wcs.deepcopy()
    wcs.wcs.crpix += shift
    plane = align_band(
        frame.image, wcs, reference.wcs, reference.image.shape, how, _moved(positions, shift)
    )
    return _measured(reference, frame, plane, shift, before, stars)


def noise(image: np.ndarray) -> float:
    """Noise per pixel: the median less the 15.87th percentile, which sources hardly touch."""
    values = image[::3, ::3]
    low, middle = np.percentile(values[np.isfinite(values)], [15.87, 50])
    return float(middle - low)


def _measured(reference: Frame, frame: Frame, plane: Plane, shift, before, stars: Stars) -> Band:
    sky = subtract_sky(plane.image)
    found, good = measure_stars(sky, stars.x, stars.y, stars.fwhm_px)
    after = Offsets(np.stack([found.x - stars.x, found.y - stars.y])[:, good])
    pixel_arcsec = 3600 * np.sqrt(proj_plane_pixel_area(reference.wcs))
    width = fwhm_px(sky, found.only(good)) * pixel_arcsec
    return Band(plane, float(np.hypot(*shift)), before, after, float(width), noise(frame.image))


def _moved(positions: Callable, shift: np.ndarray) -> Callable:
    def moved(x, y):
        x, y = positions(x, y)
        return x + shift[0], y + shift[1]

    return moved


def _checked_positions(reference: Frame, frame: Frame, name: str) -> Callable:
    """`(x, y) -> (x, y)` from reference to band pixels, known to be of the same piece of sky."""
    if frame.image.shape != reference.image.shape:
        wanted, found = (" x ".join(map(str, one.image.shape)) for one in (reference, frame))
        raise FewskyError(
            f"{name}: wanted {wanted} pixels as the reference band has; found {found}. "
            "Delete it and download it again."
        )
    shape = frame.image.shape
    positions = through_sky(frame.wcs, reference.wcs)
    share = overlap(positions, shape, shape)
    if share < LEAST_OVERLAP:
        raise FewskyError(
            f"{name}: wanted a WCS that overlaps the reference band's; found {share:.0%} of the "
            "field in common. Check the WCS, or download it again."
        )
    ours, theirs = (one.astrometry for one in (reference, frame))
    if ours is None or theirs is None:
        return positions
    return lambda x, y: theirs.to_pixel(*ours.to_sky(x, y))


def _check_astrometry(frame: Frame, name: str) -> None:
    """Raise FewskyError where a frame's header and its astrometric table speak of another sky."""
    table = getattr(frame, "astrometry", None)
    if table is None:
        return
    x, y = np.meshgrid(*(np.linspace(0, n - 1, 5) for n in frame.image.shape[::-1]))
    apart = np.hypot(*np.subtract(frame.wcs.all_world2pix(*table.to_sky(x, y), 0), (x, y))).max()
    if not apart < ASTROMETRY_PX:
        raise FewskyError(
            f"{name}: wanted header and astrometric table to agree to {ASTROMETRY_PX:g} px; found "
            f"{apart:.3g} px. Check the WCS, or download it again."
        )
