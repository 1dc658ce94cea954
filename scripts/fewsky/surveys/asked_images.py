"""What the surveys whose service cuts an image on request have in common: names, shards, checks.

Standard library only: the Snakefile imports the readers, and they import this module.
"""

import hashlib
from collections.abc import Mapping
from math import ceil
from typing import Any
from urllib.parse import quote, urlencode

from fewsky.console import FewskyError

LARGEST_PX = 2048  # the most that SkyServer cuts


def url_of(survey: Mapping[str, Any], key: str) -> str:
    """An address of the survey. Raises FewskyError where it has none."""
    if key not in survey["urls"]:
        raise FewskyError(f"urls.{key}: wanted an address; found none. See docs/data.md for it.")
    return survey["urls"][key]


def side_px(survey: Mapping[str, Any]) -> int:
    """Pixels a side that are asked for: field_arcsec in pixels of pixel_arcsec.

    Raises FewskyError where field_arcsec is missing or the image would be too small or too large.
    """
    if not survey.get("field_arcsec"):
        raise FewskyError(
            f"field_arcsec: wanted it for a {survey['reader']} survey; found none. See "
            "docs/config.md."
        )
    side = round(survey["field_arcsec"] / survey["pixel_arcsec"])
    if not 8 <= side <= LARGEST_PX:
        raise FewskyError(
            f"field_arcsec: wanted images of 8 to {LARGEST_PX} pixels; found {side}, which is "
            f"{survey['field_arcsec']:g} over pixel_arcsec {survey['pixel_arcsec']:g}. Mend one."
        )
    return side


def parts(number: int, survey: Mapping[str, Any], needed: Mapping[str, Any]) -> dict[str, dict]:
    """Shards part-00, part-01, ... of `number` objects, each told what is `needed`."""
    count = ceil(number / survey["shard_objects"])
    names = (f"part-{k:02d}" for k in range(count))
    return {name: {"shard": name, **needed} for name in names}


def check_bands(survey: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise FewskyError for bands that the survey's images do not have."""
    strange = [band for band in survey["bands"] if band not in known]
    if strange:
        raise FewskyError(
            f"bands {', '.join(survey['bands'])}: wanted some of {', '.join(known)}; found "
            f"'{strange[0]}', which the survey does not have. Correct them."
        )


def check_colour(survey: Mapping[str, Any]) -> None:
    """Raise FewskyError unless the bands are three, for red, green and blue."""
    if len(survey["bands"]) != 3:
        raise FewskyError(
            f"bands {', '.join(survey['bands'])}: wanted three, for red, green and blue; found "
            f"{len(survey['bands'])}. Correct them."
        )


# --- SkyServer's colour pictures ------------------------------------------------------------------
def jpeg_url(base: str, ra: float, dec: float, pixel_arcsec: float, side: int) -> str:
    """The stable name of one picture: where it lies in the store and in a mirror.

    `ra`, `dec` in degrees (ICRS), `side` in pixels. What is asked is jpeg_request's address.
    """
    return f"{base}/{pixel_arcsec:g}-{side}/{ra:.5f}{dec:+.5f}.jpg"


def jpeg_request(base: str, ra: float, dec: float, pixel_arcsec: float, side: int) -> str:
    """The address that SkyServer's ImgCutout answers with that picture."""
    asked = {"ra": f"{ra:.5f}", "dec": f"{dec:.5f}", "scale": f"{pixel_arcsec:g}"}
    return f"{base}?{urlencode({**asked, 'width': side, 'height': side})}"


def jpeg_row(shard: Mapping[str, Any], item: Mapping[str, str]) -> dict[str, Any]:
    """The entry of one object's picture: kind, field (its name), band, url and form."""
    place = float(item["ra"]), float(item["dec"])
    told = (shard["urls"]["image"], *place, shard["pixel_arcsec"], shard["side_px"])
    row = {"kind": "image", "field": item["object_id"], "band": "", "url": jpeg_url(*told)}
    return {**row, "form": {"address": jpeg_request(*told)}}


# --- queries --------------------------------------------------------------------------------------
def query_row(base: str, name: str, query: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """The entry of a catalogue that a query gives: its name has a digest of the query.

    `fields` are the service's own, the query among them.
    """
    digest = hashlib.sha256(query.encode()).hexdigest()[:12]
    url = f"{base}/{name}-{digest}.csv"
    row = {"kind": "catalogue", "field": "", "band": "", "url": url}
    return {**row, "form": {"address": f"{base}?{urlencode(fields, quote_via=quote)}"}}


def table_row(path: str) -> dict[str, str]:
    """The entry of a person's own catalogue."""
    return {"kind": "catalogue", "field": "", "band": "", "url": path}


def one_line(query: str) -> str:
    """A query without line breaks and double blanks, so that its layout changes no name."""
    return " ".join(query.split())
