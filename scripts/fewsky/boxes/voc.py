"""One annotation in Pascal VOC's XML, as labelImg 1.8 writes it: read safely, and written.

VOC counts pixels from 1 and includes the last: xmin = x0 + 1, xmax = x1. The source of a box stands
where labelImg has a fixed word, in `<pose>`, and that of the image in `<database>`. labelImg shows
neither, and writes "Unspecified" and "Unknown" whenever a person saves: what it has saved is
corrected. Of the rest it keeps label, corners, `difficult` and `verified` (pascal_voc_io.py).
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from fewsky.boxes.annotation import (
    CORNERS,
    DATABASE,
    SEPARATOR,
    bad,
    check_corners,
    check_size,
    edges_of_object,
    image_file,
    is_difficult,
    label_of_object,
    parse_xml,
    source_of_image,
    source_of_object,
)
from fewsky.boxes.table import SOURCES, edges_of, make_boxes
from fewsky.files import save_text

# What XML 1.0 cannot hold, and white space that its readers change.
UNPRINTED = re.compile(r"[\x00-\x1f\ud800-\udfff\ufffe\uffff]")


class Annotation(NamedTuple):
    """What one file says: the image's file name, its source, and its boxes (maybe none)."""

    file: str
    source: str
    boxes: pd.DataFrame


def read_voc(
    content: str | Path | bytes,
    width: int,
    height: int,
    *,
    image: str | None = None,
    classes: Sequence[str] | None = None,
    name: str | None = None,
) -> pd.DataFrame:
    """The boxes table of one annotation, in pixels of its image of `width` x `height`.

    `content` is a path or the bytes of the file, `image` the object_id (without it the file name
    in the annotation, less its suffix), `classes` the labels that may stand there (None for any),
    `name` what errors call the file. Raises FewskyError as `read_annotation` does.
    """
    return read_annotation(content, width, height, image=image, classes=classes, name=name).boxes


def read_annotation(
    content: str | Path | bytes,
    width: int,
    height: int,
    *,
    image: str | None = None,
    classes: Sequence[str] | None = None,
    name: str | None = None,
) -> Annotation:
    """What `read_voc` reads, with the image's file name and source.

    Raises FewskyError on what is no annotation, malformed or too large; on document types and
    entities; on another size of the image; and on a box that is outside it, has no area, is
    inverted, repeated or no number, or whose label is lacking or no class.
    """
    root, name = parse_xml(content, name)
    file = image_file(root, name)
    check_size(root, width, height, name)
    items = [(item, f"{name}, object {k}") for k, item in enumerate(root.findall("object"), 1)]
    edges = np.array([edges_of_object(*item) for item in items]).reshape(-1, 4)
    labels = [label_of_object(item, classes, where) for item, where in items]
    check_corners(edges, labels, width, height, name)
    boxes = make_boxes(
        Path(file).stem if image is None else image,
        edges,
        label=labels,
        source=[source_of_object(item) for item, _ in items],
        difficult=[is_difficult(*item) for item in items],
    )
    return Annotation(file, source_of_image(root), boxes)


def write_voc(
    path: str | Path,
    image_name: str,
    width: int,
    height: int,
    rows: pd.DataFrame,
    *,
    source: str | None = None,
    folder: str = "images",
) -> None:
    """Write the boxes of one image for labelImg, edges rounded to whole pixels.

    `image_name` is the image's file in `folder`, `rows` a boxes table (image and brightness are not
    kept), `source` that of the image, by default its boxes', "proposed" without one. What is "true"
    is marked SIMULATED. Raises FewskyError where labelImg could not show what is written: boxes
    outside the image, less than two pixels wide or equal once rounded, names that XML cannot hold.
    """
    edges = np.floor(edges_of(rows).astype(np.float64) + 0.5)
    _check_names([image_name, folder, *rows["label"]], image_name, str(path))
    check_corners(edges, list(rows["label"]), width, height, str(path))
    top = _head(image_name, width, height, _state(rows, source, str(path)), folder)
    for row, box in zip(rows.to_dict("records"), edges, strict=True):
        _append(top, row, box, width, height)
    ElementTree.indent(top, space="\t")
    save_text(ElementTree.tostring(top, encoding="unicode") + "\n", path)


def _state(rows: pd.DataFrame, source: str | None, path: str) -> str:
    """The source of an image; one proposed box makes it proposed."""
    boxes = list(rows["source"])
    state = "proposed" if "proposed" in boxes else source or (boxes or ["proposed"])[0]
    strange = [word for word in (state, *boxes) if word not in SOURCES]
    if strange:
        raise bad(path, f"a source of {', '.join(SOURCES)}", f"'{strange[0]}'")
    return state


def _check_names(names: Sequence[str], image_name: str, path: str) -> None:
    for word in names:
        if not word or word != word.strip() or UNPRINTED.search(word):
            raise bad(path, "names of printed characters", repr(word))
    if SEPARATOR.search(image_name):
        raise bad(path, "an image's file without its folder", repr(image_name))


def _head(image_name: str, width: int, height: int, source: str, folder: str) -> Any:
    """The annotation of an image before its first box; `verified` turns it green in labelImg."""
    top = ElementTree.Element("annotation", {"verified": "yes"} if source == "corrected" else {})
    for tag, text in {"folder": folder, "filename": image_name, "path": image_name}.items():
        ElementTree.SubElement(top, tag).text = text
    mark = f"{DATABASE} SIMULATED" if source == "true" else DATABASE
    origin = ElementTree.SubElement(top, "source")
    ElementTree.SubElement(origin, "database").text = f"{mark} {source}"
    size = ElementTree.SubElement(top, "size")
    for tag, number in {"width": width, "height": height, "depth": 3}.items():
        ElementTree.SubElement(size, tag).text = str(int(number))
    ElementTree.SubElement(top, "segmented").text = "0"
    return top


def _append(top: Any, row: dict[str, Any], box: np.ndarray, width: int, height: int) -> None:
    """Add an <object>, with its elements in labelImg's order."""
    x0, y0, x1, y1 = (int(edge) for edge in box)
    at_edge = x0 == 0 or y0 == 0 or x1 == width or y1 == height
    words = {"name": row["label"], "pose": row["source"].capitalize()}
    words |= {"truncated": str(int(at_edge)), "difficult": str(int(row["difficult"]))}
    item = ElementTree.SubElement(top, "object")
    for tag, text in words.items():
        ElementTree.SubElement(item, tag).text = text
    held = ElementTree.SubElement(item, "bndbox")
    for tag, number in zip(CORNERS, (x0 + 1, y0 + 1, x1, y1), strict=True):
        ElementTree.SubElement(held, tag).text = str(number)
