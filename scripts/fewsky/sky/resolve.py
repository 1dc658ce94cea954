"""Which detection of an object counts: fields overlap, each object is primary in one of them."""

import numpy as np
from scipy.spatial import cKDTree

from fewsky.sky.columns import BLENDED, EDGE, SATURATED
from fewsky.sky.scan import Scan

# MODE
PRIMARY, SECONDARY, PARENT, FAMILY = 1, 2, 3, 4
# Bits of RESOLVE_STATUS
RUN_PRIMARY, RUN_IGNORE, RUN_EDGE, RUN_DUPLICATE = 0x1, 0x8, 0x10, 0x20
SURVEY_PRIMARY, SURVEY_SECONDARY, SURVEY_EDGE = 0x100, 0x400, 0x1000
# Detections of one object in both fields lie closer than this.
SAME_PX = 2.0
EDGE_PX = 6.0
_STATES = {
    "primary": (PRIMARY, RUN_PRIMARY | SURVEY_PRIMARY),
    # The archive gives a duplicate within a run MODE 4. Here it is a secondary, so that a reader
    # who takes secondaries meets the same object twice, as across runs of the archive.
    "duplicate": (SECONDARY, RUN_DUPLICATE | SURVEY_SECONDARY),
    "parent": (PARENT, RUN_IGNORE),
    "side": (FAMILY, RUN_PRIMARY | RUN_EDGE | SURVEY_EDGE),
    "end": (FAMILY, RUN_DUPLICATE | RUN_EDGE),
}


def near_edge(table: np.ndarray, scan: Scan) -> tuple[np.ndarray, np.ndarray]:
    """Whether objects touch the first or last column, and the first or last row, of their frame."""
    column, row = table["OBJC_COLC"], table["OBJC_ROWC"]
    sides = (column < EDGE_PX) | (column > scan.columns - EDGE_PX)
    return sides, (row < EDGE_PX) | (row > scan.rows - EDGE_PX)


def resolve(scan: Scan, tables: dict[int, np.ndarray]) -> None:
    """Fill MODE, RESOLVE_STATUS, THING_ID, NDETECT and CLEAN of photoObj tables by field, in place.

    A field owns its rows but half of each overlap. THING_ID of a duplicate is that of its primary,
    -1 where the neighbouring field is not there or does not see it.
    """
    owned = {field: _owned(scan, table["OBJC_ROWC"]) for field, table in tables.items()}
    twins = {field: _twins(scan, tables, field) for field in tables}
    for field, (lower, upper) in twins.items():
        if len(lower):
            # Both detections must agree on the owner: the lower field decides.
            owned[field + 1][upper] = ~owned[field][lower]
    for field, table in tables.items():
        _settle(scan, field, table, owned[field])
    for field, (lower, upper) in twins.items():
        if len(lower):
            _link(tables[field], lower, tables[field + 1], upper)


def _owned(scan: Scan, row: np.ndarray) -> np.ndarray:
    margin = scan.overlap / 2
    return (row >= margin) & (row < scan.rows - margin)


def _twins(scan: Scan, tables: dict[int, np.ndarray], field: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of this field and of the next that are one object seen twice."""
    nothing = np.zeros(0, int)
    if field + 1 not in tables:
        return nothing, nothing
    places = []
    for number, shift in ((field, scan.step), (field + 1, 0)):
        table = tables[number]
        place = np.stack([table["OBJC_COLC"], table["OBJC_ROWC"] - shift], axis=1)
        # Parents may lie on their children; they are no twins of anything.
        places.append(np.where((table["NCHILD"] > 0)[:, None], np.inf, place))
    lower, upper = (np.flatnonzero(np.isfinite(place[:, 0])) for place in places)
    if not len(lower) or not len(upper):
        return nothing, nothing
    there, back = cKDTree(places[1][upper]), cKDTree(places[0][lower])
    distance, to = there.query(places[0][lower])
    _, home = back.query(places[1][upper])
    mutual = (distance < SAME_PX) & (home[to] == np.arange(len(lower)))
    return lower[mutual], upper[to[mutual]]


def _settle(scan: Scan, field: int, table: np.ndarray, owned: np.ndarray) -> None:
    side, end = near_edge(table, scan)
    state = np.select(
        [table["NCHILD"] > 0, end, ~owned, side], ["parent", "end", "duplicate", "side"], "primary"
    )
    for name, (mode, status) in _STATES.items():
        table["MODE"][state == name], table["RESOLVE_STATUS"][state == name] = mode, status
    primary = state == "primary"
    named = owned & (state != "parent")
    table["THING_ID"] = np.where(named, thing_id(scan, field, table["ID"]), -1)
    table["NDETECT"] = primary
    table["CLEAN"] = primary & ((table["OBJC_FLAGS"] & (BLENDED | EDGE | SATURATED)) == 0)


def thing_id(scan: Scan, field: int, number: np.ndarray) -> np.ndarray:
    """A 31-bit number that no other object of the run has; runs share 500 blocks of them."""
    return (scan.run * 6 + scan.camcol) % 500 * 4_000_000 + field * 4000 + number.astype(np.int64)


def _link(first: np.ndarray, one: np.ndarray, second: np.ndarray, two: np.ndarray) -> None:
    shared = np.maximum(first["THING_ID"][one], second["THING_ID"][two])
    for table, rows in ((first, one), (second, two)):
        table["THING_ID"][rows] = shared
        table["NDETECT"][rows] = 2
