"""Sources of a noisy frame: isophotes above the noise, blends split into children."""

import numpy as np
import pandas as pd
import sep

# Isophote and peak of a source, in units of the noise of the smoothed frame (SDSS: 5 sigma peaks).
ISOPHOTE, PEAK = 2.5, 5.0
SMALLEST_PX = 4
DEBLEND_CONTRAST = 0.0003


def detect(image: np.ndarray, noise: float, width_px: float) -> tuple[pd.DataFrame, np.ndarray]:
    """Sources of one frame, parents of blends right before their children, and the segment map.

    Columns: x, y (0-based), a, b, theta (isophotal ellipse), npix, segment (a parent has that of
    its brightest child), whole (number of the undivided footprint), parent (row or -1), children.
    """
    axis = np.arange(-4, 5)
    kernel = np.exp(-(axis[:, None] ** 2 + axis**2) / 2 / (width_px / 2.355) ** 2)
    smooth = noise * float(np.sqrt((kernel**2).sum()) / kernel.sum())
    options = {"thresh": ISOPHOTE * smooth, "filter_kernel": kernel, "filter_type": "conv"}
    options |= {"minarea": SMALLEST_PX, "clean": False, "segmentation_map": True}
    parts, segments = sep.extract(
        image, deblend_nthresh=32, deblend_cont=DEBLEND_CONTRAST, **options
    )
    wholes, footprints = sep.extract(image, deblend_cont=1.0, **options)
    parts = _table(parts).assign(segment=np.arange(1, len(parts) + 1))
    parts["whole"] = footprints[parts.pop("ypeak"), parts.pop("xpeak")]
    parts = parts[parts["peak"] >= PEAK * smooth]
    return _families(parts, _table(wholes)), segments


def shifted(image: np.ndarray, dx: float, dy: float) -> np.ndarray:
    """The image moved by whole pixels, the nearest to dx columns and dy rows; 0 comes in."""
    dx, dy = round(float(dx)), round(float(dy))
    rows, columns = image.shape
    result = np.zeros_like(image)
    source = image[max(-dy, 0) : rows - max(dy, 0), max(-dx, 0) : columns - max(dx, 0)]
    result[max(dy, 0) : rows + min(dy, 0), max(dx, 0) : columns + min(dx, 0)] = source
    return result


def _table(sources: np.ndarray) -> pd.DataFrame:
    real = {name: sources[name].astype(float) for name in ("x", "y", "a", "b", "theta")}
    whole = {name: sources[name].astype(int) for name in ("npix", "xpeak", "ypeak")}
    return pd.DataFrame({**real, "peak": sources["cpeak"].astype(float), **whole})


def _families(parts: pd.DataFrame, wholes: pd.DataFrame) -> pd.DataFrame:
    parts = parts.sort_values(["whole", "segment"]).assign(children=0)
    count = parts["whole"].value_counts().sort_index()
    count = count[count > 1]
    brightest = parts.sort_values("peak", kind="stable").groupby("whole")["segment"].last()
    parents = wholes.loc[count.index - 1].assign(
        whole=count.index, segment=brightest[count.index].to_numpy(), children=count.to_numpy()
    )
    # Sorted stably by footprint, a parent comes right before its children.
    table = pd.concat([parents, parts]).sort_values("whole", kind="stable", ignore_index=True)
    row_of = pd.Series(table.index[table["children"] > 0], index=count.index)
    child = table["whole"].isin(count.index) & (table["children"] == 0)
    table["parent"] = table["whole"].map(row_of).where(child, -1).astype(int)
    names = ["x", "y", "a", "b", "theta", "npix", "segment", "whole", "parent", "children"]
    return table[names]
