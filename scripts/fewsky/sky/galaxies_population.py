"""Who stands in the simulated Galaxy10: classes, labels with their errors, twins and places."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fewsky.surveys.galaxy10 import CLASSES, object_id

RELEASES = tuple(CLASSES)
# What a class is easily mistaken for.
MISTAKEN = {
    "sdss": {
        "face-on-disk": ("round-smooth", "tight-spiral"),
        "round-smooth": ("in-between-smooth", "face-on-disk"),
        "in-between-smooth": ("round-smooth", "cigar-smooth"),
        "cigar-smooth": ("in-between-smooth", "edge-on-no-bulge"),
        "edge-on-rounded-bulge": ("edge-on-no-bulge", "edge-on-boxy-bulge"),
        "edge-on-boxy-bulge": ("edge-on-rounded-bulge",),
        "edge-on-no-bulge": ("edge-on-rounded-bulge", "cigar-smooth"),
        "tight-spiral": ("medium-spiral", "face-on-disk"),
        "medium-spiral": ("tight-spiral", "loose-spiral"),
        "loose-spiral": ("medium-spiral",),
    },
    "decals": {
        "disturbed": ("merging", "loose-spiral"),
        "merging": ("disturbed",),
        "round-smooth": ("in-between-smooth",),
        "in-between-smooth": ("round-smooth", "cigar-smooth"),
        "cigar-smooth": ("in-between-smooth", "edge-on-no-bulge"),
        "barred-spiral": ("tight-spiral", "loose-spiral"),
        "tight-spiral": ("barred-spiral", "loose-spiral"),
        "loose-spiral": ("tight-spiral", "disturbed"),
        "edge-on-no-bulge": ("edge-on-with-bulge", "cigar-smooth"),
        "edge-on-with-bulge": ("edge-on-no-bulge",),
    },
}
HIGHEST_DEC_DEG = 33.0  # DECaLS; evenly strewn from the equator to here, north and south
TWIN_ARCSEC = 0.4  # scatter of each coordinate between two entries of one galaxy
REDSHIFT = (0.09, 0.45)  # median, and scatter of its logarithm


def population(settings: Mapping, survey: Mapping, seed: int) -> pd.DataFrame:
    """One row an image, in the file's order, with the columns of galaxies.TRUTH.

    There are survey["counts"] images of each class by `label`; in `label_noise` of them the
    `true_class` is another one. `galaxy` numbers what is seen: twins have the number of the first.
    """
    release = survey["release"]
    rng = np.random.default_rng([seed, RELEASES.index(release)])
    counts = [survey["counts"][name] for name in CLASSES[release]]
    label = rng.permutation(np.repeat(CLASSES[release], counts))
    number = np.arange(len(label))
    galaxy, truth = number.copy(), _mistaken(label, settings["label_noise"], release, rng)
    for one, other in _twins(label, truth, settings, release, rng):
        galaxy[other], truth[other] = galaxy[one], truth[one]
    places = _places(len(label), galaxy, rng)
    low, high = settings["radii"]
    twin = galaxy != number
    return pd.DataFrame({
        "object_id": [object_id(release, row) for row in number],
        **places,
        "label": label,
        "true_class": truth,
        "label_is_wrong": label != truth,
        "galaxy": galaxy,
        "twin_of": [object_id(release, g) if t else "" for g, t in zip(galaxy, twin, strict=True)],
        "radius_share": rng.uniform(low, high, len(label))[galaxy],
        "redshift": (REDSHIFT[0] * np.exp(rng.normal(0, REDSHIFT[1], len(label))))[galaxy],
    })  # fmt: skip


def _mistaken(
    label: np.ndarray, share: float, release: str, rng: np.random.Generator
) -> np.ndarray:
    """True classes, of which `share` are others than the labels."""
    truth = label.copy()
    for row in np.flatnonzero(rng.uniform(size=len(label)) < share):
        truth[row] = rng.choice(MISTAKEN[release][label[row]])
    return truth


def _twins(
    label: np.ndarray,
    truth: np.ndarray,
    settings: Mapping,
    release: str,
    rng: np.random.Generator,
) -> list[tuple[int, int]]:
    """Pairs of rows that show one galaxy, each row once.

    The second label is wrong as often as the first, whether or not that is: of a galaxy of the
    first's true class it is another with `label_noise`.
    """
    free, pairs = list(rng.permutation(len(label))), []
    for _ in range(round(settings["twin_share"] * len(label) / 2)):
        one = free.pop()
        wanted = truth[one]
        if rng.uniform() < settings["label_noise"]:
            wanted = rng.choice(MISTAKEN[release][wanted])
        fit = [row for row in free if label[row] == wanted]
        if fit:
            free.remove(fit[0])
            pairs.append((one, fit[0]))
    return pairs


def _places(count: int, galaxy: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Right ascension and declination, degrees; twins are within an arcsec of each other."""
    ra = rng.uniform(0, 360, count)[galaxy]
    highest = np.sin(np.deg2rad(HIGHEST_DEC_DEG))
    dec = np.rad2deg(np.arcsin(rng.uniform(-highest, highest, count)))[galaxy]
    # Within a circle of TWIN_ARCSEC, so that two are never more than twice that apart.
    away, angle = TWIN_ARCSEC * np.sqrt(rng.uniform(size=count)), rng.uniform(0, 2 * np.pi, count)
    east = away * np.cos(angle) / 3600 / np.cos(np.deg2rad(dec))
    return {"ra": (ra + east) % 360, "dec": dec + away * np.sin(angle) / 3600}
