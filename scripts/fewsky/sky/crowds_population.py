"""Who stands in the simulated Galaxy Zoo 2: a galaxy in the middle of each image, and neighbours.

Every image follows from the seed and its own number, however many others there are.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fewsky.sky.galaxies_forms import FORMS
from fewsky.sky.galaxies_population import MISTAKEN
from fewsky.surveys.galaxyzoo import ARTEFACT, object_id

CROWDS = 7  # tells this sky's random numbers from those of others
PEOPLE = 0  # what the random numbers of this module are for
CLASSES = tuple(FORMS["sdss"])
SHORTHAND = {
    "face-on-disk": "Sc", "round-smooth": "Er", "in-between-smooth": "Ei", "cigar-smooth": "Ec",
    "edge-on-rounded-bulge": "Ser", "edge-on-boxy-bulge": "Seb", "edge-on-no-bulge": "Sen",
    "tight-spiral": "Sb2t", "medium-spiral": "Sc2m", "loose-spiral": "Sc2l", ARTEFACT: "A",
}  # fmt: skip
FIRST_OBJID = 587_700_000_000_000_000
RA_DEG, DEC_DEG = (120.0, 250.0), (0.0, 60.0)  # the northern cap, where most of the sample lies
MAGNITUDES = (14.0, 17.0)  # r of the galaxy in the middle; the sample ends at 17
OFF_CENTRE = 0.006  # of the side
BRIGHT, FAINT, SCATTER = 0.0, -0.5, 0.3  # ln of the mean brightness within the radius
OVERLAP = 0.8  # least distance of two centres, in the sum of their radii
TRIES = 20
IMAGES = ["object_id", "number", "asset_id", "objid", "ra", "dec", "label", "true_class",
          "label_is_wrong", "gz2_class"]  # fmt: skip
GALAXIES = ["image", "place", "true_class", "x", "y", "radius", "bright", "magnitude"]


def population(settings: Mapping, number: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row an image (IMAGES) and one row a galaxy (GALAXIES).

    x, y and radius are shares of the image's side, `bright` the mean brightness within the radius,
    `magnitude` r of the galaxy; `place` is 0 for the one in the middle, which `empty_share` of the
    images lack, whose label is then `artefact`. Labels are wrong in `label_noise` of the others.
    """
    images, galaxies = [], []
    for k in range(number):
        rng = np.random.default_rng([seed, CROWDS, PEOPLE, k])
        empty = rng.uniform() < settings["empty_share"]
        image = _image(k, empty, settings, rng)
        images.append(image)
        galaxies += _crowd(image, empty, settings, rng)
    return pd.DataFrame(images, columns=IMAGES), pd.DataFrame(galaxies, columns=GALAXIES)


def _image(number: int, empty: bool, settings: Mapping, rng: np.random.Generator) -> dict:
    truth = ARTEFACT if empty else str(rng.choice(CLASSES))
    label = truth
    if not empty and rng.uniform() < settings["label_noise"]:
        label = str(rng.choice(MISTAKEN["sdss"][truth]))
    highest, lowest = (np.sin(np.deg2rad(x)) for x in (DEC_DEG[1], DEC_DEG[0]))
    return {
        "object_id": object_id(number + 1), "number": number, "asset_id": number + 1,
        "objid": str(FIRST_OBJID + number),
        "ra": round(rng.uniform(*RA_DEG), 6),
        "dec": round(float(np.rad2deg(np.arcsin(rng.uniform(lowest, highest)))), 6),
        "label": label, "true_class": truth, "label_is_wrong": label != truth,
        "gz2_class": SHORTHAND[label],
    }  # fmt: skip


def _crowd(image: dict, empty: bool, settings: Mapping, rng: np.random.Generator) -> list[dict]:
    """The galaxies of one image, that in the middle first."""
    middle = 0.5 + rng.normal(0, OFF_CENTRE, 2)
    first = _galaxy(image["true_class"], middle, settings["radii"], BRIGHT, rng)
    # One zero point an image: what is as bright and as large has the same magnitude.
    zero = rng.uniform(*MAGNITUDES) + 2.5 * np.log10(first["bright"] * first["radius"] ** 2)
    found = [] if empty else [first]
    for _ in range(rng.poisson(settings["neighbours"])):
        form = str(rng.choice(CLASSES))
        one = _galaxy(form, middle, settings["neighbour_radii"], FAINT, rng)
        place = _free_place(one["radius"], found, rng)
        if place is not None:
            found.append({**one, "x": place[0], "y": place[1]})
    for k, one in enumerate(found):
        one["magnitude"] = zero - 2.5 * np.log10(one["bright"] * one["radius"] ** 2)
        one |= {"image": image["object_id"], "place": k + int(empty)}
    return found


def _galaxy(
    form: str, place: np.ndarray, radii: tuple, bright: float, rng: np.random.Generator
) -> dict:
    low, high = np.log(radii)
    return {
        "true_class": form, "x": place[0], "y": place[1],
        "radius": float(np.exp(rng.uniform(low, high))),
        "bright": float(np.exp(rng.normal(bright, SCATTER))),
    }  # fmt: skip


def _free_place(
    radius: float, others: list[dict], rng: np.random.Generator
) -> tuple[float, float] | None:
    """A centre in the image that is not too near to another, or None after some tries."""
    for _ in range(TRIES):
        x, y = rng.uniform(0, 1, 2)
        apart = [np.hypot(x - o["x"], y - o["y"]) / (radius + o["radius"]) for o in others]
        if min(apart, default=1.0) > OVERLAP:
            return float(x), float(y)
    return None
