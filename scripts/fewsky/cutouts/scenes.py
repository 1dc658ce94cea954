"""Patches of four classes: empty sky, a star, a galaxy, or both, by what the catalogue has."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import pandas as pd
from astropy.wcs import WCS
from scipy.spatial import cKDTree

from fewsky.console import say
from fewsky.cutouts.edges import distance_to_edge
from fewsky.cutouts.scene_classes import SKY, classes_at, counted_objects
from fewsky.overlap import close, greedy
from fewsky.surveys.catalogue_table import UNKNOWN
from fewsky.surveys.sdss import catalogue_kind

ORDER = ("both", "star", "galaxy")  # ties between equally frequent classes are broken in it
TRIES = 60  # positions drawn for each patch of sky that is wanted
PLACE = ["x", "y"]


class Site(NamedTuple):
    """A field: its name, its WCS, and which pixels `(y, x)` lack data in some band."""

    field: str
    wcs: WCS
    missing: np.ndarray

    def edge_px(self, places: pd.DataFrame) -> np.ndarray:
        """Distance in pixels of whole pixels x, y to where there is no data, 0 there."""
        height, width = self.missing.shape
        x, y = (
            places[axis].to_numpy(int).clip(0, n - 1)
            for axis, n in zip("xy", (width, height), strict=True)
        )
        distance = distance_to_edge(self.missing, places["x"], places["y"])
        return np.where(self.missing[y, x], 0, distance)


def scene_patches(
    objects: pd.DataFrame,
    listed: pd.DataFrame,
    site: Site,
    dataset: Mapping[str, Any],
    survey: Mapping[str, Any],
) -> pd.DataFrame:
    """Rows of a field's patches with x, y (whole pixels), ra, dec, `label` and `centre`.

    `label` is what the patch shows (scene_classes.classes_at), `centre` the catalogue's class of
    the object that it was made for, "" for sky. One patch is made about each counted object, moved
    by up to `shift_px` in x and y, and one between each star and galaxy that a window can hold both
    of, whose row is that of the brighter one. Then sky is drawn evenly over the field. Patches that
    share more than `overlap` of their pixels with one before them are left out, in this order:
    the rarest class first, the brightest object first, sky last. `objects` are those selected,
    `listed` all rows of the catalogue. A catalogue without one of the classes gives no patch.
    """
    scene, size = dataset["scene"], dataset["size"]
    rng = np.random.default_rng([scene["seed"], crc32(site.field.encode())])
    counted = counted_objects(objects, scene, survey["reference_band"])
    if not tells_both_classes(survey, site.field):
        say(f"{site.field}: no catalogue of stars and galaxies, so that sky is not known: no patch")
        counted = counted[:0]
    made = pd.concat([_around(counted, scene, rng), _between(counted, scene, rng)])
    made["label"] = classes_at(made, counted, listed, scene, survey["pixel_arcsec"])
    made = _rarest_first(made[made["label"].isin(ORDER)])
    made = _apart(made[site.edge_px(made) > size // 2], size, scene["overlap"])
    wanted = round(scene["sky_share"] * made["label"].value_counts().max()) if len(made) else 0
    sky = _sky(wanted, listed, site, dataset, survey["pixel_arcsec"], rng)
    fallen = _apart(pd.concat([made, sky]), size, scene["overlap"]).iloc[len(made) :][:wanted]
    patches = pd.concat([made, fallen]) if len(fallen) else made
    _tell(site.field, patches, wanted)
    ra, dec = site.wcs.all_pix2world(patches["x"], patches["y"], 0) if len(patches) else ([], [])
    # The field's own seeing stands in for all: an object's would tell it from sky.
    unknown = {name: np.nan for name in patches if name.startswith("psf_fwhm_")}
    return patches.assign(ra=ra, dec=dec, **unknown).reset_index(drop=True)


def _around(counted: pd.DataFrame, scene: Mapping[str, Any], rng) -> pd.DataFrame:
    """A patch about each counted object, moved by a random whole number of pixels each way."""
    moved = rng.integers(-scene["shift_px"], scene["shift_px"] + 1, (len(counted), 2))
    places = np.floor(counted[PLACE].to_numpy(float) + 0.5) + moved
    return counted.assign(centre=counted["label"], x=places[:, 0], y=places[:, 1])


def _between(counted: pd.DataFrame, scene: Mapping[str, Any], rng) -> pd.DataFrame:
    """A patch for each star and galaxy that one window holds both of, anywhere it does so."""
    stars, galaxies = (counted[counted["label"] == name] for name in ("star", "galaxy"))
    if stars.empty or galaxies.empty:
        return counted[:0].assign(centre="")
    reach = scene["within_px"]
    near = cKDTree(stars[PLACE]).query_ball_point(galaxies[PLACE], 2 * reach, p=np.inf)
    rows = [(i, j) for j, found in enumerate(near) for i in sorted(found)]
    one, other = stars.iloc[[i for i, _ in rows]], galaxies.iloc[[j for _, j in rows]]
    ends = np.stack([table[PLACE].to_numpy(float) for table in (one, other)])
    low, high = np.ceil(ends.max(axis=0) - reach), np.floor(ends.min(axis=0) + reach)
    middle = np.floor(ends.mean(axis=0) + 0.5)
    low, high = (
        np.maximum(low, middle - scene["shift_px"]),
        np.minimum(high, middle + scene["shift_px"]),
    )
    whole = (low <= high).all(axis=1)
    places = rng.integers(low[whole].astype(int), high[whole].astype(int) + 1).astype(float)
    one, other = one[whole], other[whole]
    first = one["magnitude"].to_numpy() <= other["magnitude"].to_numpy()
    brighter = pd.concat([one[first], other[~first]])
    order = np.concatenate([np.flatnonzero(first), np.flatnonzero(~first)])
    names = (
        one["object_id"].astype(str).to_numpy() + "+" + other["object_id"].astype(str).to_numpy()
    )
    return brighter.assign(
        centre=brighter["label"], object_id=names[order], x=places[order, 0], y=places[order, 1]
    )


def _rarest_first(made: pd.DataFrame) -> pd.DataFrame:
    counts = made["label"].value_counts()
    places = {name: k for k, name in enumerate(ORDER)}
    keys = {"n": made["label"].map(counts), "class": made["label"].map(places)}
    order = made.assign(**keys).sort_values(
        ["n", "class", "magnitude", "object_id"], kind="stable", na_position="last"
    )
    return order.drop(columns=list(keys))


def _apart(patches: pd.DataFrame, size: int, limit: float) -> pd.DataFrame:
    """The patches, in their order, that share no more than `limit` with any before them."""
    return patches[greedy(len(patches), close(patches["x"], patches["y"], size, limit))]


def _sky(wanted: int, listed, site: Site, dataset, pixel_arcsec: float, rng) -> pd.DataFrame:
    """Rows of empty sky, more than wanted where there is room, in the order in which they fell."""
    scene, (height, width) = dataset["scene"], site.missing.shape
    places = pd.DataFrame(rng.integers(0, (width, height), (TRIES * wanted, 2)), columns=["x", "y"])
    places = places.drop_duplicates().astype(float)
    least = max(dataset["size"] // 2, scene["distance_arcsec"] / pixel_arcsec)
    places = places[site.edge_px(places) > least]
    # Nothing that is listed is near, so nothing that counts is.
    places = places[classes_at(places, listed[:0], listed, scene, pixel_arcsec) == SKY]
    names = [f"sky-{x:04.0f}-{y:04.0f}" for x, y in places.to_numpy()]
    run, camcol, _ = map(int, site.field.split("-"))
    told = {"field": site.field, "run": run, "camcol": camcol, "label": SKY, "centre": ""}
    return places.assign(object_id=names, **told, **UNKNOWN)


def _tell(field: str, patches: pd.DataFrame, wanted: int) -> None:
    counts = patches["label"].value_counts()
    found = ", ".join(f"{counts.get(name, 0)} {name}" for name in (SKY, *ORDER[1:], ORDER[0]))
    lack = f"; {wanted} of sky were wanted" if counts.get(SKY, 0) < wanted else ""
    say(f"{field}: patches by what they show: {found}{lack}")


def tells_both_classes(survey: Mapping[str, Any], field: str) -> bool:
    """Whether a field's catalogue lists stars and galaxies, so that sky is known to be empty.

    It does not where there is none, and where it is one half of the datasweeps.
    """
    kind = catalogue_kind(survey, field)
    halves = survey.get("calibobj_kinds", ("star", "gal"))
    return kind != "none" and (kind != "calibobj" or len(halves) == 2)
