"""The annotations of a set of images, one XML an image, and how far a person has corrected them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from fewsky.boxes.annotation import image_file, parse_xml, source_of_image
from fewsky.boxes.table import SOURCES, join_boxes, split_by_image
from fewsky.boxes.voc import read_annotation, write_voc
from fewsky.console import FewskyError

# The least trusted first: a set is as good as its worst image.
TRUST = ("proposed", "catalogue", "corrected", "true")
assert set(TRUST) == set(SOURCES)
SUFFIX = ".png"  # of the images that `commands.annotate` writes


class Annotations(NamedTuple):
    """What a folder says: its boxes table, and the source of every image that has an annotation.

    Such an image may have no box; it differs from one that nobody has looked at.
    """

    boxes: pd.DataFrame
    sources: dict[str, str]


def files_of(names: Sequence[str], size: int) -> pd.DataFrame:
    """The images of a data set of `size` px as `commands.annotate` writes them: what `read_folder`
    and `write_folder` want to know.
    """
    files = [f"{name}{SUFFIX}" for name in names]
    return pd.DataFrame({"image": list(names), "file": files, "width": size, "height": size})


def read_folder(
    folder: str | Path, images: pd.DataFrame, classes: Sequence[str] | None = None
) -> Annotations:
    """The annotations NAME.xml of a folder, NAME being the image's file without its suffix.

    `images` has columns image (object_id), file (name without folder), width and height (pixels).
    Raises FewskyError on an annotation of no such image, on a second one of an image, on one that
    bears another image's name, and as `read_annotation` does. An image may have none.
    """
    if not Path(folder).is_dir():
        raise FewskyError(
            f"{folder}: wanted a folder of annotations; found none. Correct its path."
        )
    known = {row.file: row for row in images.itertuples()}
    seen: dict[str, Path] = {}
    tables, sources = [], {}
    for path in _annotations(folder):
        row = known[_image_of(path, known, seen)]
        size = (int(row.width), int(row.height))
        held = read_annotation(path, *size, image=row.image, classes=classes)
        tables.append(held.boxes)
        sources[row.image] = held.source
    return Annotations(join_boxes(tables), sources)


def write_folder(
    folder: str | Path,
    boxes: pd.DataFrame,
    images: pd.DataFrame,
    source: str | None = None,
) -> list[Path]:
    """Write NAME.xml for every image, also for those without a box; the paths, in their order.

    `images` is as in `read_folder`, `source` as in `write_voc`. Raises FewskyError before anything
    is written where a file there has been saved by a person, and where two images of one name but
    for the suffix would share a file.
    """
    paths = [Path(folder) / f"{Path(file).stem}.xml" for file in images["file"]]
    twice = pd.Series(paths)[pd.Series(paths).duplicated()]
    if len(twice):
        raise FewskyError(
            f"{twice.iloc[0]}: wanted one image of that name; found two. Rename one of them."
        )
    for path in paths:
        _keep_corrected(path)
    tables = split_by_image(boxes, list(images["image"]))
    for path, row, rows in zip(paths, images.itertuples(), tables, strict=True):
        size = (int(row.width), int(row.height))
        write_voc(path, row.file, *size, rows, source=source)
    return paths


def source_of_set(sources: dict[str, str], images: Sequence[str]) -> str:
    """The source of a set of images: that of the least trusted one.

    An image without an annotation counts as proposed, so that a set is "corrected" once a person
    has saved every image of it.
    """
    found = [sources.get(image, "proposed") for image in images]
    return min(found, key=TRUST.index, default="proposed")


def _annotations(folder: str | Path) -> list[Path]:
    files = (path for path in Path(folder).iterdir() if path.suffix.lower() == ".xml")
    return sorted(path for path in files if not path.name.startswith("."))


def _image_of(path: Path, known: dict, seen: dict[str, Path]) -> str:
    """The image's file that an annotation belongs to; `seen` gains it."""
    file = image_file(*parse_xml(path))
    if file not in known:
        raise _bad(path, "an image of the data set in <filename>", f"{file}, which it lacks")
    if file in seen:
        raise _bad(path, "one annotation an image", f"a second one of {file}, as {seen[file].name}")
    if Path(file).stem != path.stem:
        raise _bad(path, f"the annotation of {path.stem}", f"that of {file}")
    seen[file] = path
    return file


def _keep_corrected(path: Path) -> None:
    """Raise FewskyError where a file holds a person's work, or nobody can tell."""
    if path.exists() and source_of_image(parse_xml(path)[0]) == "corrected":
        raise FewskyError(
            f"{path}: wanted to write boxes there; found some that a person has saved. Move the "
            "folder away, or write to another."
        )


def _bad(path: Path, wanted: str, found: str) -> FewskyError:
    return FewskyError(f"{path}: wanted {wanted}; found {found}. Take it out, or correct it.")
