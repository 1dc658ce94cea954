"""The domain that a network has learned: how far an object is from what was trained on.

Distances are to the k-th nearest training object (Sun, Ming, Zhu & Li 2022, arXiv:2204.06507) in
two representations: what the network's last layer but one says, and what is measured on the image,
since a network may map what it never saw onto what it knows. A limit is what validation objects,
of the same sky and unseen by the weights, keep within but for a stated share.
"""

from typing import Any, NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors

from fewsky.models.middle import off_middle

NEIGHBOURS = 5
MOST = 4000  # training objects kept, evenly spaced in their order
KINDS = ("features", "measured")
SLACK_PX = 1.0  # a catalogue's positions may be worse than those of training by this
MANY = 5  # times the expected share of unlike objects, and at least as many, earn a warning


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


def ranges(
    catalog: Any, images: np.ndarray, band: str, share: float, **seeing: float
) -> dict[str, Any]:
    """What training objects `(n, band, y, x)` span, all but a share of them.

    snr: the smallest signal to noise in `band`; off_px: the farthest from the middle, in pixels;
    seeing_arcsec: the best and the worst of their fields. `seeing`, the margins as shares, and the
    share are kept beside. What the table does not tell is None.
    """
    snr, fwhm = _column(catalog, f"snr_{band}"), _column(catalog, f"psf_fwhm_{band}")
    off = _finite(off_middle(images))
    return {
        "band": band,
        "snr": None if not len(snr) else -upper(-snr, share),
        "off_px": None if not len(off) else upper(off, share),
        "seeing_arcsec": None if not len(fwhm) else [float(fwhm.min()), float(fwhm.max())],
        "share": share,
        **seeing,
    }


def _column(catalog: Any, name: str) -> np.ndarray:
    return _finite(catalog[name].to_numpy(float) if name in catalog else np.zeros(0))


def _finite(values: np.ndarray) -> np.ndarray:
    return values[np.isfinite(values)]


def seeing_off(fwhm: np.ndarray, told: dict[str, Any], margin: str) -> np.ndarray:
    """Which seeings `(n,)` in arcsec are better or worse than any in training, by a margin."""
    if told["seeing_arcsec"] is None:
        return np.zeros(np.shape(fwhm), bool)
    low, high = told["seeing_arcsec"]
    return (fwhm < low / (1 + told[margin])) | (fwhm > high * (1 + told[margin]))


def reasons(
    score: np.ndarray, images: np.ndarray, catalog: Any, bands: list[str], told: dict[str, Any]
) -> list[str]:
    """Why each object is outside of the domain, in words, empty where it is within.

    `score` is its unlikeness in units of the limit, `images` are `(n, band, y, x)` with NaN where
    there are no data, `catalog` has the measured columns, `told` is what `ranges` gave.
    """
    finite = np.isfinite(images)
    empty = ~finite.any(axis=(2, 3))
    marks = {f"no data in {band}": empty[:, k] for k, band in enumerate(bands)}
    marks["incomplete patch"] = ~finite.all(axis=(1, 2, 3)) & ~empty.any(axis=1)
    band = told["band"]
    snr, fwhm = f"snr_{band}", f"psf_fwhm_{band}"
    if told["snr"] is not None and snr in catalog:
        marks[f"S/N in {band} below training"] = catalog[snr].to_numpy(float) < told["snr"]
    if fwhm in catalog:
        marks["seeing far from training"] = seeing_off(
            catalog[fwhm].to_numpy(float), told, "seeing_far"
        )
    if told["off_px"] is not None:
        marks["not in the middle"] = off_middle(images) > told["off_px"] + SLACK_PX
    marks["unlike training"] = score > 1
    return ["; ".join(word for word, mark in marks.items() if mark[i]) for i in range(len(images))]


def warnings(rows: Any, told: dict[str, Any]) -> list[str]:
    """In what a field differs as a whole, in words; no probability is void by that alone.

    `rows` are the field's predictions, `told` is what `ranges` gave. A field is warned of where its
    seeing is beyond `seeing_margin`, and where MANY times the share that the limit leaves outside
    is unlike training.
    """
    found, fwhm = [], _column(rows, f"psf_fwhm_{told['band']}")
    seeing = np.median(fwhm) if len(fwhm) else np.nan
    if seeing_off(seeing, told, "seeing_margin"):
        low, high = (f"{value:.2f}" for value in told["seeing_arcsec"])
        span = low if low == high else f"{low} to {high}"
        found.append(f"seeing {seeing:.2f} arcsec, in training {span}")
    unlike = int((rows["score"] > 1).sum())
    if unlike >= MANY and unlike > MANY * told["share"] * len(rows):
        found.append(
            f"{unlike / len(rows):.0%} of the objects unlike training, expected {told['share']:.0%}"
        )
    return found
