"""A small simulated Galaxy Zoo 2, and the survey that reads it."""

from typing import Any

from fewsky.sky.crowds import Crowds, simulate_crowds

SEED = 5
SKY = {
    "side_px": 96, "neighbours": 1.5, "stars": 4, "artefacts": 0.5, "empty_share": 0.1,
    "label_noise": 0.1, "noise": [0.06, 0.25], "seeing": [0.012, 0.028], "radii": [0.10, 0.20],
    "neighbour_radii": [0.04, 0.09], "smallest": 0.03,
}  # fmt: skip
QUIET = {**SKY, "neighbours": 0.0, "stars": 0.0, "artefacts": 0.0, "empty_share": 0.0,
         "noise": [1e-3, 1e-3]}  # fmt: skip
BASE = "https://zenodo.org/records/3565489/files"
URLS = {
    "images": f"{BASE}/images_gz2.zip",
    "mapping": f"{BASE}/gz2_filename_mapping.csv",
    "votes": "https://gz2hart.s3.amazonaws.com/gz2_hart16.csv.gz",
}


def survey(**change: Any) -> dict:
    """A survey of Galaxy Zoo 2 as the configuration fills it."""
    return {
        "reader": "galaxyzoo", "bands": ["red", "green", "blue"], "urls": URLS, "number": 20,
        "seed": 0, "exclude": [], "shard_objects": 8, **change,
    }  # fmt: skip


def made(store, number: int = 20, seed: int = SEED, **sky: Any) -> Crowds:
    """The files of a small sky written under a store, with truth and boxes."""
    told = {key: survey(number=number)[key] for key in ("number", "reader", "urls")}
    return simulate_crowds({**SKY, **sky}, told, store, seed=seed)
