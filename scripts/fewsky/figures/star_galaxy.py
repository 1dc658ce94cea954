"""Helpers of the star/galaxy chapter's figures: fields, regions, patches."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales
from scipy import ndimage

from fewsky.console import FewskyError
from fewsky.figures import style
from fewsky.surveys.sdss_frames import read_frame

Region = tuple[slice, slice]  # of y and of x
LENGTHS = (2, 5, 10, 20, 30, 60, 120, 300)  # arcsec of scale bars
GROUND = {"facecolor": "white", "alpha": 0.75, "pad": 0.8, "lw": 0}  # under words on an image


class Field(NamedTuple):
    """An aligned field: images by band `(y, x)` in nanomaggies, their noise, the sky position."""

    images: dict[str, np.ndarray]
    noise: dict[str, float]
    wcs: WCS


def row_of(table: pd.DataFrame, field: str, path: str | Path) -> pd.Series:
    """The row of a field in a table of the aligned room; raises FewskyError where it is missing."""
    rows = table[table["field"] == field]
    if rows.empty:
        raise FewskyError(
            f"{path}: wanted field {field}; found {', '.join(table['field'])}. "
            "Correct paper.star-galaxy.field."
        )
    return rows.iloc[0]


def aligned_field(row: pd.Series, folder: str | Path) -> Field:
    """The aligned field that a row of the shard's table names, read from its FITS."""
    with fits.open(Path(folder) / row["path"]) as hdus:
        cube, wcs = hdus[0].data.astype(np.float32), WCS(hdus[0].header).celestial
    images = dict(zip(row["bands"], cube, strict=True))
    return Field(images, {band: float(row[f"noise_{band}"]) for band in row["bands"]}, wcs)


def served_frames(files: pd.DataFrame, store: str | Path, field: str) -> dict[str, np.ndarray]:
    """Frames of a field as the archive serves them, `(y, x)` in nanomaggies, by band."""
    rows = files[(files["kind"] == "frame") & (files["field"] == field)]
    return {row.band: read_frame(Path(store) / row.path).image for row in rows.itertuples()}


def peaks(image: np.ndarray, noise: float, highest: float) -> pd.DataFrame:
    """Isolated bright sources: x, y, peak (nanomaggies a pixel), brightest first.

    A peak stands 50 noise above the sky, below `highest` (saturation), with no brighter pixel
    within 10 px and no missing one within 4 px.
    """
    filled = np.nan_to_num(image, nan=-1.0)
    top = (filled > 50 * noise) & (filled < highest)
    top &= filled == ndimage.maximum_filter(filled, 21)
    y, x = np.nonzero(top & ~ndimage.binary_dilation(~np.isfinite(image), iterations=4))
    found = pd.DataFrame({"x": x, "y": y, "peak": image[y, x]})
    return found.sort_values(["peak", "y", "x"], ascending=[False, True, True], ignore_index=True)


def busiest_edge(known: np.ndarray, sources: pd.DataFrame, side: int) -> Region:
    """The square of `side` px, on the border with most missing pixels, that holds most sources.

    `known` is `(y, x)`, true where all bands have data. Returns slices of y and x.
    """
    rows, columns = known.shape
    side = min(side, rows, columns)
    edges = {
        "bottom": known[:side],
        "top": known[-side:],
        "left": known[:, :side],
        "right": known[:, -side:],
    }
    edge = min(edges, key=lambda name: edges[name].mean())
    along = columns if edge in ("bottom", "top") else rows
    across = 0 if edge in ("bottom", "left") else (rows if edge == "top" else columns) - side
    places = [
        (across, start) if edge in ("bottom", "top") else (start, across)
        for start in range(0, along - side + 1, max(side // 2, 1))
    ]
    y, x = max(places, key=lambda place: _inside(sources, *place, side).sum())
    return slice(y, y + side), slice(x, x + side)


def _inside(sources: pd.DataFrame, y: int, x: int, side: int) -> pd.Series:
    return sources["y"].between(y, y + side - 1) & sources["x"].between(x, x + side - 1)


def brightest_in(sources: pd.DataFrame, region: Region, margin: int) -> tuple[int, int]:
    """Pixel (x, y) of the brightest source `margin` px or more inside a region, else its centre."""
    y, x = region
    inside = sources["y"].between(y.start + margin, y.stop - 1 - margin)
    inside &= sources["x"].between(x.start + margin, x.stop - 1 - margin)
    if not inside.any():
        return (x.start + x.stop) // 2, (y.start + y.stop) // 2
    return int(sources["x"][inside].iloc[0]), int(sources["y"][inside].iloc[0])


def show_colours(ax, images: dict, noise: dict, region: Region, bands, top: float) -> None:
    """Draw a region as a red, green, blue composite of three bands; hatched where one lacks."""
    y, x = region
    parts = [images[band][region] for band in bands]
    style.mark_no_data(ax)
    extent = (x.start - 0.5, x.stop - 0.5, y.start - 0.5, y.stop - 0.5)
    ax.imshow(style.composite(*parts, [noise[band] for band in bands], top), extent=extent)


def scale_bar(ax, wcs: WCS, colour: str = "black") -> None:
    """Draw a bar of a round length in the lower left corner, on an axes in pixels."""
    x0, x1 = ax.get_xlim()
    per_pixel = proj_plane_pixel_scales(wcs)[0] * 3600
    arcsec = max([1, *(length for length in LENGTHS if length < (x1 - x0) * per_pixel / 4)])
    pixels = arcsec / per_pixel
    y0, y1 = ax.get_ylim()
    x, y = x0 + 0.04 * (x1 - x0), y0 + 0.05 * (y1 - y0)
    ax.plot([x, x + pixels], [y, y], color=colour, lw=1.6, solid_capstyle="butt", zorder=6)
    words = f"{arcsec / 60:g}′" if arcsec >= 60 else f"{arcsec:g}″"
    ax.text(x + pixels / 2, y + 0.012 * (y1 - y0), words, color=colour, ha="center", va="bottom",
            zorder=6, bbox=GROUND)  # fmt: skip


def compass(ax, wcs: WCS, colour: str = "black") -> None:
    """Draw arrows to North and East in the lower right corner, on an axes in pixels."""
    x0, x1 = ax.get_xlim()
    y0, y1 = ax.get_ylim()
    size = 0.10 * min(abs(x1 - x0), abs(y1 - y0))
    x, y = x1 - 0.18 * (x1 - x0), y0 + 0.10 * (y1 - y0)
    ra, dec = (float(value) for value in wcs.all_pix2world(x, y, 0))
    step = 5 / 3600
    towards = {"N": (ra, dec + step), "E": (ra + step / np.cos(np.radians(dec)), dec)}
    for name, (to_ra, to_dec) in towards.items():
        arrow = np.array(wcs.all_world2pix(to_ra, to_dec, 0), float) - (x, y)
        arrow *= size / np.hypot(*arrow)
        look = {"arrowstyle": "-|>", "color": colour, "lw": 1.0, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (x + arrow[0], y + arrow[1]), (x, y), arrowprops=look)
        ax.text(*(np.array([x, y]) + 1.35 * arrow), name, color=colour, ha="center", va="center",
                zorder=6, bbox=GROUND)  # fmt: skip
