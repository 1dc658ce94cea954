"""What a network is given: stretched pixels, and on request the point source taken out, scalars.

Every statistic is taken from the training objects of a run and kept in its card, so that nothing
of a test part reaches the network's input.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from fewsky.console import FewskyError
from fewsky.models import missing
from fewsky.models import psf as point_source

STRETCHES = ("raw", "robust", "asinh", "luptitude", "snr", "card")
# SDSS softening b in maggies (Lupton, Gunn & Szalay 1999; values of the SDSS data releases).
SOFTENING = {"u": 1.4e-10, "g": 0.9e-10, "r": 1.2e-10, "i": 1.8e-10, "z": 7.4e-10}


def describe(
    images: np.ndarray,
    catalog: pd.DataFrame,
    bands: list[str],
    recipe: dict,
    extra: list[str],
    card: dict[str, Any] | None = None,
    unknown: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The statistics of an input, from training images `(n, band, y, x)` in nanomaggies.

    `robust` and `asinh` keep each band's median and 1.4826 times its median absolute deviation;
    `snr` keeps the median noise, which stands in for objects whose field has none; `card` takes
    the mean and standard deviation that the card of the starting weights states. `unknown` is a
    model's settings, whose `missing` and `drawn_by` say what stands for scalars that are not known.
    """
    stretch, psf = recipe["stretch"], recipe["psf"]
    if stretch not in STRETCHES:
        raise FewskyError(f"recipe.stretch: wanted one of {', '.join(STRETCHES)}; found {stretch}.")
    found: dict[str, Any] = {"stretch": stretch, "psf": psf, "bands": bands}
    if stretch in ("robust", "asinh"):
        median = np.median(images, axis=(0, 2, 3), keepdims=True)
        spread = 1.4826 * np.median(np.abs(images - median), axis=(0, 2, 3))
        found["median"], found["spread"] = median.ravel().tolist(), spread.tolist()
        _positive(found["spread"], "pixel scatter", bands)
    elif stretch == "luptitude":
        found["softening_nmgy"] = [_softening(band) for band in bands]
    elif stretch == "snr":
        found["noise"] = [_median_known(column) for column in _noise_columns(catalog, bands).T]
        _positive(found["noise"], "noise_<band> in the catalogue", bands)
    elif stretch == "card":
        found["mean"], found["std"] = _of_card(card or {}, bands)
    if stretch in ("asinh", "snr"):
        found["softening"] = recipe["softening"]
    if psf != "none":
        found["point_source"] = point_source.describe(catalog, bands, recipe["pixel_arcsec"])
    unknown = unknown or {}
    names = missing.with_flags(expanded(extra, bands), unknown.get("missing", "mean"))
    found["extra"] = [_column(catalog, name, unknown) for name in names]
    return found


def _of_card(card: dict[str, Any], bands: list[str]) -> tuple[list[float], list[float]]:
    if "mean" not in card:
        raise FewskyError(
            "recipe.stretch: wanted starting weights, whose card states mean and deviation; found "
            "none. Name them in start, or use robust."
        )
    if len(card["mean"]) != len(bands):
        raise FewskyError(
            f"weights: wanted {len(card['mean'])} bands, one for each mean of their card; found "
            f"{len(bands)} ({', '.join(bands)}). Use images of as many bands, or state mean and "
            "std of the weights for these."
        )
    return card["mean"], card["std"]


def n_channels(statistics: dict[str, Any]) -> int:
    """Channels of the network's input: one a band, or two with `psf: both`."""
    return len(statistics["bands"]) * (2 if statistics["psf"] == "both" else 1)


def with_point_source_out(
    pixels: torch.Tensor, size: int, catalog: pd.DataFrame, statistics: dict[str, Any]
) -> torch.Tensor:
    """Pixels `(n, pixel, channel)` in nanomaggies: the images, what their point source leaves, or
    both one after the other, by the recipe's `psf`.
    """
    if statistics["psf"] == "none":
        return pixels
    left = point_source.residual(
        pixels, size, catalog, statistics["bands"], statistics["point_source"]
    )
    return torch.cat([pixels, left], dim=2) if statistics["psf"] == "both" else left


def _median_known(values: np.ndarray) -> float:
    known = values[values > 0]
    return float(np.median(known)) if len(known) else 0.0


def _positive(values: list[float], what: str, bands: list[str]) -> None:
    bad = [band for band, value in zip(bands, values, strict=True) if not value > 0]
    if bad:
        raise FewskyError(
            f"recipe.stretch: wanted a positive {what}; found none in {', '.join(bad)}. Use "
            "another stretch or mend those images."
        )


def _softening(band: str) -> float:
    if band not in SOFTENING:
        raise FewskyError(
            f"recipe.stretch: wanted SDSS bands ({', '.join(SOFTENING)}) for luptitude; found "
            f"{band}. Use asinh."
        )
    return 2e9 * SOFTENING[band]


def _noise_columns(catalog: pd.DataFrame, bands: list[str]) -> np.ndarray:
    missing = [f"noise_{band}" for band in bands if f"noise_{band}" not in catalog]
    if missing:
        raise FewskyError(
            f"recipe.stretch: wanted columns {', '.join(missing)} for snr; found none. Use asinh."
        )
    return catalog[[f"noise_{band}" for band in bands]].to_numpy(np.float64)


def noise(catalog: pd.DataFrame, statistics: dict[str, Any]) -> np.ndarray | None:
    """Noise per pixel of each object's field, float32 `(n, band)` nanomaggies; None if unused."""
    if statistics["stretch"] != "snr":
        return None
    values = _noise_columns(catalog, statistics["bands"])
    return np.where(values > 0, values, statistics["noise"]).astype(np.float32)


def stretched(
    pixels: torch.Tensor, noise: torch.Tensor | None, statistics: dict[str, Any]
) -> torch.Tensor:
    """Pixels `(n, pixel, channel)` in nanomaggies after the stretch, of the same shape.

    raw: unchanged. robust: (x - median) / spread. asinh: asinh of that / softening. luptitude:
    brightness in magnitudes above an empty pixel, 2.5 / ln 10 * asinh(x / 2b). snr:
    asinh(x / (softening * noise)), where the noise is that of the object's own field. card:
    (x - mean) / std for images of 0 to 1.
    """
    copies = pixels.shape[2] // len(statistics["bands"])

    def row(name: str) -> torch.Tensor:
        values = statistics[name] * copies
        return torch.tensor(values, dtype=pixels.dtype, device=pixels.device)

    stretch = statistics["stretch"]
    if stretch == "raw":
        return pixels
    if stretch == "card":
        return (pixels - row("mean")) / row("std")
    if stretch == "robust":
        return (pixels - row("median")) / row("spread")
    if stretch == "asinh":
        return _asinh((pixels - row("median")) / (row("spread") * statistics["softening"]))
    if stretch == "luptitude":
        return 2.5 / np.log(10) * _asinh(pixels / row("softening_nmgy"))
    return _asinh(pixels / (statistics["softening"] * noise.repeat(1, copies)[:, None, :]))


def _asinh(values: torch.Tensor) -> torch.Tensor:
    """Inverse hyperbolic sine to 4e-7, four times as fast on a CPU as torch.asinh.

    What is asked for a gradient goes through torch.asinh, since steps in place have none.
    """
    if values.requires_grad:
        return torch.asinh(values)
    size = values.abs()
    return torch.copysign((size * size).add_(1).sqrt_().add_(size).log_(), values)


def expanded(extra: list[str], bands: list[str]) -> list[str]:
    """Column names with `{band}` replaced by every band."""
    return [
        name.replace("{band}", band)
        for name in extra
        for band in (bands if "{band}" in name else [""])
    ]


def _column(catalog: pd.DataFrame, name: str, unknown: Mapping[str, Any]) -> dict[str, Any]:
    values = _values(catalog, name)
    known = values[np.isfinite(values)]
    mean, spread = (known.mean(), known.std()) if len(known) else (0.0, 0.0)
    # One field has one noise and one PSF: a spread of rounding errors must not be blown up.
    constant = spread <= 1e-6 * max(1.0, abs(mean))
    told = {"name": name, "mean": float(mean), "spread": 1.0 if constant else float(spread)}
    if unknown.get("missing") == "drawn":
        by = unknown.get("drawn_by")
        found = missing.distribution(values, None if by is None else _values(catalog, by))
        told |= {"drawn": {"by": by, **found}} if found else {}
    return told


def _values(catalog: pd.DataFrame, name: str) -> np.ndarray:
    flag = re.fullmatch(r"known\((.+)\)", name)
    if flag:
        return np.isfinite(_values(catalog, flag[1])).astype(np.float64)
    logarithm = re.fullmatch(r"log10\((\w+)\)", name)
    column = logarithm[1] if logarithm else name
    if column not in catalog:
        raise FewskyError(
            f"model.extra: wanted a column of the catalogue; found {column}, which is not there."
        )
    values = catalog[column].to_numpy(np.float64)
    if not logarithm:
        return values
    return np.log10(np.where(values > 0, values, np.nan))


def scalars(catalog: pd.DataFrame, statistics: dict[str, Any]) -> np.ndarray | None:
    """Extra inputs, float32 `(n, scalar)`, mean 0 and spread 1 in training; None if there are none.

    Unknown values become 0, the training mean, unless they are drawn (`missing.filled`).
    """
    if not statistics["extra"]:
        return None
    columns = [
        (_told(catalog, item) - item["mean"]) / item["spread"] for item in statistics["extra"]
    ]
    return np.nan_to_num(np.stack(columns, axis=1), posinf=0, neginf=0).astype(np.float32)


def _told(catalog: pd.DataFrame, item: dict[str, Any]) -> np.ndarray:
    """The values of a scalar, in the catalogue's units; NaN where one stays unknown."""
    values = _values(catalog, item["name"])
    if "drawn" not in item:
        return values
    return missing.filled(values, catalog, item["name"], item["drawn"])
