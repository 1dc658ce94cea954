"""Groups of objects that must stay together, and the choice of whole groups for a part."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from fewsky.console import FewskyError
from fewsky.splits.sphere import close_pairs, sky_tiles

TRIES = 64


def name_groups(catalog, copies, eligible, task):
    """Return the name, (n,), of each row's group: objects of one group never part.

    A group is an object (by random), the near-copies of an image (hash; `copies` are their pairs,
    (m, 2) rows), all objects that a chain of neighbours nearer than link_arcsec joins (radius), a
    tile of the sky (sky), or that of a field (field).
    """
    split = task["split"]
    if split["by"] == "random":
        return catalog["object_id"].to_numpy()
    if split["by"] == "hash":
        return numbered("h", len(catalog), copies)
    placed = np.isfinite(catalog["ra"]) & np.isfinite(catalog["dec"])
    if split["by"] == "radius":
        rows = np.flatnonzero(placed & eligible)
        place = catalog.loc[rows, ["ra", "dec"]].to_numpy(float)
        return numbered("r", len(catalog), rows[close_pairs(*place.T, link_distance(task))])
    tiles = np.full(len(catalog), "", dtype=object)
    found = catalog[placed]
    tiles[placed] = sky_tiles(found["ra"], found["dec"], split["tile_arcmin"])
    if split["by"] == "field":
        return (catalog["field"].astype(str) + "/" + tiles).to_numpy()
    return tiles


def numbered(letter, n, pairs):
    """Return the names, (n,), of the groups that pairs of rows make."""
    return np.array([f"{letter}{k}" for k in connected(n, pairs)], dtype=object)


def link_distance(task):
    """Return the distance in arcsec that joins neighbours: the one asked for, else the diagonal.

    The diagonal is that of a patch: nearer ones share pixels. Raises FewskyError where neither is
    known.
    """
    link = task["split"]["link_arcsec"]
    if link is None and not task["patch_arcsec"]:
        raise FewskyError(
            "split by radius: wanted link_arcsec, or patches of known size; found neither. Give "
            "split.link_arcsec, or pixel_arcsec of the survey."
        )
    return float(np.sqrt(2) * task["patch_arcsec"] if link is None else link)


def connected(n, pairs):
    """Return a group number, (n,), so that the two ends of every pair share it."""
    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1]


def choose_groups(group, kind, fraction, rng):
    """Return which objects, (n,) bool, lie in groups chosen to hold `fraction` of every kind.

    Groups are taken in random order up to the wanted number of objects; of `TRIES` orders the one
    whose shares of the kinds (classes) come closest to `fraction` is used. At least one group is
    chosen and at least one is not; with a single group none is.
    """
    group, kind = np.unique(group, return_inverse=True)[1], np.unique(kind, return_inverse=True)[1]
    sizes = np.zeros((group.max() + 1, kind.max() + 1))
    np.add.at(sizes, (group, kind), 1)
    best, chosen = np.inf, np.zeros(len(sizes), bool)
    for _ in range(TRIES if len(sizes) > 1 else 0):
        order = rng.permutation(len(sizes))
        filled = np.cumsum(sizes[order].sum(1))[:-1]
        taken = order[: np.argmin(np.abs(filled - fraction * len(group))) + 1]
        miss = np.abs(sizes[taken].sum(0) / sizes.sum(0) - fraction).max()
        if miss < best:
            best, chosen = miss, np.isin(np.arange(len(sizes)), taken)
    return chosen[group]


def counted(split):
    """Return the objects wanted by part and class, {val: {class: n}}; empty where none are."""
    return {part: wanted for part, wanted in (split.get("counts") or {}).items() if wanted}


def parts_by_count(label, kept, counts, rng):
    """Return the part, (n,): of each class so many objects as `counts` says by part, at random.

    The rest is the pool. Raises FewskyError where a class has too few.
    """
    part = np.where(kept, "pool", "excluded").astype(object)
    for name in sorted({name for wanted in counts.values() for name in wanted}):
        rows = rng.permutation(np.flatnonzero(kept & (label == name)))
        sizes = {one: wanted.get(name, 0) for one, wanted in sorted(counts.items())}
        if sum(sizes.values()) >= len(rows):
            raise FewskyError(
                f"split.counts: wanted {sum(sizes.values())} objects of {name} and one more for "
                f"the pool; found {len(rows)}. Lower its counts, or mend the catalogue."
            )
        for one, ids in zip(sizes, np.split(rows, np.cumsum(list(sizes.values()))), strict=False):
            part[ids] = one
    return part
