"""Careful and careless splits of the same detections, of equal size: what each error would cost.

In every draw whole groups (fields, or tiles of the sky) are tested. The careful split takes whole
patches, one detection an object, and leaves out what lies within a patch's diagonal of a tested
group. Each careless one differs from it in what its Protocol says, and has as many objects of each
class and magnitude bin in both parts, so that a difference of scores is the price of that error.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from fewsky.console import FewskyError
from fewsky.splits.assign import drop_duplicates
from fewsky.splits.audit import SEEN, TESTED, crossing
from fewsky.splits.groups import choose_groups
from fewsky.splits.sphere import close_pairs, sky_tiles, within

CAREFUL = "careful"


class Protocol(NamedTuple):
    """Whether groups stay whole, what is near them is cut, copies and border patches are left in.

    `changes` is what the protocol leaves in; without such detections it is the careful one.
    """

    whole_groups: bool
    guarded: bool
    copies: bool
    border: bool
    changes: str


PROTOCOLS = {
    CAREFUL: Protocol(True, True, False, False, "nothing"),
    "random": Protocol(False, False, True, False, "nothing"),
    "random-once": Protocol(False, False, False, False, "copies"),
    "overlap": Protocol(True, False, True, False, "overlap"),
    "copies": Protocol(True, True, True, False, "copies"),
    "border": Protocol(True, True, False, True, "border"),
}
COLUMNS = ["protocol", "draw", "object_id", "part"]


class Sky(NamedTuple):
    """Detections of the wanted classes and fields, and what holds for every draw.

    `table` has object_id, ra, dec, cell (class and magnitude bin), unit (group) and tile; `whole`,
    `once` and `padded` (n,) bool mark whole patches, those of them kept as one detection an
    object, and border patches of objects that have no whole one.
    """

    table: pd.DataFrame
    whole: np.ndarray
    once: np.ndarray
    padded: np.ndarray
    near: np.ndarray  # pairs (m, 2) of detections that may share pixels
    copies: np.ndarray  # pairs (m, 2) of detections of one object


def make_priced(catalog, settings, *, draws, seed):
    """Return the parts (protocol, draw, object_id, part) of all draws, and a table of what leaks.

    `settings` has `classes`, `by`, `fields`, `test_fraction`, `tile_arcmin`, `match_arcsec`,
    `patch_arcsec`, `magnitude` and `bin_mag`. A protocol that would leave nothing in that the
    careful one takes out is left out. Raises FewskyError, one line, where too few groups or classes
    are found.
    """
    sky = read_sky(catalog, settings)
    choose = partial(choose_tested, sky, settings)
    return draw_splits(sky, choose, PROTOCOLS, draws=draws, seed=seed)


def draw_splits(sky, choose, protocols, *, draws, seed):
    """Return the parts and the leaks of all draws of a Sky under some protocols, as make_priced.

    `choose` takes a generator and returns which rows, (n,) bool, lie in the groups that are tested.
    """
    parts, leaks = [], []
    for draw in range(draws):
        rng = np.random.default_rng([seed, draw])
        for name, chosen in split_draw(sky, choose(rng), protocols, rng).items():
            parts.append(listed(sky, name, draw, chosen))
            leaks.append({"protocol": name, "draw": draw, **leaked(sky, *chosen)})
    return pd.concat(parts, ignore_index=True)[COLUMNS], pd.DataFrame(leaks)


def read_sky(catalog, settings):
    """Return the Sky of a catalogue; FewskyError where it lacks a class or two groups."""
    wanted = catalog["label"].isin(settings["classes"]).to_numpy(copy=True)
    if settings["fields"]:
        wanted &= catalog["field"].isin(settings["fields"]).to_numpy()
    found = catalog[wanted].reset_index(drop=True)
    bins = np.floor(found[settings["magnitude"]].astype(float) / settings["bin_mag"])
    tile = sky_tiles(found["ra"], found["dec"], settings["tile_arcmin"])
    unit = found["field"].astype(str).to_numpy() if settings["by"] == "field" else tile
    table = found[["object_id", "ra", "dec", "label"]].assign(
        cell=found["label"] + " " + bins.astype(str), unit=unit, tile=tile
    )
    check_sky(table, settings)
    once = {"duplicates": "drop", "match_arcsec": settings["match_arcsec"]}
    whole = found["complete"].to_numpy(bool)
    kept, _ = drop_duplicates(found, whole, once)
    again = within(*placed(found).T, *placed(found[kept]).T, settings["match_arcsec"])
    padded, _ = drop_duplicates(found, ~whole & ~again, once)
    reach = (float(np.sqrt(2) * settings["patch_arcsec"]), settings["match_arcsec"])
    near, copies = (close_pairs(*placed(found).T, arcsec) for arcsec in reach)
    return Sky(table, whole, kept, padded, near, copies)


def check_sky(table, settings):
    """Raise FewskyError where detections lack a class, or are of one group."""
    groups, found = table["unit"].nunique(), sorted(table["label"].unique())
    if groups < 2 or len(found) < len(settings["classes"]):
        raise FewskyError(
            f"price: wanted labelled objects of {', '.join(settings['classes'])} in at least 2 "
            f"groups by {settings['by']}; found {groups} groups, {', '.join(found) or 'no class'}"
            ". Name more fields, or split by sky."
        )


def placed(objects):
    """Return the positions, (n, 2), in degrees."""
    return objects[["ra", "dec"]].to_numpy(float)


def choose_tested(sky, settings, rng):
    """Return which detections, (n,) bool, lie in the groups that a draw tests.

    Of fields those are tested that share sky with another one, where there are any, and never two
    that do: the overlap is then one between training and test.
    """
    unit = sky.table["unit"].to_numpy()
    if settings["by"] == "sky":
        return choose_groups(unit, sky.table["label"], settings["test_fraction"], rng)
    joined = {(a, b) for a, b in unit[sky.near] if a != b}
    joined |= {(b, a) for a, b in joined}
    names = np.unique(unit)
    beside = [name for name in names if any(name == a for a, _ in joined)] or list(names)
    chosen: list[str] = []
    for name in rng.permutation(beside):
        if not any((name, other) in joined for other in chosen):
            chosen.append(str(name))
    most = max(1, round(settings["test_fraction"] * len(names)))
    return np.isin(unit, chosen[:most])


def split_draw(sky, tested, protocols, rng):
    """Return by protocol the rows that train and the rows that are tested, of equal counts.

    The careful split is always among them, and comes first.
    """
    yields = near_the_tested(sky, tested)
    train, test = sky.once & ~tested & ~yields, sky.once & tested
    if not train.any() or not test.any():
        raise FewskyError(
            "price: wanted whole patches to train on and to test; found none on one side. Name "
            "more fields, or lower test_fraction."
        )
    found = {CAREFUL: (np.flatnonzero(train), np.flatnonzero(test))}
    cell = sky.table["cell"].to_numpy()
    for name, protocol in protocols.items():
        if name != CAREFUL and tells(sky, protocol.changes, tested):
            found[name] = draw_equal(sky, protocol, tested, yields, cell, found[CAREFUL], rng)
    return found


def near_the_tested(sky, tested):
    """Return the detections, (n,) bool, whose patch may share pixels with one of a tested group."""
    near = np.zeros(len(tested), bool)
    near[sky.near[tested[sky.near].any(axis=1)].ravel()] = True
    return near


def tells(sky, changes, tested):
    """Return whether there is anything of the kind that a protocol leaves in."""
    across = tested[sky.near[:, 0]] != tested[sky.near[:, 1]]
    present = {
        "nothing": True,
        "copies": (sky.whole & ~sky.once).any(),
        "overlap": across.any(),
        "border": sky.padded.any(),
    }
    return bool(present[changes])


def draw_equal(sky, protocol, tested, yields, cell, careful, rng):
    """Return rows to train on and to test, with the careful split's counts of every cell."""
    pool = (sky.whole if protocol.copies else sky.once) | (sky.padded & protocol.border)
    wanted = [pd.Series(cell[rows]).value_counts() for rows in careful]
    if not protocol.whole_groups:
        test = sample(np.flatnonzero(pool), cell, wanted[1], rng)
        rest = pool.copy()
        rest[test] = False
        return sample(np.flatnonzero(rest), cell, wanted[0], rng), test
    train = pool & ~tested & ~(yields & protocol.guarded)
    sides = (np.flatnonzero(train), np.flatnonzero(pool & tested))
    return tuple(sample(rows, cell, n, rng) for rows, n in zip(sides, wanted, strict=True))


def sample(rows, cell, wanted, rng):
    """Return rows, sorted, so many of each cell as `wanted` says."""
    order = rng.permutation(rows)
    place = pd.Series(cell[order]).groupby(cell[order]).cumcount().to_numpy()
    most = wanted.reindex(cell[order]).fillna(0).to_numpy()
    return np.sort(order[place < most])


def listed(sky, name, draw, chosen):
    """Return one split as a table."""
    ids = sky.table["object_id"].to_numpy()
    parts = [pd.DataFrame({"object_id": ids[rows]}) for rows in chosen]
    table = pd.concat([parts[0].assign(part="train"), parts[1].assign(part="test")])
    return table.assign(protocol=name, draw=draw)


def leaked(sky, train, test):
    """Return the sizes of a split, and the shares of its test objects that training has seen.

    `test_copied` have a detection of the same object in training, `test_shared` a patch that may
    share pixels; `test_border` and `train_border` leave the footprint.
    """
    side = np.zeros(len(sky.table), int)
    side[train], side[test] = SEEN, TESTED
    kinds = {"test_copied": sky.copies, "test_shared": sky.near}
    near = {key: len(crossing(pairs, side)[1]) / len(test) for key, pairs in kinds.items()}
    border = {"test_border": test, "train_border": train}
    return {
        "n_train": len(train),
        "n_test": len(test),
        **near,
        **{key: float((~sky.whole[rows]).mean()) for key, rows in border.items()},
    }
