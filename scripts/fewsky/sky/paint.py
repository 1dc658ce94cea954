"""Frames of the simulated scan: light by GalSim, bleed trails, and noise that neighbours share."""

from functools import lru_cache, partial

import galsim
import numpy as np
import pandas as pd

from fewsky.sky.population import block_objects
from fewsky.sky.scan import Band, Scan, to_band

# Light below this share of the pixel noise is not drawn.
FAINTEST_SIGMA = 0.1
HALF_STAMP = (8, 160)
# Scattered light of the telescope: this share of a star's flux in a wide Moffat.
HALO_SHARE, HALO_FWHM, HALO_BETA, HALO_FROM_MAG = 0.03, 9.0, 2.0, 16.0
# Diffraction at the four vanes that hold the secondary: share of the flux, length and width in
# pixels, angle of the first arm from the columns' axis.
SPIKE_SHARE, SPIKE_LENGTH, SPIKE_WIDTH, SPIKE_ANGLE, SPIKE_FROM_MAG = 0.006, 25.0, 1.0, 0.5, 13.0
ACCURACY = galsim.GSParams(folding_threshold=2e-2, maxk_threshold=2e-3, kvalue_accuracy=1e-4)
# SDSS cuts its de Vaucouleurs models at eight effective radii.
BULGE = galsim.DeVaucouleurs(half_light_radius=1.0, trunc=8.0, gsparams=ACCURACY)
DISC = galsim.Exponential(half_light_radius=1.0, gsparams=ACCURACY)
HALO = galsim.Moffat(beta=HALO_BETA, fwhm=HALO_FWHM, gsparams=ACCURACY)


def blocks_of(scan: Scan, field: int) -> range:
    """The stretches of the scan whose light can reach a field's frames."""
    reach = HALF_STAMP[1] + 20
    first = (field * scan.step - reach) // scan.step
    return range(max(first, 0), (field * scan.step + scan.rows + reach) // scan.step + 1)


def field_objects(scan: Scan, settings: dict, run: dict, field: int) -> pd.DataFrame:
    """All true objects that can shine into a field, in an order that adjacent fields share."""
    blocks = [block_objects(scan, settings, run, block) for block in blocks_of(scan, field)]
    return pd.concat(blocks, ignore_index=True)


def frame_image(
    scan: Scan, settings: dict, run: dict, band: Band, field: int, objects: pd.DataFrame
) -> np.ndarray:
    """One frame, float32 (rows, columns), nanomaggies, sky subtracted, with noise.

    A row of the scan has the same pixels in both fields that hold it, noise included.
    """
    light = np.zeros((scan.rows, scan.columns))
    blocks = objects["block"].unique()
    psfs = {block: psf(scan, settings, run, band, block) for block in blocks}
    widths = {block: psf_fwhm(scan, settings, run, band, block) for block in blocks}
    x, row = to_band(scan, band, objects["x"].to_numpy(), objects["row"].to_numpy())
    half = _half_stamps(objects, band, objects["block"].map(widths).to_numpy(), scan.pixel_arcsec)
    for item, *place in zip(objects.itertuples(), x, row, half, strict=True):
        draw = partial(_stamp, item, band, psfs[item.block], scan.pixel_arcsec)
        _add(light, field * scan.step, *place, draw)
    noise = np.sqrt(band.noise**2 + light * band.electron)
    return truncated(light + noise * _noise(scan, band, field))


def psf(scan: Scan, settings: dict, run: dict, band: Band, block: int) -> galsim.GSObject:
    """The point-spread function of a band over one stretch of the scan, in arcsec."""
    rng = scan.generator(block, f"shape {band.name}")
    e1, e2 = np.clip(rng.normal(0, settings["psf_ellipticity"], 2), -0.2, 0.2)
    return _moffat(settings["psf_beta"], psf_fwhm(scan, settings, run, band, block), e1, e2)


def psf_fwhm(scan: Scan, settings: dict, run: dict, band: Band, block: int) -> float:
    """Width (FWHM, arcsec) of that function: the run's, drifting from field to field."""
    shared = np.clip(scan.generator(block, "seeing").normal(), -2, 2)
    own = np.clip(scan.generator(block, f"seeing {band.name}").normal(), -2, 2)
    return run["psf_fwhm"][band.name] * (1 + settings["seeing_drift"] * (shared + 0.3 * own))


@lru_cache(maxsize=256)
def _moffat(beta: float, fwhm: float, e1: float, e2: float) -> galsim.GSObject:
    return galsim.Moffat(beta=beta, fwhm=fwhm, gsparams=ACCURACY).shear(e1=e1, e2=e2)


def _half_stamps(objects: pd.DataFrame, band: Band, fwhm: np.ndarray, pixel: float) -> np.ndarray:
    # Radius, in pixels, where the fall of a Moffat wing or of a disc sinks below FAINTEST_SIGMA.
    flux = objects[f"flux_{band.name}"].to_numpy() / (FAINTEST_SIGMA * band.noise)
    width = fwhm / pixel
    wing = width * np.clip(flux / width**2, 1, None) ** (1 / 7)
    scale = objects["disc_radius"].fillna(0).to_numpy() / 1.678 / pixel
    disc = scale * np.log(1 + flux / (1 + 6 * scale**2))
    reach = np.where(scale > 0, np.hypot(wing, 1.2 * disc), wing)
    halo = (objects["mag_r"].to_numpy() < HALO_FROM_MAG) & (scale == 0)
    core = HALO_FWHM / 2 / np.sqrt(2 ** (1 / HALO_BETA) - 1) / pixel
    faint = np.clip(HALO_SHARE * flux / (np.pi * core**2), 1, None) ** (1 / HALO_BETA) - 1
    reach = np.where(halo, np.maximum(reach, core * np.sqrt(faint)), reach)
    return np.clip(np.ceil(reach), *HALF_STAMP).astype(int)


def _stamp(item, band: Band, psf_here, pixel: float, half: int, dx: float, dy: float) -> np.ndarray:
    flux = getattr(item, f"flux_{band.name}")
    if item.true_class == "galaxy":
        profile = galsim.Convolve(galaxy_profile(item, flux), psf_here, gsparams=ACCURACY)
    elif item.mag_r < HALO_FROM_MAG:
        profile = psf_here * (flux * (1 - HALO_SHARE)) + HALO * (flux * HALO_SHARE)
    else:
        profile = psf_here * flux
    size = 2 * half + 1
    image = profile.drawImage(nx=size, ny=size, scale=pixel, offset=(dx, dy), dtype=float)
    light = np.maximum(image.array, 0)
    if item.mag_r < SPIKE_FROM_MAG:
        light = light + flux * SPIKE_SHARE * spikes(half, dx, dy)
    return bleed(light, band.full_well)


def galaxy_profile(item, flux: float) -> galsim.GSObject:
    """A de Vaucouleurs bulge in an inclined exponential disc, of given flux, in arcsec."""
    angle = item.angle * galsim.radians
    disc = DISC.dilate(item.disc_radius).shear(q=item.axis_ratio, beta=angle)
    bulge = BULGE.dilate(item.bulge_radius).shear(q=(1 + item.axis_ratio) / 2, beta=angle)
    return (disc * (1 - item.bulge) + bulge * item.bulge) * flux


def spikes(half: int, dx: float, dy: float) -> np.ndarray:
    """A cross of unit flux about the middle of a stamp of 2 `half` + 1 pixels, off it by dx, dy."""
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    along = (x - dx) * np.cos(SPIKE_ANGLE) + (y - dy) * np.sin(SPIKE_ANGLE)
    across = (y - dy) * np.cos(SPIKE_ANGLE) - (x - dx) * np.sin(SPIKE_ANGLE)
    light = np.zeros(x.shape)
    for arm, width in ((along, across), (across, along)):
        light += np.exp(-np.abs(arm) / SPIKE_LENGTH - (width / SPIKE_WIDTH) ** 2 / 2)
    return light / light.sum()


def bleed(stamp: np.ndarray, full_well: float) -> np.ndarray:
    """The stamp with the charge above a pixel's full well spilled up and down its column."""
    for column in np.flatnonzero((stamp > full_well).any(axis=0)):
        values = stamp[:, column]
        excess = np.maximum(values - full_well, 0).sum()
        nearest = np.argsort(np.abs(np.arange(len(values)) - values.argmax()), kind="stable")
        room = np.maximum(full_well - values[nearest], 0)
        filled = np.clip(excess - (np.cumsum(room) - room), 0, room)
        stamp[nearest, column] = np.minimum(values[nearest], full_well) + filled
    return stamp


def _add(light: np.ndarray, first_row: int, x: float, row: float, half: int, draw) -> None:
    # The stamp is drawn about the scan's own pixel grid, so both fields get the same numbers.
    ix, iy = int(np.floor(x + 0.5)), int(np.floor(row + 0.5))
    left, low = ix - half, iy - half - first_row
    size = 2 * half + 1
    ys, xs = slice(max(low, 0), low + size), slice(max(left, 0), left + size)
    if ys.start >= light.shape[0] or xs.start >= light.shape[1] or ys.stop <= 0 or xs.stop <= 0:
        return
    part = light[ys, xs]
    stamp = draw(half, x - ix, row - iy)
    top, side = ys.start - low, xs.start - left
    part += stamp[top : top + part.shape[0], side : side + part.shape[1]]


def _noise(scan: Scan, band: Band, field: int) -> np.ndarray:
    blocks, missing = [], scan.rows
    for block in range(field, field + -(-scan.rows // scan.step)):
        rng = scan.generator(block, f"noise {band.name}")
        rows = min(missing, scan.step)
        blocks.append(rng.standard_normal((rows, scan.columns), dtype=np.float32))
        missing -= rows
    return np.concatenate(blocks)


def truncated(image: np.ndarray) -> np.ndarray:
    """The image as float32 with ten binary digits kept, as the archive's frames have it."""
    bits = np.ascontiguousarray(image, dtype=np.float32).view(np.uint32)
    dropped = np.uint32(13)
    return (((bits >> dropped) + ((bits >> (dropped - 1)) & 1)) << dropped).view(np.float32)
