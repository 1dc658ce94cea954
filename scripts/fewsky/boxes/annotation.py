"""The XML of one annotation taken apart: parsed safely, each value checked, each fault one line."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from fewsky.boxes.table import SOURCES
from fewsky.console import FewskyError

LARGEST = 4 << 20  # bytes of an annotation: some 10,000 boxes
SHOWN = 60  # characters of a file's content that an error repeats
CORNERS = ("xmin", "ymin", "xmax", "ymax")
DATABASE = "fewsky"  # first word of what we write in <database>
SEPARATOR = re.compile(r"[\\/]")


def parse_xml(content: str | Path | bytes, name: str | None = None) -> tuple[Any, str]:
    """The root of an annotation, and what errors call the file; nothing but the file is opened.

    Raises FewskyError on a missing or too large file, on document types and so on entities and
    what refers to other files, on malformed XML and on XML that is no annotation.
    """
    if not isinstance(content, bytes):
        name = name or str(content)
        content = _bytes(Path(content), name)
    name = name or "annotation"
    if len(content) > LARGEST:
        raise bad(name, f"an annotation of at most {LARGEST >> 20} MiB", "a larger file")
    try:
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        found = f"a document type or an entity ({type(error).__name__})"
        raise bad(name, "an annotation without them", found) from None
    except (ParseError, ValueError, LookupError) as error:
        raise bad(name, "XML", f"what is none ({_short(error)})") from None
    if root.tag != "annotation":
        raise bad(name, "an <annotation> of Pascal VOC", f"<{_short(root.tag)}>")
    return root, name


def image_file(root: Any, name: str) -> str:
    """The image's file as the annotation names it, without its folder."""
    file = SEPARATOR.split(_text(root, "filename", name))[-1]
    if not file:
        raise bad(name, "the image's file in <filename>", "a folder")
    return file


def check_size(root: Any, width: int, height: int, name: str) -> None:
    """Raise FewskyError where the annotation is not of an image of that size, in pixels."""
    size = [_number(root, f"size/{side}", name) for side in ("width", "height")]
    if size != [width, height]:
        found = f"{size[0]:g} x {size[1]:g} in <size>"
        raise bad(name, f"an image of {width} x {height} pixels", found)


def edges_of_object(item: Any, name: str) -> list[float]:
    """An <object>'s box as (x0, y0, x1, y1): VOC counts from 1 and includes the last pixel."""
    xmin, ymin, xmax, ymax = (_number(item, f"bndbox/{corner}", name) for corner in CORNERS)
    return [xmin - 1, ymin - 1, xmax, ymax]


def label_of_object(item: Any, classes: Sequence[str] | None, name: str) -> str:
    """The <name> of an <object>; FewskyError where it is not one of `classes`."""
    label = _text(item, "name", name)
    if classes is not None and label not in classes:
        raise bad(name, f"a label of {', '.join(classes)}", f"'{_short(label)}'")
    return label


def is_difficult(item: Any, name: str) -> bool:
    """The <difficult> of an <object>: 0, 1 or lacking."""
    text = (item.findtext("difficult") or "0").strip()
    if text not in ("0", "1"):
        raise bad(name, "0 or 1 in <difficult>", f"'{_short(text)}'")
    return text == "1"


def source_of_object(item: Any) -> str:
    """The source that <pose> has; a pose in its own sense is that of a box drawn by a person."""
    found = (item.findtext("pose") or "").strip()
    return next((word for word in SOURCES if found == word.capitalize()), "corrected")


def source_of_image(root: Any) -> str:
    """The source of an annotation: "proposed" while <database> or the <pose> of a box says so."""
    words = (root.findtext("source/database") or "").split()
    ours = len(words) > 1 and words[0] == DATABASE and words[-1] in SOURCES
    boxes = {source_of_object(item) for item in root.findall("object")}
    return "proposed" if "proposed" in boxes else words[-1] if ours else "corrected"


def check_corners(edges: np.ndarray, labels: Sequence[str], width: int, height: int, name: str):
    """Raise FewskyError on the first box that labelImg could not show, or that stands there twice.

    labelImg draws a box from xmin to xmax, so that one of a single pixel is a line.
    """
    seen: dict[tuple, int] = {}
    corners = edges + np.array([1, 1, 0, 0])
    for k, (label, box) in enumerate(zip(labels, corners.tolist(), strict=True), 1):
        wanted = _fault(box, width, height)
        if wanted:
            found = ", ".join(f"{c} {v:g}" for c, v in zip(CORNERS, box, strict=True))
            raise bad(f"{name}, object {k}", wanted, found)
        first = seen.setdefault((label, *box), k)
        if first != k:
            raise bad(f"{name}, object {k}", "each box once", f"that of object {first} again")


def _fault(box: Sequence[float], width: int, height: int) -> str | None:
    """What a box (xmin, ymin, xmax, ymax) fails to be."""
    xmin, ymin, xmax, ymax = box
    if not all(map(math.isfinite, box)):
        return "finite corners"
    if xmax < xmin or ymax < ymin:
        return "xmin < xmax and ymin < ymax"
    if xmax == xmin or ymax == ymin:
        return "a box with an area, which is two pixels or more each way"
    if xmin < 1 or ymin < 1 or xmax > width or ymax > height:
        return f"a box inside the image, which is 1 to {width} across and 1 to {height} down"
    return None


def bad(name: str, wanted: str, found: str) -> FewskyError:
    """What to raise for an annotation that is not as it should be."""
    return FewskyError(f"{name}: wanted {wanted}; found {found}. Correct or replace it.")


def _bytes(path: Path, name: str) -> bytes:
    """The file's bytes, never more than one beyond the limit."""
    if not path.is_file():
        raise FewskyError(f"{name}: wanted an annotation; found no such file. Correct its path.")
    with open(path, "rb") as stream:
        return stream.read(LARGEST + 1)


def _text(item: Any, path: str, name: str) -> str:
    """The text of an element, which must be there and not be empty."""
    text = (item.findtext(path) or "").strip()
    if not text:
        raise bad(name, f"<{path.replace('/', '><')}>", "none, or an empty one")
    return text


def _number(item: Any, path: str, name: str) -> float:
    text = _text(item, path, name)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise bad(name, f"a number in <{path.replace('/', '><')}>", f"'{_short(text)}'")
    return value


def _short(text: object) -> str:
    return " ".join(str(text).split())[:SHOWN]
