"""Galaxy Zoo 2: colour pictures of galaxies with what volunteers saw in them, in one archive.

Which files are asked for; galaxyzoo_table reads them. The Snakefile imports this module, so it
needs the standard library only.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from fewsky.console import FewskyError
from fewsky.surveys.asked_images import check_colour, parts, url_of

KIND = "images"
ALIGNS = False
PACKED = True
OBJECTS = "galaxyzoo_table"
PICTURES = "galaxyzoo_table"
# Kind, address and what its name ends in: the pictures, which object each shows, and the votes.
FILES = {
    "packed": ("images", ".zip"),
    "mapping": ("mapping", ".csv"),
    "votes": ("votes", (".csv", ".csv.gz")),
}
CATALOGUE = ("reader", "urls")
SELECTION = ("exclude", "number", "reader", "seed", "shard_objects")
SIMULATED = ("number", "reader", "urls")
# Shorthand of the votes (column gz2_class; Willett et al. 2013, MNRAS 435, 2835, appendix A) in the
# words of Galaxy10's release of SDSS. What is odd, in brackets at its end, decides nothing here.
SMOOTH = {"r": "round-smooth", "i": "in-between-smooth", "c": "cigar-smooth"}
EDGE_ON = {"r": "edge-on-rounded-bulge", "b": "edge-on-boxy-bulge", "n": "edge-on-no-bulge"}
WOUND = {"t": "tight-spiral", "m": "medium-spiral", "l": "loose-spiral"}
ARTEFACT, BARE = "artefact", "face-on-disk"
# Smooth; edge-on; or a disk: bar, bulge from none (d) to dominant (a), arms and their winding.
SHORTHAND = re.compile(
    r"(?:E(?P<smooth>[ric])|Se(?P<edge>[rbn])|SB?[abcd](?:[1234+?](?P<wound>[tml]))?|(?P<none>A))"
    r"(?:\([a-z]\))?"
)


def object_id(asset: int | str) -> str:
    """Name of the object whose picture has this number."""
    return f"gz2-{asset}"


def asset_of(object_id: str) -> str:
    """The number of a picture that an object's name tells."""
    return object_id.rpartition("-")[2]


def label_of(shorthand: str) -> str:
    """The class of Galaxy10 (SDSS) that a gz2_class stands for; `artefact`, or "" where it is none.

    Disks with arms are tight, medium or loose by their winding, barred or not; others are bare.
    """
    found = SHORTHAND.fullmatch(shorthand)
    if found is None:
        return ""
    if found["none"]:
        return ARTEFACT
    if found["smooth"]:
        return SMOOTH[found["smooth"]]
    if found["edge"]:
        return EDGE_ON[found["edge"]]
    return WOUND.get(found["wound"], BARE)


def shards(survey: Mapping[str, Any]) -> dict[str, dict]:
    """The drawn images in groups part-00, part-01, ... of `shard_objects`.

    Raises FewskyError on other than three bands and without a number of images.
    """
    check_colour(survey)
    if not survey.get("number"):
        raise FewskyError(
            "number: wanted how many images of a galaxyzoo survey are drawn; found none. See "
            "docs/config.md."
        )
    return parts(survey["number"], survey, {"bands": list(survey["bands"])})


def catalogue(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the download of the files needs to be told."""
    return {key: survey[key] for key in CATALOGUE}


def selection(survey: Mapping[str, Any]) -> dict[str, Any]:
    """What the choice of objects needs to be told."""
    return {key: survey[key] for key in SELECTION}


def catalogue_files(settings: Mapping[str, Any]) -> list[dict[str, str]]:
    """The archive of pictures, the list of which object each shows, and the votes."""
    rows = []
    for kind, (key, endings) in FILES.items():
        url = url_of(settings, key)
        if not url.endswith(endings):
            wanted = endings if isinstance(endings, str) else " or ".join(endings)
            raise FewskyError(
                f"urls.{key}: wanted the address of a {wanted}; found {url}. Correct it."
            )
        rows.append({"kind": kind, "field": "", "band": "", "url": url})
    return rows


def local_files(settings: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own files that the catalogue needs: none."""
    return []


def files(shard: Mapping[str, Any], objects: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Files of a shard's images: none, since they lie in the one archive."""
    return []


def local_images(shard: Mapping[str, Any]) -> list[str]:
    """Paths of a person's own images: none."""
    return []
