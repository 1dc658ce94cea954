"""Does a neighbour decide the answer? Discs erased at neighbours, and at the mirrored places."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from fewsky.models.erase import Sky, discs, empty_sky
from fewsky.models.influence import Judge, after_erasing, decided
from fewsky.models.influence_table import ALL, MEAN, Sample, compared, rows_of

BRIGHTNESS = "modelmag_r"
SUBSETS = ("all", "brighter", "fainter")  # the neighbour than the object
WHOLE = (0.0, np.nan)  # edges of what is of no ring


class Neighbours(NamedTuple):
    """Objects with a neighbour to erase: their rows, the neighbour's place and its brightness."""

    rows: np.ndarray
    x: np.ndarray  # pixels from the object's position
    y: np.ndarray
    brighter: np.ndarray  # than the object; false where a magnitude is unknown

    def __len__(self) -> int:
        return len(self.rows)


def find_neighbours(
    catalog: pd.DataFrame, rows: np.ndarray, size: int, radius_px: float, core_px: float
) -> Neighbours:
    """Of some rows those whose nearest catalogued neighbour can be erased, with a place mirrored.

    The neighbour's centre lies on the patch of `size` pixels, and the disc of `radius_px` about it
    keeps off the object's core of `core_px`. At the mirrored place, as far on the other side, a
    disc touches no other disc of a catalogued object. `catalog` is that of the patches.
    """
    found = []
    magnitude = catalog.get(BRIGHTNESS, pd.Series(np.nan, catalog.index)).to_numpy(float)
    places = catalog[["x", "y"]].to_numpy(float)
    for same in catalog.groupby("field", sort=False).indices.values():
        asked = same[np.isin(same, rows)]
        if len(same) < 2 or not len(asked):
            continue
        tree = cKDTree(places[same])
        distance, index = tree.query(places[asked], k=2)
        own = same[index] == asked[:, None]
        pick = np.where(own[:, 0], 1, 0)  # of two at one place, either may come first
        each = np.arange(len(asked))
        other, apart = same[index[each, pick]], distance[each, pick]
        offset = places[other] - places[asked]
        free, _ = tree.query(places[asked] - offset)
        kept = (np.abs(offset) <= size // 2).all(axis=1) & (apart >= radius_px + core_px)
        kept &= free >= 2 * radius_px
        brighter = magnitude[other] < magnitude[asked]
        found.append(np.column_stack([asked, offset, brighter])[kept])
    table = np.concatenate(found) if found else np.zeros((0, 4))
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Neighbours(table[:, 0].astype(int), table[:, 1], table[:, 2], table[:, 3].astype(bool))


def erase_neighbours(
    judge: Judge,
    images: np.ndarray,
    sky: Sky,
    near: Neighbours,
    truth: np.ndarray,
    radius_px: float,
    repeats: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Answers of a network before and after erasing, each `(n,)`, means over draws of the sky.

    All arguments but `near`'s rows are of the objects with neighbours alone. `right_before`,
    `right_neighbour`, `right_control` are 1 where right, `changed_*` where the answer is another.
    """
    places = [discs(sky, sign * near.x, sign * near.y, radius_px) for sign in (1, -1)]
    empties = [empty_sky(sky, rng) for _ in range(repeats)]
    found = after_erasing(judge, images, places, empties, truth)
    before = decided(judge.outputs(images)).cpu().numpy()
    told = {"right_before": (before == truth).astype(float)}
    for k, name in enumerate(("neighbour", "control")):
        told |= {f"right_{name}": found.right[:, k], f"changed_{name}": found.changed[:, k]}
        told |= {f"change_{name}": found.change[:, k]}
    return told


def neighbour_table(
    answers: list[dict[str, np.ndarray]], near: Neighbours, sample: Sample, draws: list[int]
) -> pd.DataFrame:
    """Rows subset, measure, value, lower, upper, n; differences with p, verdict beside.

    `answers` holds what `erase_neighbours` gives for each draw. The differences are paired by
    object: of answers that change, and of accuracy, at the neighbour less at the control; and of
    accuracy after less before.
    """
    kept = {"all": np.ones(len(near), bool), "brighter": near.brighter, "fainter": ~near.brighter}
    rows = []
    for subset in SUBSETS if answers else ():
        some = kept[subset]
        if not some.any():
            continue
        own = sample.of(some)
        values = {key: np.stack([one[key][some] for one in answers]) for key in answers[0]}
        for measure, one in values.items():
            top = np.inf if measure.startswith("change_") else 1.0
            told = {"subset": subset, "measure": measure}
            new = rows_of(one[:, :, None], draws, own, told, [WHOLE], (0.0, top))
            rows += [row for row in new if row["draw"] == MEAN and row["class"] == ALL]
        for name, a, b in (
            ("changed: neighbour less control", "changed_neighbour", "changed_control"),
            ("log-odds: neighbour less control", "change_neighbour", "change_control"),
            ("accuracy: neighbour less control", "right_neighbour", "right_control"),
            ("accuracy: erased less whole", "right_neighbour", "right_before"),
        ):
            told = {"subset": subset, "measure": name}
            row = compared(values[a], values[b], own, told)
            rows.append({**row, "value": row.get("difference", np.nan)})
    columns = ["subset", "measure", "value", "lower", "upper", "n", "p", "minimum_detectable"]
    return pd.DataFrame(rows).reindex(columns=[*columns, "n_replicates", "verdict", "note"])
