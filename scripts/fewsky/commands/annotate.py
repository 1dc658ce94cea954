"""Write a task's images as PNG and their boxes as labelImg's XML, for a person to correct.

    python -m fewsky.commands.annotate --results results/main --task galaxies --out DIR

Open DIR in labelImg by the command that is printed; every image saved there counts as corrected,
with or without a change. Then set `boxes: {from: folder, folder: DIR}` in the task. Images that are
not in DIR keep proposed boxes. What a person has saved in DIR is never overwritten.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from safetensors import safe_open

from fewsky.boxes.table import join_boxes, load_boxes
from fewsky.boxes.voc_folder import SUFFIX, files_of, write_folder
from fewsky.console import FewskyError
from fewsky.files import load_arrays, load_json, load_table, published, save_text
from fewsky.provenance import record_of, simulated
from fewsky.rooms import load_manifest

IMAGES = "images.safetensors"
CLASSES = "classes.txt"  # labelImg's list of labels


class Shard(NamedTuple):
    """One shard of a task: its boxes, the folder of its images, their side in px, their labels."""

    boxes: Path
    cutouts: Path
    size: int
    classes: tuple[str, ...]

    def names(self) -> list[str]:
        """The images' object_ids, in their order."""
        return load_table(self.cutouts / "catalog.parquet")["object_id"].tolist()

    def check_bands(self) -> None:
        """Raise FewskyError where images have neither one band nor three."""
        with safe_open(self.cutouts / IMAGES, "numpy") as held:
            bands = held.get_slice("images").get_shape()[1]
        if bands not in (1, 3):
            raise FewskyError(
                f"{self.cutouts}: wanted images of one band or three, to show them; found {bands}. "
                "Make the dataset a composite."
            )


def annotate(results: Path, task: str, out: Path, part: str | None = None) -> list[str]:
    """Write NAME.png and NAME.xml of each image of a task, or of one part of it; the names.

    Raises FewskyError, one line and before anything is written, for a task without boxes, a part
    that it has not, and files in `out` that a person has saved.
    """
    shards = shards_of(results, task)
    chosen = names_in(results / f"splits/{task}/manifest.csv", part)
    names = [name for shard in shards for name in shard.names() if name in chosen]
    for shard in shards:
        shard.check_bands()
    boxes = join_boxes(load_boxes(s.boxes, s.names(), s.size, s.size) for s in shards)
    boxes = boxes[boxes["image"].isin(names)].reset_index(drop=True)
    write_folder(out, boxes, files_of(names, shards[0].size))
    save_text("\n".join(shards[0].classes) + "\n", out / CLASSES)
    for shard in shards:
        write_pictures(shard, chosen, out)
    return names


def shards_of(results: Path, task: str) -> list[Shard]:
    """The shards of a task whose boxes have been found, in order.

    Their records tell whose images they are. Raises FewskyError where there are none.
    """
    paths = sorted((results / f"splits/{task}/boxes").glob("*.parquet"))
    if not paths:
        raise FewskyError(
            f"{results}/splits/{task}/boxes: wanted the boxes of a task; found none. Name a task "
            "with boxes, and run the workflow for it."
        )
    return [shard_of(path, results / "cutouts") for path in paths]


def shard_of(path: Path, cutouts: Path) -> Shard:
    """The shard of a file of boxes: its record names the images, DATASET/SHARD in `cutouts`."""
    found = record_of(path)
    told = {"inputs": {}} if found is None else load_json(found)
    images = [Path(name).parts for name in told["inputs"] if Path(name).name == IMAGES]
    if len(images) != 1:
        raise FewskyError(
            f"{path}: wanted a record that names its images; found {len(images)} files of them. "
            "Delete the boxes and run again."
        )
    settings = told["settings"]
    place = cutouts.joinpath(*images[0][-3:-1])
    return Shard(path, place, settings["size"], tuple(settings["classes"]))


def names_in(manifest: Path, part: str | None) -> set[str]:
    """Images of a part of a task, or of all its parts."""
    table = load_manifest(manifest)
    if part not in (None, *table["part"]):
        raise FewskyError(
            f"--part: wanted one of {', '.join(sorted(set(table['part'])))}; found {part}. Choose "
            "one, or leave it out."
        )
    return set(table.loc[(table["part"] == part) | (part is None), "object_id"])


def write_pictures(shard: Shard, chosen: set[str], out: Path) -> None:
    """Write the chosen images of a shard as PNG of 8 bits."""
    for name, image in pictures(shard):
        if name in chosen:
            with published(out / f"{name}{SUFFIX}") as temporary:
                image.save(temporary)


def pictures(shard: Shard) -> Iterator[tuple[str, Image.Image]]:
    """Name and picture of every image of a shard, 0 to 1 as 0 to 255, no data as 0."""
    images = load_arrays(shard.cutouts / IMAGES)["images"]
    for name, image in zip(shard.names(), images, strict=True):
        levels = np.rint(np.nan_to_num(image).clip(0, 1) * 255).astype(np.uint8)
        yield name, Image.fromarray(levels[0] if len(levels) == 1 else np.moveaxis(levels, 0, -1))


def main(arguments: list[str]) -> int:
    """Write the files and say how to open them; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fewsky.commands.annotate")
    parser.add_argument("--results", type=Path, required=True, help="a results folder")
    parser.add_argument("--task", required=True, help="a task with boxes")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--part", help="test or pool, for these images only")
    told = parser.parse_args(arguments)
    try:
        names = annotate(told.results, told.task, told.out, told.part)
        boxes = [shard.boxes for shard in shards_of(told.results, told.task)]
        mark = " (SIMULATED)" if simulated(*boxes) else ""
    except FewskyError as error:
        print(f"fewsky: {error}", file=sys.stderr)
        return 1
    print(f"{len(names)} images{mark} in {told.out}; correct them with")
    print(f"labelImg {told.out} {told.out / CLASSES} {told.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
