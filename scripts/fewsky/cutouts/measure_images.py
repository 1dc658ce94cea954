"""What can be measured on scaled images: the centre's light and shape above the outer ring."""

from itertools import pairwise

import numpy as np
import pandas as pd

from fewsky.cutouts.surroundings import RING, clipped, distance

EDGES = (0, 0.02, 0.04, 0.06, 0.09, 0.13, 0.18, 0.25, 0.35)  # of the side, of the profile's rings


def measure_images(images: np.ndarray, catalog: pd.DataFrame, bands: list[str]) -> pd.DataFrame:
    """One row an image `(n, band, y, x)` in 0..1: object_id and feat_*; nothing is NaN.

    Features are of the centre, above the outer ring and in units of its noise where that has a
    meaning. Pixels without data count as ring. No label and no catalogued number is used. What
    should not matter is measured before images are scaled, by fewsky.cutouts.surroundings.
    """
    names = _columns(bands)
    rows = [_measure(image, bands) for image in images]
    table = pd.DataFrame(rows, columns=names).astype(np.float64)
    table.insert(0, "object_id", catalog["object_id"].to_numpy())
    return table


def _columns(bands: list[str]) -> list[str]:
    blank = np.zeros((len(bands), 16, 16), np.float32)
    return list(_measure(blank, bands))


def _measure(image: np.ndarray, bands: list[str]) -> dict[str, float]:
    radius, x, y = _grid(image.shape[-1])
    columns: dict[str, float] = {}
    lights, noises = [], []
    for band, plane in zip(bands, image, strict=True):
        median, rms = _ring(plane, radius)
        light = np.nan_to_num(plane - median).astype(np.float32)
        columns |= {f"feat_{k}_{band}": v for k, v in _shape(light, rms, radius, x, y).items()}
        lights.append(light)
        noises.append(rms)
    columns |= _colours(lights, noises, radius, bands)
    return {name: float(np.nan_to_num(value)) for name, value in columns.items()}


def _grid(side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance from the centre and the two axes, in shares of the side."""
    axis = (np.arange(side) - (side - 1) / 2) / side
    y, x = np.meshgrid(axis, axis, indexing="ij")
    return distance(side), x, y


def _ring(plane: np.ndarray, radius: np.ndarray) -> tuple[float, float]:
    """Median and standard deviation of the outer ring, sources clipped away."""
    outer = plane[(radius > RING) & np.isfinite(plane)]
    median, rms = clipped(outer) if len(outer) else (0.0, 0.0)
    return median, max(rms, 1e-3)  # an 8-bit picture has steps of 4e-3


def _shape(
    light: np.ndarray, rms: float, radius: np.ndarray, x: np.ndarray, y: np.ndarray
) -> dict[str, float]:
    """Profile in noise units, size, concentration, ellipticity, asymmetry and clumps, each finite.

    Concentration is 5 log10(r80/r20) and asymmetry the light that a half turn moves over all
    light (Conselice 2003, ApJS 147, 1), both of the light above the ring within its inner edge.
    """
    profile = [
        light[(radius >= inner) & (radius < outer)] for inner, outer in pairwise(EDGES)
    ]  # fmt: skip
    values = {
        f"profile{k}": np.arcsinh(part.mean() / rms) if len(part) else 0.0
        for k, part in enumerate(profile)
    }
    inner = radius < EDGES[-1]
    seen = np.where(inner, np.maximum(light - rms, 0), 0)
    total = seen.sum()
    values["light"] = np.arcsinh(light[inner].sum() / (rms * np.sqrt(inner.sum())))
    if total <= 0:
        return values | dict.fromkeys(_SHAPES, 0.0)
    r20, r50, r80 = _radii(seen, radius, total)
    xx, yy, xy = ((seen * v).sum() / total for v in (x * x, y * y, x * y))
    turned = np.abs(seen - np.rot90(seen, 2)).sum() / (2 * total)
    rough = np.abs(np.diff(light, axis=0))[inner[1:]].mean() / rms
    numbers = (r50, 5 * np.log10(r80 / r20), np.hypot(xx - yy, 2 * xy) / max(xx + yy, 1e-9), turned,
               np.arcsinh(rough), np.arcsinh(light[inner].max() / rms))  # fmt: skip
    return values | dict(zip(_SHAPES, numbers, strict=True))


_SHAPES = ("halflight", "concentration", "ellipticity", "asymmetry", "roughness", "peak")


def _radii(seen: np.ndarray, radius: np.ndarray, total: float) -> np.ndarray:
    """Radii that hold 20, 50 and 80 per cent of the light, at least half a pixel."""
    order = np.argsort(radius, axis=None)
    grown = np.cumsum(seen.ravel()[order]) / total
    places = np.searchsorted(grown, (0.2, 0.5, 0.8)).clip(0, len(order) - 1)
    return np.maximum(radius.ravel()[order][places], 0.5 / len(seen))


def _colours(
    lights: list[np.ndarray], noises: list[float], radius: np.ndarray, bands: list[str]
) -> dict[str, float]:
    """Differences between neighbouring bands, in noise units, of a small and a large aperture."""
    columns = {}
    for k, (one, two) in enumerate(pairwise(bands)):
        for name, edge in (("core", EDGES[3]), ("whole", EDGES[6])):
            inner = radius < edge
            strengths = [
                np.arcsinh(lights[m][inner].mean() / noises[m]) if inner.any() else 0.0
                for m in (k, k + 1)
            ]
            columns[f"feat_colour_{name}_{one}_{two}"] = strengths[0] - strengths[1]
    return columns
