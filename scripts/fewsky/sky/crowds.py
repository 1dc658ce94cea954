"""A simulated Galaxy Zoo 2: pictures with several galaxies, and the true box of each."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from fewsky.console import say
from fewsky.files import published
from fewsky.sky.crowds_files import mapping_bytes, votes_bytes, zip_bytes
from fewsky.sky.crowds_paint import draw
from fewsky.sky.crowds_population import population
from fewsky.sky.properties_files import jpeg_bytes

TRUTH = ["object_id", "ra", "dec", "label", "true_class", "label_is_wrong", "gz2_class",
         "galaxies", "artefacts"]  # fmt: skip


class Crowds(NamedTuple):
    """The list of files written (path, bytes, sha256), one row an image, and one row a box."""

    files: pd.DataFrame
    truth: pd.DataFrame
    boxes: pd.DataFrame


def simulate_crowds(settings: dict, survey: dict, store: str | Path, *, seed: int) -> Crowds:
    """Pictures, list and votes of a Galaxy Zoo 2 of survey["number"] images, written under `store`.

    Formats and names are the real archive's. A row of the truth is an image: place (degrees),
    catalogued and true class of the galaxy in its middle (`artefact` where there is none), number
    of boxes, names of artefacts. A row of the boxes is a galaxy's true box (columns of a table of
    boxes, pixels of side_px; brightness is its r magnitude), then true_class and place, 0 for the
    one in the middle. What an image shows follows from the seed and its number alone.
    """
    images, galaxies = population(settings, survey["number"], seed)
    by_image = dict(list(galaxies.groupby("image", sort=False)))
    tables, artefacts = [], []

    def pictures() -> Iterator[tuple[str, bytes]]:
        for item in images.itertuples():
            crowd = by_image.get(item.object_id, galaxies[:0])
            pixels, boxes, names = draw(settings, crowd, seed, item.number)
            tables.append(boxes)
            artefacts.append(", ".join(names))
            yield f"images/{item.asset_id}.jpg", jpeg_bytes(pixels)

    content = {"images": zip_bytes(pictures()), "mapping": mapping_bytes(images)}
    content["votes"] = votes_bytes(images)
    written = [_write(content[key], store, survey["urls"][key]) for key in content]
    boxes = pd.concat(tables, ignore_index=True)
    count = boxes["image"].value_counts().reindex(images["object_id"]).fillna(0).astype(int)
    truth = images.assign(galaxies=count.to_numpy(), artefacts=artefacts)
    hard = int(boxes["difficult"].sum())
    say(f"sky: {len(images)} images with {len(boxes)} galaxies, {hard} of them difficult")
    return Crowds(pd.DataFrame(written), truth[TRUTH], boxes)


def _write(content: bytes, store: str | Path, url: str) -> Mapping:
    path = url.split("://", 1)[1]
    with published(Path(store) / path) as temporary:
        temporary.write_bytes(content)
    return {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
