"""Answers of Simple Image Access (IVOA): a VOTable with one row an image that covers a place."""

from collections.abc import Mapping
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.parsers import expat

from fewsky.raw.answers import Hiccup, Refused
from fewsky.raw.payload import describe

# Names that services have for what is read, without case; not all give the UCDs of SIA 1.0.
ADDRESS = ("access_url", "url")
BAND = ("obs_bandpass", "band", "filter", "bandpass_id")
KIND = ("prodtype", "proctype")  # where a service has weight maps beside images
OTHER_NAMES = {"u": ("ujava",)}


def image_of(page: bytes, band: str) -> str:
    """The address of the first image in a band, of those that a table lists.

    A band is named by its first word, without case and without a leading J0: F378 is J0378. Raises
    Hiccup for answers that are no table, Refused where the table has no such image.
    """
    rows = rows_of(page)
    names = (band, *OTHER_NAMES.get(band, ()))
    fit = [row for row in rows if _plain(_first(row, BAND)) in names]
    images = [row for row in fit if _first(row, KIND).lower() in ("", "image", "stack", "stacked")]
    for row in images:
        address = _first(row, ADDRESS)
        if urlsplit(address).scheme in ("http", "https") and urlsplit(address).hostname:
            return address
    seen = sorted({_first(row, BAND) for row in rows})
    raise Refused(f"a table of {len(rows)} images ({', '.join(seen) or 'none'}), none in {band}")


def rows_of(page: bytes) -> list[dict[str, str]]:
    """The rows of a VOTable by the names of its columns, in small letters."""
    try:
        root = _parsed(page)
    except (expat.ExpatError, LookupError, ValueError):
        raise Hiccup(f"{describe(page[:4096])} instead of a table of images") from None
    names = [item.get("name", "").lower() for item in root.iter() if _tag(item) == "FIELD"]
    cells = ([c.text or "" for c in row if _tag(c) == "TD"] for row in root.iter()
             if _tag(row) == "TR")  # fmt: skip
    return [dict(zip(names, (text.strip() for text in row), strict=False)) for row in cells]


def _parsed(page: bytes) -> ElementTree.Element:
    """The root of a page's XML; ValueError where it declares an entity, which no table needs."""

    def refuse(*_):
        raise ValueError("an entity")

    parser, tree = expat.ParserCreate(), ElementTree.TreeBuilder()
    parser.buffer_text = True
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = tree.start, tree.end
    parser.CharacterDataHandler = tree.data
    parser.Parse(page, True)
    root = tree.close()
    if _tag(root) != "VOTABLE":
        raise ValueError("another document")
    return root


def _tag(item: ElementTree.Element) -> str:
    return item.tag.rpartition(":")[2]


def _first(row: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def _plain(text: str) -> str:
    word = (text.split() or [""])[0].lower()
    return f"f{word[2:]}" if word.startswith("j0") else word.replace("f0", "f", 1)
