"""Who stands in the sky of properties: stars, quasars, galaxies; mergers; Hubble types."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fewsky.sky.properties_forms import SINGLE
from fewsky.surveys.efigi import TYPES, label_of
from fewsky.surveys.mergers import CLASSES as MERGERS
from fewsky.surveys.specobj import CLASSES

POINTS, PAIRS, HUBBLE = 0, 1, 2  # what the random numbers of a table are for
RA_DEG, DEC_DEG = (0.0, 40.0), (-1.2, 1.2)  # Stripe 82, where SDSS and S-PLUS overlap
APART_DEG = 0.02  # no two objects of a list stand nearer, so that splits by sky have groups
TEMPERATURES = (3600.0, 6800.0)  # K
REDSHIFTS = {"star": (0.0, 0.0), "quasar": (0.3, 2.3), "galaxy": (0.02, 0.25)}
TRUTH = ["object_id", "number", "ra", "dec", "label", "true_class", "label_is_wrong", "redshift",
         "mag_r", "form"]  # fmt: skip


def points_and_galaxies(settings: Mapping, seed: int) -> pd.DataFrame:
    """`per_class` objects of each label, one row each, the same ones for SDSS and S-PLUS.

    The true class of `label_noise` of them is another one. Columns: number, label, true_class, ra,
    dec (degrees), redshift, mag_r (AB, true), temperature (K), slope, form, size (arcsec).
    """
    rng = np.random.default_rng([seed, POINTS])
    classes = tuple(CLASSES.values())
    label = rng.permutation(np.repeat(classes, settings["per_class"]))
    truth = _mistaken(label, classes, settings["label_noise"], rng)
    count = len(label)
    low, high = np.array([REDSHIFTS[name] for name in truth]).T
    magnitude = _magnitudes(settings["magnitudes"], count, rng)
    forms, common = list(SINGLE), [share for _, share in SINGLE.values()]
    # Brighter galaxies are nearer, and so larger.
    size = 3.4 * 10 ** (-0.1 * (magnitude - 17)) * np.exp(rng.normal(0, 0.2, count))
    return pd.DataFrame({
        "number": np.arange(count),
        "label": label, "true_class": truth, "label_is_wrong": label != truth,
        **_places(count, rng),
        "redshift": rng.uniform(low, high),
        "mag_r": magnitude,
        "temperature": rng.uniform(*TEMPERATURES, count),
        "slope": rng.normal(-0.45, 0.2, count),
        "form": np.where(truth == "galaxy", rng.choice(forms, count, p=common), "point"),
        "size": np.clip(size, 2.2, 5.0),
    })  # fmt: skip


def seen_by_splus(settings: Mapping, seed: int) -> pd.DataFrame:
    """The first `splus_per_class` of those objects of each label; S-PLUS saw no others."""
    table = points_and_galaxies(settings, seed)
    first = table.groupby("label").head(settings["splus_per_class"])
    return first.reset_index(drop=True)


def pairs_and_singles(settings: Mapping, seed: int) -> pd.DataFrame:
    """`mergers_per_class` pairs and single galaxies each; columns as above, size in image sides."""
    rng = np.random.default_rng([seed, PAIRS])
    classes = tuple(MERGERS.values())
    label = rng.permutation(np.repeat(classes, settings["mergers_per_class"]))
    truth = _mistaken(label, classes, settings["label_noise"], rng)
    count = len(label)
    forms, common = list(SINGLE), [share for _, share in SINGLE.values()]
    return pd.DataFrame({
        "number": np.arange(count),
        "label": label, "true_class": truth, "label_is_wrong": label != truth,
        **_places(count, rng),
        "redshift": rng.uniform(0.02, 0.1, count),
        "mag_r": rng.uniform(14.5, 17.0, count),
        "form": np.where(truth == "merger", "pair", rng.choice(forms, count, p=common)),
        "size": rng.uniform(0.28, 0.38, count),
    })  # fmt: skip


def galaxies_by_type(settings: Mapping, seed: int) -> pd.DataFrame:
    """`efigi_per_type` galaxies of each Hubble type; `label_noise` of them are another type's.

    A mistaken type is one or two off. Columns as above, with hubble_t and true_t.
    """
    rng = np.random.default_rng([seed, HUBBLE])
    told = rng.permutation(np.repeat(TYPES, settings["efigi_per_type"]))
    true, count = told.copy(), len(told)
    for row in np.flatnonzero(rng.uniform(size=count) < settings["label_noise"]):
        near = [t for t in TYPES if 0 < abs(t - told[row]) <= 2]
        true[row] = rng.choice(near)
    label, truth = (np.array([label_of(t) for t in types]) for types in (told, true))
    return pd.DataFrame({
        "number": np.arange(count), "hubble_t": told, "true_t": true,
        "label": label, "true_class": truth, "label_is_wrong": told != true,
        **_places(count, rng),
        "redshift": rng.uniform(0.002, 0.03, count),
        "mag_r": rng.uniform(11.0, 14.5, count),
        "form": truth,
        "size": rng.uniform(0.34, 0.44, count),
    })  # fmt: skip


def _mistaken(
    label: np.ndarray, classes: tuple[str, ...], share: float, rng: np.random.Generator
) -> np.ndarray:
    truth = label.copy()
    for row in np.flatnonzero(rng.uniform(size=len(label)) < share):
        truth[row] = rng.choice([name for name in classes if name != label[row]])
    return truth


def _magnitudes(limits: tuple[float, float], count: int, rng: np.random.Generator) -> np.ndarray:
    """True r magnitudes, more of them towards the faint end, alike for every class."""
    low, high = limits
    return low + (high - low) * np.sqrt(rng.uniform(0.05, 1, count))


def _places(count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Places of a jittered grid over Stripe 82, degrees, in random order."""
    rows = max(1, round(np.sqrt(count * (DEC_DEG[1] - DEC_DEG[0]) / (RA_DEG[1] - RA_DEG[0]))))
    columns = -(-count // rows)
    cell = (RA_DEG[1] - RA_DEG[0]) / columns, (DEC_DEG[1] - DEC_DEG[0]) / rows
    chosen = rng.permutation(rows * columns)[:count]
    room = [max(0.0, 1 - APART_DEG / side) for side in cell]
    ra = RA_DEG[0] + cell[0] * (chosen % columns + 0.5 + room[0] * rng.uniform(-0.5, 0.5, count))
    dec = DEC_DEG[0] + cell[1] * (chosen // columns + 0.5 + room[1] * rng.uniform(-0.5, 0.5, count))
    return {"ra": np.round(ra, 6), "dec": np.round(dec, 6)}
