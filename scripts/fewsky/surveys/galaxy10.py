"""Galaxy10: colour images of galaxies with Galaxy Zoo's classes, all of them in one HDF5 file.

Which file is asked for; galaxy10_file reads it. The Snakefile imports this module, so it needs the
standard library only. The two releases and their sources stand in docs/data.md.
"""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from fewsky.console import FewskyError

KIND = "images"
ALIGNS = False
PACKED = True
OBJECTS = "galaxy10_file"
PICTURES = "galaxy10_file"
BANDS = 3
# In the order of the file's `ans`, which holds 0 to 9. Two slips of astroNN are mended: its page
# prints 394 images for class 3 of SDSS, which has 349 (394 would make 21,830 of the file's 21,785);
# its code names class 3 of DECaLS cigar-shaped, as class 4, but it holds the in-between ones.
CLASSES = {
    "sdss": (
        "face-on-disk", "round-smooth", "in-between-smooth", "cigar-smooth",
        "edge-on-rounded-bulge", "edge-on-boxy-bulge", "edge-on-no-bulge",
        "tight-spiral", "medium-spiral", "loose-spiral",
    ),
    "decals": (
        "disturbed", "merging", "round-smooth", "in-between-smooth", "cigar-smooth",
        "barred-spiral", "tight-spiral", "loose-spiral", "edge-on-no-bulge", "edge-on-with-bulge",
    ),
}  # fmt: skip
# Columns of numbers beside images and classes; the release of SDSS has none.
NUMBERS = {"sdss": (), "decals": ("ra", "dec", "redshift", "pxscale")}
CATALOGUE = ("reader", "sha256", "urls")
SELECTION = ("counts", "reader", "release", "shard_objects")
SIMULATED = ("counts", "field_arcsec", "release", "urls")


def object_id(release: str, row: int) -> str:
    """Name of the object in a row of the file, counted from 0."""
    return f"g10-{release}-{row:05d}"


def row_of(object_id: str) -> int:
    """The row of the file that an object's name tells."""
    return int(object_id.rpartition("-")[2])


def shards(survey: Mapping[str, Any]) -> dict[str, dict]:
    """The rows of the file in groups part-00, part-01, ... of `shard_objects`.

    Their number follows from the survey's counts. Raises FewskyError where release, bands or counts
    are not those of Galaxy10.
    """
    _check(survey)
    number = ceil(sum(survey["counts"].values()) / survey["shard_objects"])
    names = (f"part-{k:02d}" for k in range(number))
    return {name: {"shard": name, "bands": list(survey["bands"])} for name in names}


def catalogue(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the download of the file needs to be told."""
    return {key: survey.get(key) for key in CATALOGUE}


def selection(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the list of its objects needs to be told."""
    return {key: survey[key] for key in SELECTION}


def catalogue_files(settings: Mapping[str, Any]) -> list[dict[str, str]]:
    """The one file, with the digest that it must have where the survey names one."""
    if "images" not in settings["urls"]:
        raise FewskyError("urls.images: wanted an address; found none. See docs/data.md for it.")
    row = {"kind": "packed", "field": "", "band": "", "url": settings["urls"]["images"]}
    digest = settings["sha256"]
    return [{**row, "published": f"sha256:{digest}"} if digest else row]


def local_files(settings: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own files that the catalogue needs: none."""
    return []


def files(shard: Mapping[str, Any], objects: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Files of a shard's images: none, since they lie in the one file."""
    return []


def local_images(shard: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own images: none."""
    return []


def _check(survey: Mapping[str, Any]) -> None:
    release, counts = survey.get("release"), survey.get("counts") or {}
    if release not in CLASSES:
        raise FewskyError(
            f"release: wanted one of {', '.join(CLASSES)}; found {release or 'none'}. Name one."
        )
    if len(survey["bands"]) != BANDS:
        raise FewskyError(
            f"bands {', '.join(survey['bands'])}: wanted three, for red, green and blue; found "
            f"{len(survey['bands'])}. Correct them."
        )
    wanted = set(CLASSES[release])
    strange, lacking = sorted(counts.keys() - wanted), sorted(wanted - counts.keys())
    if strange or lacking:
        found = f"'{strange[0]}'" if strange else f"none for {lacking[0]}"
        raise FewskyError(
            f"counts: wanted a number of images for each class of {release}, "
            f"{', '.join(CLASSES[release])}; found {found}. Correct them."
        )
    if not sum(counts.values()):
        raise FewskyError("counts: wanted images; found 0 in all classes. Correct them.")
