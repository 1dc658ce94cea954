"""The domain that a network has learned: how far an object is from what was trained on.

Distances are to the k-th nearest training object (Sun, Ming, Zhu & Li 2022, arXiv:2204.06507) in
two representations: what the network's last layer but one says, and what is measured on the image,
since a network may map what it never saw onto what it knows. A limit is what validation objects,
of the same sky and unseen by the weights, keep within but for a stated share.
"""

from typing import Any, NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors

NEIGHBOURS = 5
MOST = 4000  # training objects kept, evenly spaced in their order
KINDS = ("features", "measured")


class Reference(NamedTuple):
    """Training objects in one representation, scaled to mean 0 and spread 1, and the limit.

    `points` are float32 `(n, column)`; `centre` and `spread` bring others to their scale.
    """

    centre: np.ndarray
    spread: np.ndarray
    points: np.ndarray
    limit: float = 1.0

    def distance(self, values: np.ndarray, skip: int = 0) -> np.ndarray:
        """Distance `(n,)` from rows `(n, column)` to the k-th nearest training object.

        `skip` 1 leaves out the nearest one: a training object itself.
        """
        k = min(NEIGHBOURS + skip, len(self.points))
        found = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(self.points)
        if not len(values) or not self.points.shape[1]:
            return np.zeros(len(values))
        return found.kneighbors(self.scaled(values))[0][:, -1]

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Rows on the scale of the training objects; what is not finite is at their mean."""
        with np.errstate(invalid="ignore", over="ignore"):
            moved = (np.asarray(values, np.float64) - self.centre) / self.spread
        return np.nan_to_num(moved, nan=0.0, posinf=1e6, neginf=-1e6).astype(np.float32)


def fit_reference(training: np.ndarray, held: np.ndarray, share: float) -> Reference:
    """The reference of training rows `(n, column)`, its limit that of held-out rows.

    All but `share` of these are within the limit. Without any, the training rows themselves are
    taken, each against the others.
    """
    known = np.where(np.isfinite(training), training, np.nan).astype(np.float64)
    centre, spread = np.nan_to_num(np.nanmean(known, axis=0)), np.nanstd(known, axis=0)
    flat = ~(spread > 1e-9 * np.maximum(1, np.abs(centre)))
    spread = np.where(flat, 1.0, spread)
    scale = Reference(centre, spread, np.zeros((1, len(centre)), np.float32))
    kept = np.unique(np.linspace(0, len(known) - 1, min(len(known), MOST)).astype(int))
    found = scale._replace(points=scale.scaled(known[kept]))
    own = len(held) == 0
    distances = found.distance(training[kept] if own else held, skip=int(own))
    return found._replace(limit=max(upper(distances, share), 1e-9))


def upper(values: np.ndarray, share: float) -> float:
    """The value that at most a share of `values` `(n,)` lies above."""
    return float(np.quantile(values, 1 - share, method="higher"))


def unlikeness(references: dict[str, Reference], values: dict[str, np.ndarray]) -> np.ndarray:
    """How far objects are in units of the limits, `(n,)`: the larger of the two representations."""
    each = [one.distance(values[kind]) / one.limit for kind, one in references.items()]
    return np.max(each, axis=0)


def ranges(catalog: Any, band: str, share: float, seeing_margin: float) -> dict[str, Any]:
    """What training objects span: signal to noise in `band`, and the seeing of their fields.

    The first is the value that all but a share exceed; the second, in arcsec, may differ by the
    margin, a share. What the table does not tell is None.
    """
    snr, seeing = _column(catalog, f"snr_{band}"), _column(catalog, f"psf_fwhm_{band}")
    lowest = None if not len(snr) else -upper(-snr, share)
    low_high = None if not len(seeing) else [float(seeing.min()), float(seeing.max())]
    return {"band": band, "snr": lowest, "seeing_arcsec": low_high, "seeing_margin": seeing_margin}


def _column(catalog: Any, name: str) -> np.ndarray:
    values = catalog[name].to_numpy(float) if name in catalog else np.zeros(0)
    return values[np.isfinite(values)]


def reasons(
    score: np.ndarray, images: np.ndarray, catalog: Any, bands: list[str], told: dict[str, Any]
) -> list[str]:
    """Why each object is outside of the domain, in words, empty where it is within.

    `score` is its unlikeness in units of the limit, `images` are `(n, band, y, x)` with NaN where
    there are no data, `catalog` has the measured columns, `told` is what `ranges` gave.
    """
    finite = np.isfinite(images)
    marks: dict[str, np.ndarray] = {}
    whole = finite.all(axis=(1, 2, 3))
    empty = ~finite.any(axis=(2, 3))
    for k, band in enumerate(bands):
        marks[f"no data in {band}"] = empty[:, k]
    marks["incomplete patch"] = ~whole & ~empty.any(axis=1)
    n, band, margin = len(images), told["band"], told["seeing_margin"]
    if told["snr"] is not None and f"snr_{band}" in catalog:
        marks[f"S/N in {band} below training"] = (
            catalog[f"snr_{band}"].to_numpy(float) < told["snr"]
        )
    if told["seeing_arcsec"] is not None and f"psf_fwhm_{band}" in catalog:
        low, high = told["seeing_arcsec"]
        seeing = catalog[f"psf_fwhm_{band}"].to_numpy(float)
        off = (seeing < low * (1 - margin)) | (seeing > high * (1 + margin))
        marks["seeing unlike training"] = off
    marks["unlike training"] = score > 1
    return ["; ".join(word for word, mark in marks.items() if mark[i]) for i in range(n)]
